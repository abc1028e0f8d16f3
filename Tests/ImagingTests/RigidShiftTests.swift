import Testing

@testable import Imaging

/// A kidney with a tumour, made of formulas: it can be asked in any phase, at any breath.
private struct Body: SampledVolume {
  var shift = SIMD3<Double>.zero
  /// HU of the kidney and the tumour: they take up contrast differently.
  var kidney = 30.0
  var tumour = 40.0

  func hounsfield(at position: SIMD3<Double>) -> Double? {
    let point = position - shift
    func ellipsoid(_ centre: SIMD3<Double>, _ radii: SIMD3<Double>) -> Double {
      let scaled = (point - centre) / radii
      // A border of some 2 mm, as blurred as a CT's.
      return 1 / (1 + (10 * (scaled.length - 1)).exponential)
    }
    let organ = ellipsoid(SIMD3(0, 0, 0), SIMD3(28, 24, 50))
    let lesion = ellipsoid(SIMD3(20, -8, 10), SIMD3(16, 15, 14))
    let muscle = ellipsoid(SIMD3(10, 45, -10), SIMD3(30, 15, 60))
    return -100 + organ * (kidney + 100) * (1 - lesion) + lesion * (tumour + 100) + muscle * 150 * (1 - organ)
  }

  /// The body on slices of a given spacing, with noise from a stated formula.
  func scanned(slice: Double, pixel: Double, noise: Double = 12, seed: UInt64 = 1) -> SliceStackVolume? {
    var state = seed
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / Double(1 << 31) * 2 - 1
    }
    let side = Int(140 / pixel)
    let slices = stride(from: -80.0, through: 80, by: slice).map { z in
      (
        height: z,
        values: (0..<side * side).map { index in
          let position = SIMD3(-70 + Double(index % side) * pixel, -70 + Double(index / side) * pixel, z)
          return Float((hounsfield(at: position) ?? 0) + noise * random())
        }
      )
    }
    return SliceStackVolume(
      columns: side, rows: side, origin: SIMD2(-70, -70), spacing: SIMD2(pixel, pixel), slices: slices.reversed())
  }
}

extension Double {
  /// e to the power of this, by squaring a short series: Foundation is not needed for it.
  fileprivate var exponential: Double {
    let small = Swift.max(-60, Swift.min(60, self)) / 1024
    var result = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4)))
    for _ in 0..<10 { result *= result }
    return result
  }
}

@Suite struct RigidShiftTests {
  private let lower = SIMD3<Double>(-10, -30, -25)
  private let upper = SIMD3<Double>(42, 20, 35)

