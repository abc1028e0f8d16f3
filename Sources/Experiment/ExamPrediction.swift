public import Foundation
import Intake
import ROI
public import Study
import Support

/// A finished run's models, ready to predict an exam that lies outside of any study.
public struct ExamPrediction {
  /// The run.
  public let run: Run
  /// The run's protocol.
  public let settings: StudyProtocol
  /// What produced the run.
  public let manifest: Run.Manifest
  /// The run's out-of-fold predictions.
  public let predictions: [Prediction]
  /// The folds whose models are used, from 0.
  public let folds: [Int]

  private let models: any FoldModels

  /// Opens the models of a run.
  ///
  /// - Parameters:
  ///   - run: a finished run, wherever its folder lies.
  ///   - learners: the learners to choose from by the run's protocol.
  ///   - chosen: the folds whose models are used, from 0; nil uses all.
  /// - Throws: `StudyError` where the run's protocol, manifest or predictions cannot be read, or it has no such fold; what keeps a
  ///   model from being read.
  public init(_ run: Run, learners: LearnerRegistry, folds chosen: [Int]? = nil) throws {
    self.run = run
    manifest = try run.manifest()
    let version = manifest.program ?? "an unknown version"
    do {
      settings = try StudyProtocol(contentsOf: run.protocolFile)
    } catch {
      guard version != renalGradeVersion else { throw error }
      throw StudyError(
        .run,
        "\(error). The run was made by RenalGrade \(version), this is \(renalGradeVersion): predict with the version that "
          + "made the run, or cross-validate again")
    }
    predictions = try PredictionTable.read(run.predictionsFile)
    let count = try run.readJSON(Folds.self, from: run.foldsFile).heldOut.count
    let folds = chosen.map { Set($0).sorted() } ?? Array(0..<count)
    guard !folds.isEmpty, folds.allSatisfy((0..<count).contains) else {
      throw StudyError(.run, "the run \(run.id) has the folds 1 to \(count); choose among them")
    }
    self.folds = folds
    models = try learners.models(in: ModelFolders(run, folds: folds, settings, manifest.learner.network))
  }

  /// Predicts an exam; nothing is written.
  ///
  /// - Parameters:
  ///   - images: its images and outlines; nil where the run's models need none.
  ///   - values: by column, what a pathology table would say of its lesions, where the models use that.
  /// - Returns: each model's probability for each example.
  /// - Throws: `ExamError`, `AnnotationError` or `StudyError` where the exam cannot be read; `StudyError` where a value is not
  ///   understood, a model cannot predict the exam, or was trained on this very patient.
  public func scores(_ images: ExamImages?, values: [String: String] = [:]) throws -> ExamScores {
    let values = try ExamValues.checked(values, columns)
    guard let images else {
      return try scores(ExamStudy(protocol: settings, attributes: values), values, needsPhases: false)
    }
    let needsPhases =
      !settings.inputs.phases.isEmpty || settings.radiomics.map { !$0.phases.isEmpty } ?? false
      || ExamValues.names(columns).contains(RunLesion.phaseColumn) && values[RunLesion.phaseColumn] == nil
    return try ExamStudy.read(
      dicom: images.dicom, contours: images.contours, protocol: settings, attributes: values, everySlice: needsPhases
    ) { exam in
      try scores(exam, values, needsPhases: needsPhases)
    }
  }

  private var columns: [[ColumnEncoding]] { (models as? any TableModels)?.columns ?? [] }

  private func scores(_ exam: ExamStudy, _ values: [String: String], needsPhases: Bool) throws -> ExamScores {
    let examples = try ExamExamples(exam, settings, needsPhases: needsPhases)
    var notes = try acquaintance(with: exam, examples.entries)
    if exam.isSynthetic { notes.append("The exam's images are synthetic: they show no patient.") }
    let set = try examples.examples(settings)
    let probabilities = try models.probabilities(of: examples)
    let missing = ExamValues.names(columns).filter { column in
      set.examples.contains { $0.attributes[column] == nil }
    }
    try requirePredicted(set, probabilities, missing: missing, examples.notes)
    if !missing.isEmpty {
      notes.append(
        "Nothing is stated of \(missing.joined(separator: ", ")): the models take the value that their training part puts in the "
          + "place of a missing one.")
    }
    let lesions = Set(set.examples.map(\.lesion)).count
    if !values.isEmpty, lesions > 1 {
      notes.append("The values that were given count for each of the exam's \(lesions) lesions.")
    }
    return ExamScores(
      unit: set.kind, folds: folds,
      examples: set.examples.enumerated().map { index, example in
        let roi = example.slice.isEmpty ? nil : example.rois.first.flatMap { set.rois?.entries[$0] }
        return ExamScores.Example(
          lesion: example.lesion, slice: example.slice, number: roi.map { $0.sliceOrdinal + 1 },
          probabilities: probabilities.map { $0[index] })
      },
      notes: notes + examples.notes + (try exam.remarks()))
  }

