import RunFixtures
import Foundation
import TestSupport
import Testing

import Cohort
import Support

@testable import Report

@Suite struct ChecklistTests {
  @Test func itemsAreNumberedAsPublished() {
    #expect(Checklist.all.map(\.name) == ["CLAIM 2024", "TRIPOD+AI", "STARD-AI", "METRICS"])
    #expect(Checklist.all[0].items.map(\.number) == (1...44).map(String.init))
    #expect(Checklist.all[3].items.map(\.number) == (1...30).map(String.init))
    // TRIPOD+AI has 27 items, some of them in parts: 52 in all.
    let parts = [3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3]
    let numbers = (1...27).flatMap { item in
      parts[item].map { count in "abcdefg".prefix(count).map { "\(item)\($0)" } } ?? ["\(item)"]
    }
    #expect(numbers.count == 52 && Checklist.all[1].items.map(\.number) == numbers)
    // STARD-AI has 40 items: 47 with the parts of five of them.
    let starParts = [15: 4, 16: 3, 17: 2, 26: 2, 40: 2]
    let star = (1...40).flatMap { item in
      starParts[item].map { count in "abcd".prefix(count).map { "\(item)\($0)" } } ?? ["\(item)"]
    }
    #expect(star.count == 48 && Checklist.all[2].items.map(\.number) == star)
  }

  @Test func everyPlaceIsASectionOfTheReport() {
    let sections = Set(RunPage.sections.map(\.id))
    #expect(sections.count == RunPage.sections.count)
    for item in Checklist.all.flatMap(\.items) {
      #expect(!item.topic.isEmpty && !item.part.isEmpty)
      for section in item.sections { #expect(sections.contains(section), "\(item.number): \(section)") }
    }
  }

  /// What only authors can write is linked nowhere: what a section shows nearby is no answer.
  @Test(arguments: [
    ("CLAIM 2024", ["21", "43"]), ("TRIPOD+AI", ["10", "18f"]), ("METRICS", ["29", "30"]),
    ("STARD-AI", ["19", "22", "40a"]),
  ])
  func whatTheReportDoesNotSayIsBlank(_ name: String, _ items: [String]) throws {
    let checklist = try #require(Checklist.all.first { $0.name == name })
    for item in items { #expect(try #require(checklist.items.first { $0.number == item }).sections.isEmpty, "\(item)") }
  }

  @Test(arguments: [("CLAIM 2024", "36"), ("TRIPOD+AI", "20b"), ("STARD-AI", "25"), ("STARD-AI", "26a")])
  func characteristicsHaveTheirSection(_ name: String, _ item: String) throws {
    let checklist = try #require(Checklist.all.first { $0.name == name })
    #expect(try #require(checklist.items.first { $0.number == item }).sections.contains("characteristics"))
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
