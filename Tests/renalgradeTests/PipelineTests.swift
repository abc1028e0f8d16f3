import Foundation
import Study
import TestSupport
import Testing

/// The whole job as a user does it, on virtual and on real patients.
@Suite(.serialized) struct PipelineTests {
  let folder: TemporaryFolder
  var study: String { folder.url.appendingPathComponent("study").path }
  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ cohort: URL, _ protocolFile: String) throws {
    try CommandLineTool.succeed("init", study, "--protocol", protocolFile)
    try CommandLineTool.succeed(
      "import", study, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path, "--contours", cohort.appendingPathComponent("mdai.json").path
    )
    try CommandLineTool.succeed("rois", "build", study)
  }

  private func crossValidate() throws {
    try CommandLineTool.succeed("crossvalidate", study, "--weights", try Cohort.weightsFile(), "--threads", "1")
  }

  private func runs() throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: URL(fileURLWithPath: study).appendingPathComponent("runs"), includingPropertiesForKeys: nil
    ).sorted { $0.path < $1.path }
  }

  @Test func virtualPatientsFromFolderToReportAndTheSameBitsAgain() throws {
    try prepare(try Cohort.small.get().url.appendingPathComponent("cohort"), try Cohort.quickProtocol(in: folder))
    #expect(try CommandLineTool.succeed("status", study).contains("Nothing was set aside."))
    try CommandLineTool.succeed("rois", "montage", study)
    #expect(FileManager.default.fileExists(atPath: study + "/reports/montage.svg"))
    try crossValidate()
    // The second run computes the frozen stages anew, and must come to the same bits.
    try FileManager.default.removeItem(atPath: study + "/features")
    try crossValidate()
    let runs = try runs()
    try #require(runs.count == 2)
    let predictions = try runs.map { try Data(contentsOf: $0.appendingPathComponent("predictions.csv")) }
    #expect(predictions[0] == predictions[1])
    let checkpoints = try runs.map { try Data(contentsOf: $0.appendingPathComponent("folds/fold-5/model.safetensors")) }
    #expect(checkpoints[0] == checkpoints[1])
    for file in [
      "protocol.yaml", "folds.json", "log.jsonl", "run.json", "metrics.json", "report.html", "montage.svg",
      "folds/fold-1/model.safetensors", "folds/fold-5/model.safetensors",
    ] {
      #expect(FileManager.default.fileExists(atPath: runs[0].appendingPathComponent(file).path), "\(file)")
    }
    let log = try String(contentsOf: runs[0].appendingPathComponent("log.jsonl"), encoding: .utf8)
    #expect(log.split(separator: "\n").count == 5)
    let metrics = try JSONSerialization.jsonObject(
      with: Data(contentsOf: runs[0].appendingPathComponent("metrics.json")))
    let pooled = try #require((metrics as? [String: Any])?["pooled"] as? [String: [String: Any]])
    #expect(pooled["patient"]?["n"] as? Int == 10)
    #expect(pooled["patient"]?["positives"] as? Int == 5)
    #expect(pooled["slice"]?["n"] as? Int == 30)
    #expect((pooled["lesion"]?["auc"] as? Double).map((0...1).contains) == true)
    #expect(((metrics as? [String: Any])?["folds"] as? [Any])?.count == 5)
    let report = try String(contentsOf: runs[0].appendingPathComponent("report.html"), encoding: .utf8)
    #expect(report.localizedCaseInsensitiveContains("virtual patients"))
    #expect(report.localizedCaseInsensitiveContains("not a medical device"))
    // A third run finds them in the store.
    let stored = try FileManager.default.contentsOfDirectory(atPath: study + "/features")
    try crossValidate()
    #expect(try FileManager.default.contentsOfDirectory(atPath: study + "/features") == stored)
    #expect(try Data(contentsOf: try self.runs()[2].appendingPathComponent("predictions.csv")) == predictions[0])
    // A report can be written anew, and says the same.
    try CommandLineTool.succeed("report", study, "--run", runs[0].lastPathComponent)
    #expect(try String(contentsOf: runs[0].appendingPathComponent("report.html"), encoding: .utf8) == report)
    #expect(try CommandLineTool.fail("report", study, "--run", "absent").contains(runs[0].lastPathComponent))
    // The frozen stages' output is one file.
    #expect(try FileManager.default.contentsOfDirectory(atPath: study + "/features").count == 1)
  }

  /// By the report alone, in a study of one's own.
  @Test func theReportsCommandsRepeatTheRun() throws {
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    try prepare(cohort, try Cohort.quickProtocol(in: folder))
    // Two at a time, so that the threads of a job are not those of the command line.
    try CommandLineTool.succeed(
      "crossvalidate", study, "--weights", try Cohort.weightsFile(), "--threads", "2", "--side-by-side", "2",
      "--feature-budget", "0", "--shuffle-labels", "3")
    let run = try #require(try runs().first)
    let report = try String(contentsOf: run.appendingPathComponent("report.html"), encoding: .utf8)
    let section = try #require(report.components(separatedBy: "<section ").first { $0.contains("id=\"reproduction\"") })
    let code = try #require(
      section.components(separatedBy: "<pre").dropFirst().first?.components(separatedBy: "</pre>")[0])
    let lines = code.split(separator: "\n").compactMap { line in
      line.range(of: "renalgrade ").map { line[$0.upperBound...] }
    }
    #expect(lines.count == 4)
    let again = folder.url.appendingPathComponent("again").path
    for line in lines {
      let words = try line.split(separator: " ").map { word in
        switch word {
        case "study": again
        case "DICOM": cohort.appendingPathComponent("dicom").path
        case "TABLE": cohort.appendingPathComponent("pathology.csv").path
        case "CONTOURS": cohort.appendingPathComponent("mdai.json").path
        case "WEIGHTS": try Cohort.weightsFile()
        case _ where word.hasPrefix(run.lastPathComponent): run.deletingLastPathComponent().path + "/\(word)"
        default: String(word)
        }
      }
      let result = try CommandLineTool.run(words)
      try #require(result.status == 0, "\(words): \(result.error)")
    }
    let runs = try FileManager.default.contentsOfDirectory(atPath: again + "/runs")
    let repeated = URL(fileURLWithPath: again + "/runs").appendingPathComponent(try #require(runs.first))
    for file in ["predictions.csv", "protocol.yaml", "folds/fold-3/model.safetensors"] {
      #expect(
        try Data(contentsOf: repeated.appendingPathComponent(file))
          == Data(contentsOf: run.appendingPathComponent(file)),
        "\(file)")
    }
  }

  @Test func aSweepMakesTable5AndShuffledLabelsSaySo() throws {
    try prepare(try Cohort.small.get().url.appendingPathComponent("cohort"), try Cohort.quickProtocol(in: folder))
    try CommandLineTool.succeed(
      "sweep", study, "--shuffle-labels", "3", "--weights", try Cohort.weightsFile(), "--threads", "1")
    #expect(try runs().count == 2)
    let reports = URL(fileURLWithPath: study).appendingPathComponent("reports")
    let sweep = try #require(
      try FileManager.default.contentsOfDirectory(atPath: reports.path).first { $0.hasPrefix("sweep-") })
    let table = try String(
      contentsOf: reports.appendingPathComponent(sweep).appendingPathComponent("table5.csv"), encoding: .utf8)
    let rows = table.split(separator: "\n")
    for batchSize in [4, 8] {
      #expect(rows.contains { $0.contains(",\(batchSize),") || $0.hasPrefix("\(batchSize),") })
    }
    let manifest = try String(contentsOf: try runs()[0].appendingPathComponent("run.json"), encoding: .utf8)
    #expect(manifest.contains("negative control"))
  }

  @Test func trainingFromScratchIsOneWordInTheProtocol() throws {
    let protocolFile = try Cohort.quickProtocol(
      in: folder,
      [
        ("initialisation: imagenet", "initialisation: scratch"), ("backbone: efficientnet-lite0", "backbone: resnet18"),
        ("outputSize: 96", "outputSize: 32"),
      ])
    try prepare(try Cohort.small.get().url.appendingPathComponent("cohort"), protocolFile)
    try CommandLineTool.succeed("crossvalidate", study, "--threads", "1")
    let report = try String(contentsOf: try runs()[0].appendingPathComponent("report.html"), encoding: .utf8)
    #expect(report.contains("none: trained from scratch"))
    #expect(!FileManager.default.fileExists(atPath: study + "/features"))
  }

  /// With the published weights, which scripts/setup unpacks.
  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func realPatientsGoThroughTheSameCommands() throws {
    let cohort = try #require(SharedData.root).appendingPathComponent("real-ccrcc")
    try prepare(
      cohort, try Cohort.quickProtocol(in: folder, [("lesionLabels: [Tumor]", "lesionLabels: []")]))
    try CommandLineTool.succeed("crossvalidate", study, "--threads", "1")
    let metrics = try JSONSerialization.jsonObject(
      with: Data(contentsOf: try runs()[0].appendingPathComponent("metrics.json")))
    let pooled = try #require((metrics as? [String: Any])?["pooled"] as? [String: [String: Any]])
    #expect(pooled["patient"]?["n"] as? Int == 13)
    #expect(pooled["patient"]?["positives"] as? Int == 6)
    #expect(pooled["slice"]?["n"] as? Int == 39)
    let report = try String(contentsOf: try runs()[0].appendingPathComponent("report.html"), encoding: .utf8)
    #expect(!report.localizedCaseInsensitiveContains("virtual patients"))
  }

  @Test func missingWeightsNameTheRemedy() throws {
    let protocolFile = try Cohort.quickProtocol(
      in: folder,
      [("backbone: efficientnet-lite0", "backbone: resnet34"), ("frozenThrough: block3", "frozenThrough: layer2")])
    try prepare(try Cohort.small.get().url.appendingPathComponent("cohort"), protocolFile)
    // A cache of its own: this machine may have the weights.
    let message = try CommandLineTool.fail(
      "crossvalidate", study, environment: ["RENALGRADE_WEIGHTS": folder.url.appendingPathComponent("weights").path])
    #expect(message.contains("renalgrade weights get"))
    #expect(try runs().isEmpty)
  }
}
