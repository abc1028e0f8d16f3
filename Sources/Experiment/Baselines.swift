import Clinical
import Evaluation
public import Foundation
import Study
public import Support

extension Run {
  /// What is reached without looking at the image, in the run's own folds: the file `baselines.json` lists these.
  public struct Baseline: Codable, Equatable, Sendable {
    /// How patients are ordered by the columns.
    public enum Method: String, Codable, Sendable {
      /// By the one column itself, larger values standing for high grade; nothing is fitted.
      case asItStands
      /// By a logistic regression of each fold, which predicts the patients that the fold holds out.
      case crossFitted
    }

    /// The name of the baseline's files.
    public var name: String
    /// What a reader calls it.
    public var title: String
    /// The columns that it goes by.
    public var columns: [String]
    /// How it goes by them; nil in a file of an older version, where all were fitted.
    public var method: Method?
    /// Its out-of-fold predictions, a file like `predictions.csv`, relative to the run's folder; nil where nothing is fitted, or
    /// could be.
    public var predictions: String?
    /// Why there are no predictions, in a sentence.
    public var note: String?
    /// Patients without a value, who were neither learnt from nor predicted.
    public var withoutValue: Int

    /// Makes an entry from its parts.
    public init(
      name: String, title: String, columns: [String], method: Method, predictions: String? = nil, note: String? = nil,
      withoutValue: Int
    ) {
      self.name = name
      self.title = title
      self.columns = columns
      self.method = method
      self.predictions = predictions
      self.note = note
      self.withoutValue = withoutValue
    }
  }

  /// The baselines, an array of `Baseline`.
  public var baselinesFile: URL { url.appendingPathComponent("baselines.json") }
}

/// What orders the patients of a complete run without the image: tumour size as it stands, and logistic regressions on clinical
/// variables, fitted in the run's folds.
///
/// A regression on one variable is no baseline: where the variable tells little, its sign differs between folds, and the pooled
/// AUC falls far below the variable's own. They need the run's folder alone, so that a run of an older version gets them too.
public enum Baselines {
  /// Makes the baselines of a run that has none yet, or has those of a version that fitted all, and keeps them in its folder.
  ///
  /// - Throws: `StudyError` where the run is damaged or its folder cannot be written.
  public static func write(for run: Run) throws(StudyError) {
    let known = try run.readJSONIfPresent([Run.Baseline].self, from: run.baselinesFile)
    guard known?.allSatisfy({ $0.method != nil }) != true,
      let lesions = try run.readJSONIfPresent([RunLesion].self, from: run.lesionsFile)
    else { return }
    let settings = try StudyProtocol(contentsOf: run.protocolFile)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    let predictions = try PredictionTable.read(run.predictionsFile)
    let size = settings.baselines?.size ?? RunLesion.extentColumn
    let attributes = PatientAttributes(lesions)
    var baselines = [
      Run.Baseline(
        name: "size", title: "Tumour size alone", columns: [size], method: .asItStands,
        withoutValue: Set(predictions.map(\.patient)).count { attributes.number($0, size) == nil })
    ]
    if let columns = settings.baselines?.clinical {
      let learner = LogisticRegressionLearner(settings, columns: columns)
      baselines.append(
        try fit("clinical", "Clinical variables alone", learner, lesions, predictions, folds, run))
    }
    try AtomicFile.writeJSON(baselines, to: run.baselinesFile)
  }

  private static func fit(
    _ name: String, _ title: String, _ learner: LogisticRegressionLearner, _ lesions: [RunLesion],
    _ predictions: [Prediction], _ folds: Folds, _ run: Run
  ) throws(StudyError) -> Run.Baseline {
    let columns = learner.columns
    // The classes are those that the run learnt, which a control has permuted; the order is that of its predictions.
    let high = Set(predictions.filter { $0.label == .high }.map(\.patient))
    var seen: Set<String> = []
    let order = predictions.map(\.patient).filter { seen.insert($0).inserted }
    let all = Dictionary(
      uniqueKeysWithValues: ExampleSet.features(lesions.filter { seen.contains($0.patient) }, ofPatients: true)
        .map { ($0.patient, $0) })
    let known = order.compactMap { all[$0] }.filter { example in
      columns.allSatisfy { ClinicalCell(example.attributes[$0]).text != nil }
    }
    let examples = ExampleSet(
      kind: .patientFeatures,
      known.map {
        Example(
          patient: $0.patient, gradeClass: high.contains($0.patient) ? .high : .low, attributes: $0.attributes,
          provenance: $0.provenance)
      })
    var baseline = Run.Baseline(
      name: name, title: title, columns: columns, method: .crossFitted, withoutValue: order.count - known.count)
    let found: [Prediction]
    do throws(NotEstimable) {
      found = try crossFitted(learner, examples, Split(examples, by: folds))
    } catch {
      baseline.note = error.description
      return baseline
    }
    let file = "baselines/\(name).csv"
    _ = try run.part("baselines")
    try PredictionTable.write(found, to: run.url.appendingPathComponent(file))
    baseline.predictions = file
    return baseline
  }

  /// The out-of-fold predictions of a learner.
  private static func crossFitted(
    _ learner: LogisticRegressionLearner, _ examples: ExampleSet, _ split: Split
  ) throws(NotEstimable) -> [Prediction] {
    let rows = examples.examples.map(\.attributes)
    guard !rows.isEmpty else { throw .noCases }
    for column in learner.columns {
      guard ColumnEncoding(column, rows).categories.count <= ColumnEncoding.mostWords else {
        throw .badSetting("the column \(column) has more than \(ColumnEncoding.mostWords) different words")
      }
      guard Set(rows.map { ClinicalCell($0[column]).text }).count > 1 else {
        throw .noVariation("the column \(column) is the same for all of these patients")
      }
    }
    var predictions: [Prediction] = []
    for fold in 0..<split.count {
      let model: TabularModel
      do throws(NotEstimable) {
        model = try learner.fit(examples, split.training(fold))
      } catch {
        throw .inFold(fold, error)
      }
      predictions += split.heldOut(fold).map { index in
        let example = examples.examples[index]
        return Prediction(
          patient: example.patient, lesion: "", slice: "", fold: fold, label: examples.classes[index],
          probability: model.probability(example.attributes))
      }
    }
    return predictions
  }
}
