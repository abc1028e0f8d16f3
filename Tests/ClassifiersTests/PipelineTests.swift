import Foundation
import Support
import Testing

@testable import Classifiers

struct PipelineTests {
  /// Rows of noise; with `signal`, the first two columns differ between the classes by so many standard deviations.
  static func rows(
    _ count: Int, columns: Int, high: Int, signal: Double = 0, seed: UInt64
  ) throws -> TrainingRows {
    var generator = SplitMix64(seed: seed, stream: 0)
    let labels = (0..<count).map { $0 < high }
    let rows = labels.map { label in
      (0..<columns).map { column in
        let noise = (0..<12).reduce(-6.0) { sum, _ in sum + generator.unit() }
        return noise + (label && column < 2 ? signal : 0)
      }
    }
    return try TrainingRows(
      FeatureMatrix(names: (0..<columns).map { "f\($0)" }, rows: rows), labels: labels,
      patients: (0..<count).map { "P\($0)" })
  }

  /// The AUC of out-of-fold probabilities by a pipeline that is fitted to each fold's training rows.
  static func crossValidated(_ pipeline: Pipeline, _ all: TrainingRows, seed: UInt64) throws -> Double {
    let folds = try InnerFolds(all, count: 5, seed: seed &+ 1000)
    var found = [Double](repeating: 0, count: all.labels.count)
    for (fold, heldOut) in folds.heldOut.enumerated() {
      let fitted = try pipeline.fit(all.rows(folds.training(fold)), seed: seed)
      for (row, value) in zip(heldOut, try fitted.probabilities(all.matrix.rows(heldOut))) { found[row] = value }
    }
    return try #require(rankAUC(found, all.labels))
  }

  /// A leak on purpose, with 40 patients and 1,316 features.
  ///
  /// It takes the room's inside: the public interface offers no way to select by rows that are predicted later.
  @Test func `On noise, selection outside the folds gives an AUC above 0.85, the pipeline 0.5`() throws {
    var settings = PipelineSettings(classifier: "naiveBayes")
    settings.tuning = false
    settings.correlationLimit = nil
    let learns = try Pipeline(settings)
    settings.selection = ["univariate"]
    settings.features = [5]
    let selects = try Pipeline(settings)
    var (leaked, honest) = ([Double](), [Double]())
    for seed in 1...UInt64(6) {
      let all = try Self.rows(40, columns: 1316, high: 14, seed: seed)
      let outside = UnivariateSelector().choose(5, from: all, seed: seed)
      leaked.append(try Self.crossValidated(learns, all.with(all.matrix.columns(outside)), seed: seed))
      honest.append(try Self.crossValidated(selects, all, seed: seed))
    }
    #expect(mean(leaked) > 0.85, "found \(leaked)")
    #expect(abs(mean(honest) - 0.5) < 0.12, "found \(honest)")
  }

  @Test(arguments: ClassifierKind.all.map(\.name))
  func `Every classifier finds a strong signal, and a model file gives the same bits`(_ classifier: String) throws {
    var settings = PipelineSettings(classifier: classifier)
    settings.selection = ["univariate"]
    settings.features = [3]
    settings.innerFolds = 3
    if classifier == "randomForest" { settings.hyperparameters = ["trees": 30] }
    let pipeline = try Pipeline(settings)
    let all = try Self.rows(40, columns: 12, high: 16, signal: 3, seed: 5)
    let places = (0..<40).filter { $0 % 4 != 0 }
    let asked = all.matrix.rows((0..<40).filter { $0 % 4 == 0 })
    let fitted = try pipeline.fit(all.rows(places), seed: 3)
    let found = try fitted.probabilities(asked)
    #expect(found.allSatisfy { (0...1).contains($0) })
    #expect(try #require(rankAUC(found, (0..<40).filter { $0 % 4 == 0 }.map { all.labels[$0] })) > 0.85)
    let read = try JSONDecoder().decode(FittedPipeline.self, from: JSONEncoder().encode(fitted))
    #expect(try read.probabilities(asked) == found)
    #expect(try pipeline.fit(all.rows(places), seed: 3).probabilities(asked) == found)
    #expect(fitted.weights.map { $0.count == fitted.features.count } ?? true)
    #expect(Set(fitted.features).isSuperset(of: ["f0", "f1"]))
  }