  @Test(arguments: [
    SIMD3<Double>(0, 0, 0), SIMD3(0, 2.4, -9.3), SIMD3(-3.6, 1.1, 12.7), SIMD3(5, -5, 5), SIMD3(0.5, 0.5, -14.2),
  ])
  func theBreathBetweenTwoPhasesIsFoundWithinAMillimetre(shift: SIMD3<Double>) throws {
    // Unenhanced, and arterial on other slices and pixels: the kidney is much brighter, the tumour a little.
    let fixed = try #require(Body().scanned(slice: 2.5, pixel: 1))
    let moving = try #require(
      Body(shift: shift, kidney: 150, tumour: 110).scanned(slice: 3, pixel: 1.3, seed: 2))
    let found = try #require(RigidShift.find(fixed, moving, lower: lower, upper: upper, step: 3))
    #expect((found.millimetres - shift).length < 1, "\(found)")
    #expect(found.score > RigidShift.acceptableScore && !found.isPoor, "\(found)")
  }

  @Test func aShiftBeyondReachIsFlagged() throws {
    let moving = Body(shift: SIMD3(0, 0, 22))
    let found = try #require(RigidShift.find(Body(), moving, lower: lower, upper: upper, step: 4))
    #expect(found.isAtEdge && found.isPoor)
    #expect(abs(found.millimetres.z) <= RigidShift.reach)
  }

  @Test func whatIsNotTheSameBodyHasALowScore() throws {
    /// Waves that have nothing of a kidney.
    struct Waves: SampledVolume {
      func hounsfield(at position: SIMD3<Double>) -> Double? {
        let cells = Int((position.x + 500) / 9) + Int((position.y + 500) / 11) + Int((position.z + 500) / 7)
        return cells % 2 == 0 ? 100 : -100
      }
    }
    let found = try #require(RigidShift.find(Body(), Waves(), lower: lower, upper: upper, step: 4))
    #expect(found.isPoor && found.score < RigidShift.acceptableScore)
  }

  @Test func flatAbsurdAndDistantBoxesHaveNoShift() throws {
    struct Flat: SampledVolume {
      func hounsfield(at position: SIMD3<Double>) -> Double? { 40 }
    }
    struct Nothing: SampledVolume {
      func hounsfield(at position: SIMD3<Double>) -> Double? { nil }
    }
    #expect(RigidShift.find(Body(), Flat(), lower: lower, upper: upper, step: 4) == nil)
    #expect(RigidShift.find(Flat(), Body(), lower: lower, upper: upper, step: 4) == nil)
    #expect(RigidShift.find(Body(), Nothing(), lower: lower, upper: upper, step: 4) == nil)
    #expect(RigidShift.find(Body(), Body(), lower: upper, upper: lower, step: 4) == nil)
    #expect(RigidShift.find(Body(), Body(), lower: lower, upper: lower + 1e9, step: 4) == nil)
    #expect(RigidShift.find(Body(), Body(), lower: SIMD3(repeating: .nan), upper: upper, step: 4) == nil)
    #expect(RigidShift.find(Body(), Body(), lower: lower, upper: lower, step: 4) == nil)
  }

  @Test func stacksOfSlicesInterpolateAndAreChecked() throws {
    func stack(_ heights: [Double], count: Int = 6, columns: Int = 3) -> SliceStackVolume? {
      SliceStackVolume(
        columns: columns, rows: 2, origin: SIMD2(10, 20), spacing: SIMD2(2, 4),
        slices: heights.map { height in (height, (0..<count).map { Float($0) + Float(height) }) })
    }
    let volume = try #require(stack([8, 0, 2]))
    #expect(volume.hounsfield(at: SIMD3(10, 20, 0)) == 0)
    #expect(volume.hounsfield(at: SIMD3(14, 24, 8)) == 13)
    #expect(volume.hounsfield(at: SIMD3(11, 22, 5)) == 0.5 + 1.5 + 5)
    for outside in [SIMD3(9.9, 20, 0), SIMD3(14.1, 20, 0), SIMD3(10, 24.1, 0), SIMD3(10, 20, 8.1), SIMD3(10, .nan, 0)] {
      #expect(volume.hounsfield(at: outside) == nil)
    }
    #expect(stack([0]) == nil && stack([0, 0]) == nil && stack([0, 1], count: 5) == nil && stack([0, .nan]) == nil)
    #expect(stack([0, 1], columns: .max) == nil)
  }

  @Test func orientedSlicesGiveWhatAxialOnesGive() throws {
    func value(_ place: SIMD3<Double>) -> Float { Float(3 * place.x - 2 * place.y + 5 * place.z) }
    /// Slices whose steps run along the given directions, each moved along the second one as a tilted gantry does.
    func stack(_ across: SIMD3<Double>, _ down: SIMD3<Double>, tilt: Double = 0, heights: [Double] = [7, -5, 0, 2])
      -> OrientedStack?
    {
      OrientedStack(
        columns: 8, rows: 6, across: across, down: down, spacing: PixelSpacing(row: 3, column: 2),
        slices: heights.map { height in
          let corner = height * across.cross(down) + (tilt * height - 8) * down - 7 * across
          return OrientedStack.Slice(
            position: corner,
            values: (0..<48).map { index -> Float in
              let (x, y) = (Double(index % 8) * 2, Double(index / 8) * 3)
              return value(corner + x * across + y * down)
            })
        })
    }
    let oblique = SIMD3<Double>(0.6, 0.8, 0)
    for volume in [
      stack([1, 0, 0], [0, 1, 0]), stack([1, 0, 0], [0, 0, -1]), stack(oblique, [0, 0, 1]),
      stack([1, 0, 0], [0, 1, 0], tilt: 0.3),
    ] {
      // A linear field is interpolated exactly.
      for place in [SIMD3<Double>.zero, SIMD3(1.3, 0.4, -0.9), SIMD3(-0.7, 1.2, 1.6)] {
        let found = try #require(volume?.hounsfield(at: place))
        #expect(abs(found - Double(value(place))) < 1e-4)
      }
      #expect(volume?.hounsfield(at: SIMD3(40, 0, 0)) == nil && volume?.hounsfield(at: SIMD3(0, 0, 40)) == nil)
    }
    #expect(stack([1, 0, 0], [0, 1, 0], heights: [1]) == nil)
    #expect(stack([1, 0, 0], [0, 1, 0], heights: [1, 1]) == nil)
    #expect(stack([1, 0, 0], [0, 1, 0], heights: [1, .nan]) == nil)
  }
}
