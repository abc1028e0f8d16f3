import Annotation
import Foundation
import Support
import Testing

@testable import ROI

@Suite struct JSONTextTests {
  /// Polygons with coordinates of every size, whole numbers among them.
  private func randomPolygons(_ count: Int) -> [Polygon] {
    (0..<count).map { _ in
      Polygon(
        vertices: (0..<Int.random(in: 0...40)).map { _ in
          let scale = pow(10, Double.random(in: -12...12))
          let values = (0..<2).map { _ in Double.random(in: -1...1) * scale }
          return Bool.random() ? SIMD2(values[0].rounded(), values[1].rounded()) : SIMD2(values[0], values[1])
        })
    }
  }

  @Test func polygonsAreReadAsFoundationReadsThem() throws {
    for _ in 0..<200 {
      let polygons = randomPolygons(Int.random(in: 0...3))
      for text in [JSONText.encode(polygons), String(decoding: try JSONEncoder().encode(polygons), as: UTF8.self)] {
        #expect(try JSONText.polygons(text) == polygons)
      }
      for polygon in polygons {
        #expect(try JSONText.polygon(String(decoding: JSONEncoder().encode(polygon), as: UTF8.self)) == polygon)
      }
    }
  }

  /// What another writer of JSON may write.
  @Test func spacesAndOtherKeysAreRead() throws {
    let expected = Polygon(vertices: [SIMD2(1, 2.5), SIMD2(-300, 0)])
    for text in [
      #"{"vertices":[[1,2.5],[-300,0]]}"#, #"{ "vertices" : [ [1, 2.5], [-3e2, 0.0] ] }"#,
      #"{"colour":"red","vertices":[[1,2.5],[-300,0]]}"#,
    ] {
      #expect(try JSONText.polygon(text) == expected)
    }
  }

  @Test(arguments: [
    "", "[", #"{"vertices":[[1,2],[3"#, #"{"vertices":[[1,2],[3,]]}"#, #"{"vertices":[[1,2]]}x"#,
    #"{"vertices":[[nan,2]]}"#,
    #"{"vertices":[[1]]}"#, #"{"vertices":[[0x10,2]]}"#,
  ])
  func whatIsNoPolygonIsRefused(_ text: String) {
    #expect(throws: StudyError.self) { try JSONText.polygon(text) }
    #expect(throws: StudyError.self) { try JSONText.polygons(text) }
  }
}
