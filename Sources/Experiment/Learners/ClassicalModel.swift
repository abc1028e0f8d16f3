import Classifiers
import Foundation
import Study
import Support

/// A fitted classical pipeline with what makes numbers of examples: the file `model.json`.
struct ClassicalModel: Codable, Sendable {
  /// How examples become rows of numbers, by the training examples alone.
  struct Table: Codable, Equatable, Sendable {
    /// The columns of the pathology table and of the outlines.
    let columns: [ColumnEncoding]
    /// The radiomics features.
    let radiomics: [String]

    /// Reads the words of each column from the training examples.
    ///
    /// - Throws: `StudyError` where a column is free text.
    init(_ own: ClassicalSettings, _ examples: ExampleSet, _ training: [Int]) throws(StudyError) {
      let rows = training.map { examples.examples[$0].attributes }
      columns = own.columns.map { ColumnEncoding($0, rows) }
      radiomics = own.usesRadiomics ? examples.features?.names ?? [] : []
      if let odd = columns.first(where: { $0.categories.count > ColumnEncoding.mostWords }) {
        throw StudyError(
          .invalidProtocol,
          "model.settings.columns: the column \(odd.column) has more than \(ColumnEncoding.mostWords) different words; name "
            + "columns of numbers or of few words")
      }
    }

    /// The names of the numbers.
    var names: [String] { radiomics + columns.flatMap(\.names) }

    /// Whether anything is known of an example.
    func hasValue(_ number: Int, _ examples: ExampleSet) -> Bool {
      row(number, examples).contains { $0.isFinite }
    }

    /// The examples' numbers; NaN is a missing value.
    func matrix(_ numbers: [Int], _ examples: ExampleSet) throws(ClassifierError) -> FeatureMatrix {
      try FeatureMatrix(names: names, rows: numbers.map { row($0, examples) })
    }

    /// The same by a second reading; nil where no example was read twice.
    ///
    /// An example without one has NaN throughout. A column of the table has one reading, which agrees with itself.
    func secondReading(_ numbers: [Int], _ examples: ExampleSet) throws(ClassifierError) -> FeatureMatrix? {
      guard let second = examples.secondReading else { return nil }
      return try FeatureMatrix(
        names: names,
        rows: numbers.map { number in
          let features = second.row(number)
          return features.contains { $0.isFinite }
            ? row(number, examples, features: radiomics.isEmpty ? [] : Array(features))
            : [Double](repeating: .nan, count: names.count)
        })
    }

    private func row(_ number: Int, _ examples: ExampleSet) -> [Double] {
      let features = radiomics.isEmpty ? [] : examples.features.map { Array($0.row(number)) } ?? []
      return row(number, examples, features: features)
    }

    private func row(_ number: Int, _ examples: ExampleSet, features: [Double]) -> [Double] {
      let attributes = examples.examples[number].attributes
      return columns.reduce(into: features) { row, column in
        row += column.numbers(attributes[column.column]) ?? Array(repeating: .nan, count: column.width)
      }
    }
  }

  let table: Table
  let pipeline: FittedPipeline

  init(table: Table, pipeline: FittedPipeline) { (self.table, self.pipeline) = (table, pipeline) }

  /// Reads the model that a folder keeps of a learner with these settings.
  ///
  /// - Throws: `StudyError` of kind `.run` where it is not there, damaged, or on other columns.
  init(in folder: URL, _ own: ClassicalSettings) throws(StudyError) {
    self = try ModelFile.read(ClassicalModel.self, from: folder)
    let found = table.columns.map(\.column)
    guard found == own.columns, own.usesRadiomics || table.radiomics.isEmpty else {
      throw ModelFile.another(
        folder, expected: "a model on \(own.inputs)",
        found: "one on \(found.joined(separator: ", ")) and \(table.radiomics.count) radiomics features")
    }
  }

  /// The probability of high grade of some examples; NaN where nothing is known of one.
  ///
  /// - Throws: `StudyError` of kind `.run` where the examples' features are not those that the model was fitted with.
  func probabilities(_ examples: ExampleSet, _ numbers: [Int]) throws(StudyError) -> [Double] {
    guard table.radiomics.isEmpty || examples.features?.names == table.radiomics else {
      throw StudyError(
        .run,
        "the examples' radiomics features are not those that the model was fitted with; use the same settings of radiomics"
      )
    }
    do throws(ClassifierError) {
      let found = try pipeline.probabilities(table.matrix(numbers, examples))
      return zip(numbers, found).map { table.hasValue($0, examples) ? $1 : .nan }
    } catch {
      throw StudyError(.run, "the model cannot predict: \(error)")
    }
  }

  /// What the model uses, with each feature's importance on the held-out examples.
  func features(_ examples: ExampleSet, heldOut: [Int], seed: UInt64) throws(StudyError) -> Run.FoldFeatures {
    let asked = heldOut.filter { table.hasValue($0, examples) }
    let importances: [Double]?
    do throws(ClassifierError) {
      importances = try pipeline.permutationImportance(
        table.matrix(asked, examples), labels: asked.map { examples.classes[$0] == .high }, seed: seed)
    } catch {
      throw StudyError(.run, "the features' importances cannot be computed: \(error)")
    }
    let weights = pipeline.weights
    let areCoefficients = weights != nil && pipeline.weightsAreCoefficients
    // A coefficient of 0 leaves the feature out.
    let used = pipeline.features.indices.filter { !areCoefficients || weights?[$0] != 0 }
    let choice = pipeline.choice
    return Run.FoldFeatures(
      candidates: choice.candidateFeatures,
      weights: weights == nil ? .none : areCoefficients ? .coefficients : .importances,
      features: used.map { place in
        .init(name: pipeline.features[place], weight: weights?[place], importance: importances?[place])
      },
      hyperparameters: choice.hyperparameters, combinations: choice.combinations, innerAUC: choice.innerAUC)
  }
}
