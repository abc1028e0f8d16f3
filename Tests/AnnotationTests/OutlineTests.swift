import Annotation
import Foundation
import Imaging
import Testing

/// What can be a tumour's outline, and where it lies on an image of another size.
struct OutlineTests {
  private struct Golden: Decodable {
    let columns: Int
    let rows: Int
    let cases: [Polygon]
  }

  @Test(
    arguments: [
      ([[1, 1], [5, 5]], ContourError.tooFewVertices(2)),
      ([[1, 1], [5, 5], [1, 1], [5, 5]], .tooFewVertices(2)),
      ([], .tooFewVertices(0)),
      ([[1, 1], [5, .nan], [3, 8]], .notFinite(vertex: 1)),
      ([[1, 1], [.infinity, 2], [3, 8]], .notFinite(vertex: 1)),
      ([[1, 1], [70, 1], [3, 8]], .outsideImage(x: 70, y: 1, columns: 64, rows: 48)),
      ([[1, 1], [5, 1], [3, -1.5]], .outsideImage(x: 3, y: -1.5, columns: 64, rows: 48)),
      ([[0, 0], [10, 10], [10, 0], [0, 10]], .selfIntersecting(edge: 0, other: 2)),
      ([[0, 0], [8, 0], [8, 8], [4, -0.5], [0, 8]], .selfIntersecting(edge: 0, other: 2)),
      ([[1, 1], [3, 3], [5, 5]], .noArea),
    ] as [([SIMD2<Double>], ContourError)])
  func `an impossible outline is refused`(vertices: [SIMD2<Double>], error: ContourError) {
    #expect(throws: error) { try Polygon(vertices: vertices).validate(columns: 64, rows: 48) }
    #expect(error.description.count > 20)
  }

  @Test func `a possible outline passes`() throws {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ImagingTests/Fixtures/polygons.json")
    let polygons = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: golden))
    #expect(polygons.cases.count == 40)
    for polygon in polygons.cases { try polygon.validate(columns: polygons.columns, rows: polygons.rows) }
    // The image's very border, by either reading of an integer, and an outline that touches itself.
    try Polygon(vertices: [[0, 0], [64, 0], [64, 48], [0, 48]]).validate(columns: 64, rows: 48)
    try Polygon(vertices: [[0, 0], [8, 0], [4, 4], [8, 8], [0, 8], [4, 4]]).validate(columns: 64, rows: 48)
  }

  @Test func `scaling keeps pixel centres where they belong`() {
    var contour = Contour(
      annotationID: "A", studyInstanceUID: "1", seriesInstanceUID: "2", sopInstanceUID: "3", labelName: "Lesion",
      reader: "U", vertices: [[-0.5, -0.5], [255.5, 255.5], [10, 20]], width: 256, height: 256)
    #expect(contour.scaled(columns: 512, rows: 512).vertices == [[-0.5, -0.5], [511.5, 511.5], [20.5, 40.5]])
    contour.width = nil
    contour.height = nil
    #expect(contour.scaled(columns: 512, rows: 512).vertices == contour.vertices)
  }
}
