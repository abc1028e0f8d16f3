import DICOM
import Foundation
import Imaging
import Support
import Testing

struct SeriesGeometryTests {
  /// An oblique stack: `count` slices along the normal of a random orientation, leaning by `degrees`.
  static func stack(_ count: Int, spacing: Double = 2.5, degrees: Double = 0, seed: UInt64) -> [CTAttributes] {
    var generator = SplitMix64(seed: seed)
    func vector() -> SIMD3<Double> {
      SIMD3(
        Double.random(in: -1...1, using: &generator), Double.random(in: -1...1, using: &generator),
        Double.random(in: -1...1, using: &generator))
    }
    func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    }
    func unit(_ a: SIMD3<Double>) -> SIMD3<Double> { a / (a * a).sum().squareRoot() }
    let row = unit(vector())
    let column = unit(cross(vector(), row))
    let step = cross(row, column) * spacing + column * spacing * tan(degrees * .pi / 180)
    let origin = vector() * 200
    return (0..<count).map { index in
      var slice = CTAttributes(seriesInstanceUID: "1", sopInstanceUID: "1.\(index)", columns: 512, rows: 512)
      slice.pixelSpacing = PixelSpacing(row: 0.9765625, column: 0.9765625)
      slice.imagePosition = origin + Double(index) * step
      slice.rowDirection = row
      slice.columnDirection = column
      return slice
    }
  }

  @Test(arguments: UInt64(1)...40)
  func shuffledObliqueStacksAreSorted(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let slices = Self.stack(30, spacing: Double.random(in: 0.5...5, using: &generator), seed: seed)
    let shuffled = slices.shuffled(using: &generator)
    let geometry = SeriesGeometry(shuffled)
    #expect(geometry.order.map { shuffled[$0].sopInstanceUID } == slices.map(\.sopInstanceUID))
    #expect(geometry.defects == [])
  }

  @Test(arguments: UInt64(1)...20)
  func missingSlicesAreCounted(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var slices = Self.stack(40, seed: seed)
    // Not the first or last: nothing tells that those were there.
    let removed = (1..<39).shuffled(using: &generator).prefix(Int.random(in: 1...8, using: &generator))
    for index in removed.sorted(by: >) { slices.remove(at: index) }
    let missing = SeriesGeometry(slices.shuffled(using: &generator)).defects.compactMap { defect -> Int? in
      if case .missingSlices(let count, _, _) = defect { count } else { nil }
    }
    #expect(missing == [removed.count])
  }

  @Test func duplicates() {
    let slices = Self.stack(10, seed: 3)
    let geometry = SeriesGeometry(slices + slices[2...4])
    #expect(geometry.defects == [.duplicatePositions(count: 3)])
    #expect(geometry.order.count == 13)
    #expect(geometry.defects.first?.isMixture == false)
  }

  @Test func twoPhasesOnOneGridAreAMixture() {
    let slices = Self.stack(10, seed: 3)
    for count in [5, 9, 10] {
      let geometry = SeriesGeometry(slices + slices.prefix(count))
      #expect(geometry.defects == [.overlaid(doubled: count, positions: 10)])
      #expect(geometry.defects.map(\.isMixture) == [true])
      #expect(geometry.order.count == 10 + count)
      #expect(geometry.sliceSpacing == nil)
    }
    #expect(SeriesGeometry(slices + slices.prefix(4)).defects == [.duplicatePositions(count: 4)])
  }

  @Test(arguments: [(1, 2), (1, 30), (3, 5), (16, 20)])
  func theSamePlacesOverTimeAreNoStack(positions: Int, times: Int) {
    let places = Self.stack(positions, seed: 3)
    let slices = (0..<times).flatMap { _ in places }
    let geometry = SeriesGeometry(slices)
    #expect(geometry.defects == [.timeSeries(count: positions * times, positions: positions)])
    #expect(geometry.defects.map(\.isTimeSeries) == [true] && geometry.defects.map(\.isMixture) == [false])
    #expect(geometry.order.count == slices.count && geometry.sliceSpacing == nil)
  }

  @Test func fourTimesTheSameStackMayBeFourPhases() {
    let places = Self.stack(6, seed: 3)
    let geometry = SeriesGeometry((0..<4).flatMap { _ in places })
    #expect(geometry.defects == [.overlaid(doubled: 6, positions: 6)])
  }

  @Test func doubledPositionsOfSeveralReconstructionsAreAMixture() {
    let slices = Self.stack(10, seed: 3)
    let changes: [(inout CTAttributes, Int) -> Void] = [
      { $0.kernel = $1 == 0 ? "B30f" : "B70f" }, { $0.frameOfReferenceUID = "2.25.\($1)" },
    ]
    for change in changes {
      var first = slices
      for index in first.indices { change(&first[index], 0) }
      var second = slices[4]
      change(&second, 1)
      #expect(SeriesGeometry(first + [second]).defects == [.overlaid(doubled: 1, positions: 10)])
      // Without a doubled position there is one slice at each place: one series.
      change(&first[4], 1)
      #expect(SeriesGeometry(first).defects == [])
    }
  }

  @Test(arguments: [1.0, 5, 20, 30])
  func tilt(_ degrees: Double) throws {
    let defects = SeriesGeometry(Self.stack(12, degrees: degrees, seed: 4)).defects
    guard case .tilted(let found) = try #require(defects.first) else {
      Issue.record("\(defects)")
      return
    }
    #expect(abs(found - degrees) < 1e-6)
    #expect(defects.count == 1)
  }

  @Test func shiftedSlice() throws {
    var slices = Self.stack(12, seed: 5)
    let across = try #require(slices[4].rowDirection)
    slices[4].imagePosition? += 7 * across
    guard case .shifted(count: 1, let millimetres) = SeriesGeometry(slices).defects.first else {
      Issue.record("\(SeriesGeometry(slices).defects)")
      return
    }
    #expect(abs(millimetres - 7) < 1e-9)
  }

  @Test func unevenSpacing() {
    var slices = Self.stack(12, spacing: 2, seed: 6)
    let normalStep = (slices[1].imagePosition ?? [0, 0, 0]) - (slices[0].imagePosition ?? [0, 0, 0])
    slices[5].imagePosition? += 0.3 * normalStep
    guard case .unevenSpacing(let smallest, let largest) = SeriesGeometry(slices).defects.first else {
      Issue.record("\(SeriesGeometry(slices).defects)")
      return
    }
    #expect(abs(smallest - 1.4) < 1e-9 && abs(largest - 2.6) < 1e-9)
  }

  @Test func mixtures() {
    let slices = Self.stack(6, seed: 7)
    let turned = Self.stack(6, seed: 8)
    #expect(SeriesGeometry(slices + turned).defects == [.mixedOrientations(count: 2)])
    var larger = slices
    larger[0].columns = 256
    #expect(SeriesGeometry(larger).defects == [.mixedSizes(count: 2)])
    var finer = slices
    finer[3].pixelSpacing = PixelSpacing(row: 0.7, column: 0.7)
    #expect(SeriesGeometry(finer).defects == [.mixedPixelSpacings(count: 2)])
    #expect(SeriesGeometry(finer).defects.map(\.isMixture) == [true])
    #expect(SeriesGeometry(finer).order == [0, 1, 2, 3, 4, 5])
  }

  @Test func withoutPositionsTheInstanceNumbersSort() {
    var slices = Self.stack(4, seed: 9)
    for (index, number) in [3, 1, 4, 2].enumerated() { slices[index].instanceNumber = number }
    slices[2].imagePosition = nil
    let geometry = SeriesGeometry(slices)
    #expect(geometry.order == [1, 3, 0, 2])
    #expect(geometry.defects == [.positionsAbsent(count: 1)])
  }

  @Test func roundedHeadersAreFine() {
    var slices = Self.stack(20, seed: 10)
    func rounded(_ vector: SIMD3<Double>?, to unit: Double) -> SIMD3<Double>? {
      vector.map { ($0 / unit).rounded(.toNearestOrEven) * unit }
    }
    for index in slices.indices {
      slices[index].imagePosition = rounded(slices[index].imagePosition, to: 1e-3)
      slices[index].rowDirection = rounded(slices[index].rowDirection, to: 1e-4)
    }
    #expect(SeriesGeometry(slices).defects == [])
  }

  @Test func fewSlices() {
    #expect(SeriesGeometry([]).order == [])
    #expect(SeriesGeometry(Self.stack(1, seed: 11)).defects == [])
    #expect(SeriesGeometry(Self.stack(1, seed: 11)).sliceSpacing == nil)
  }

  /// A stack of which only slices at some steps are there.
  private static func sparse(_ steps: [Int], spacing: Double, thickness: Double?) -> [CTAttributes] {
    let whole = stack((steps.max() ?? 0) + 1, spacing: spacing, seed: 12)
    return steps.map { step in
      var slice = whole[step]
      slice.sliceThickness = thickness
      return slice
    }
  }

  @Test(arguments: [
    ([0, 1, 10, 20, 30], 26), ([0, 9, 10, 20, 30], 26), ([0, 4, 8, 12, 13], 9), ([0, 1, 2, 12, 22, 32], 27),
    ([0, 1, 6], 4),
  ])
  func gapsAreMeasuredByTheSmallestStepAndTheThickness(_ steps: [Int], _ missing: Int) {
    for thickness in [2.5, nil] {
      let defects = SeriesGeometry(Self.sparse(steps, spacing: 2.5, thickness: thickness)).defects
      let counts = defects.compactMap { defect -> Int? in
        if case .missingSlices(let count, _, _) = defect { count } else { nil }
      }
      #expect(counts == [missing], "\(defects)")
    }
  }

  @Test func thinSlicesFarApartShowLittle() {
    let far = SeriesGeometry(Self.sparse(Array(0..<8), spacing: 10, thickness: 1.25))
    guard case .sparse(let spacing, thickness: 1.25) = far.defects.first else {
      Issue.record("\(far.defects)")
      return
    }
    #expect(abs(spacing - 10) < 1e-9 && far.defects.count == 1)
    // Overlapping slices, adjoining ones and those without thickness are no matter.
    for thickness: Double? in [10, 20, nil] {
      #expect(SeriesGeometry(Self.sparse(Array(0..<8), spacing: 10, thickness: thickness)).defects == [])
    }
  }

  @Test func aSlightlyWrongPositionIsNoMeasureOfGaps() {
    var slices = Self.sparse([0, 4, 8, 12, 16, 20], spacing: 2.5, thickness: 2.5)
    var twin = slices[2]
    twin.imagePosition = twin.imagePosition.map { position in
      position + 0.005 * ((slices[3].imagePosition ?? position) - position)
    }
    slices.append(twin)
    let missing = SeriesGeometry(slices).defects.compactMap { defect -> Int? in
      if case .missingSlices(let count, _, _) = defect { count } else { nil }
    }
    #expect(missing == [15])
  }

  @Test(arguments: [1e30, 1e18, 1e12, 1e7])
  func absurdPositionsDoNotEndTheProcess(_ far: Double) {
    var slices = Self.stack(5, seed: 13)
    slices[2].imagePosition = SIMD3(repeating: far)
    #expect(SeriesGeometry(slices).order.count == 5)
  }

  @Test func kindsTellSizeSpacingAndOrientation() {
    let slices = Self.stack(6, seed: 7)
    var changed = slices
    changed[1].columns = 256
    changed[2].pixelSpacing = PixelSpacing(row: 0.7, column: 0.7)
    changed[4].rowDirection = slices[4].columnDirection
    changed[4].columnDirection = slices[4].rowDirection
    #expect(SeriesGeometry.kinds(of: changed) == [[0, 3, 5], [1], [2], [4]])
    // What is absent tells nothing.
    changed = slices
    changed[0].pixelSpacing = nil
    changed[3].rowDirection = nil
    #expect(SeriesGeometry.kinds(of: changed) == [[0, 1, 2, 3, 4, 5]])
  }
}
