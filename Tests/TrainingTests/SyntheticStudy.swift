import Annotation
import Backbones
import DICOM
import Foundation
import Imaging
import Intake
import ROI
import Study
import Support
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import Training

/// The root of the package.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The demo's protocol.
func demoProtocol() throws -> StudyProtocol {
  try StudyProtocol(contentsOf: packageRoot.appendingPathComponent("Protocols/demo.yaml"))
}

extension StudyFolder {
  /// A study in `folder` by the demo's protocol with some changes.
  static func make(in folder: URL, _ change: (inout StudyProtocol) -> Void) throws -> StudyFolder {
    var settings = try demoProtocol()
    change(&settings)
    let file = folder.appendingPathComponent("test-protocol.yaml")
    try AtomicFile.write(try settings.yaml, to: file)
    return try StudyFolder.create(at: folder.appendingPathComponent("study"), protocolSource: file)
  }
}

/// Twelve made-up patients of two small slices each, whose discs are bright in high grade and dark in low grade.
struct SyntheticStudy {
  let study: StudyFolder
  /// The study's protocol: ResNet-18, boxes of 32 pixels.
  let settings: StudyProtocol
  private let folder: TemporaryFolder

  /// The UID of a patient's series.
  static func series(of patient: String, _ description: String? = nil) -> String {
    DICOMUID.make(from: "series \(patient)" + (description.map { " \($0)" } ?? ""))
  }

  /// Makes the study up to its ROIs; where `twins`, the first two patients, both of low grade, have the very same pixels.
  ///
  /// With `phases`, descriptions of series, each patient has that many series of two slices.
  init(twins: Bool = false, phases: [String] = []) throws {
    folder = try TemporaryFolder()
    study = try StudyFolder.make(in: folder.url) { settings in
      settings.roi.boxSize = 32
      settings.roi.outputSize = 40
      settings.folds.count = 2
      settings.network?.backbone = "resnet18"
      settings.network?.frozenThrough = "layer4"
      settings.network?.substitute = nil
      settings.training?.epochs = 1
      settings.training?.batchSize = 8
      settings.training?.highGradeWeight = 1.5
    }
    settings = try study.readProtocol()
    let source = folder.url.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    var contours: [Contour] = []
    var table = "patient,lesion,grade,size_mm,sex\n"
    for patient in 0..<12 {
      let id = "P\(10 + patient)"
      let isHigh = patient >= 6
      let values = Self.values(of: id)
      let grade = isHigh ? 3 + patient % 2 : 1 + patient % 2
      table += "\(id),1,\(grade),\(values["size_mm"] ?? ""),\(values["sex"] ?? "")\n"
      for slice in 0..<2 * max(1, phases.count) {
        var generator = DeterministicGenerator(
          seed: UInt64(twins && patient < 2 ? 0 : patient), stream: UInt64(slice))
        let centre = SIMD2(
          Double(Int.random(in: 18...29, using: &generator)), Double(Int.random(in: 18...29, using: &generator)))
        let radius = Double.random(in: 4...8, using: &generator)
        let values = (0..<48 * 48).map { index in
          let offset = SIMD2(Double(index % 48), Double(index / 48)) - centre
          let isInside = (offset * offset).sum() < radius * radius
          return Int16((isInside ? (isHigh ? 150 : -50) : 50) + .random(in: -30...30, using: &generator))
        }
        let uid = DICOMUID.make(from: "\(id) \(slice)")
        let phase = phases.isEmpty ? nil : phases[slice / 2]
        let (exam, series) = (DICOMUID.make(from: "exam \(id)"), Self.series(of: id, phase))
        var image = CTInstance(
          patientID: id, studyInstanceUID: exam, seriesInstanceUID: series, sopInstanceUID: uid, columns: 48, rows: 48,
          storedValues: values, position: SIMD3(0, 0, Double(slice % 2) * 2.5),
          pixelSpacing: PixelSpacing(row: 1, column: 1),
          sliceThickness: 2.5)
        image.elements[.seriesDescription] = phase
        try image.write(to: source.appendingPathComponent("\(id)-\(slice).dcm"))
        contours.append(
          Contour(
            annotationID: uid, studyInstanceUID: exam, seriesInstanceUID: series, sopInstanceUID: uid,
            labelName: "Tumor",
            reader: "U_1",
            vertices: [[-1, -1], [1, -1], [1, 1], [-1, 1]].map { (corner: SIMD2<Double>) in centre + corner * radius },
            width: 48, height: 48))
      }
    }
    _ = try DICOMImport.run(source, into: study)
    let pathology = folder.url.appendingPathComponent("pathology.csv")
    try AtomicFile.write(table, to: pathology)
    _ = try PathologyImport.run(pathology, into: study)
    let export = folder.url.appendingPathComponent("mdai.json")
    try MDAI.write(contours, to: export)
    _ = try ContourImport.run(export, into: study)
    let summary = try ROIBuild.run(study)
    try #require(summary.rois == 24 * max(1, phases.count) && summary.patients == 12)
  }

