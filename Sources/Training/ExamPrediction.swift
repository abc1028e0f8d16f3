import Backbones
public import Experiment
public import Foundation
import ROI
public import Study
import Torch
import Support

/// A finished run's networks, ready to predict an exam that lies outside of any study.
public struct ExamPrediction {
  /// The run.
  public let run: Run
  /// The run's protocol.
  public let settings: StudyProtocol
  /// What produced the run.
  public let manifest: Run.Manifest
  /// The run's out-of-fold predictions.
  public let predictions: [Prediction]
  /// The folds whose networks are asked, from 0.
  public let folds: [Int]

  private let checkpoints: [SafeTensorsFile]
  private let plan: ExamPredictionNetwork.Plan

  /// How many slices go through the frozen stages, and through the trained ones, at once: few where an image is large, so that
  /// it stays in the processor's caches; many where weights are, so that each is brought there once.
  private static let (frozenPass, trainedPass) = (4, 32)

  /// Opens the checkpoints of a run.
  ///
  /// - Parameters:
  ///   - run: a finished run, wherever its folder lies.
  ///   - chosen: the folds whose networks are asked, from 0; nil asks all.
  ///   - usesGPU: whether a GPU is used where there is one.
  /// - Throws: `StudyError` where the run's protocol, manifest or predictions cannot be read; `TrainingError` where a fold or its checkpoint
  ///   is not there, or the checkpoint is damaged or another's.
  public init(_ run: Run, folds chosen: [Int]? = nil, usesGPU: Bool = true) throws {
    LibTorch.poolMemory()
    self.run = run
    manifest = try run.manifest()
    let version = manifest.program ?? "an unknown version"
    do {
      settings = try StudyProtocol(contentsOf: run.protocolFile)
    } catch {
      guard version != renalGradeVersion else { throw error }
      throw TrainingError(
        "\(error). The run was made by RenalGrade \(version), this is \(renalGradeVersion): predict with the version that "
          + "made the run, or cross-validate again")
    }
    predictions = try PredictionTable.read(run.predictionsFile)
    let count = try run.readJSON(Folds.self, from: run.foldsFile).heldOut.count
    let folds = chosen.map { Set($0).sorted() } ?? Array(0..<count)
    guard !folds.isEmpty, folds.allSatisfy((0..<count).contains) else {
      throw TrainingError("the run \(run.id) has the folds 1 to \(count); choose among them")
    }
    self.folds = folds
    guard let network = manifest.learner.network else {
      throw TrainingError(
        "the run \(run.id) has no networks to predict an exam with: its learner is \(manifest.learner.learner)")
    }
    guard manifest.examples == .slice else {
      throw TrainingError(
        "the run \(run.id) learnt from lesions (its learner is \(manifest.learner.learner)), whose networks cannot predict an exam yet; "
          + "predict with a run whose examples are slices")
    }
    guard settings.inputs.fusion != .early else {
      throw TrainingError(
        "the run \(run.id) sees several phases at once (inputs.fusion: early), and cannot predict an exam yet")
    }
    checkpoints = try folds.map { try run.checkpoint(fold: $0, backbone: network.backbone) }
    plan = ExamPredictionNetwork.Plan(
      architecture: try Architecture.named(network.backbone), frozenThrough: network.frozenThrough,
      dtype: try settings.requireTraining().precision.dtype,
      device: LibTorch.device(usesGPU: usesGPU))
  }

  /// Predicts the outlined slices of an exam; nothing is written.
  ///
  /// - Parameters:
  ///   - dicom: a folder with the exam's DICOM files, at any depth, or a zip archive of one.
  ///   - contours: a JSON export of MD.ai with its outlines.
  /// - Returns: each network's probability for each slice.
  /// - Throws: `ExamError`, `AnnotationError` or `StudyError` where the exam cannot be read; `TrainingError` where a network
  ///   that is asked was trained on this very patient.
  public func scores(dicom: URL, contours: URL) throws -> ExamScores {
    let rois = try ExamROIs(dicom: dicom, contours: contours, settings: settings)
    var notes = try acquaintance(with: rois)
    if rois.isSynthetic { notes.append("The exam's images are synthetic: they show no patient.") }
    let probabilities = try probabilities(of: rois.entries.map(\.crop))
    return ExamScores(
      folds: folds,
      slices: rois.entries.enumerated().map { index, entry in
        ExamScores.Slice(
          lesion: entry.lesion, slice: entry.slice, number: entry.sliceOrdinal + 1,
          probabilities: probabilities.map { $0[index] })
      },
      notes: notes + rois.remarks)
  }

