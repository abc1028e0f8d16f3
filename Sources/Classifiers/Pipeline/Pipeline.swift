internal import Support

/// A classical pipeline: filter by agreement, impute, filter by variance, scale, filter by correlation, select, learn, calibrate.
///
/// All of it is fitted by `fit` to the training rows alone: nothing here takes rows that are predicted later. Selection and tuning are
/// nested: inner folds repeat every step, selection included, on their own training rows. With 40 patients and 1,316 features of
/// noise, features that were selected on all patients before the folds give an AUC of about 0.9; this pipeline gives 0.5.
public struct Pipeline: Sendable {
  /// What it is made of.
  public let settings: PipelineSettings
  private let kind: ClassifierKind
  private let selectors: [SelectorKind]
  /// The candidates for tuning, the first in a tie.
  private let candidates: [Candidate]

  struct Candidate: Equatable, Sendable {
    let hyperparameters: [String: Double]
    /// The most features; nil where the selection decides.
    let featureCount: Int?
  }

  /// Checks the settings.
  ///
  /// - Throws: `ClassifierError` where a name is unknown or a number outside its range; its words begin with the setting's name.
  public init(_ settings: PipelineSettings) throws(ClassifierError) {
    kind = try ClassifierKind.named(settings.classifier)
    selectors = try settings.selection.map { name throws(ClassifierError) in try SelectorKind.named(name) }
    _ = try kind.classifier(settings.hyperparameters)
    func require(_ isRight: Bool, _ name: String, _ range: String, _ found: Any) throws(ClassifierError) {
      guard isRight else { throw ClassifierError("\(name) must be \(range), found \(found)") }
    }
    try require(settings.features.allSatisfy { $0 >= 1 }, "features", "at least 1", settings.features)
    try require(settings.preselection >= 1, "preselection", "at least 1", settings.preselection)
    try require(settings.varianceLimit >= 0, "varianceLimit", "at least 0", settings.varianceLimit)
    try require(
      settings.correlationLimit.map { $0 > 0 && $0 <= 1 } ?? true, "correlationLimit", "above 0 and at most 1",
      settings.correlationLimit ?? 0)
    try require(
      settings.agreementLimit.map { $0 > 0 && $0 <= 1 } ?? true, "agreementLimit", "above 0 and at most 1",
      settings.agreementLimit ?? 0)
    try require((2...20).contains(settings.innerFolds), "innerFolds", "from 2 to 20", settings.innerFolds)
    guard selectors.isEmpty == false || settings.features.isEmpty else {
      throw ClassifierError("features cannot be stated without a selection: state selection, or remove features")
    }
    guard settings.calibration != PipelineSettings.Calibration.none || kind.givesProbabilities else {
      throw ClassifierError(
        "calibration cannot be none with \(kind.name), whose scores are not probabilities: use platt or isotonic")
    }
    self.settings = settings
    let fixed = settings.hyperparameters
    // A hyperparameter that is fixed leaves equal combinations, of which the first stays.
    let grid = settings.tuning ? kind.grid.map { $0.merging(fixed) { $1 } } : [fixed]
    let usual = selectors.last?.decidesCount == false ? [PipelineSettings.usualFeatures] : []
    let counts: [Int?] = settings.features.isEmpty ? (usual.isEmpty ? [nil] : usual) : settings.features.sorted()
    candidates = counts.flatMap { count in
      grid.map { Candidate(hyperparameters: $0, featureCount: count) }
    }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The steps before selection, in their order.
  private var steps: [any PipelineStep] {
    let optional: [(any PipelineStep)?] = [
      settings.agreementLimit.map(AgreementFilter.init), Imputation(), VarianceFilter(limit: settings.varianceLimit),
      Scaling.Method(rawValue: settings.scale.rawValue).map(Scaling.init),
      settings.correlationLimit.map(CorrelationFilter.init),
    ]
    return optional.compactMap { $0 }
  }

  /// The classifier and how it is tuned, in a few words.
  public var summary: String {
    guard !selectors.isEmpty else { return kind.title }
    return "\(kind.title) on features selected by \(selectors.map(\.name).joined(separator: ", then "))"
  }

  /// The pipeline in sentences for the Methods of a report.
  public var methods: [String] {
    let calibration =
      switch calibrationMethod {
      case .platt: "Scores were turned into probabilities by a logistic curve (Platt) on inner out-of-fold scores."
      case .isotonic:
        "Scores were turned into probabilities by isotonic regression on inner out-of-fold scores."
      case .none: "The classifier's own probabilities were used."
      }
    let most = settings.features.sorted().map(String.init).joined(separator: " or ")
    let counts = most.isEmpty ? "" : ", at most \(most)"
    let selection =
      selectors.isEmpty
      ? [] : ["Features were selected by " + selectors.map(\.title).joined(separator: ", then by ") + counts + "."]
    let tuning =
      candidates.count > 1
      ? [
        "Of \(candidates.count) combinations of hyperparameters, the one with the greatest mean AUC in "
          + "\(settings.innerFolds) inner folds of the training patients was used (in a tie, the least squared error); each inner "
          + "fold repeated every step."
      ] : []
    let prepared = "In the training part of each fold alone, \(steps.map(\.methods).joined(separator: "; "))."
    return [prepared] + selection + ["The classifier was \(kind.title)."] + tuning + [calibration]
  }

  private var calibrationMethod: PipelineSettings.Calibration {
    settings.calibration ?? (kind.givesProbabilities ? .none : .platt)
  }

  /// The most features that a model of this pipeline can have; nil where only the data decide.
  public var mostFeatures: Int? {
    let counts = candidates.map(\.featureCount)
    return counts.contains(nil) ? nil : counts.compactMap { $0 }.max()
  }

  // MARK: Fitting

  /// Fits every step to the training rows.
  ///
  /// `seed` decides with the rows every draw.
  /// - Throws: `ClassifierError` where the rows lack what a step needs.
  public func fit(_ training: TrainingRows, seed: UInt64) throws(ClassifierError) -> FittedPipeline {
    var chosen = candidates[0]
    var auc: Double?
    var calibration = FittedCalibration.none
    if candidates.count > 1 || calibrationMethod != .none {
      let folds = try InnerFolds(training, count: settings.innerFolds, seed: seed)
      let scores = try outOfFoldScores(training, folds, seed: seed)
      let values = scores.map { folds.meanAUC($0, training.labels) }
      let errors = scores.map { kind.givesProbabilities ? squaredError($0, training.labels) : 0 }
      // The first of the greatest AUC and, among these, of the least squared error.
      let best =
        candidates.indices.min { (-(values[$0] ?? -1), errors[$0], $0) < (-(values[$1] ?? -1), errors[$1], $1) } ?? 0
      (chosen, auc) = (candidates[best], values[best])
      calibration = try FittedCalibration(calibrationMethod, scores[best], training.labels)
    }
    let prepared = try prepare(training, seed: seed)
    let (columns, model) = try learn(prepared, chosen, seed: seed)
    return FittedPipeline(
      inputs: training.matrix.names, steps: prepared.steps + [.columns(columns)], classifier: model,
      calibration: calibration,
      choice: FittedPipeline.Choice(
        candidateFeatures: prepared.candidateFeatures, hyperparameters: chosen.hyperparameters,
        featureCount: chosen.featureCount, combinations: candidates.count, innerAUC: auc))
  }

  /// For each candidate: the scores of all rows by models of the inner folds, which repeat every step.
  private func outOfFoldScores(
    _ training: TrainingRows, _ folds: InnerFolds, seed: UInt64
  ) throws(ClassifierError) -> [[Double]] {
    var scores = candidates.map { _ in [Double](repeating: 0, count: training.labels.count) }
    for (fold, heldOut) in folds.heldOut.enumerated() {
      let prepared = try prepare(training.rows(folds.training(fold)), seed: seed &+ UInt64(fold) &+ 1)
      var asked = training.matrix.rows(heldOut)
      for step in prepared.steps { asked = try step.applied(to: asked) }
      for (place, candidate) in candidates.enumerated() {
        let (columns, model) = try learn(prepared, candidate, seed: seed &+ UInt64(fold) &+ 1)
        let found = try model.model.scores(asked.columns(named: columns))
        for (row, score) in zip(heldOut, found) { scores[place][row] = score }
      }
    }
    return scores
  }

  /// Training rows after all steps, with the selected features, the most wanted first.
  private struct Prepared {
    let steps: [FittedStep]
    let rows: TrainingRows
    let order: [Int]
    /// How many features were there to choose from.
    let candidateFeatures: Int
  }

  private func prepare(_ training: TrainingRows, seed: UInt64) throws(ClassifierError) -> Prepared {
    var fitted: [FittedStep] = []
    var rows = training
    var candidateFeatures = training.matrix.columnCount
    for step in steps {
      let next = try step.fit(rows)
      rows = rows.with(try next.applied(to: rows.matrix))
      fitted.append(next)
      candidateFeatures = max(candidateFeatures, rows.matrix.columnCount)
    }
    try rows.matrix.checkTraining(rows.labels)
    var order = Array(0..<rows.matrix.columnCount)
    let classifier = try kind.classifier(settings.hyperparameters)
    for (place, selector) in selectors.enumerated() {
      let count = place == selectors.count - 1 ? mostFeatures : settings.preselection
      let offered = rows.with(rows.matrix.columns(order))
      var generator = SplitMix64(seed: seed, stream: UInt64(place) + 2)
      let chosen = try selector.selector(for: classifier).choose(count, from: offered, seed: generator.next())
      guard !chosen.isEmpty else { throw ClassifierError("the selection \(selector.name) keeps no feature") }
      order = chosen.map { order[$0] }
    }
    return Prepared(steps: fitted, rows: rows, order: order, candidateFeatures: candidateFeatures)
  }

  private func learn(
    _ prepared: Prepared, _ candidate: Candidate, seed: UInt64
  ) throws(ClassifierError) -> (columns: [String], model: FittedClassifier) {
    let count = selectors.isEmpty ? prepared.order.count : candidate.featureCount ?? prepared.order.count
    // In the table's order: that of preference would change sums' last bits.
    let columns = prepared.order.prefix(count).sorted()
    let matrix = prepared.rows.matrix.columns(columns)
    let model = try FittedClassifier(
      kind, hyperparameters: candidate.hyperparameters, matrix: matrix, labels: prepared.rows.labels, seed: seed)
    return (matrix.names, model)
  }
}

extension ClassifierKind {
  /// Whether its scores are probabilities.
  var givesProbabilities: Bool { model.givesProbabilities }
}
