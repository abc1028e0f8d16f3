import Imaging
import Testing

/// Which voxels of a map the pixels of a slice are.
struct LabelMapTests {
  private let labels = (0..<60).map { Int16($0) }

  private func plane(_ origin: SIMD3<Double>, columns: Int = 5, rows: Int = 4) -> ImagePlane {
    ImagePlane(columns: columns, rows: rows, origin: origin, columnStep: SIMD3(0.75, 0, 0), rowStep: SIMD3(0, 0.5, 0))
  }

  @Test func `every order and direction of axes gives the same slice`() throws {
    // Slices first, upwards; then columns from the right; then rows from below.
    let map = try #require(
      LabelMap(
        size: SIMD3(3, 5, 4), origin: SIMD3(3, 1.5, 10),
        steps: [SIMD3(0, 0, 2), SIMD3(-0.75, 0, 0), SIMD3(0, -0.5, 0)],
        labels: labels))
    for slice in 0..<3 {
      let placement = try map.placement(of: plane(SIMD3(0, 0, 10 + 2 * Double(slice))))
      let found = map.labels(at: placement, columns: 5, rows: 4)
      for row in 0..<4 {
        for column in 0..<5 {
          #expect(found[row * 5 + column] == labels[((3 - row) * 5 + 4 - column) * 3 + slice])
        }
      }
    }
  }

  @Test func `a part of the image is 0 beyond it`() throws {
    let map = try #require(
      LabelMap(
        size: SIMD3(5, 4, 3), origin: .zero, steps: [SIMD3(0.75, 0, 0), SIMD3(0, 0.5, 0), SIMD3(0, 0, 2)],
        labels: labels.map { $0 + 1 }))
    let placement = try map.placement(of: plane(SIMD3(-0.75, 0, 2), columns: 7, rows: 5))
    let found = map.labels(at: placement, columns: 7, rows: 5)
    #expect(Array(found[..<7]) == [0, 21, 22, 23, 24, 25, 0])
    #expect(found[28...].allSatisfy { $0 == 0 })
    let above = try map.placement(of: plane(SIMD3(0, 0, 6)))
    #expect(map.labels(at: above, columns: 5, rows: 4).allSatisfy { $0 == 0 })
  }

  @Test func `what is no voxel's centre is refused`() throws {
    let map = try #require(
      LabelMap(
        size: SIMD3(5, 4, 3), origin: .zero, steps: [SIMD3(0.75, 0, 0), SIMD3(0, 0.5, 0), SIMD3(0, 0, 2)],
        labels: labels))
    #expect(throws: Never.self) { try map.placement(of: plane(SIMD3(0.007, 0, 0))) }
    for origin in [SIMD3(0.008, 0, 0), SIMD3(0, 0.006, 0), SIMD3(0, 0, 0.03), SIMD3(0, 0, 1)] {
      #expect(throws: LabelMap.Mismatch.self) { try map.placement(of: plane(origin)) }
    }
    let turned = ImagePlane(
      columns: 5, rows: 4, origin: .zero, columnStep: SIMD3(0, 0.75, 0), rowStep: SIMD3(0.5, 0, 0))
    #expect(throws: LabelMap.Mismatch.otherSteps) { try map.placement(of: turned) }
    #expect(LabelMap(size: SIMD3(5, 4, 3), origin: .zero, steps: map.steps, labels: [1]) == nil)
    #expect(LabelMap(size: SIMD3(5, 4, 3), origin: .zero, steps: [.zero, .zero, .zero], labels: labels) == nil)
  }

  @Test func `pixels and positions are inverse`() {
    let plane = ImagePlane(
      columns: 5, rows: 4, origin: SIMD3(-10, 20, 30), columnStep: SIMD3(0.6, 0.1, 0.2), rowStep: SIMD3(-0.1, 0.7, 0.3))
    let point = SIMD2(1.25, -0.5)
    let (found, height) = plane.pixel(plane.position(point) + 3 * plane.normal)
    #expect(abs(found.x - point.x) < 1e-12 && abs(found.y - point.y) < 1e-12 && abs(height - 3) < 1e-12)
  }
}