  /// What the run knows of the patient, in sentences.
  ///
  /// - Throws: `TrainingError` where a network that is asked was trained on it.
  private func acquaintance(with rois: ExamROIs) throws -> [String] {
    let slices = Set(rois.entries.map(\.slice))
    let hasCodes = settings.pathology.patientIDs == .codes
    let fingerprints = Set(rois.entries.map(\.pixelHash) + [RunFingerprints.exam(rois.studyInstanceUID)])
    var patients =
      try run.readJSONIfPresent(RunFingerprints.self, from: run.fingerprintsFile)?.patients(with: fingerprints) ?? []
    if hasCodes { patients.insert(rois.patientID) }
    let identifiers = Set(patients.map(Identifier.init))
    let known = predictions.filter {
      slices.contains($0.slice) || identifiers.contains(Identifier($0.patient))
    }
    guard let fold = known.first?.fold else {
      return hasCodes
        ? []
        : [
          "The run keeps no patient IDs: it recognises its own patients by their exams and images. A different exam of one of them "
            + "would not be noticed."
        ]
    }
    guard Set(known.map(\.fold)) == Set(folds) else {
      throw TrainingError(
        "the run \(run.id) was trained on this patient: such a prediction would be too optimistic. Only the network of fold "
          + "\(fold + 1) has not seen it: predict with --folds \(fold + 1)")
    }
    return ["The patient is one of the run's own; the network of fold \(fold + 1) has not seen it in training."]
  }

  /// The probability of high grade, by network and crop (boxSize x boxSize values each).
  func probabilities(of crops: [[Float]]) throws -> [[Double]] {
    try LibTorch.setDeterministic(true)
    let first = try network(0)
    let isShared = checkpoints.dropFirst().allSatisfy { other in
      first.frozenNames.allSatisfy { checkpoints[0].hasSame($0, as: other) }
    }
    let features = try isShared ? features(crops, first) : nil
    return try checkpoints.indices.map { index in
      let network = try index == 0 ? first : network(index, sharing: isShared ? first : nil)
      let features = try features ?? self.features(crops, network)
      return try stride(from: 0, to: crops.count, by: Self.trainedPass).flatMap { start in
        let length = min(Self.trainedPass, crops.count - start)
        return try network.probabilities(features.narrowed(0, start: start, length: length))
      }
    }
  }

  private func network(_ index: Int, sharing first: ExamPredictionNetwork? = nil) throws -> ExamPredictionNetwork {
    do {
      return try ExamPredictionNetwork(checkpoints[index], plan, sharing: first)
    } catch {
      throw TrainingError(
        "the checkpoint of fold \(folds[index] + 1) is not that of \(plan.architecture.name) as the run \(run.id) trained it: "
          + "\(error). Copy the run's folder from its study again")
    }
  }

  private func features(_ crops: [[Float]], _ network: ExamPredictionNetwork) throws -> Tensor {
    let side = settings.roi.boxSize
    let passes = try stride(from: 0, to: crops.count, by: Self.frozenPass).map { start in
      let pass = crops[start..<min(start + Self.frozenPass, crops.count)]
      let slices = 2 * (settings.inputs.neighbours ?? 0) + 1
      let images = try Tensor(Array(pass.joined()), shape: [pass.count, slices, side, side], device: plan.device)
      return try network.frozenPart(plan.architecture.preprocessing.prepared(images, size: settings.roi.outputSize))
    }
    return try Tensor.concatenate(passes, along: 0)
  }
}
