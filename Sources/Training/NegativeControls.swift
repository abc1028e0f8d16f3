import Foundation
public import Study
import Support

/// The negative controls of a finished run: trained in its folds, with its seeds and its protocol, in parts of its folder.
///
/// `controls/<name>/` holds what a run's folder does but for networks and folds, so that nothing takes a control for a run;
/// `controls/<name>.csv` are its predictions, and `controls.json` lists the controls that are finished.
public struct NegativeControls {
  /// The run.
  public let run: Run
  private let validation: CrossValidation

  /// Prepares the controls of `run`.
  ///
  /// - Throws: `TrainingError` where the study, its ROIs or the weights are no longer those of the run, or it is a control
  ///   itself; what `CrossValidation` throws.
  public init(_ run: Run, in study: StudyFolder, options: CrossValidation.Options) throws {
    self.run = run
    let manifest = try run.readJSON(Run.Manifest.self, from: run.manifestFile)
    guard manifest["labels"] == nil, options.shuffleLabelsSeed == nil else {
      throw TrainingError("the run \(run.id) has shuffled labels, and is a control itself; name another with --run")
    }
    var validation = try CrossValidation(study, protocol: StudyProtocol(contentsOf: run.protocolFile), options: options)
    if FileManager.default.fileExists(atPath: run.nestedFile.path) {
      let nested = try run.readJSON(Run.NestedChoice.self, from: run.nestedFile)
      guard !nested.isAmongProtocols else {
        throw TrainingError(
          "the run \(run.id) chose among protocols; make the controls of a cross-validation by one of them, with --run")
      }
      validation.members = nested.choices.map { choice in
        .init(variant: choice.variant, validation: validation.with(batchSize: choice.variant.batchSize))
      }
    }
    if let fact = try validation.difference(from: manifest) {
      throw TrainingError(
        "the study is no longer what it was when the run \(run.id) was made: its \(fact) differs. Controls would not be "
          + "those of that run; make a new one with `renalgrade crossvalidate`, or name another with --run")
    }
    self.validation = validation
  }

  /// Trains and predicts the controls that are not there yet; where that was interrupted, it goes on.
  ///
  /// - Parameters:
  ///   - prepared: told the title of each control and what is trained, before it begins.
  ///   - progress: told how far the one in progress is.
  ///   - finished: told each control's title and predictions as they are complete.
  /// - Throws: what a cross-validation throws, and what `finished` throws; what is complete by then stays.
  public func run(
    prepared: (_ title: String, CrossValidation) -> Void, progress: (TrainingProgress) -> Void,
    finished: (_ title: String, [Prediction]) throws -> Void
  ) throws {
    _ = try run.part("controls")
    var controls: [Run.Control] = []
    for control in NegativeControl.allCases {
      let part = try run.part("controls/\(control.rawValue)")
      let changed = try validation.with(control)
      let title = control.title(in: changed)
      if !part.isComplete {
        prepared(title, changed)
        var resumable = try ResumableRun(at: part, key: changed.key)
        let features = try changed.prepare(progress: progress)
        _ = try changed.train(&resumable, on: { _ in features }, keepingNetworks: false, progress: progress)
      }
      let predictions = try PredictionTable.read(part.predictionsFile)
      let file = "controls/\(control.rawValue).csv"
      try PredictionTable.write(predictions, to: run.url.appendingPathComponent(file))
      controls.append(
        Run.Control(
          name: control.rawValue, run: part.id, title: title, meaning: control.meaning(in: changed), predictions: file))
      try AtomicFile.writeJSON(controls, to: run.controlsFile)
      try finished(title, predictions)
    }
  }
}
