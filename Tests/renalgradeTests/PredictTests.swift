import Foundation
import Phantom
import Experiment
import Study
import Support
import TestSupport
import Testing

/// From cold start to the prediction of one exam, as a user does it.
@Suite(.serialized) struct PredictTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A study of virtual patients whose networks are trained from scratch, in one epoch; its only run.
  private func trainedRun() throws -> URL {
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    let protocolFile = try Cohort.quickProtocol(
      in: folder,
      [
        ("initialisation: imagenet", "initialisation: scratch"), ("backbone: efficientnet-lite0", "backbone: resnet18"),
        ("outputSize: 96", "outputSize: 32"), ("patientIDs: codes", "patientIDs: identifiers"),
      ])
    let study = folder.url.appendingPathComponent("study")
    try CommandLineTool.succeed("init", study.path, "--protocol", protocolFile)
    try CommandLineTool.succeed(
      "import", study.path, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path, "--contours", cohort.appendingPathComponent("mdai.json").path
    )
    try CommandLineTool.succeed("rois", "build", study.path)
    try CommandLineTool.succeed("crossvalidate", study.path, "--threads", "1")
    let runs = study.appendingPathComponent("runs")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: runs.path).first)
    // Nothing but the run's folder is needed.
    let run = folder.url.appendingPathComponent("run")
    try FileManager.default.moveItem(at: runs.appendingPathComponent(name), to: run)
    try FileManager.default.removeItem(at: study)
    return run
  }

  /// What an error says.
  private func refusal(_ arguments: [String]) throws -> String {
    let result = try CommandLineTool.run(arguments)
    #expect(result.status > 0 && result.status < 128, "\(result.output)")
    return result.error
  }

  private func json(_ url: URL) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
  }

  @Test func anExamIsPredictedFromARunsFolderAlone() throws {
    let run = try trainedRun()
    var settings = PhantomSettings()
    (settings.lowGradePatients, settings.highGradePatients, settings.seed) = (0, 1, 99)
    settings.phases = [.portalVenous]
    settings.coverage = .annotated(margin: 1)
    settings.maximumAnnotatedSlices = 3
    settings.secondLesionShare = 0
    let exam = folder.url.appendingPathComponent("exam")
    try PhantomCohort(settings).write(to: exam)
    let file = folder.url.appendingPathComponent("prediction.json")
    let arguments = [
      "predict", run.path, "--dicom", exam.appendingPathComponent("dicom").path, "--contours",
      exam.appendingPathComponent("mdai.json").path, "--threads", "1",
    ]
    let result = try CommandLineTool.run(arguments + ["--json", file.path])
    try #require(result.status == 0, "\(result.error)")
    for part in [
      "NOT A MEDICAL DEVICE", "Probability of high grade", "threshold of 0.50", "3 slices of 1 lesion", "Lesion Tumor:",
      "the mean of 5 networks, of folds 1, 2, 3, 4, 5", "NOTE: The run was trained on virtual patients",
      "NOTE: The exam's images are synthetic",
    ] {
      #expect(result.output.contains(part), "\(part): \(result.output)")
    }
    let prediction = try json(file)
    #expect((prediction["notice"] as? String)?.contains("not a medical device") == true)
    #expect(prediction["isTrainedOnSyntheticData"] as? Bool == true)
    #expect(prediction["folds"] as? [Int] == [1, 2, 3, 4, 5])
    let patient = try #require(prediction["patient"] as? [String: Any])
    let networks = try #require(patient["byFold"] as? [Double])
    let probability = try #require(patient["probability"] as? Double)
    #expect(networks.count == 5 && abs(networks.reduce(0, +) / 5 - probability) < 1e-9)
    #expect(patient["gradeClass"] as? String == (probability >= 0.5 ? "high" : "low"))

    // Some folds alone are those among all.
    try CommandLineTool.succeed(
      arguments[0], run.path, "--json", file.path, "--folds", "4,2", "--dicom", arguments[3], "--contours",
      arguments[5], "--threads", "1")
    let some = try json(file)
    #expect(some["folds"] as? [Int] == [2, 4])
    #expect((some["patient"] as? [String: Any])?["byFold"] as? [Double] == [networks[1], networks[3]])
  }

  @Test func aPatientOfTheRunIsPredictedByTheFoldThatNeverSawIt() throws {
    let run = try trainedRun()
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    let patients = cohort.appendingPathComponent("dicom")
    let patient = try #require(try FileManager.default.contentsOfDirectory(atPath: patients.path).min())
    let inputs = [
      "predict", run.path, "--dicom", patients.appendingPathComponent(patient).path, "--contours",
      cohort.appendingPathComponent("mdai.json").path, "--threads", "1",
    ]
    let refused = try CommandLineTool.run(inputs)
    #expect(refused.status != 0 && refused.status < 128)
    #expect(refused.error.contains("was trained on this patient") && !refused.error.contains(patient))
    let fold = try #require(refused.error.firstMatch(of: /--folds (\d)/)?.1)

    let file = folder.url.appendingPathComponent("prediction.json")
    let result = try CommandLineTool.run(inputs + ["--folds", String(fold), "--json", file.path])
    try #require(result.status == 0, "\(result.error)")
    let lesions = try #require(try json(file)["lesions"] as? [[String: Any]])
    let slices = try #require(lesions.first?["slices"] as? [[String: Any]])
    let expected = try PredictionTable.read(run.appendingPathComponent("predictions.csv"))
    #expect(slices.count == 3)
    for slice in slices {
      let uid = try #require(slice["slice"] as? String)
      let probability = try #require((slice["estimate"] as? [String: Any])?["probability"] as? Double)
      let row = try #require(expected.first { $0.slice == uid })
      #expect(abs(row.probability - probability) < 1e-6)
    }

    #expect(
      try CommandLineTool.fail("predict", run.path, "--dicom", inputs[3], "--contours", inputs[5], "--folds", "x")
        .contains("--folds"))
    #expect(
      try CommandLineTool.fail("predict", folder.url.path, "--dicom", inputs[3], "--contours", inputs[5]).contains(
        "is not a run"))
    #expect(
      try CommandLineTool.fail("predict", run.path, "--dicom", "/nowhere", "--contours", inputs[5]).contains(
        "cannot be read"))
  }

  /// A run on columns of the table needs no images; a patient of the run is predicted as the run did.
  @Test func aRunOnColumnsIsPredictedByTheirValues() throws {
    let cohort = try Cohort.small.get().url.appendingPathComponent("cohort")
    let source = CommandLineTool.packageRoot.appendingPathComponent("Protocols/rivals/clinical.yaml")
    let text = try String(contentsOf: source, encoding: .utf8)
      .replacing("[baselines.clinical]", with: "[size_mm, sex, contour_mm]")
    try #require(text.contains("contour_mm"))
    let protocolFile = folder.url.appendingPathComponent("clinical.yaml")
    try Data(text.utf8).write(to: protocolFile)
    let study = folder.url.appendingPathComponent("study")
    try CommandLineTool.succeed("init", study.path, "--protocol", protocolFile.path)
    try CommandLineTool.succeed(
      "import", study.path, "--dicom", cohort.appendingPathComponent("dicom").path, "--pathology",
      cohort.appendingPathComponent("pathology.csv").path, "--contours", cohort.appendingPathComponent("mdai.json").path
    )
    try CommandLineTool.succeed("rois", "build", study.path)
    try CommandLineTool.succeed("crossvalidate", study.path)
    let run = try #require(Run.complete(in: StudyFolder(at: study)).last)
    let table = try DelimitedTable(contentsOf: cohort.appendingPathComponent("pathology.csv"))
    let row = try #require(table.rows.first?.cells)
    let patient = try #require(row["patient"])
    let images = [
      "--dicom", cohort.appendingPathComponent("dicom").appendingPathComponent(patient).path, "--contours",
      cohort.appendingPathComponent("mdai.json").path,
    ]
    let values = ["--value", "size_mm=\(row["size_mm"] ?? "")", "--value", "sex=\(row["sex"] ?? "")"]
    let refused = try refusal(["predict", run.url.path] + images + values)
    let fold = try #require(refused.firstMatch(of: /--folds (\d)/)?.1)
    let file = folder.url.appendingPathComponent("prediction.json")
    let result = try CommandLineTool.run(
      ["predict", run.url.path, "--folds", String(fold), "--json", file.path] + images + values)
    try #require(result.status == 0, "\(result.error)")
    #expect(result.output.contains("the probability is that of the patient as a whole"))
    #expect(result.output.contains("learner logisticRegression") && !result.output.contains("network"))
    let prediction = try json(file)
    #expect(prediction["unit"] as? String == "patientFeatures" && (prediction["lesions"] as? [Any])?.isEmpty == true)
    let probability = try #require((prediction["patient"] as? [String: Any])?["probability"] as? Double)
    let predictions = try PredictionTable.read(run.predictionsFile)
    let heldOut = predictions.filter { $0.fold == Int(fold).map { $0 - 1 } }.map(\.probability)
    #expect(heldOut.contains { abs($0 - probability) < 1e-12 }, "\(probability) is none of \(heldOut)")

    // The same by values alone, but for the outline's size.
    let alone = try CommandLineTool.run(["predict", run.url.path] + values + ["--value", "contour_mm=40"])
    #expect(alone.status == 0 && alone.output.contains("cannot recognise its own patients"), "\(alone.error)")
    #expect(try refusal(["predict", run.url.path] + values).contains("contour_mm, which the images tell"))
    #expect(try refusal(["predict", run.url.path]).contains("give the exam"))
    #expect(try refusal(["predict", run.url.path] + images.prefix(2)).contains("given together"))
    let twice = try refusal(["predict", run.url.path] + values + ["--value", "sex=male"])
    #expect(twice.contains("states sex more than once"))
    #expect(try refusal(["predict", run.url.path, "--value", "size_mm"]).contains("size_mm"))
  }
}
