public import Backbones
public import Foundation
import ROI
public import Study
import Support
import Torch

/// The paper's experiment: patients in folds, a fresh copy of the network trained for each, every slice predicted once.
public struct CrossValidation {
  /// What the protocol leaves to the machine and the person at it.
  public struct Options: Sendable {
    /// Weights for the protocol's backbone in a file of one's own; nil looks in `store`.
    public var weightsFile: URL?
    /// Where downloaded weights lie.
    public var store: WeightsStore
    /// Permutes the patients' classes by this seed: a negative control that must find nothing.
    public var shuffleLabelsSeed: UInt64?
    /// What the frozen stages' output may take on disk, in bytes; past it, it is computed anew for each batch.
    public var featureBudget: Int
    /// Whether a GPU is used where there is one.
    public var usesGPU: Bool

    /// Where networks are trained.
    var device: Device { LibTorch.device(usesGPU: usesGPU) }

    /// Makes options; those not stated have the values that most users want.
    public init(
      weightsFile: URL? = nil, store: WeightsStore, shuffleLabelsSeed: UInt64? = nil, featureBudget: Int = 16 << 30,
      usesGPU: Bool = true
    ) {
      self.weightsFile = weightsFile
      self.store = store
      self.shuffleLabelsSeed = shuffleLabelsSeed
      self.featureBudget = featureBudget
      self.usesGPU = usesGPU
    }
  }

  let study: StudyFolder
  private(set) var settings: StudyProtocol
  let options: Options
  var rois: ROISet
  var labels: Labels
  /// Sentences on what differs from what the protocol asks.
  public var notes: [String] { initial.notes }
  /// What is trained, in words: backbone, cut, batch size, epochs, device.
  public var summary: String {
    let cut = initial.frozenThrough.map { "frozen through \($0)" } ?? "all stages"
    let own =
      "\(initial.backbone), \(cut), batch size \(settings.training.batchSize), \(settings.training.epochs) epochs"
    let folds = members.map { "by fold: " + $0.map(\.variant.title).joined(separator: "; ") }
    return "\(folds ?? own), \(split.count) folds, \(settings.training.precision.rawValue) on \(device)"
  }
  /// The split of the patients.
  public internal(set) var folds: Folds
  /// The split of the ROIs, which follows from that of the patients but for one negative control.
  var split: Split
  /// What is wrong on purpose; nil in a run.
  var control: NegativeControl?
  /// What each fold's network is trained as; nil where all are trained as this protocol says.
  var members: [Member]?
  let initial: InitialNetwork
  let device: Device
  /// How many threads an operation of training takes.
  var threads = LibTorch.threadCount

  /// How the network of one fold is trained, where the folds differ in it.
  struct Member {
    /// What it is called.
    let variant: Run.NestedChoice.Variant
    /// Whose protocol and network it has.
    let validation: CrossValidation
  }

  /// Prepares the experiment and checks all that can be checked before anything is trained.
  ///
  /// `settings` is the resolved protocol, which may differ from the study's own in what a sweep varies.
  /// - Throws: `StudyError` where there are no ROIs, folds cannot be made, or training and held-out parts share a patient, an
  ///   exam, a slice or an image; `TrainingError` where the starting weights cannot be had.
  public init(_ study: StudyFolder, protocol settings: StudyProtocol, options: Options) throws {
    // Before the network is made, which then lies there too.
    LibTorch.poolMemory()
    self.study = study
    self.options = options
    device = options.device
    var settings = settings
    settings.training.precision = settings.training.precision.resolved(on: device)
    self.settings = settings
    let rois = try ROISet(study)
    self.rois = rois
    labels = Labels(rois, shuffledBy: options.shuffleLabelsSeed)
    folds = try Folds(patients: labels.patients, count: settings.folds.count, seed: settings.folds.seed)
    split = Split(rois, by: folds)
    try split.requireDisjoint(rois)
    initial = try InitialNetwork(
      settings.network, seed: settings.training.seed, weightsFile: options.weightsFile, store: options.store)
  }

