import Foundation
import ROI
public import Study
import Support

/// A learner's cross-validation: patients in folds, a model fitted for each, every example predicted once.
public struct CrossValidation: Sendable {
  let study: StudyFolder
  /// The protocol with everything resolved that it leaves to the machine.
  public let settings: StudyProtocol
  let learner: any Learner
  /// What is learnt from and predicted.
  public internal(set) var examples: ExampleSet
  /// The split of the patients.
  public internal(set) var folds: Folds
  /// The split of the examples, which follows from that of the patients but for one negative control.
  var split: Split
  /// What is wrong on purpose; nil in a run.
  var control: (any NegativeControl)?
  /// How each fold's model is fitted; nil where all are fitted as this protocol says.
  var members: [Member]?
  let shuffledBy: UInt64?

  /// How the model of one fold is fitted, where the folds differ in it.
  struct Member: Sendable {
    /// What it is called.
    let variant: Run.NestedChoice.Variant
    /// Whose protocol and learner it has.
    let validation: CrossValidation
  }

  /// Prepares the experiment and checks all that can be checked before anything is fitted.
  ///
  /// - Parameters:
  ///   - study: the study.
  ///   - settings: the resolved protocol, which may differ from the study's own in what a sweep varies.
  ///   - learners: the learners to choose from by `settings.model.learner`.
  ///   - seed: permutes the patients' classes: a negative control that must find nothing.
  ///   - given: folds that were made before, of which the patients with examples are kept; nil makes them by the protocol.
  ///   - progress: told how far the radiomic features are, where the protocol asks for them; by several threads.
  /// - Throws: `StudyError` where there are no examples, folds cannot be made, or training and held-out parts share a patient, an
  ///   exam, a slice or an image; what keeps the learner from being made.
  public init(
    _ study: StudyFolder, protocol settings: StudyProtocol, learners: LearnerRegistry, shuffledBy seed: UInt64? = nil,
    in given: Folds? = nil, progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    let own = try ExampleSet(study, settings, progress: progress)
    let examples = seed.map(own.shuffled) ?? own
    let folds =
      try given?.keeping(examples.patients)
      ?? Folds(patients: examples.patients, count: settings.folds.count, seed: settings.folds.seed)
    let split = Split(examples, by: folds)
    try split.requireDisjoint(examples)
    // After the checks, since it may take long to make.
    let learner = try learners.learner(for: settings, in: study)
    self.study = study
    self.settings = learner.settings
    self.learner = learner
    self.examples = examples
    self.folds = folds
    self.split = split
    shuffledBy = seed
  }

  /// The same experiment by a protocol that differs in what is varied.
  private init(_ other: CrossValidation, _ learner: any Learner) {
    study = other.study
    settings = learner.settings
    self.learner = learner
    examples = other.examples
    folds = other.folds
    split = other.split
    control = other.control
    shuffledBy = other.shuffledBy
  }

  /// The same experiment with some of the protocol changed, but neither examples nor folds.
  func with(_ change: (inout StudyProtocol) -> Void) throws -> CrossValidation {
    var settings = settings
    change(&settings)
    return CrossValidation(self, try learner.with(settings))
  }

  /// Sentences on what differs from what the protocol asks.
  public var notes: [String] { learner.notes(on: examples) + examples.notes }

  /// What is fitted, in words: learner, folds, hardware.
  public var summary: String {
    let what = members.map { "by fold: " + $0.map(\.variant.title).joined(separator: "; ") } ?? learner.summary
    return "\(what), \(split.count) folds, \(learner.hardware.precisionText(settings)) on \(learner.hardware.device)"
  }

  /// Fits and predicts all folds, and writes the run into the study; an interrupted run continues where it stopped.
  ///
  /// - Parameters:
  ///   - sideBySide: how many folds are fitted at a time, each with the same share of the threads; part of what "the same bits"
  ///     depends on, by the threads of each.
  ///   - progress: told how far it is, by one thread at a time.
  ///   - finishing: given the complete run, to make its report; where that is interrupted, the next such experiment begins there.
  /// - Returns: the finished run, with `predictions.csv`, models and manifest; `RunReport` makes tables and figures of it.
  /// - Throws: what keeps a model from being fitted; `StudyError` where the disk is full; what `finishing` throws.
  public func run(
    sideBySide: Int = 1, progress: @escaping @Sendable (ExperimentProgress) -> Void,
    finishing: @Sendable (Run) throws -> Void = { _ in }
  ) throws -> Run {
    let sides = try sides(sideBySide)
    let run = try RunInProgress(in: study, key: key(sides.threads), name: runName).run
    try describe(run)
    let plan = try FoldPlan(self, in: run, sides.threads, sharing: [], progress: progress)
    try FoldJobExecutor(sides: sides).run(
      [plan], meter: SharedMeter(total: plan.work), progress: progress)
    try plan.complete(finishing)
    return run
  }

  /// What a new run's folder is called after its date.
  var runName: String {
    settings.training.map { "\(settings.name)-batch\($0.batchSize)" } ?? "\(settings.name)-\(settings.model.learner)"
  }

  /// How the threads are shared where so many models are fitted at a time.
  ///
  /// - Throws: `StudyError` where the hardware allows fewer.
  func sides(_ count: Int) throws(StudyError) -> SideBySide {
    if let most = learner.mostSideBySide, count > most {
      throw StudyError(
        .run,
        "on \(learner.hardware.device) at most \(most) of the fold jobs can run at a time: expected 1 to \(most) side by side, "
          + "found \(count)")
    }
    return SideBySide(count, of: learner.hardware.threads, setThreadCount: learner.setThreadCount)
  }

