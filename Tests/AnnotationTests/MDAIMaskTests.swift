import Annotation
import Foundation
import Imaging
import TestSupport
import Testing

/// MD.ai's masks: polygons that are filled, and polygons that are cleared.
struct MDAIMaskTests {
  private func export(_ data: String) throws -> MDAIExport {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("export.json")
    try Data(
      """
      {"labelGroups": [{"labels": [{"id": "L", "name": "Tumor", "annotationMode": "mask"}]}],
       "datasets": [{"studies": [{"StudyInstanceUID": "1"}], "annotations": [
        {"id": "A", "labelId": "L", "StudyInstanceUID": "1", "SeriesInstanceUID": "2", "SOPInstanceUID": "3",
         "createdById": "U_1", "width": 64, "height": 64, "data": \(data)}]}]}
      """.utf8
    ).write(to: url)
    return try MDAI.read(url, lesionLabels: ["Tumor"])
  }

  private func square(_ left: Double, _ top: Double, _ side: Double) -> String {
    "[[\(left), \(top)], [\(left + side), \(top)], [\(left + side), \(top + side)], [\(left), \(top + side)]]"
  }

  private func mask(_ contours: [Contour]) -> [Int] {
    contours.reduce(into: Array(repeating: 0, count: 64 * 64)) { sum, contour in
      let inside = Polygon(vertices: contour.vertices).mask(columns: 64, rows: 64)
      for (index, isInside) in inside.values.enumerated() where isInside { sum[index] += 1 }
    }
  }

  @Test func aPolygonIsTakenAsItWasDrawn() throws {
    let contours = try export(#"{"foreground": [[[10.5, 10], [30, 10], [20, 30.25]]], "background": []}"#).contours
    #expect(contours.map(\.vertices) == [[[10.5, 10], [30, 10], [20, 30.25]]])
    #expect(contours.first?.reader == "U_1" && contours.first?.sopInstanceUID == "3" && contours.first?.width == 64)
    #expect(try export(#"{"foreground": [[10, 10, 30, 10, 20, 30]]}"#).contours.count == 1)
  }

  @Test func severalAreasAreSeveralOutlines() throws {
    let contours = try export("{\"foreground\": [\(square(5, 5, 10)), \(square(30, 30, 8))], \"background\": []}")
      .contours
    #expect(contours.map(\.annotationID) == ["A", "A"])
    #expect(contours.map { Polygon(vertices: $0.vertices).area } == [100, 64])
  }

  @Test func aHoleIsCutOut() throws {
    let contours = try export(
      "{\"foreground\": [\(square(9.5, 9.5, 30))], \"background\": [\(square(19.5, 19.5, 10))]}"
    ).contours
    let mask = mask(contours)
    #expect(mask.reduce(0, +) == 900 - 100 && mask.max() == 1)
    #expect(mask[25 * 64 + 25] == 0 && mask[15 * 64 + 15] == 1)
  }

  @Test func overlappingAreasCountOnce() throws {
    let contours = try export("{\"foreground\": [\(square(9.5, 9.5, 20)), \(square(19.5, 19.5, 20))]}").contours
    let mask = mask(contours)
    #expect(mask.reduce(0, +) == 400 + 400 - 100 && mask.max() == 1)
  }

  @Test func aBackgroundThatCutsThroughLeavesTwoParts() throws {
    let contours = try export(
      "{\"foreground\": [\(square(9.5, 9.5, 20))], \"background\": [[[0, 17.5], [60, 17.5], [60, 21.5], [0, 21.5]]]}"
    ).contours
    #expect(contours.count == 2)
    #expect(mask(contours).reduce(0, +) == 20 * 16)
  }

  @Test func aBackgroundThatLiesApartChangesNothing() throws {
    let contours = try export(
      "{\"foreground\": [\(square(5.25, 5, 10))], \"background\": [\(square(40, 40, 5))]}"
    ).contours
    #expect(contours.count == 1 && contours.first?.vertices.first == SIMD2(5.25, 5))
  }

  @Test(arguments: [
    ("null", "no foreground polygon"), ("{}", "no foreground polygon"),
    (#"{"foreground": [], "background": []}"#, "no foreground polygon"),
    (#"{"background": [[[1, 1], [9, 1], [9, 9]]]}"#, "no foreground polygon"),
    (#"{"foreground": 3}"#, "its foreground (line"), (#"{"foreground": [["a"]]}"#, "neither pairs"),
    (#"{"foreground": [[[1, 1], [9, 1], [9, 9]]], "background": [[[1]]]}"#, "neither pairs"),
    (#"{"foreground": [[[1, 1], [1e9, 1], [9, 9]], [[2, 2], [5, 2], [5, 5]]]}"#, "more than 4096"),
    (
      #"{"foreground": [[[1, 1], [20, 20], [20, 1], [1, 20]]], "background": [[[2, 2], [5, 2], [5, 5]]]}"#,
      "crosses itself"
    ),
    (
      """
      {"foreground": [[[0, 0], [40, 0], [40, 40], [0, 40]], [[18, 18], [22, 18], [22, 22], [18, 22]]],
       "background": [[[10, 10], [30, 10], [30, 30], [10, 30]]]}
      """, "island or was erased"
    ),
  ])
  func whatIsNotClearIsRefused(data: String, reason: String) throws {
    let export = try export(data)
    #expect(export.contours.isEmpty)
    #expect(export.skipped.first?.isDamaged == true)
    #expect(export.skipped.first?.reason.contains(reason) == true, "\(export.skipped.first?.reason ?? "")")
  }
}