  /// Trains and predicts all folds, and writes the run into the study.
  ///
  /// - Parameters:
  ///   - progress: told how far it is.
  ///   - finishing: given the complete run, to make its report; where that is interrupted, the next such experiment begins there.
  /// - Returns: the finished run, with `predictions.csv`, checkpoints and manifest; `RunReport` makes tables and figures of it.
  /// - Throws: `TrainingError` where a loss is no number; `StudyError` where the disk is full; what `finishing` throws.
  public func run(
    progress: (TrainingProgress) -> Void, finishing: (Run) throws -> Void = { _ in }
  ) throws -> Run {
    try run(resumable(), on: prepare(progress: progress), progress: progress, finishing: finishing)
  }

  /// The interrupted run of this very experiment, or a new one, begun at `date`.
  func resumable(date: Date = Date()) throws -> ResumableRun {
    try ResumableRun(
      in: study, key: key, name: "\(settings.name)-batch\(settings.training.batchSize)", date: date)
  }

  /// The same from where `resumable` is, with the trained part's input; what `progress` throws stops it.
  func run(
    _ resumable: ResumableRun, on features: FeatureSource, progress: (TrainingProgress) throws -> Void,
    finishing: (Run) throws -> Void
  ) throws -> Run {
    var resumable = resumable
    try describe(resumable.run)
    return try train(
      &resumable, on: { _ in features }, keepingNetworks: true, progress: progress, finishing: finishing)
  }

  /// Writes what a run's report tells besides its results.
  func describe(_ run: Run) throws {
    try AtomicFile.writeJSON(folds, to: run.foldsFile)
    try AtomicFile.writeJSON(setAside(), to: run.setAsideFile)
    try AtomicFile.writeJSON(
      RunLesion.all(in: study, settings, extents: LesionExtent.all(in: study)), to: run.lesionsFile)
    try AtomicFile.writeJSON(fingerprints, to: run.fingerprintsFile)
    try ROIMontage(rois).write(to: run.montageFile)
  }

  private var fingerprints: RunFingerprints {
    rois.entries.reduce(into: RunFingerprints()) { $0.add($1.patient, exam: $1.exam, pixelHash: $1.pixelHash) }
  }

  /// Makes libtorch and the network ready, and gives the trained part its input, from `store` where it is there already.
  func prepare(_ store: FeatureStore? = nil, progress: (TrainingProgress) -> Void) throws -> FeatureSource {
    try LibTorch.setDeterministic(true)
    try initial.network.move(to: device, format: .channelsLast)
    return try store.map { .stored($0) } ?? FrozenStages(self).source(progress: progress)
  }

  /// The same experiment at another batch size.
  func with(batchSize: Int) -> CrossValidation {
    var changed = self
    changed.settings.training.batchSize = batchSize
    return changed
  }

