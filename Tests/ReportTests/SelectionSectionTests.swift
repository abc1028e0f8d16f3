import RunFixtures
import Analysis
import Evaluation
import Foundation
import Support
import TestSupport
import Experiment
import Testing

@testable import Cohort
@testable import Report
@testable import Study

@Suite struct SelectionSectionTests {
  private func text(_ html: [HTML]) throws -> String {
    try Markup("<html>\(html.map(\.markup).joined())</html>").all("html").first?.text ?? ""
  }

  private func html(_ cohort: CohortDescription?) throws -> (html: [HTML], run: Run, fixture: FixtureStudy) {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 30), epochs: 0)
    if let cohort { try AtomicFile.writeJSON(cohort, to: run.cohortFile) }
    let section = SelectionSection()
    let content = try RunContent(run)
    #expect(section.answers(content) == (cohort != nil))
    return (try section.html(content, figures: RunReport.figuresFolder(in: run.url)), run, fixture)
  }

  @Test func flowSubtypesAndTablesAreThere() throws {
    let (html, run, fixture) = try html(CohortFixture.description(patients: 30))
    let markup = try Markup("<html>\(html.map(\.markup).joined())</html>")
    let text = try text(html)
    #expect(
      markup.all("caption").map(\.text) == [
        "Patients in the study", "Patients in the study, by lesion", "Patients with annotated tumours",
        "Patients with annotated tumours, by lesion",
      ])
    for phrase in [
      "Of 36 patients, 30 remained: 20 patients of low grade and 10 patients of high grade", "Procedure", "Laterality",
      "≤ 4 cm", "Fisher's exact test", "Low (n = 20)", "all 36 lesions",
    ] {
      #expect(text.contains(phrase), "\(phrase)")
    }
    let folder = run.url.appendingPathComponent("figures")
    for name in ["flow", "subtypes"] {
      for suffix in ["csv", "svg", "pdf", "png"] {
        #expect(
          try Data(contentsOf: folder.appendingPathComponent("\(name).\(suffix)")).count > 50, "\(name).\(suffix)")
      }
    }
    #expect(markup.all("svg").count == 2)
    let subtypes = try DelimitedTable(contentsOf: folder.appendingPathComponent("subtypes.csv"))
    #expect(subtypes.rows.map { $0.cells["lesions"] } == ["32", "2", "2"])
    withExtendedLifetime(fixture) {}
  }

  @Test func withoutASelectionItSaysHowToMakeOne() throws {
    let text = try text(try html(nil).html)
    #expect(text.contains("has no record of patient selection") && text.contains("renalgrade cohort select"))
  }

  @Test func anEmptyCohortIsSentences() throws {
    let nobody = CohortDescription(CohortSelection([], cohort: try CohortFixture.cohort()), annotated: [])
    let text = try text(try html(nobody).html)
    #expect(text.contains("Of 0 patients, 0 remained") && text.contains("No tumour has a clinical record"))
  }

  @Test func aTableThatDoesNotAddUpIsNotPrinted() throws {
    let table = CohortTable(
      title: "Table 4", unit: "patients", classes: [("Low", 24), ("High", 16)], total: 40,
      variables: [.init("Side", .categories([.init("left", [26, 14], total: 40)]))])
    let description = CohortDescription.Table(table)
    #expect(description.rows.isEmpty)
    #expect(description.contradiction?.contains("The rows of Side make 26 in column Low, its heading says 24.") == true)
  }

  @Test func aDamagedRecordIsAnError() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 10), epochs: 0)
    try AtomicFile.write("{", to: run.cohortFile)
    let error = #expect(throws: StudyError.self) { try RunContent(run) }
    #expect(error?.description.contains("cohort.json") == true)
  }
}
