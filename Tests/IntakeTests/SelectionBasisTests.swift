import Foundation
import GRDB
import Support
import TestSupport
import Testing

@testable import Study

/// A selection is gone by only as long as images and rules are those that it was made of.
struct SelectionBasisTests {
  /// `paper.yaml` with the rules that stand in it as an example.
  private static func paperWithRules() throws -> String {
    let text = try String(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml"), encoding: .utf8)
    let start = try #require(text.range(of: "# cohort:\n")).lowerBound
    let rules = text[start...].split(separator: "\n").map { $0.dropFirst(2) }.joined(separator: "\n")
    return text[..<start] + rules + "\n"
  }

  private let test: ImportFolder

  init() throws { test = try ImportFolder() }

  private func problem() throws -> String? {
    let settings = try test.study.readProtocol()
    return try test.study.read { try SelectionBasis.problem(settings, $0) }
  }

  private func store() throws {
    let settings = try test.study.readProtocol()
    try test.study.write { try SelectionBasis.store(settings, $0) }
  }

  @Test func thePapersRulesAreAnExampleThatWorks() throws {
    let file = test.url("rules.yaml")
    try AtomicFile.write(Self.paperWithRules(), to: file)
    let rules = try #require(try StudyProtocol(contentsOf: file).cohort?.rules)
    #expect(rules.map(\.name).first == "clear cell" && rules.count == 6)
    #expect(rules.last?.phases?.map(\.count) == [1, 3])
    #expect(try StudyProtocol(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml")).cohort == nil)
  }

  @Test func withoutRulesNothingIsAsked() throws {
    try test.writeSeries("a", patient: "P01")
    try test.importDICOM("a")
    #expect(try problem() == nil)
    // Somebody selected, and it is not known of what.
    try test.study.write {
      try SetAside(stage: .cohort, patientCode: nil, excludes: false, subject: "table", reason: "left out").insert($0)
    }
    #expect(try problem()?.contains("does not state which images it was made from") == true)
  }

  @Test func rulesThatNobodyAppliedAreNoSelection() throws {
    try AtomicFile.write(Self.paperWithRules(), to: test.study.protocolFile)
    #expect(
      try problem()?.hasPrefix("the protocol has rules of selection (`cohort`), but no selection was made") == true)
    try store()
    #expect(try problem() == nil)
  }

  @Test func laterImagesMakeItStale() throws {
    try AtomicFile.write(Self.paperWithRules(), to: test.study.protocolFile)
    try test.writeSeries("a", patient: "P01")
    try test.writeSeries("a", patient: "P02")
    try test.importDICOM("a")
    try store()
    try test.importDICOM("a")
    #expect(try problem() == nil, "the same images again change nothing")
    try test.writeSeries("b", patient: "P03")
    try test.importDICOM("b")
    #expect(
      try problem()?.hasPrefix(
        "the selection is out of date: it was made from 2 patients, 2 series and 6 slices; the study now has "
          + "3 patients, 3 series and 9 slices") == true)
    let settings = try test.study.readProtocol()
    let error = #expect(throws: StudyError.self) {
      try test.study.read { try SelectionBasis.requireCurrent(settings, $0) }
    }
    #expect(error?.description.contains("`renalgrade cohort select`") == true)
    try store()
    #expect(try problem() == nil)
    // One more slice of a known series, then a patient whom an import leaves out.
    try test.write("c/3.dcm", patient: "P01", exam: "P01", series: "P01", sop: "P01 3", z: 7.5)
    try test.importDICOM("c")
    #expect(try problem()?.contains("3 series and 10 slices") == true)
    try store()
    try test.write("d/1.dcm", patient: "P01", exam: "P01", series: "P01", sop: "P01 3", z: 7.5, value: 9)
    try test.importDICOM("d")
    #expect(try test.excluded() == ["case-0001"])
    #expect(try problem()?.contains("or excludes others") == true)
  }

  @Test func otherRulesMakeItStale() throws {
    let text = try Self.paperWithRules()
    try AtomicFile.write(text, to: test.study.protocolFile)
    try store()
    for changed in [
      text.replacing("stage: [1]", with: "stage: [1, 2]"), text.replacing("gradeColumn: grade", with: "gradeColumn: g"),
      try String(contentsOf: protocolsFolder.appendingPathComponent("paper.yaml"), encoding: .utf8),
    ] {
      try AtomicFile.write(changed, to: test.study.protocolFile)
      #expect(try problem()?.contains("have changed since the selection was made") == true)
    }
    // What is no matter of the selection.
    try AtomicFile.write(text.replacing("epochs: 30", with: "epochs: 31"), to: test.study.protocolFile)
    #expect(try problem() == nil)
  }
}
