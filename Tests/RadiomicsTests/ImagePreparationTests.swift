import Testing

@testable import Radiomics

@Suite("Resampling, cropping and resegmentation")
struct ImagePreparationTests {
  @Test("Resampling is pyradiomics', values to the last bit, on its grid and cropped as it crops")
  func resampling() throws {
    let fixture = try ImageFixture.read()
    for expected in fixture.resampled {
      let image = try #require(fixture.filters[expected.image]).image()
      var resampling = Resampling.pyradiomics(spacing: SIMD3(expected.to))
      let interpolations: [String: Resampling.Interpolation] = [
        "sitkBSpline": .cubicBSpline, "sitkLinear": .linear, "sitkNearestNeighbor": .nearest,
      ]
      resampling.interpolation = try #require(interpolations[expected.interpolation])
      // These are images of whole numbers, and stay such.
      if expected.image != "odd" { resampling.rounding = .towardsZero }
      let found = try resampling.applied(to: image, margin: expected.margin)
      let label = "\(expected.image) to \(expected.to), \(expected.interpolation)"
      #expect(found.size == SIMD3(expected.size), "\(label)")
      #expect(found.spacing == SIMD3(expected.spacing), "\(label)")
      #expect(found.mask == expected.mask.map { $0 == "1" }, "\(label)")
      let values = try unpacked(expected.values)
      #expect(found.values == values, "\(label): \(largestDifference(found.values, values))")
    }
    #expect(fixture.resampled.count == 8)
  }

  @Test("Resampling in IBSI's reading: the grids' centres coincide, grey values are whole, masks at least one half")
  func resamplingOfIBSI() throws {
    let fixture = try ImageFixture.read()
    for expected in fixture.ibsi {
      let image = try #require(fixture.filters[expected.image]).image()
      let resampling = Resampling.ibsi(
        spacing: SIMD3(expected.to), interpolation: expected.order == 1 ? .linear : .cubicBSpline)
      let whole = try resampling.applied(to: image, margin: 1000)
      let label = "\(expected.image) to \(expected.to)"
      #expect(whole.size == SIMD3(expected.size), "\(label)")
      #expect(whole.mask == expected.mask.map { $0 == "1" }, "\(label)")
      #expect(try whole.values == unpacked(expected.values), "\(label)")
      // The crop is that of the whole grid.
      let part = try resampling.applied(to: image, margin: 0)
      #expect(try part.cropped(margin: 0) == whole.cropped(margin: 0), "\(label)")
    }
    #expect(fixture.ibsi.count == 4)
  }

  @Test("Cropping leaves pyradiomics' padDistance around the lesion's box, as far as the image reaches")
  func cropping() throws {
    for expected in try ImageFixture.read().cropped {
      let found = try expected.from.image().cropped(margin: expected.margin)
      let image = ImageFixture.Image(
        size: expected.size, spacing: expected.spacing, values: expected.values, mask: expected.mask)
      #expect(try found == image.image(), "\(expected.margin)")
      #expect(try expected.from.image().cropped(margin: .max) == expected.from.image())
    }
    let empty = try LesionImage(size: [2, 1, 1], spacing: [1, 1, 1], values: [1, 2], mask: [false, false])
    #expect(throws: RadiomicsError.self) { try empty.cropped(margin: 1) }
    #expect(throws: RadiomicsError.self) { try Resampling.pyradiomics(spacing: [2, 2, 2]).applied(to: empty) }
  }

  @Test("Resegmentation by range and by outliers is pyradiomics'")
  func resegmentation() throws {
    let fixture = try ImageFixture.read()
    for expected in fixture.resegmented {
      let image = try #require(fixture.filters[expected.image]).image()
      let resegmentation =
        expected.mode == "sigma"
        ? Resegmentation(outlierSigmas: expected.limits[1])
        : Resegmentation(lowest: expected.limits[0], highest: expected.limits.count > 1 ? expected.limits[1] : nil)
      let found = try resegmentation.applied(to: image)
      #expect(found.mask == expected.mask.map { $0 == "1" }, "\(expected.mode)")
      #expect(found.mask != image.mask && found.values == image.values)
    }
    #expect(fixture.resegmented.count == 3)
  }

  @Test("Resegmentation with both modes keeps what both keep, and takes outliers from the outlined lesion")
  func bothModes() throws {
    let image = try LesionImage(
      size: [6, 1, 1], spacing: [1, 1, 1], values: [0, 10, 20, 30, 40, 1000],
      mask: [true, true, true, true, true, true])
    // The mean is 183 and the standard deviation 366: 0 is within one and a half, 1000 is not.
    let both = try Resegmentation(lowest: 10, outlierSigmas: 1.5).applied(to: image)
    #expect(both.mask == [false, true, true, true, true, false])
    #expect(throws: RadiomicsError.self) { try Resegmentation(lowest: 500).applied(to: image) }
    #expect(throws: RadiomicsError.self) { try Resegmentation(lowest: 5, highest: 1).applied(to: image) }
    #expect(throws: RadiomicsError.self) { try Resegmentation(lowest: .nan, highest: 1).applied(to: image) }
    #expect(throws: RadiomicsError.self) { try Resegmentation(outlierSigmas: 0).applied(to: image) }
  }

  @Test("Impossible spacings and grids that would fill the memory are refused")
  func refusals() throws {
    let image = try LesionImage(
      size: [40, 40, 40], spacing: [3, 3, 3], values: Array(repeating: 1, count: 64_000),
      mask: Array(repeating: true, count: 64_000))
    for spacing in [SIMD3<Double>(-1, 1, 1), [.nan, 1, 1], [0.001, 1, 1], [1, 1, .infinity], [0.01, 0.01, 0.01]] {
      for resampling in [Resampling.pyradiomics(spacing: spacing), .ibsi(spacing: spacing)] {
        #expect(throws: RadiomicsError.self) { try resampling.applied(to: image) }
      }
    }
    var resampling = Resampling.pyradiomics(spacing: [1, 1, 1])
    resampling.maskInterpolation = .cubicBSpline
    #expect(throws: RadiomicsError.self) { try resampling.applied(to: image) }
  }
}
