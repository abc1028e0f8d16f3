import RunFixtures
import Foundation
import TestSupport
import Testing

import Cohort
import Support

@testable import Report

@Suite struct ChecklistTests {
  @Test func itemsAreNumberedAsPublished() {
    #expect(Checklist.all.map(\.name) == ["CLAIM 2024", "TRIPOD+AI", "METRICS"])
    #expect(Checklist.all[0].items.map(\.number) == (1...44).map(String.init))
    #expect(Checklist.all[2].items.map(\.number) == (1...30).map(String.init))
    // TRIPOD+AI has 27 items, some of them in parts: 52 in all.
    let parts = [3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3]
    let numbers = (1...27).flatMap { item in
      parts[item].map { count in "abcdefg".prefix(count).map { "\(item)\($0)" } } ?? ["\(item)"]
    }
    #expect(numbers.count == 52 && Checklist.all[1].items.map(\.number) == numbers)
  }

  @Test func everyPlaceIsASectionOfTheReport() {
    let sections = Set(RunPage.sections.map(\.id))
    #expect(sections.count == RunPage.sections.count)
    for item in Checklist.all.flatMap(\.items) {
      #expect(!item.topic.isEmpty && !item.part.isEmpty)
      for section in item.sections { #expect(sections.contains(section), "\(item.number): \(section)") }
    }
  }

  @Test func blanksAreShownAndNothingAbsentIsLinked() throws {
    var fixture = try FixtureStudy()
    let run = try fixture.run(fixture.predictions(patients: 30), epochs: 0)
    try RunReport.write(run)
    let html = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    let rows = html.components(separatedBy: "<tr ").map { $0.components(separatedBy: "</tr>")[0] }
    func row(_ topic: String) throws -> String { try #require(rows.first { $0.contains(topic) }) }
    #expect(try row("Testing on external data").contains(ChecklistsSection.blank))
    // The run has selected nobody and explained nothing.
    #expect(try row("Who was included and who was not").contains(ChecklistsSection.blank))
    #expect(try row("Explanation of predictions").contains(ChecklistsSection.blank))
    #expect(try row("Assignment of data to partitions").contains("href=\"#cohort\""))
    try AtomicFile.writeJSON(try CohortFixture.description(patients: 30), to: run.cohortFile)
    try RunReport.write(run)
    let second = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    #expect(second.contains("href=\"#selection\""))
    try expectSound(second)
  }
}
