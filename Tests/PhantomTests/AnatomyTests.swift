import Foundation
import Support
import Testing

@testable import Phantom

@Suite struct AnatomyTests {
  private static let patients = (0..<4).map { VirtualPatient(number: $0, isHigh: $0 % 2 == 1, PhantomSettings()) }

  /// The noise-free HU at a place in mm, in the four phases.
  private func attenuation(_ slice: PhasedSlice, _ place: SIMD2<Float>) -> SIMD4<Float> {
    let pixel = slice.grid.pixel(place).rounded(.toNearestOrEven)
    return slice.pixels[Int(pixel.y) * PixelGrid.side + Int(pixel.x)]
  }

  @Test(arguments: 0..<4) func organsHaveTheirAttenuationInEveryPhase(number: Int) throws {
    let patient = Self.patients[number]
    // Where no tumour grows.
    let kidney = try #require(patient.kidneys.first { $0.side != patient.lesions[0].tumour.side })
    let slice = patient.slice(at: kidney.outline.centre.z)

    let aorta = attenuation(slice, patient.viscera.aortaCentre)
    #expect((35...50).contains(aorta[0]))
    #expect(aorta[1] > 230 && aorta[1] > aorta[2] && aorta[2] > aorta[3])
    let cava = attenuation(slice, patient.viscera.cavaCentre)
    #expect(cava[1] < aorta[1] && cava[2] > cava[1])

    var (cortex, urine, fat) = ([SIMD4<Float>](), Float(0), Float(0))
    var inner: [SIMD4<Float>] = []
    for (index, pixel) in slice.pixels.enumerated() {
      let place = slice.grid.origin + SIMD2(Float(index % 512), Float(index / 512)) * PixelGrid.spacing
      let point = SIMD3(place.x, place.y, slice.z)
      let distance = kidney.distance(point)
      // The side away from the hilum.
      if (-4 ... -2).contains(distance), kidney.outline.local(point).x > 5 { cortex.append(pixel) }
      if (-14 ... -8).contains(distance) { inner.append(pixel) }
      if distance < 0 { urine = max(urine, pixel[3]) }
      if distance < 12 { fat = min(fat, pixel[2]) }
    }
    let rim = cortex.reduce(.zero, +) / Float(cortex.count)
    #expect((28...38).contains(rim[0]))
    #expect(rim[1] > 130 && rim[2] > 130 && rim[3] < rim[2])
    // Pyramids are dark in the arterial phase, and the nephrogram is even in the portal venous one.
    let pyramids = inner.filter { $0[0] > 20 && $0[1] < 115 && $0[2] > 120 }
    #expect(pyramids.count > 25)
    #expect(urine > 350, "the collecting system is opaque in the delayed phase")
    #expect((-125 ... -85).contains(fat))
    #expect(attenuation(slice, SIMD2(-244, -244))[2] < -990)
  }

  @Test func patientsDiffer() {
    #expect(Set(Self.patients.map(\.habitus.half.x)).count == 4)
    #expect(Set(Self.patients.map(\.lesions[0].tumour.centre)).count == 4)
  }

  @Test func tumoursStayWithinTheAbdominalCavity() {
    for number in 0..<60 {
      let patient = VirtualPatient(number: number, isHigh: true, PhantomSettings())
      for tumour in patient.lesions.map(\.tumour) {
        let place = SIMD2(tumour.centre.x, tumour.centre.y)
        #expect(patient.habitus.cavityDepth(place) > 0.8 * tumour.traits.diameter / 2, "patient \(number)")
        let gap = place - SIMD2(0, patient.habitus.spine)
        #expect((gap * gap).sum().squareRoot() > 0.8 * tumour.traits.diameter / 2 + 20, "patient \(number)")
      }
    }
  }

  @Test func noiseHasItsDeviationAndIsCorrelatedLikeCT() {
    let slice = PhasedSlice(grid: PixelGrid(offset: .zero), filledWith: SIMD4(repeating: 50))
    var generator = DeterministicGenerator(seed: 1, patient: 0, purpose: .noise)
    let scanner = Scanner(seed: 7)
    let image = scanner.scan(slice, phase: .portalVenous, sigma: 12, half: SIMD2(170, 120), &generator)
    let region = (216..<296).flatMap { y in (216..<296).map { x in (x, y) } }
    func covariance(_ lag: Int) -> Double {
      region.reduce(0) { sum, place in
        let index = place.1 * 512 + place.0
        return sum + (Double(image[index]) - 50) * (Double(image[index + lag]) - 50)
      } / Double(region.count)
    }
    let mean = region.reduce(0) { $0 + Double(image[$1.1 * 512 + $1.0]) } / Double(region.count)
    #expect(abs(mean - 50) < 1)
    let deviation = covariance(0).squareRoot()
    #expect((10.5...14).contains(deviation))
    let neighbour = covariance(1) / covariance(0)
    #expect((0.3...0.75).contains(neighbour))
    // Without low frequencies, neighbours a few pixels away are slightly anticorrelated.
    #expect((-0.3...0.02).contains(covariance(3) / covariance(0)))
    #expect(abs(covariance(9)) < 0.1 * covariance(0))
    let next = scanner.scan(slice, phase: .portalVenous, sigma: 12, half: SIMD2(170, 120), &generator)
    #expect(next != image)
    // Towards the skin there is less noise.
    let corner = (30..<90).flatMap { y in (30..<90).map { x in Double(image[y * 512 + x]) - 50 } }
    #expect((corner.reduce(0) { $0 + $1 * $1 } / Double(corner.count)).squareRoot() < 0.7 * deviation)
  }
}
