import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import Experiment
@testable import Training

/// An exam by every learner: a patient of the study, predicted by the fold that held it out, has the run's own prediction.
@Suite(.serialized) struct ExamLearnersTests {
  private let synthetic: SyntheticStudy
  private let folder: TemporaryFolder

  init() throws {
    synthetic = try SyntheticStudy()
    folder = try TemporaryFolder()
  }

  /// A learner with its settings, and how exactly the exam repeats the run.
  struct Choice: Sendable, CustomTestStringConvertible {
    let name: String
    let learner: String
    let examples: StudyProtocol.ExampleKind
    var settings: [String: ModelSetting] = [:]
    var hasRadiomics = false
    var columns: [String] = []
    var tolerance = 0.0
    /// A backbone that is trained from random weights; nil for the study's own.
    var backbone: String?

    var testDescription: String { name }
  }

  static let choices: [Choice] = [
    Choice(name: "network", learner: "network", examples: .slice, tolerance: 1e-6),
    Choice(name: "mean bag", learner: "bag", examples: .bag, tolerance: 1e-6),
    Choice(
      name: "attention bag", learner: "bag", examples: .bag, settings: ["pooling": .text("attention")], tolerance: 1e-6),
    Choice(name: "volume", learner: "volume", examples: .volume, tolerance: 1e-6),
    Choice(
      name: "volume of a backbone of volumes", learner: "volume", examples: .volume,
      settings: ["planes": .number(4), "spacing": .number(2.5)], tolerance: 1e-6, backbone: "medicalnet-resnet10"),
    Choice(
      name: "neighbours", learner: "nearestNeighbours", examples: .slice, settings: ["neighbours": .number(3)],
      tolerance: 1e-6),
    Choice(
      name: "radiomics", learner: "classical", examples: .lesionFeatures,
      settings: ["classifier": .text("ridge"), "innerFolds": .number(2)], hasRadiomics: true),
    Choice(
      name: "radiomics and columns", learner: "classical", examples: .patientFeatures,
      settings: ["classifier": .text("naiveBayes"), "columns": .texts(["size_mm", "sex", "contour_mm"])],
      hasRadiomics: true, columns: ["size_mm", "sex"]),
    Choice(
      name: "clinical", learner: "logisticRegression", examples: .patientFeatures,
      settings: ["columns": .texts(["size_mm", "sex"])], columns: ["size_mm", "sex"]),
    Choice(
      name: "size of the outline", learner: "singleVariable", examples: .lesionFeatures,
      settings: ["columns": .text("contour_mm"), "middle": .number(12)]),
    Choice(
      name: "stack", learner: "stacked", examples: .patientFeatures,
      settings: [
        "members": .texts(["image", "texture", "table"]), "innerFolds": .number(2), "image.learner": .text("network"),
        "texture.learner": .text("classical"), "texture.classifier": .text("naiveBayes"),
        "table.learner": .text("logisticRegression"), "table.columns": .texts(["size_mm", "sex"]),
      ], hasRadiomics: true, columns: ["size_mm", "sex"], tolerance: 1e-6),
  ]

