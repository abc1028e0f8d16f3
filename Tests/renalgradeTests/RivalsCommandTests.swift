import Foundation
import Support
import TestSupport
import Testing

/// `renalgrade rivals` on a small cohort, by rivals that need no weights.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct RivalsCommandTests {
  @Test func rivalsAreComparedAndCompleteRunsAreNotRepeated() throws {
    let folder = try TemporaryFolder()
    let cohort = try Cohort.copy(into: folder)
    let study = folder.url.appendingPathComponent("study").path
    try CommandLineTool.succeed("init", study, "--protocol", try Cohort.quickProtocol(in: folder))
    try CommandLineTool.succeed(
      "import", study, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path, "--contours", cohort.appendingPathComponent("mdai.json").path
    )
    try CommandLineTool.succeed("rois", "build", study)
    let protocols = folder.url.appendingPathComponent("protocols")
    try FileManager.default.createDirectory(at: protocols, withIntermediateDirectories: true)
    let builtIn = CommandLineTool.packageRoot.appendingPathComponent("Protocols/rivals")
    for name in ["size", "clinical"] {
      try FileManager.default.copyItem(
        at: builtIn.appendingPathComponent("\(name).yaml"), to: protocols.appendingPathComponent("\(name).yaml"))
    }
    let unknown = try String(contentsOf: builtIn.appendingPathComponent("size.yaml"), encoding: .utf8)
      .replacingOccurrences(of: "name: size", with: "name: unknown")
      .replacingOccurrences(of: "learner: singleVariable", with: "learner: nobody")
    try AtomicFile.write(unknown, to: protocols.appendingPathComponent("unknown.yaml"))

    let options = ["rivals", study, "--protocols", protocols.path]
    let refused = try CommandLineTool.run(options)
    #expect(refused.status != 0 && refused.error.contains("The reference dai is not among the rivals"))
    let first = try CommandLineTool.run(options + ["--reference", "size", "--nested"])
    try #require(first.status == 0, "\(first.error)")
    #expect(first.output.contains("unknown has no run") && first.output.contains("against size: "))
    #expect(first.output.contains("Choosing the rival of each fold without its patients"))
    let reports = URL(fileURLWithPath: study).appendingPathComponent("reports/rivals")
    for file in ["rivals.html", "rivals.csv", "rivals.json", "figures/rivals-agreement.pdf"] {
      #expect(FileManager.default.fileExists(atPath: reports.appendingPathComponent(file).path), "\(file)")
    }
    func runs() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "\(study)/runs").sorted()
    }
    let made = try runs()
    #expect(made.count == 2)
    let table = try Data(contentsOf: reports.appendingPathComponent("rivals.csv"))
    let second = try CommandLineTool.run(options + ["--reference", "size"])
    try #require(second.status == 0, "\(second.error)")
    #expect(try runs() == made && Data(contentsOf: reports.appendingPathComponent("rivals.csv")) == table)
  }
}
