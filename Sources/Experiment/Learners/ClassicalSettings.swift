import Classifiers
import Study
import Support

/// The settings of the learner `classical`, as a protocol states them.
struct ClassicalSettings: Sendable {
  /// Columns of the pathology table or of the outlines.
  let columns: [String]
  /// Whether radiomics features are learnt from, where the protocol has them.
  let usesRadiomics: Bool
  /// What is fitted.
  let pipeline: Pipeline
  /// Everything that is drawn follows from it.
  let seed: UInt64

  /// The names of the settings, without the classifiers' hyperparameters.
  private static let names = [
    "columns", "radiomics", "classifier", "selection", "features", "preselection", "varianceLimit", "correlationLimit",
    "agreementLimit", "scale", "calibration", "innerFolds", "tuning",
  ]

  /// What the model is made of, in words.
  var inputs: String {
    let columns = columns.joined(separator: ", ")
    guard usesRadiomics else { return columns }
    return columns.isEmpty ? "radiomics features" : "radiomics features and \(columns)"
  }

  /// Reads and checks the settings.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` that names the setting which is missing, unknown or not what it must be.
  init(_ settings: StudyProtocol) throws(StudyError) {
    let own = LearnerSettings(settings)
    func list(_ name: String) throws(StudyError) -> [String] {
      own.names.contains(name) ? try own.texts(name) : []
    }
    guard let name = try own.texts("classifier").first else { preconditionFailure("a list of texts is never empty") }
    let kind: ClassifierKind
    do throws(ClassifierError) {
      kind = try ClassifierKind.named(name)
    } catch {
      throw Self.refusal(settings, error)
    }
    try own.allow(Self.names + kind.hyperparameters.map(\.name))
    columns = try list("columns")
    usesRadiomics = try own.flag("radiomics") ?? true
    guard usesRadiomics || !columns.isEmpty else {
      throw StudyError(
        .invalidProtocol,
        "the protocol \(settings.name): model.settings.columns must name at least one column where radiomics is false")
    }
    seed = settings.seed
    var made = PipelineSettings(classifier: name)
    for hyperparameter in kind.hyperparameters {
      made.hyperparameters[hyperparameter.name] = try own.number(hyperparameter.name, in: hyperparameter.range)
    }
    made.tuning = try own.flag("tuning") ?? made.tuning
    made.selection = try list("selection")
    made.features = try own.integers("features", in: 1...10_000)
    made.preselection = try own.integer("preselection", in: 1...10_000) ?? made.preselection
    made.varianceLimit = try own.number("varianceLimit", in: 0...1e30) ?? made.varianceLimit
    let correlation = try own.number("correlationLimit", in: 0.01...1)
    // No correlation is above 1.
    if let correlation { made.correlationLimit = correlation == 1 ? nil : correlation }
    made.agreementLimit = try own.number("agreementLimit", in: 0.01...1)
    made.scale = try own.choice("scale", PipelineSettings.Scale.self) ?? made.scale
    made.calibration = try own.choice("calibration", PipelineSettings.Calibration.self)
    made.innerFolds = try own.integer("innerFolds", in: 2...20) ?? made.innerFolds
    do throws(ClassifierError) {
      pipeline = try Pipeline(made)
    } catch {
      throw Self.refusal(settings, error)
    }
  }

  private static func refusal(_ settings: StudyProtocol, _ error: ClassifierError) -> StudyError {
    StudyError(.invalidProtocol, "the protocol \(settings.name), model.settings: \(error)")
  }
}
