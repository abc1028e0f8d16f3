import RunFixtures
import Analysis
import Cohort
import Foundation
import Support
import TestSupport
import Experiment
import Testing

@testable import Report
@testable import Study

@Suite struct DocumentTests {
  /// The content of a run whose protocol is changed by `change`.
  private func content(
    cohort: CohortDescription? = nil, manifest: Run.Manifest? = nil, patients: Int = 30,
    _ change: (inout StudyProtocol) -> Void = { _ in }
  ) throws -> RunContent {
    var fixture = try FixtureStudy(protocolName: "paper")
    let run = try fixture.run(fixture.predictions(patients: patients), epochs: 0, manifest: manifest)
    var settings = try StudyProtocol(contentsOf: run.protocolFile)
    change(&settings)
    try AtomicFile.write(settings.yaml, to: run.protocolFile)
    if let cohort { try AtomicFile.writeJSON(cohort, to: run.cohortFile) }
    return try RunContent(run)
  }

  private func methods(_ change: (inout StudyProtocol) -> Void = { _ in }) throws -> String {
    MethodsText(try content(change)).document.markdown
  }

  @Test func thePapersMethodsAreItsProtocol() throws {
    let text = try methods()
    for sentence in [
      "The analysis comprised 30 patients (20 with low-grade and 10 with high-grade tumours)",
      "polygons labelled \"Lesion\" or \"Tumor\" were taken as tumours",
      "a box of 128 × 128 pixels was cut around the area centroid",
      "HU were clipped to the range from -160 to 240 (window centre 40, width 400)",
      "resized to 224 × 224 pixels by bilinear interpolation",
      "30 epochs in batches of 16 slices by Adam (learning rate 0.00001, β1 0.8, β2 0.999, ε 0.00000001) with a weight "
        + "decay of 0.8 added to the gradient (L2 penalty)",
      "weighted by 2.5 for high grade", "Five-fold cross-validation", "(seed 1)",
      "at a probability of 0.50 or more, fixed",
      "It was used instead of resnet50, whose weights were unavailable.", "RenalGrade 0.1.0 and libtorch 2.15.0",
      "every patient is virtual",
    ] {
      #expect(text.contains(sentence), "\(sentence)")
    }
  }

  @Test func aModelOfColumnsIsNoNetworkAndSawNoSlice() throws {
    let manifest = Run.Manifest(
      learner: LearnerDescription(
        learner: "logisticRegression", methods: ["The model was a logistic regression on age."]),
      examples: .patientFeatures, notes: [], synthetic: false)
    var fixture = try FixtureStudy(protocolName: "clinical")
    let predictions = fixture.predictions(patients: 30)
    let patients = Dictionary(grouping: predictions, by: \.patient).values.compactMap(\.first)
      .sorted { $0.patient < $1.patient }
      .map {
        Prediction(
          patient: $0.patient, lesion: "", slice: "", fold: $0.fold, label: $0.label, probability: $0.probability)
      }
    let run = try fixture.run(patients, epochs: 0, manifest: manifest)
    try RunReport.write(run)
    let text = try String(contentsOf: run.url.appendingPathComponent("methods.md"), encoding: .utf8)
    for sentence in [
      "The model was a logistic regression on age.", "No region of interest was cropped",
      "Each patient had one probability.",
      "each probability comes from one model", "Results are given for patients, from",
      "The analysis comprised 30 patients (20 with low-grade and 10 with high-grade tumours). ",
    ] {
      #expect(text.contains(sentence), "\(sentence)")
    }
    let page = try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    #expect(page.contains("the model ranks a high-grade patient above") && !page.contains("the network ranks"))
    #expect(page.contains("30 patients, split at patient level") && !page.contains("30 slices"))
    let card = try String(contentsOf: run.url.appendingPathComponent("model-card.md"), encoding: .utf8)
    #expect(!card.contains("network"))
  }