  private static func choice(_ name: String) throws -> Choice { try #require(choices.first { $0.name == name }) }

  private func learners(weights: Bool = true) throws -> LearnerRegistry {
    let options = weights ? try synthetic.options().network : NetworkLearner.Options(store: synthetic.noWeights)
    let single: [LearnerKind] = [
      .network(options), .bag(options), .volume(options), .nearestNeighbours(options), .logisticRegression,
      .singleVariable, .classical,
    ]
    return LearnerRegistry(single + [.stacked(LearnerRegistry(single))])
  }

  private func run(_ choice: Choice, _ change: (inout StudyProtocol) -> Void = { _ in }) throws -> Run {
    var settings = synthetic.settings
    settings.inputs.examples = choice.examples
    settings.model = .init(learner: choice.learner, settings: choice.settings.isEmpty ? nil : choice.settings)
    settings.network?.frozenThrough = "layer3"
    if choice.hasRadiomics {
      settings.radiomics = try StudyProtocol(
        contentsOf: packageRoot.appendingPathComponent("Protocols/radiomics.yaml")
      ).radiomics
      settings.radiomics?.images = ["original"]
      settings.radiomics?.logSigmas = nil
      settings.radiomics?.families = ["firstorder", "glcm"]
    }
    if let backbone = choice.backbone {
      settings.network?.backbone = backbone
      settings.network?.initialisation = .scratch
      settings.network?.frozenThrough = nil
    }
    change(&settings)
    return try CrossValidation(
      synthetic.study, protocol: settings, learners: learners(weights: choice.backbone == nil)
    ).run { _ in }
  }

  /// The images of one patient, in a folder of their own.
  private func exam(of patient: String) throws -> ExamImages {
    let exam = folder.url.appendingPathComponent(patient)
    if !FileManager.default.fileExists(atPath: exam.path) {
      try FileManager.default.createDirectory(at: exam, withIntermediateDirectories: true)
      for slice in 0..<2 {
        let name = "\(patient)-\(slice).dcm"
        try FileManager.default.copyItem(
          at: synthetic.source.dicom.appendingPathComponent(name), to: exam.appendingPathComponent(name))
      }
    }
    return ExamImages(dicom: exam, contours: synthetic.source.contours)
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      Issue.record("nothing was thrown")
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: choices)
  func aHeldOutPatientHasTheRunsPrediction(_ choice: Choice) throws {
    let run = try run(choice)
    let predictions = try PredictionTable.read(run.predictionsFile)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    // A network's checkpoint is all that it takes; neighbours take the published weights.
    let learners = try learners(weights: choice.learner == "nearestNeighbours")
    for patient in ["P10", "P13", "P18", "P21"] {
      let fold = try #require(folds.fold(of: patient))
      let values = SyntheticStudy.values(of: patient).filter { choice.columns.contains($0.key) }
      let images = try exam(of: patient)
      let scores = try ExamPrediction(run, learners: learners, folds: [fold]).scores(images, values: values)
      let expected = predictions.filter { $0.patient == patient }
      #expect(scores.unit == choice.examples && scores.examples.map(\.slice) == expected.map(\.slice))
      #expect(!expected.isEmpty && scores.examples.count == expected.count)
      for (example, prediction) in zip(scores.examples, expected) {
        let difference = abs(example.probabilities[0] - prediction.probability)
        #expect(difference <= choice.tolerance, "\(patient): \(difference)")
        #expect(example.lesion == (choice.examples == .patientFeatures ? "" : "Tumor"))
      }
      #expect(scores.notes.count { $0.contains("fold \(fold + 1) has not seen it") } == 1, "\(scores.notes)")
      let refused = message { _ = try ExamPrediction(run, learners: learners).scores(images, values: values) }
      #expect(refused.contains("was trained on this patient") && refused.contains("--folds \(fold + 1)"))
    }
  }

  /// Where no patient's ID is kept, the images of a run on features are known again too.
  @Test func aPatientOfARunOnFeaturesIsKnownByItsImages() throws {
    let run = try run(Self.choice("clinical"))
    let known = try run.readJSON(RunFingerprints.self, from: run.fingerprintsFile)
    #expect(known.patients.count == 12 && known.patients.values.allSatisfy { $0.count == 3 })
    let text = try String(contentsOf: run.protocolFile, encoding: .utf8)
      .replacing("patientIDs: codes", with: "patientIDs: identifiers")
    try AtomicFile.write(text, to: run.protocolFile)
    let values = SyntheticStudy.values(of: "P12")
    let prediction = try ExamPrediction(run, learners: learners())
    #expect(
      message { _ = try prediction.scores(exam(of: "P12"), values: values) }.contains("was trained on this patient"))
    // Without images nobody is known, which is said; a run that kept nothing of its images says so too.
    let alone = try prediction.scores(nil, values: values)
    #expect(alone.notes.contains { $0.contains("Without images the run cannot recognise its own patients") })
    #expect(alone.examples.count == 1 && alone.examples[0].probabilities.count == 2)
    try AtomicFile.writeJSON(RunFingerprints(), to: run.fingerprintsFile)
    let unknown = try prediction.scores(exam(of: "P12"), values: values)
    #expect(unknown.notes.contains { $0.contains("nothing of its images") })
    #expect(unknown.examples.map(\.probabilities) == alone.examples.map(\.probabilities))
  }

