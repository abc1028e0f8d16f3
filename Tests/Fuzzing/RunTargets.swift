import Analysis
import Experiment
import Foundation
import Study
import Torch

extension FuzzTarget {
  /// Files of weights, of each layout.
  static let weights = FuzzTarget(
    name: "weights", isText: false,
    sources: {
      try files("Tests/TorchTests/Fixtures/checkpoints") { $0.hasSuffix(".pth") || $0.hasSuffix(".safetensors") }
    }
  ) { file in
    _ = try? Checkpoint.read(file)
    guard let tensors = try? SafeTensorsFile(file) else { return }
    for name in tensors.names { _ = try? tensors.tensor(name, shape: [1]) }
  }

  private static let run = packageRoot.appendingPathComponent(
    "Tests/ExperimentTests/Fixtures/study-0.1/runs/demo-batch8")

  /// A run's folder, one of whose files is damaged.
  static let runFolder = FuzzTarget(
    name: "run", isText: true,
    sources: {
      try files("Tests/ExperimentTests/Fixtures/study-0.1/runs/demo-batch8") { !$0.contains("/") && $0.contains(".") }
    }
  ) { file in
    // Links to the other files.
    let folder = file.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.path)) ?? []
    for name in names where name != file.lastPathComponent {
      try? FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent(name), withDestinationURL: run.appendingPathComponent(name))
    }
    guard let run = try? Run.open(at: folder), let content = try? RunContent(run) else { return }
    _ = content.metrics
  }

  /// A small logistic regression's examples and what fits it, in a study that is left in the temporary folder.
  private static let regression: (learner: any PreparedLearner, examples: ExampleSet)? = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("renalgrade-fuzz-\(UUID().uuidString)")
    let file = packageRoot.appendingPathComponent("Protocols/clinical.yaml")
    let examples = ExampleSet(
      kind: .patientFeatures,
      (0..<8).map { number in
        Example(
          patient: "P\(number)", gradeClass: number % 3 == 0 ? .high : .low,
          attributes: ["contour_mm": "\(20 + number * number % 7)", "sex": number % 2 == 0 ? "male" : "female"])
      })
    guard let study = try? StudyFolder.create(at: folder, protocolSource: file),
      var settings = try? study.readProtocol()
    else { return nil }
    defer { try? FileManager.default.removeItem(at: folder) }
    settings.model.settings = ["columns": .texts(["contour_mm", "sex"])]
    guard let learner = try? LearnerKind.logisticRegression.make(settings, study),
      let prepared = try? learner.prepare(examples, sharing: [], progress: { _, _ in })
    else { return nil }
    return (prepared, examples)
  }()

  private static func use(_ body: (any PreparedLearner, LearningTask) throws -> Void) throws {
    guard let (learner, examples) = regression else { throw CocoaError(.fileReadUnknown) }
    let numbers = Array(examples.examples.indices)
    try body(
      learner,
      LearningTask(
        examples: examples, training: numbers, heldOut: numbers, fold: 0, checkpoint: URL(fileURLWithPath: "/")))
  }

  private static func fit(_ learner: some PreparedLearner, _ task: LearningTask, into folder: URL) throws {
    var worker = try learner.makeWorker()
    try learner.fit(task, with: &worker).write(to: folder)
  }

  private static func predict(_ learner: some PreparedLearner, _ task: LearningTask, from folder: URL) throws {
    var worker = try learner.makeWorker()
    _ = try learner.load(from: folder, for: task, with: &worker).probabilities(of: task.heldOut)
  }

  /// The model of a fold, which a run on another machine could have damaged.
  static let model = FuzzTarget(
    name: "model", isText: true,
    sources: {
      try TemporaryModel.bytes { folder in try use { try fit($0, $1, into: folder) } }
    }
  ) { file in
    try? use { try predict($0, $1, from: file.deletingLastPathComponent()) }
  }

  /// The manifest of a fold job.
  static let job = FuzzTarget(
    name: "job", isText: true,
    sources: {
      let job = FoldJob(
        fold: 0, learner: LearnerDescription(learner: "network", methods: ["A sentence."]), protocolHash: "ab",
        rois: "crops-1.f32", cohort: "cd", trainingCount: 8, heldOutCount: 2,
        hardware: Hardware(capability: "AVX2", threads: 2, processor: "any"), conditions: ["features up to 1 bytes"])
      return [Source(name: "job.json", bytes: [UInt8](try JSONEncoder().encode(job)))]
    }
  ) { file in
    guard let data = try? Data(contentsOf: file), let job = try? JSONDecoder().decode(FoldJob.self, from: data) else {
      return
    }
    _ = try? JSONEncoder().encode(job)
  }
}

/// A folder that a model is written into for its bytes.
private enum TemporaryModel {
  static func bytes(_ write: (URL) throws -> Void) throws -> [FuzzTarget.Source] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("renalgrade-fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try write(folder)
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("model.json")))
    return [FuzzTarget.Source(name: "model.json", bytes: bytes)]
  }
}