  /// What fits the model of a fold, from 0.
  func learner(ofFold fold: Int) -> any Learner { (members?[fold].validation ?? self).learner }

  /// Makes ready what fits each fold's model; folds that are fitted alike share it.
  func prepared(
    sharing others: [any PreparedLearner], progress: (ExperimentProgress) -> Void
  ) throws -> [any PreparedLearner] {
    var prepared: [any PreparedLearner] = []
    var byMember: [Run.NestedChoice.Variant?: any PreparedLearner] = [:]
    for fold in 0..<split.count {
      let variant = members?[fold].variant
      let ready =
        try byMember[variant]
        ?? learner(ofFold: fold).prepare(examples, sharing: others + prepared) {
          progress(.preparing(done: $0, of: $1))
        }
      byMember[variant] = ready
      prepared.append(ready)
    }
    return prepared
  }

  /// The fold jobs where each operation takes `threads` threads.
  func jobs(_ threads: Int) throws -> [FoldJob] {
    let cohort = examples.hash(split)
    return try (0..<split.count).map { fold in
      let member = members?[fold].validation ?? self
      var hardware = member.learner.hardware
      hardware.threads = threads
      return FoldJob(
        fold: fold, learner: member.learner.description, protocolHash: Data(try member.settings.yaml.utf8).sha256,
        rois: examples.rois?.fileName, cohort: cohort, trainingCount: split.training(fold).count,
        heldOutCount: split.heldOut(fold).count, hardware: hardware, conditions: member.learner.conditions)
    }
  }

  /// A hash of all that the predictions depend on: an interrupted run goes on only where it is the same.
  func key(_ threads: Int) throws -> String {
    struct Identity: Encodable {
      let version = 1
      let jobs: [FoldJob]
      let own: String
      let shuffledBy: UInt64?
      let control: String?
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let identity = Identity(
      jobs: try jobs(threads), own: Data(try settings.yaml.utf8).sha256, shuffledBy: shuffledBy, control: control?.name)
    return try encoder.encode(identity).sha256
  }

  // MARK: What a run keeps

  /// Writes what a run's report tells besides its results.
  func describe(_ run: Run) throws {
    try AtomicFile.write(settings.yaml, to: run.protocolFile)
    try AtomicFile.writeJSON(folds, to: run.foldsFile)
    try AtomicFile.write(ExampleTable.text(examples, split), to: run.examplesFile)
    try AtomicFile.writeJSON(setAside(), to: run.setAsideFile)
    try AtomicFile.writeJSON(
      RunLesion.all(in: study, settings, extents: LesionExtent.all(in: study)), to: run.lesionsFile)
    try AtomicFile.writeJSON(fingerprints(), to: run.fingerprintsFile)
    if let rois = examples.rois { try ROIMontage(rois).write(to: run.montageFile) }
  }

  /// By the slices of the examples, or of their patients where the examples are made of features.
  private func fingerprints() throws(StudyError) -> RunFingerprints {
    var fingerprints = RunFingerprints()
    for slice in examples.examples.flatMap(\.provenance) where !slice.pixelHash.isEmpty {
      fingerprints.add(slice.patient, exam: slice.exam, pixelHash: slice.pixelHash)
    }
    guard examples.rois == nil else { return fingerprints }
    for slice in try ROISet.entries(of: study) where examples.patients[slice.patient] != nil {
      fingerprints.add(slice.patient, exam: slice.exam, pixelHash: slice.pixelHash)
    }
    return fingerprints
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

  /// What produced the run, as a reader wants to know it.
  func manifest(_ threads: Int) throws -> Run.Manifest {
    let kept = zip(examples.examples, split.folds).filter { $1 != nil }.map(\.0)
    let patients = Set(kept.map(\.patient))
    var manifest = Run.Manifest(
      learner: learner.description, examples: examples.kind, notes: notes, synthetic: try study.isSynthetic())
    manifest.program = renalGradeVersion
    manifest.date = ISO8601DateFormatter().string(from: Date())
    manifest.counts = .init(
      patients: patients.count, highGrade: patients.count { examples.patients[$0] == .high },
      lesions: Set(kept.map { [$0.patient, $0.lesion] }).count, examples: kept.count)
    manifest.rois = examples.rois?.fileName
    manifest.cohort = examples.hash(split)
    manifest.protocolHash = Data(try settings.yaml.utf8).sha256
    manifest.seeds = .init(folds: settings.folds.seed, training: settings.training?.seed)
    var hardware = learner.hardware
    hardware.threads = threads
    manifest.hardware = hardware
    manifest.options = learner.commandOptions
    if let shuffledBy {
      manifest.shuffledBy = shuffledBy
      manifest.notes.append(
        "The classes were shuffled among the patients (seed \(shuffledBy)): a negative control, whose AUC must not differ from 0.5."
      )
    }
    manifest.notes += try study.read { try SuspectedPerson.all($0) }.compactMap { $0.note(on: split, examples) }
    if let members {
      manifest.choices = members.map(\.variant.title)
      if members.contains(where: { $0.variant.protocolName != nil }) {
        manifest.notes.append(
          "The folds' models were fitted by different protocols (chosen by fold, below): backbone, weights and trained "
            + "parameters are stated for the study's own.")
      }
    }
    if let control {
      manifest.control = control.title(in: self)
      manifest.notes.append("This is a negative control, not a result. " + control.meaning(in: self))
    }
    return manifest
  }
}

extension Hardware {
  /// The number type of a network's arithmetic, in words.
  fileprivate func precisionText(_ settings: StudyProtocol) -> String {
    settings.training?.precision.rawValue ?? "double precision"
  }
}