  @Test(arguments: SelectorKind.all.map(\.name))
  func `Every selection keeps the features with a signal, and its shorter choice is the longer one's beginning`(
    _ selection: String
  ) throws {
    let training = try Self.rows(60, columns: 20, high: 25, signal: 2.5, seed: 11)
    let classifier = try ClassifierKind.named("ridge").classifier()
    let selector = try SelectorKind.named(selection).selector(for: classifier)
    let five = try selector.choose(5, from: training, seed: 1)
    #expect(Set(five.prefix(3)).isSuperset(of: selection == "mrmr" || selection == "forward" ? [five[0]] : [0, 1]))
    #expect(five.contains(0) || five.contains(1))
    #expect(try selector.choose(3, from: training, seed: 1) == Array(five.prefix(3)))
    #expect(Set(five).count == five.count)
  }

  @Test func `Tuning repeats selection in the inner folds, so noise has an inner AUC of about 0.5`() throws {
    var settings = PipelineSettings(classifier: "ridge")
    settings.hyperparameters = ["penalty": 0.1]
    settings.selection = ["univariate"]
    settings.features = [5, 6]
    settings.correlationLimit = nil
    let pipeline = try Pipeline(settings)
    let found = try (1...UInt64(4)).map { seed in
      try #require(pipeline.fit(Self.rows(40, columns: 300, high: 15, seed: seed), seed: seed).choice.innerAUC)
    }
    #expect(abs(mean(found) - 0.5) < 0.15, "found \(found)")
  }

  @Test func `Rows of one patient stay in one inner fold, and both classes are in each`() throws {
    let rows = try Self.rows(30, columns: 2, high: 9, seed: 2)
    let doubled = try TrainingRows(
      rows.matrix.rows((0..<30).flatMap { [$0, $0] }), labels: (0..<30).flatMap { [rows.labels[$0], rows.labels[$0]] },
      patients: (0..<30).flatMap { ["P\($0)", "P\($0)"] })
    let folds = try InnerFolds(doubled, count: 5, seed: 7)
    #expect(folds.heldOut.flatMap { $0 }.sorted() == Array(0..<60))
    for (fold, heldOut) in folds.heldOut.enumerated() {
      let own = Set(heldOut.map { doubled.patients[$0] })
      #expect(own.isDisjoint(with: folds.training(fold).map { doubled.patients[$0] }))
      #expect(Set(heldOut.map { doubled.labels[$0] }).count == 2)
    }
    #expect(throws: ClassifierError.self) { try InnerFolds(rows.rows([0, 10, 11, 12]), count: 5, seed: 1) }
  }

  @Test func `Only features on which two readings agree are kept, by training rows alone`() throws {
    let first = try Self.rows(30, columns: 3, high: 12, seed: 4)
    let other = try Self.rows(30, columns: 3, high: 12, seed: 99).matrix
    let second = first.matrix.mapped { value, column in column == 1 ? value : value + 0.01 }
    let mixed = try FeatureMatrix(
      names: second.names, rows: (0..<30).map { [second[$0, 0], other[$0, 1], second[$0, 2]] })
    let training = try TrainingRows(first.matrix, labels: first.labels, patients: first.patients, secondReading: mixed)
    #expect(try AgreementFilter(limit: 0.8).fit(training) == .columns(["f0", "f2"]))
    var settings = PipelineSettings(classifier: "ridge")
    settings.agreementLimit = 0.8
    #expect(try Pipeline(settings).fit(training, seed: 1).features == ["f0", "f2"])
    let error = #expect(throws: ClassifierError.self) { try Pipeline(settings).fit(first, seed: 1) }
    #expect(error?.description.contains("there is none") == true)
  }