  /// What the pathology table states of a patient, by column.
  static func values(of patient: String) -> [String: String] {
    let number = (Int(patient.dropFirst()) ?? 0) - 10
    return ["size_mm": "\(25 + 7 * (number * 5 % 12)).5", "sex": number % 3 == 0 ? "female" : "male"]
  }

  /// The folder with the patients' images, and the file with their outlines.
  var source: (dicom: URL, contours: URL) {
    (folder.url.appendingPathComponent("source"), folder.url.appendingPathComponent("mdai.json"))
  }

  /// A store of weights that has none.
  var noWeights: WeightsStore { WeightsStore(cache: folder.url.appendingPathComponent("no-weights")) }

  /// Weights for ResNet-18, in place of ImageNet's; such features do for classes as plain as these.
  static let weights = Result {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("resnet18.safetensors")
    try SafeTensors.write(Backbone.make("resnet18", classes: 1000, seed: 3).state, to: file)
    return (folder: folder, file: file)
  }

  /// Options with those weights.
  func options() throws -> ExperimentOptions {
    try .init(weightsFile: Self.weights.get().file, store: noWeights)
  }

  /// Has `run`, a cross-validation, fail where the log of a fold, from 0, cannot be written in an epoch, as on a disk that fails.
  ///
  /// `run` tells of its progress; `before` are the runs that there were already. The log is mended afterwards, and returned.
  @discardableResult
  func interrupting(
    fold: Int, epoch: Int, before: Set<String>, sourceLocation: SourceLocation = #_sourceLocation,
    _ run: (@escaping @Sendable (ExperimentProgress) -> Void) throws -> Void
  ) throws -> URL {
    let place = Mutex<(log: URL, saved: URL)?>(nil)
    #expect(throws: StudyError.self, sourceLocation: sourceLocation) {
      try run { progress in
        guard case .fitting(let standing) = progress, let step = standing.jobs.first, step.fold == fold,
          step.epoch == epoch, place.withLock({ $0 == nil }), let name = try? Set(runs()).subtracting(before).first
        else { return }
        let log = study.runsFolder.appendingPathComponent("\(name)/folds/fold-\(fold + 1)/log.jsonl")
        let saved = study.url.appendingPathComponent("log-saved")
        // A folder in the log's place stands for the disk.
        try? FileManager.default.moveItem(at: log, to: saved)
        try? FileManager.default.createDirectory(at: log, withIntermediateDirectories: false)
        place.withLock { $0 = (log, saved) }
      }
    }
    let (log, saved) = try #require(place.withLock { $0 }, sourceLocation: sourceLocation)
    try FileManager.default.removeItem(at: log)
    try FileManager.default.moveItem(at: saved, to: log)
    return log
  }

  /// The names of the runs' folders.
  func runs() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: study.runsFolder.path) }
}

/// What an experiment's learners are made with, and how it is controlled.
struct ExperimentOptions {
  var network: NetworkLearner.Options
  var shuffleLabelsSeed: UInt64?

  init(weightsFile: URL? = nil, store: WeightsStore) {
    network = NetworkLearner.Options(weightsFile: weightsFile, store: store)
  }

  var featureBudget: Int {
    get { network.featureBudget }
    set { network.featureBudget = newValue }
  }

  var learners: LearnerRegistry { LearnerRegistry([.network(network), .logisticRegression]) }
}

extension CrossValidation {
  typealias Options = ExperimentOptions

  init(_ study: StudyFolder, protocol settings: StudyProtocol, options: ExperimentOptions) throws {
    try self.init(study, protocol: settings, learners: options.learners, shuffledBy: options.shuffleLabelsSeed)
  }

  var key: String { get throws { try key(LibTorch.threadCount) } }
}

extension NegativeControls {
  init(_ run: Run, in study: StudyFolder, options: ExperimentOptions) throws {
    try self.init(run, in: study, learners: options.learners)
  }
}

/// The share of pairs of a positive and a negative case that the scores put in order; a tie counts half.
func areaUnderCurve(_ scores: [Double], _ isPositive: [Bool]) -> Double {
  let positives = zip(scores, isPositive).filter(\.1).map(\.0)
  let negatives = zip(scores, isPositive).filter { !$0.1 }.map(\.0)
  let wins = positives.flatMap { positive in negatives.map { positive > $0 ? 1 : positive == $0 ? 0.5 : 0 } }
  return wins.reduce(0, +) / Double(wins.count)
}