  /// Trains and predicts the folds that are left, and completes the run.
  ///
  /// `features` gives each fold's network its input, and `completing` is given the predictions before anything says that the
  /// run is complete.
  func train(
    _ resumable: inout ResumableRun, on features: (_ fold: Int) -> FeatureSource, keepingNetworks: Bool,
    progress: (TrainingProgress) throws -> Void, completing: ([Prediction]) throws -> Void = { _ in },
    finishing: (Run) throws -> Void = { _ in }
  ) throws -> Run {
    let start = ContinuousClock.now
    let isResumed = resumable.isResumed
    let run = resumable.run
    try AtomicFile.write(settings.yaml, to: run.protocolFile)
    var meter = ProgressMeter(self)
    for fold in (0..<split.count).dropFirst(resumable.finishedFolds) {
      let member = members?[fold].validation ?? self
      try member.initial.reset()
      LibTorch.trimMemory()
      let network = member.initial.network
      let trainer = FoldTrainer(
        network: network, settings: member.settings.training, features: features(fold), labels: labels.targets,
        device: device, checkpoint: resumable.checkpoint(fold: fold))
      let heldOut = split.heldOut(fold)
      let probabilities = try trainer.train(
        training: split.training(fold), heldOut: heldOut, fold: fold,
        onStep: { epoch, done, loss in
          if let step = try meter.step(fold: fold, epoch: epoch, done: done, loss: loss) { try progress(.step(step)) }
        },
        onEpoch: { epoch, result in
          try run.append(
            Run.Epoch(
              fold: fold, epoch: epoch, loss: result.loss, heldOutLoss: result.heldOutLoss,
              imagesPerSecond: result.imagesPerSecond, seconds: result.seconds))
        })
      if keepingNetworks {
        try SafeTensors.write(
          network.state,
          metadata: ["backbone": initial.backbone, "fold": "\(fold)", "run": run.id],
          to: run.checkpointFile(fold: fold))
      }
      try resumable.finish(fold: fold, predictions(of: heldOut, probabilities, fold: fold))
    }
    try requireEachPredictedOnce(resumable.predictions)
    try completing(resumable.predictions)
    return try resumable.complete(
      manifest(duration: start.duration(to: .now).seconds, isResumed: isResumed), finishing: finishing)
  }

  /// What the study has set aside; where its files could identify a person, without their names.
  private func setAside() throws(StudyError) -> [SetAside] {
    let entries = try study.setAside()
    guard settings.pathology.patientIDs == .identifiers else { return entries }
    return entries.map { entry in
      var withheld = entry
      (withheld.source, withheld.subject) = ("", "")
      return withheld
    }
  }

  private func predictions(of heldOut: [Int], _ probabilities: [Double], fold: Int) -> [Prediction] {
    zip(heldOut, probabilities).map { index, probability in
      let entry = rois.entries[index]
      return Prediction(
        patient: entry.patient, lesion: entry.lesion, slice: entry.slice, fold: fold, label: labels.classes[index],
        probability: probability)
    }
  }

  /// The promise of a cross-validation, checked on what is about to be written.
  private func requireEachPredictedOnce(_ predictions: [Prediction]) throws(StudyError) {
    let expected = rois.entries.indices.compactMap { index in
      split.folds[index].map { fold in
        let entry = rois.entries[index]
        return [entry.patient, entry.lesion, entry.slice, "\(fold)", labels.classes[index].rawValue]
      }
    }
    let found = predictions.map { [$0.patient, $0.lesion, $0.slice, "\($0.fold)", $0.label.rawValue] }
    guard Set(expected) == Set(found), expected.count == found.count else {
      throw StudyError(
        .folds,
        "the predictions are not one for each ROI by the fold that holds its patient out; nothing was reported. "
          + "Remove the run's folder and begin it anew.")
    }
  }

  /// SHA-256 of what is learnt from: every ROI with its origin, its class and its fold.
  var cohortHash: String {
    let lines = rois.entries.indices.map { index in
      let entry = rois.entries[index]
      return [
        entry.patient, entry.exam, entry.lesion, entry.slice, entry.pixelHash, labels.classes[index].rawValue,
        "\(split.folds[index] ?? -1)",
      ].joined(separator: "\t")
    }
    return Data(lines.joined(separator: "\n").utf8).sha256
  }

  /// A hash of all that the predictions depend on: an interrupted run goes on only where it is the same.
  var key: String {
    get throws {
      let parts = [
        try settings.yaml, rois.fileName, cohortHash, initial.backbone, initial.weightsHash ?? "scratch",
        options.shuffleLabelsSeed.map { "shuffled by \($0)" } ?? "true labels", control?.rawValue ?? "no control",
        try members?.map { try $0.validation.key }.joined(separator: " ") ?? "one protocol", renalGradeVersion,
        LibTorch.version,
        LibTorch.cpuCapability, "\(threads) threads", "\(device)",
        LibTorch.hardware(of: device),
        "features up to \(options.featureBudget) bytes",
      ]
      return Data(parts.joined(separator: "\n").utf8).sha256
    }
  }
}
