import DICOM
import Foundation
import GRDB
import Imaging
import ROI
import Study
import Support
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import Training

/// An exam by networks that see several slices as the channels of one image, and by all folds of a run at once.
@Suite(.serialized) struct ExamInputsTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func learners(_ synthetic: SyntheticStudy) throws -> LearnerRegistry {
    let options = try synthetic.options().network
    return LearnerRegistry([.network(options), .bag(options), .volume(options)])
  }

  private func run(_ synthetic: SyntheticStudy, _ learner: String, _ inputs: StudyProtocol.Inputs) throws -> Run {
    var settings = synthetic.settings
    settings.inputs = inputs
    settings.model = .init(learner: learner)
    settings.network?.frozenThrough = "layer3"
    return try CrossValidation(synthetic.study, protocol: settings, learners: learners(synthetic)).run { _ in }
  }

  /// The images of one patient, in a folder of their own.
  ///
  /// Series of the named phases go on beyond the outlined slices, as those of a patient do: shorter ones have no phase.
  private func exam(
    of patient: String, in synthetic: SyntheticStudy, phases: [String] = []
  ) throws -> ExamImages {
    let exam = folder.url.appendingPathComponent("\(patient)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: exam, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: synthetic.source.dicom.path)
    where name.hasPrefix("\(patient)-") {
      try FileManager.default.copyItem(
        at: synthetic.source.dicom.appendingPathComponent(name), to: exam.appendingPathComponent(name))
    }
    for phase in phases {
      for slice in 2..<30 {
        var image = CTInstance(
          patientID: patient, studyInstanceUID: DICOMUID.make(from: "exam \(patient)"),
          seriesInstanceUID: SyntheticStudy.series(of: patient, phase),
          sopInstanceUID: DICOMUID.make(from: "\(patient) \(phase) \(slice)"), columns: 48, rows: 48,
          storedValues: (0..<48 * 48).map { Int16(($0 * (slice + 3)) % 97) },
          position: SIMD3(0, 0, Double(slice) * 2.5), pixelSpacing: PixelSpacing(row: 1, column: 1), sliceThickness: 2.5
        )
        image.elements[.seriesDescription] = phase
        try image.write(to: exam.appendingPathComponent("\(phase)-\(slice).dcm"))
      }
    }
    return ExamImages(dicom: exam, contours: synthetic.source.contours)
  }

  private static let phases = ["non contrast", "portal venous"]

  /// Expects of patients whom a fold held out the run's own predictions.
  private func expectTheRunsPredictions(_ run: Run, _ synthetic: SyntheticStudy, phases: [String] = []) throws {
    let predictions = try PredictionTable.read(run.predictionsFile)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    for patient in ["P10", "P21"] {
      let fold = try #require(folds.fold(of: patient))
      let found = try ExamPrediction(run, learners: learners(synthetic), folds: [fold]).scores(
        exam(of: patient, in: synthetic, phases: phases))
      let expected = predictions.filter { $0.patient == patient }
      #expect(!expected.isEmpty && found.examples.map(\.slice) == expected.map(\.slice))
      for (example, prediction) in zip(found.examples, expected) {
        #expect(abs(example.probabilities[0] - prediction.probability) <= 1e-6, "\(patient)")
      }
    }
  }

  // Volumes and bags are predicted by the same code.
  private static let kinds: [(StudyProtocol.ExampleKind, String)] = [(.slice, "network"), (.bag, "bag")]

  /// 2.5D: an exam's neighbouring slices are cut as those of a study are.
  @Test(arguments: kinds) func neighboursOfAnExamAreItsChannels(kind: StudyProtocol.ExampleKind, learner: String) throws
  {
    let synthetic = try SyntheticStudy()
    let inputs = StudyProtocol.Inputs(examples: kind, phases: [], neighbours: 1)
    var own = synthetic.settings
    own.inputs.neighbours = 1
    try AtomicFile.write(own.yaml, to: synthetic.study.protocolFile)
    _ = try ROIBuild.run(synthetic.study)
    let run = try run(synthetic, learner, inputs)
    try expectTheRunsPredictions(run, synthetic)
  }

  /// A study in which each patient has two slices before contrast and two in the portal venous phase.
  private func ofTwoPhases() throws -> SyntheticStudy {
    let synthetic = try SyntheticStudy(phases: Self.phases)
    try synthetic.study.write { database in
      try database.execute(sql: "DELETE FROM seriesPhase")
      for patient in 10..<22 {
        for (description, phase) in zip(Self.phases, [Phase.nonContrast, .portalVenous]) {
          try database.execute(
            sql: """
              INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
              SELECT id, ?, 1, TRUE, '[]' FROM series WHERE seriesInstanceUID = ?
              """, arguments: [phase.rawValue, SyntheticStudy.series(of: "P\(patient)", description)])
        }
      }
    }
    _ = try ROIBuild.run(synthetic.study)
    return synthetic
  }

  /// Early fusion: an exam's phases are determined, and matched as those of a study are.
  @Test(arguments: kinds) func phasesOfAnExamAreItsChannels(kind: StudyProtocol.ExampleKind, learner: String) throws {
    let synthetic = try ofTwoPhases()
    let run = try run(
      synthetic, learner, .init(examples: kind, phases: [.nonContrast, .portalVenous], fusion: .early))
    #expect(try PredictionTable.read(run.predictionsFile).count == (kind == .slice ? 24 : 12))
    try expectTheRunsPredictions(run, synthetic, phases: Self.phases)
  }

  /// Frozen stages that the folds share are run once, and give each fold what it gives alone.
  @Test(arguments: [(.bag, "bag"), (.volume, "volume")] as [(StudyProtocol.ExampleKind, String)])
  func foldsShareTheirFrozenStages(kind: StudyProtocol.ExampleKind, learner: String) throws {
    let synthetic = try SyntheticStudy()
    let run = try run(synthetic, learner, .init(examples: kind, phases: []))
    let settings = try StudyProtocol(contentsOf: run.protocolFile)
    let set = SomeExamples(set: try ExampleSet(synthetic.study, settings))
    let network = try run.manifest().learner.network
    func probabilities(_ folds: [Int]) throws -> [[Double]] {
      let folders = ModelFolders(run, folds: folds, settings, network)
      return try FormModels(folders, NetworkForm(settings), usesGPU: false).probabilities(of: set)
    }
    let (both, alone) = try (probabilities([0, 1]), [0, 1].map { try probabilities([$0])[0] })
    #expect(both == alone && both[0].count == 12 && both[0] != both[1])
  }

  /// Examples that are there already.
  private struct SomeExamples: PredictedExamples {
    let set: ExampleSet
    func examples(_ settings: StudyProtocol) throws -> ExampleSet { set }
    func remark(_ sentences: [String]) {}
  }

  @Test func outputsOfBatchesAreKept() throws {
    var computed: [[Int]] = []
    let source = FeatureSource.computed { samples in
      computed.append(samples.map(\.index))
      return try Tensor(samples.map { Float($0.index) }, shape: [samples.count])
    }
    guard case .computed(let kept) = source.kept else {
      Issue.record("what is computed is not computed any more")
      return
    }
    let batches = [[0, 1], [2], [0, 1], [1, 0], [2]]
    for batch in batches {
      let output = try kept(batch.map { Sample(index: $0, isFlipped: false) })
      #expect(try output.floats() == batch.map(Float.init))
    }
    #expect(computed == [[0, 1], [2], [1, 0]])
    #expect(try kept([Sample(index: 2, isFlipped: true)]).floats() == [2])
    #expect(computed.count == 4)
  }
}
