import Foundation
import Experiment
import Study
import Support
import TestSupport
import Testing

/// Controls, nested estimate and explanations as a user asks for them.
@Suite(.serialized) struct FindingsTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func prepare(_ name: String) throws -> String {
    let study = folder.url.appendingPathComponent(name).path
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    let quick = try Cohort.quickProtocol(in: folder, [("outputSize: 96", "outputSize: 64")])
    try CommandLineTool.succeed("init", study, "--protocol", quick)
    try CommandLineTool.succeed(
      "import", study, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path, "--contours", cohort.appendingPathComponent("mdai.json").path
    )
    try CommandLineTool.succeed("rois", "build", study)
    return study
  }

  private func completeRuns(_ study: String) throws -> [Run] {
    Run.complete(in: try StudyFolder(at: URL(fileURLWithPath: study)))
  }

  private func controls(of run: Run) throws -> [String: [Prediction]] {
    let listed = try run.readJSON([Run.Control].self, from: run.controlsFile)
    return Dictionary(
      uniqueKeysWithValues: try listed.map {
        ($0.name, try PredictionTable.read(run.url.appendingPathComponent($0.predictions)))
      })
  }

  @Test func controlsThatAreKilledEndWithTheSameBits() throws {
    let undisturbed = try prepare("undisturbed")
    let options = ["--controls", "--weights", try Cohort.weightsFile(), "--threads", "1"]
    let result = try CommandLineTool.run(["crossvalidate", undisturbed] + options)
    try #require(result.status == 0, "\(result.error)")
    let output = result.output
    for title in ["Shuffled labels: ", "leaks on purpose): ", "Background only: ", "ROI jitter of up to 16 pixels: "] {
      #expect(output.contains(title + "patient-level AUC "), "\(title)")
    }
    let expected = try controls(of: try #require(try completeRuns(undisturbed).first))
    #expect(expected.count == 4)

    let killed = try prepare("killed")
    for _ in 0..<12 { try CommandLineTool.runAndKill(["crossvalidate", killed] + options) }
    try #require(try CommandLineTool.run(["crossvalidate", killed] + options).status == 0)
    // One that ended before it was killed is followed by another.
    let runs = try completeRuns(killed)
    #expect(!runs.isEmpty)
    #expect(try controls(of: try #require(runs.last)) == expected)
    let study = try StudyFolder(at: URL(fileURLWithPath: killed))
    #expect(try Run.open(nil, in: study).id == runs.last?.id)
    let rois = try FileManager.default.contentsOfDirectory(atPath: study.roiFolder.path)
    #expect(rois.filter { $0.hasPrefix("crops-") }.count == 1)
  }

  /// The runs of a sweep beside one another.
  private func compare(_ study: String) throws {
    let runs = try completeRuns(study).map(\.id)
    let comparison = folder.url.appendingPathComponent("comparison")
    let text = try CommandLineTool.succeed("compare", study, runs[0], runs[1], "--output", comparison.path)
    #expect(text.contains(runs[1]) && text.contains("AUC"))
    let table = try DelimitedTable(contentsOf: comparison.appendingPathComponent("compare.csv"))
    #expect(!table.rows.isEmpty)
    let page = try String(contentsOf: comparison.appendingPathComponent("compare.html"), encoding: .utf8)
    #expect(page.contains("McNemar") && page.contains("Holm"))
    #expect(try CommandLineTool.fail("compare", study, runs[0], "no-such-run").contains("no-such-run"))
  }

  @Test func aSweepsBestIsHeldAgainstANestedEstimateAndARunIsExplained() throws {
    let study = try prepare("study")
    let output = try CommandLineTool.succeed(
      "sweep", study, "--nested", "--weights", try Cohort.weightsFile(), "--threads", "1")
    for part in [
      "Table 5:", "Without fold 5, batch size 8", "Chosen, fold by fold: batch size",
      "The nested patient-level AUC is", "The best of all on the same folds, batch size",
    ] {
      #expect(output.contains(part), "\(part)")
    }
    #expect(
      try CommandLineTool.fail("sweep", study, "--side-by-side", "0").contains("--side-by-side must be at least 1"))
    try compare(study)
    let nested = try #require(try completeRuns(study).last { $0.id.hasSuffix("-nested") })
    let choice = try nested.readJSON(Run.NestedChoice.self, from: nested.nestedFile)
    #expect(choice.choices.count == 5 && choice.innerFolds == 4 && choice.optimism != nil)

    let explained = try CommandLineTool.succeed(
      "explain", study, "--run", nested.id, "--gallery", "2", "--threads", "1")
    for part in ["Grad-CAM of head", "inside the contour", "randomised networks", "Report: "] {
      #expect(explained.contains(part), "\(part)")
    }
    let explanations = try nested.readJSON(Run.Explanations.self, from: nested.explanationsFile)
    for example in explanations.gallery {
      #expect(FileManager.default.fileExists(atPath: nested.url.appendingPathComponent(example.image).path))
    }
    #expect(try CommandLineTool.fail("explain", study, "--gallery", "-1").contains("--gallery"))
    #expect(try CommandLineTool.fail("explain", study, "--run", "absent").contains(nested.id))

    #expect(
      try CommandLineTool.fail("controls", study, "--shuffle-labels", "1").contains(
        "cannot be combined with --shuffle-labels"))
    #expect(
      try CommandLineTool.fail("crossvalidate", study, "--controls", "--shuffle-labels", "1").contains("--controls"))
    #expect(try CommandLineTool.fail("controls", study, "--run", "absent").contains(nested.id))
  }
}