  @Test func theSelectionStandsInTheMethods() throws {
    let cohort = try CohortFixture.description(patients: 30)
    let text = MethodsText(try content(cohort: cohort)).document.markdown
    #expect(
      text.contains(
        "Of 36 patients with 36 lesions, those were selected who met all of these criteria, applied in this order: "
          + "clear cell; grade known."))
    #expect(text.contains("30 patients with 30 lesions remained.") && text.contains("Fuhrman grade at histopathology"))
  }

  /// Choices of a protocol, each with what the text must then say.
  static let choices: [(name: String, phrase: String, change: @Sendable (inout StudyProtocol) -> Void)] = [
    ("maximum", "was the highest probability among its slices", { $0.evaluation.aggregation = .maximum }),
    ("noisy or", "one minus the product", { $0.evaluation.aggregation = .noisyOr }),
    (
      "one epoch", "for 1 epoch in batches of 1 slice by",
      {
        $0.training?.epochs = 1
        $0.training?.batchSize = 1
      }
    ),
    ("AdamW", "by AdamW", { $0.training?.decay = .decoupled }),
    ("no decay", "without weight decay", { $0.training?.weightDecay = 0 }),
    ("unweighted", "The loss was the cross-entropy.", { $0.training?.highGradeWeight = 1 }),
    ("no flips", "Slices were not augmented.", { $0.training?.flipProbability = 0 }),
    ("float32", "Computation was in single precision.", { $0.training?.precision = .float32 }),
    ("scratch", "initialised at random; all layers were trained", { $0.network?.initialisation = .scratch }),
    ("resampled", "Slices were resampled to 0.9765625 mm per pixel.", { $0.roi.resampleTo = 0.9765625 }),
    ("some slices", "At most 1 slice of each lesion", { $0.roi.maximumSlicesPerLesion = 1 }),
    ("no resize", "entered the network at its original size", { $0.roi.outputSize = 128 }),
    ("every polygon", "every polygon was taken as a tumour", { $0.annotation.lesionLabels = [] }),
    ("readers", "in this order of preference: R1, R2.", { $0.annotation.readers = ["R1", "R2"] }),
    ("corners", "top left corner of a pixel", { $0.annotation.integerCoordinate = .pixelCorner }),
    ("many folds", "12-fold cross-validation", { $0.folds.count = 12 }),
  ]

  @Test(arguments: choices.indices)
  func everyChoiceIsASentence(_ index: Int) throws {
    let choice = Self.choices[index]
    let text = try methods(choice.change)
    #expect(text.contains(choice.phrase), "\(choice.name): \(text)")
    expectGrammar(text)
  }

  /// What a careless template leaves behind.
  private func expectGrammar(_ text: String) {
    for fault in ["  ", " .", " ,", "..", "Optional(", "nil", "1 epochs", "1 slices", "1 patients", " a a ", ". ."] {
      #expect(!text.contains(fault), "\"\(fault)\" in \(text)")
    }
    for paragraph in text.components(separatedBy: "\n\n") where !paragraph.hasPrefix("#") {
      let last = paragraph.trimmingCharacters(in: .whitespacesAndNewlines).last
      #expect(last == "." || last == "]", "\(paragraph)")
      #expect(paragraph.first?.isUppercase == true || paragraph.first?.isNumber == true, "\(paragraph)")
    }
  }

  @Test func aBareRunStillHasMethodsAndACard() throws {
    let content = try content(manifest: Run.Manifest(), patients: 1)
    let methods = MethodsText(content).document.markdown
    #expect(methods.contains("(0 with low-grade and 1 with high-grade tumours)"))
    expectGrammar(methods)
    let card = ModelCard(content).document.markdown
    #expect(card.contains("no AUC can be stated"))
    #expect(Reproduction(content).document.markdown.contains("The run's manifest states no facts."))
  }

  @Test func theModelCardSaysWhatItIsNotFor() throws {
    let card = ModelCard(try content()).document.markdown
    for heading in [
      "## Model", "## Intended use", "## Data", "## Performance", "## Limits", "## Ethical considerations",
    ] {
      #expect(card.contains(heading))
    }
    #expect(card.contains("Not a medical device") && card.contains("The patients are virtual"))
    #expect(card.contains("efficientnet-lite0 was trained instead"))
  }

  @Test func theCommandsRepeatWhatWasDone() throws {
    var shuffled = Run.Manifest(
      learner: .init(
        learner: "network",
        network: .init(backbone: "resnet18", weights: nil, frozenThrough: nil, trainedParameters: 0)))
    shuffled.shuffledBy = 7
    let text = Reproduction(try content(manifest: shuffled)).document.markdown
    for line in [
      "renalgrade weights get resnet18", "renalgrade init study --protocol", "renalgrade rois build study",
      "renalgrade crossvalidate study --shuffle-labels 7",
    ] {
      #expect(text.contains(line), "\(line)")
    }
    #expect(!text.contains("cohort select"))
  }

  @Test func theCommandsHaveTheOptionsThatTheBitsDependOn() throws {
    var manifest = Run.Manifest(
      learner: .init(
        learner: "network",
        network: .init(
          backbone: "resnet18", weights: String(repeating: "ab", count: 32), frozenThrough: nil, trainedParameters: 0)))
    manifest.hardware = Hardware(threads: 3, processor: "a processor")
    manifest.options = ["--weights WEIGHTS", "--feature-budget 2.0", "--cpu"]
    let text = Reproduction(try content(manifest: manifest)).document.markdown
    #expect(
      text.contains(
        "renalgrade crossvalidate study --threads 3 --side-by-side 1 --weights WEIGHTS --feature-budget 2.0 --cpu\n"))
    // No catalogue has a file of one's own.
    #expect(!text.contains("weights get") && text.contains("WEIGHTS is the file with the SHA-256 abab"))
  }

  @Test func thatTheThresholdWasFixedBeforehandIsSaidOnlyWhereItIsKnown() throws {
    var fixture = try FixtureStudy(protocolName: "paper")
    let run = try fixture.run(fixture.predictions(patients: 30), epochs: 0)
    func page() throws -> String {
      try RunReport.write(run)
      return try String(contentsOf: run.url.appendingPathComponent("report.html"), encoding: .utf8)
    }
    #expect(try page().contains("fixed in the protocol before the run"))
    // A threshold chosen by the results.
    var settings = try StudyProtocol(contentsOf: run.protocolFile)
    settings.evaluation.threshold = 0.31
    try AtomicFile.write(settings.yaml, to: run.protocolFile)
    let changed = try page()
    #expect(!changed.contains("fixed in the protocol before the run") && !changed.contains("fixed before the run"))
    #expect(changed.contains("has been changed since the run was made") && changed.contains("0.31"))
    // A comment changes the file as well.
    settings.evaluation.threshold = 0.5
    try AtomicFile.write("# a remark\n" + settings.yaml, to: run.protocolFile)
    #expect(try page().contains("has been changed since the run was made"))
    try AtomicFile.write(settings.yaml, to: run.protocolFile)
    #expect(try !page().contains("has been changed since the run was made"))
    // A run that has not recorded the hash.
    var manifest = try run.manifest()
    manifest.protocolHash = nil
    try AtomicFile.writeJSON(manifest, to: run.manifestFile)
    #expect(try page().contains("whether this was so before the run is not recorded"))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func theMethodsCountWhatWasPredictedWhateverCameOut(_ probability: Double) throws {
    var fixture = try FixtureStudy(protocolName: "paper")
    let whole = fixture.predictions(patients: 30)
    let lost = Set(whole.map(\.patient).sorted().prefix(1))
    let predictions = whole.map { row in
      var row = row
      if lost.contains(row.patient) { row.probability = probability }
      return row
    }
    let run = try fixture.run(whole, epochs: 0)
    try PredictionTable.write(predictions, to: run.predictionsFile)
    let text = MethodsText(try RunContent(run)).document.markdown
    #expect(text.contains("The analysis comprised 30 patients (20 with low-grade and 10 with high-grade tumours)"))
    #expect(text.contains("For 1 patient the network gave no finite probability; no estimate includes this patient."))
    #expect(!MethodsText(try content()).document.markdown.contains("no finite probability"))
  }

  @Test func markdownIsEscaped() {
    let document = Document(title: "a_b", parts: [.init("c", [.list(["<d> *e*"]), .code(["x_y"])])])
    #expect(document.markdown == "# a\\_b\n\n## c\n\n- \\<d\\> \\*e\\*\n\n```sh\nx_y\n```\n")
  }
}
