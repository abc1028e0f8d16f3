import Foundation
import TestSupport
import Testing

/// Experiments whose fold jobs run side by side are killed again and again, and end with the same bits as undisturbed ones.
@Suite(.serialized) struct InterruptionTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ name: String) throws -> String {
    let study = folder.url.appendingPathComponent(name).path
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    let quick = try Cohort.quickProtocol(
      in: folder, [("epochs: 1 ", "epochs: 3 "), ("outputSize: 96", "outputSize: 64")])
    try CommandLineTool.succeed("init", study, "--protocol", quick)
    try CommandLineTool.succeed(
      "import", study, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path, "--contours", cohort.appendingPathComponent("mdai.json").path
    )
    try CommandLineTool.succeed("rois", "build", study)
    return study
  }

  /// The predictions and the logged losses of every run, in the order of the runs.
  private func results(of study: String) throws -> [[String]] {
    let runs = URL(fileURLWithPath: study).appendingPathComponent("runs")
    // A kill right after a run's folder was made leaves it empty.
    let names = try FileManager.default.contentsOfDirectory(atPath: runs.path).sorted()
      .filter { FileManager.default.fileExists(atPath: runs.appendingPathComponent("\($0)/predictions.csv").path) }
    return try names.map { name in
      let run = runs.appendingPathComponent(name)
      let log = try String(contentsOf: run.appendingPathComponent("log.jsonl"), encoding: .utf8)
      let losses = try log.split(separator: "\n").map { line in
        let epoch = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return "\(epoch["fold"] ?? "") \(epoch["epoch"] ?? "") \(epoch["loss"] ?? "") \(epoch["heldOutLoss"] ?? "")"
      }
      return [try String(contentsOf: run.appendingPathComponent("predictions.csv"), encoding: .utf8)] + losses
    }
  }

  @Test(arguments: [["sweep"], ["nested", "--side-by-side", "2"]])
  func whatIsKilledEndsWithTheSameBits(_ command: [String]) throws {
    let options = command.dropFirst() + ["--weights", try Cohort.weightsFile(), "--threads", "2"]
    func arguments(_ study: String) -> [String] { [command[0], study] + options }
    let undisturbed = try prepare("undisturbed")
    try #require(try CommandLineTool.run(arguments(undisturbed)).status == 0)
    let killed = try prepare("killed")
    for _ in 0..<20 { try CommandLineTool.runAndKill(arguments(killed)) }
    try #require(try CommandLineTool.run(arguments(killed)).status == 0)
    let (expected, found) = (try results(of: undisturbed), try results(of: killed))
    #expect(expected.count == (command[0] == "sweep" ? 2 : 1))
    // One that ended before it was killed is followed by another, with the same results.
    #expect(Set(found) == Set(expected))
    #expect(try #require(found.last).count == 1 + 5 * 3)
    let reports = try FileManager.default.contentsOfDirectory(atPath: killed + "/reports")
    #expect(!reports.contains("sweep-in-progress.json"))
  }
}
