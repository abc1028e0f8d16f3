import Foundation
import Support
import TestSupport
import Testing

/// Published cohorts from their files to a comparison of rivals that learn from masks and records.
@Suite(.timeLimit(.minutes(30)))
struct PublicCohortRivalsTests {
  /// A layout with the protocol that it is imported by.
  struct Layout: CustomTestStringConvertible {
    let format: String
    let protocolName: String
    var testDescription: String { format }
  }

  @Test(arguments: [
    Layout(format: "kits", protocolName: "kits"), Layout(format: "rmac", protocolName: "ucsf-rmac"),
  ])
  func `radiomic and clinical rivals run`(_ layout: Layout) throws {
    let folder = try TemporaryFolder()
    let study = folder.url.appendingPathComponent("study").path
    let root = CommandLineTool.packageRoot
    try CommandLineTool.succeed(
      "init", study, "--protocol", root.appendingPathComponent("Protocols/\(layout.protocolName).yaml").path)
    let source = root.appendingPathComponent("Tests/IntakeTests/Fixtures/rivals/\(layout.format)").path
    try CommandLineTool.succeed("cohort", "import", study, "--format", layout.format, source)
    if layout.format == "kits" { try CommandLineTool.succeed("cohort", "select", study) }
    try CommandLineTool.succeed("rois", "build", study)
    let rivals = ["size", "clinical", "ding", "bektas", "radiomics"]
    let run = try CommandLineTool.run([
      "rivals", study, "--only", rivals.joined(separator: ","), "--reference", "size",
    ])
    try #require(run.status == 0, "\(run.error)")
    #expect(run.output.contains("16 common patients (8 high grade)"), "\(run.output)")
    #expect(!run.output.contains("has no run"), "\(run.output)")
    let table = try String(
      contentsOf: URL(fileURLWithPath: study).appendingPathComponent("reports/rivals/rivals.csv"), encoding: .utf8)
    let auc = table.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .first { $0[..<4] == ["rival", "ding", "", "auc"] }.flatMap { Double($0[4]) }
    // The tumours' texture gives the grade away.
    #expect(try #require(auc) > 0.9)
  }
}