  @Test func valuesAreCheckedByColumnAndWord() throws {
    let prediction = try ExamPrediction(run(Self.choice("clinical")), learners: learners())
    func said(_ values: [String: String]) -> String { message { _ = try prediction.scores(nil, values: values) } }
    #expect(said(["size_mm": "4.1 x 3.8", "sex": "male"]).contains("size_mm must be a number"))
    #expect(said(["size_mm": "unknown", "sex": "male"]).contains("size_mm says nothing, found \"unknown\""))
    #expect(
      said(["size_mm": "40", "sex": "m"]).contains("one of the words of the run's patients (female, male), found \"m\"")
    )
    #expect(
      said(["size_mm": "40", "sex": "male", "age": "60"]).contains("do not use the column age; they use sex, size_mm"))
    #expect(said(["size_mm": "40"]).contains("need the values of sex; state them as --value COLUMN=VALUE"))
    // Case and the decimal comma do not matter.
    let one = try prediction.scores(nil, values: ["size_mm": "40,5", "sex": "Male"])
    #expect(try one == prediction.scores(nil, values: ["size_mm": "40.5", "sex": "male"]))
  }

  @Test func whatAnExamLacksIsSaid() throws {
    // A size that only the outlines tell.
    let size = try ExamPrediction(run(Self.choice("size of the outline")), learners: learners())
    #expect(message { _ = try size.scores(nil) }.contains("need contour_mm, which the images tell; give --dicom"))
    #expect(try size.scores(nil, values: ["contour_mm": "12"]).examples.map(\.probabilities) == [[0.5, 0.5]])
    // A classical model fills in what is missing, which is said, but needs the images for features.
    let both = try ExamPrediction(run(Self.choice("radiomics and columns")), learners: learners())
    #expect(message { _ = try both.scores(nil, values: ["size_mm": "40"]) }.contains("need the exam's images"))
    let fold = try #require(both.run.readJSON(Folds.self, from: both.run.foldsFile).fold(of: "P11"))
    let own = try ExamPrediction(both.run, learners: learners(), folds: [fold]).scores(
      exam(of: "P11"), values: ["size_mm": "40"])
    #expect(own.notes.contains { $0.hasPrefix("Nothing is stated of sex: the models take the value") }, "\(own.notes)")
    #expect(own.examples.allSatisfy { (0...1).contains($0.probabilities[0]) })
    // Radiomics of a phase that the exam lacks.
    let phases = try run(Self.choice("radiomics"))
    let text = try String(contentsOf: phases.protocolFile, encoding: .utf8)
    var settings = try StudyProtocol(contentsOf: phases.protocolFile)
    settings.radiomics?.phases = [.portalVenous]
    try AtomicFile.write(settings.yaml, to: phases.protocolFile)
    let lacking = try ExamPrediction(phases, learners: learners(), folds: [fold])
    let refused = message { _ = try lacking.scores(exam(of: "P11")) }
    #expect(refused.contains("no radiomic features") || refused.contains("A series"), "\(refused)")
    try AtomicFile.write(text, to: phases.protocolFile)
  }

  @Test func whatIsWrongWithAModelIsSaid() throws {
    let run = try run(Self.choice("radiomics"))
    let model = run.foldFolder(1).appendingPathComponent("model.json")
    let whole = try Data(contentsOf: model)
    try whole.prefix(whole.count / 2).write(to: model)
    #expect(message { _ = try ExamPrediction(run, learners: learners()) }.contains("fold-2/model.json cannot be read"))
    #expect(throws: Never.self) { try ExamPrediction(run, learners: learners(), folds: [0]) }
    try FileManager.default.removeItem(at: model)
    #expect(message { _ = try ExamPrediction(run, learners: learners()) }.contains("keeps no model fold-2/model.json"))
    // A learner that is not known, and one whose models cannot predict an exam.
    let others = LearnerRegistry([.logisticRegression])
    #expect(message { _ = try ExamPrediction(run, learners: others) }.contains("its learner classical has no models"))

    let neighbours = try self.run(Self.choice("neighbours"))
    #expect(
      message { _ = try ExamPrediction(neighbours, learners: learners(weights: false)) }.contains("weights of resnet18")
    )
    for fold in 0..<2 {
      let kept = try ModelFile.read(KeptNeighbours.self, from: neighbours.foldFolder(fold))
      let older = KeptNeighbours(neighbours: kept.neighbours, training: kept.training)
      try ModelFile.write(older, to: neighbours.foldFolder(fold))
    }
    #expect(message { _ = try ExamPrediction(neighbours, learners: learners()) }.contains("made by an earlier version"))
    let verification = try RunVerification(neighbours, in: synthetic.study, learners: learners())
    #expect(try verification.verify { _ in }.allSatisfy { $0.largestDifference == 0 })
  }
}