  /// - Throws: `StudyError` of kind `.run` where a model has no probability for an example.
  private func requirePredicted(
    _ set: ExampleSet, _ probabilities: [[Double]], missing: [String], _ notes: [String]
  ) throws(StudyError) {
    let failed = zip(folds, probabilities).filter { $1.contains(where: \.isNaN) }.map { $0.0 + 1 }
    guard !failed.isEmpty else { return }
    let all = failed.map(String.init).joined(separator: ", ")
    let models = failed.count == folds.count ? "its models" : "its models of folds \(all)"
    var reason = "the run \(run.id) cannot predict this exam: \(models) "
    let stated = missing.filter { !RunLesion.imageColumns.contains($0) }
    if !stated.isEmpty {
      reason += "need the values of \(stated.joined(separator: ", ")); state them as --value COLUMN=VALUE"
    } else if !missing.isEmpty {
      reason += "need \(missing.joined(separator: ", ")), which the images tell; give --dicom and --contours"
    } else if failed.count < folds.count {
      reason += "do not know a value from their training part; predict with the other folds (--folds)"
    } else {
      reason += "know nothing of it that they can use"
    }
    throw StudyError(.run, ([reason + "."] + notes).joined(separator: " "))
  }

  /// What the run knows of the patient, in sentences.
  ///
  /// - Throws: `StudyError` where a model that is used was trained on it.
  private func acquaintance(with exam: ExamStudy, _ entries: [ROISet.Entry]) throws -> [String] {
    guard exam.hasImages else {
      return [
        "Without images the run cannot recognise its own patients: of one of them, this prediction would be too optimistic."
      ]
    }
    let slices = Set(entries.map(\.slice))
    let hasCodes = settings.pathology.patientIDs == .codes
    let fingerprints = Set(entries.map(\.pixelHash) + [RunFingerprints.exam(exam.studyInstanceUID)])
    let kept = try run.readJSONIfPresent(RunFingerprints.self, from: run.fingerprintsFile) ?? RunFingerprints()
    var patients = kept.patients(with: fingerprints)
    if hasCodes { patients.insert(exam.patientID) }
    let identifiers = Set(patients.map(Identifier.init))
    let known = predictions.filter {
      slices.contains($0.slice) || identifiers.contains(Identifier($0.patient))
    }
    guard let fold = known.first?.fold else {
      if hasCodes { return [] }
      return [
        kept.patients.isEmpty
          ? "The run keeps no patient IDs and nothing of its images: it cannot recognise its own patients, of whom this prediction "
            + "would be too optimistic."
          : "The run keeps no patient IDs: it recognises its own patients by their exams and images. A different exam of one of "
            + "them would not be noticed."
      ]
    }
    let noun = manifest.learner.network == nil ? "model" : "network"
    guard Set(known.map(\.fold)) == Set(folds) else {
      throw StudyError(
        .run,
        "the run \(run.id) was trained on this patient: such a prediction would be too optimistic. Only the \(noun) of fold "
          + "\(fold + 1) has not seen it: predict with --folds \(fold + 1)")
    }
    return ["The patient is one of the run's own; the \(noun) of fold \(fold + 1) has not seen it in training."]
  }
}

/// An exam's images and outlines.
public struct ExamImages: Sendable {
  /// A folder with the exam's DICOM files, at any depth, or a zip archive of one.
  public let dicom: URL
  /// A JSON export of MD.ai with its outlines.
  public let contours: URL

  /// Names the files.
  public init(dicom: URL, contours: URL) {
    self.dicom = dicom
    self.contours = contours
  }
}