  @Test func `Missing, infinite and constant values cost their column or cell alone`() throws {
    let rows = try Self.rows(30, columns: 4, high: 12, signal: 3, seed: 8)
    let holed = try TrainingRows(
      rows.matrix.mapped { value, column in column == 3 ? .nan : column == 2 ? 7 : value > 1.8 ? .infinity : value },
      labels: rows.labels, patients: rows.patients)
    let fitted = try Pipeline(PipelineSettings(classifier: "ridge")).fit(holed, seed: 1)
    #expect(!fitted.features.contains("f2") && !fitted.features.contains("f3"))
    let unknown = try FeatureMatrix(names: holed.matrix.names, rows: [[.nan, .nan, .nan, .nan]])
    let found = try fitted.probabilities(unknown)
    #expect(found.allSatisfy { (0...1).contains($0) })
  }

  @Test func `A falling calibration curve does not turn the order around`() throws {
    let scores = (0..<20).map(Double.init)
    let labels = scores.map { $0 < 8 }
    #expect(try FittedCalibration(.platt, scores, labels) == .share(0.4))
    let rising = try FittedCalibration(.platt, scores, labels.map { !$0 })
    #expect(rising.probability(3) < rising.probability(15))
  }

  @Test func `Settings that cannot be are refused in words that name them`() throws {
    func refusal(_ change: (inout PipelineSettings) -> Void) -> String? {
      var settings = PipelineSettings(classifier: "ridge")
      change(&settings)
      do throws(ClassifierError) {
        _ = try Pipeline(settings)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal { $0.classifier = "oracle" }?.contains("the classifier oracle is unknown") == true)
    #expect(refusal { $0.selection = ["best"] }?.contains("the selection best is unknown") == true)
    #expect(refusal { $0.features = [3] }?.contains("features cannot be stated without a selection") == true)
    #expect(refusal { $0.correlationLimit = 1.5 }?.contains("correlationLimit must be") == true)
    #expect(refusal { $0.innerFolds = 1 }?.contains("innerFolds must be") == true)
    #expect(refusal { $0.hyperparameters = ["cost": 1] }?.contains("cost is unknown") == true)
    #expect(
      refusal { ($0.classifier, $0.calibration) = ("linearSVM", PipelineSettings.Calibration.none) }?
        .contains("not probabilities") == true)
    #expect(refusal { _ in } == nil)
  }

  @Test func `Permuting a feature costs AUC on held-out rows where it has a signal alone`() throws {
    let all = try Self.rows(60, columns: 6, high: 25, signal: 2, seed: 21)
    let places = (0..<60).filter { $0 % 2 == 0 }
    let asked = (0..<60).filter { $0 % 2 == 1 }
    let fitted = try Pipeline(PipelineSettings(classifier: "naiveBayes")).fit(all.rows(places), seed: 1)
    let labels = asked.map { all.labels[$0] }
    let found = try #require(try fitted.permutationImportance(all.matrix.rows(asked), labels: labels, seed: 1))
    #expect(found.prefix(2).allSatisfy { $0 > 0.03 } && found.dropFirst(2).allSatisfy { abs($0) < 0.03 }, "\(found)")
    let one = try fitted.permutationImportance(all.matrix.rows([0, 1]), labels: [true, true], seed: 1)
    #expect(one == nil)
  }

  @Test func `A model refuses other columns, and a damaged file is an error`() throws {
    let rows = try Self.rows(24, columns: 3, high: 10, signal: 2, seed: 6)
    let fitted = try Pipeline(PipelineSettings(classifier: "ridge")).fit(rows, seed: 1)
    #expect(throws: ClassifierError.self) { try fitted.probabilities(rows.matrix.columns([0, 1])) }
    #expect(throws: ClassifierError.self) { try fitted.probabilities(rows.matrix.columns([1, 0, 2])) }
    #expect(try fitted.probabilities(rows.matrix.rows([])).isEmpty)
  }
}
