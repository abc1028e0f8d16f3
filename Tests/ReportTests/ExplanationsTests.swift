import RunFixtures
import Analysis
import Foundation
import Support
import TestSupport
import Testing

@testable import Report
@testable import Study

@Suite struct ExplanationsTests {
  static func json(correlation: String = "0.12", image: String = "explanations/a.png") -> String {
    """
    {"method": "Grad-CAM", "layer": "layer4", "energyInside": {"mean": 0.612, "sd": 0.2, "n": 57}, "contourShare": 0.083,
     "randomisation": {"correlation": \(correlation), "n": 20},
     "gallery": [
       {"group": "surestRight", "patient": "case-01", "lesion": "L1", "slice": "7", "label": "high",
        "probability": 0.981, "energyInside": 0.8, "image": "\(image)"},
       {"group": "surestWrong", "patient": "case-09", "lesion": "L1", "slice": "1.2.840.1", "label": "low",
        "probability": 0.94, "energyInside": 0.3, "image": "explanations/missing.png"}]}
    """
  }

  private func markup(_ json: String?) throws -> (markup: Markup, text: String) {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    let folder = run.url.appendingPathComponent("explanations")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FixtureStudy.png.write(to: folder.appendingPathComponent("a.png"))
    try FixtureStudy.png.write(to: run.url.deletingLastPathComponent().appendingPathComponent("outside.png"))
    if let json { try AtomicFile.write(json, to: run.url.appendingPathComponent("explanations.json")) }
    let html = ExplanationsSection().html(try RunContent(run), figures: run.url)
    let markup = try Markup("<html>\(html.map(\.markup).joined())</html>")
    return (markup, markup.all("html").first?.text ?? "")
  }

  @Test func theGalleryStandsInItsGroups() throws {
    let (markup, text) = try markup(Self.json())
    #expect(
      markup.all("h3").map(\.text) == ["Most confident and correct", "Most confident and wrong", "Least confident"])
    for phrase in [
      "Grad-CAM heat maps at layer4", "61% of a map's energy (SD 0.20) lies within the contour, over 57 slices",
      "an uninformative map would have 8% there",
      "have a correlation of 0.12 (Spearman, 20 slices): the maps depend on what was learnt",
      "Patient case-01, lesion L1, slice 7: high grade, probability of high grade 0.98. 80% of the energy",
      "Patient case-09, lesion L1: low grade", "The picture explanations/missing.png is missing.",
      "There are no slices in this group.",
    ] {
      #expect(text.contains(phrase), "\(phrase)")
    }
    #expect(markup.all("img").count == 1)
    #expect(markup.all("img").first?.attributes["alt"]?.contains("case-01") == true)
    #expect(!text.contains("1.2.840"))
  }

  @Test func mapsThatSurviveRandomWeightsExplainNothing() throws {
    #expect(try markup(Self.json(correlation: "0.9")).text.contains("should not be used as explanations"))
    #expect(try markup(Self.json(correlation: "null")).text.contains("was not checked"))
  }

  @Test func withoutThemItSaysHowToMakeThem() throws {
    #expect(try markup(nil).text.contains("renalgrade explain STUDY"))
    let empty =
      #"{"method": "Grad-CAM", "layer": "l4", "energyInside": {"n": 0}, "randomisation": {"n": 0}, "gallery": []}"#
    let text = try markup(empty).text
    #expect(text.contains("is not known") && text.contains("was not checked"))
  }

  @Test(arguments: ["../outside.png", "/etc/hostname"])
  func aPictureOutsideOfTheRunIsNotTaken(_ image: String) throws {
    let (markup, text) = try markup(Self.json(image: image))
    #expect(markup.all("img").isEmpty && text.contains("is missing"))
  }

  @Test func aDamagedFileIsAnError() throws {
    let error = #expect(throws: StudyError.self) { try markup(#"{"method": "Grad-CAM"}"#) }
    #expect(error?.description.contains("explanations.json") == true)
  }
}
