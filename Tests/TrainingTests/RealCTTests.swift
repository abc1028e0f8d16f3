import Annotation
import Backbones
import DICOM
import Foundation
import Imaging
import Intake
import ROI
import Study
import Support
import TestSupport
import Testing
import Torch

@testable import Experiment
@testable import Training

/// A real CT from files to a trained network: two organs stand for two lesions.
@Suite struct RealCTTests {
  /// Labels of the organs' map.
  private static let organs = ["spleen": 1, "liver": 5]
  private static let slicesPerOrgan = 4

  /// The study, and what its contours were made from.
  private struct OrganStudy {
    /// The labels of each slice's pixels, by SOP instance UID.
    var labels: [String: [Int]] = [:]
    /// The outlines by slice and organ.
    var outlines: [String: [String: OrganOutline]] = [:]
    let study: StudyFolder
    private let temporary: TemporaryFolder

    init() throws {
      let data = try #require(SharedData.root)
      temporary = try TemporaryFolder()
      let folder = temporary.url
      let source = data.appendingPathComponent("real-ct")
      study = try StudyFolder.make(in: folder) { settings in
        settings.annotation.lesionLabels = organs.keys.map { "Lesion \($0)" }.sorted()
        settings.roi.outputSize = 96
        settings.roi.maximumSlicesPerLesion = slicesPerOrgan
        settings.training?.epochs = 1
        settings.training?.batchSize = 2
      }
      let map = try LabelMap(data.appendingPathComponent("real-ct-organs.nii.gz"))
      var contours: [Contour] = []
      for file in try FileManager.default.contentsOfDirectory(at: source, includingPropertiesForKeys: nil) {
        let slice = try #require(try DICOMFile.attributes(of: file).first)
        let labels = try map.labels(on: slice)
        self.labels[slice.sopInstanceUID] = labels
        for (organ, label) in organs {
          let outline = try #require(OrganOutline(of: label, in: labels, columns: slice.columns))
          outlines[slice.sopInstanceUID, default: [:]][organ] = outline
          contours.append(
            Contour(
              annotationID: "A_\(organ)_\(slice.sopInstanceUID)", studyInstanceUID: slice.studyInstanceUID,
              seriesInstanceUID: slice.seriesInstanceUID, sopInstanceUID: slice.sopInstanceUID,
              labelName: "Lesion \(organ)", reader: "U_1", vertices: outline.vertices, width: slice.columns,
              height: slice.rows))
        }
      }
      let export = folder.appendingPathComponent("mdai.json")
      try MDAI.write(contours, to: export)
      let table = folder.appendingPathComponent("pathology.csv")
      try AtomicFile.write("patient,lesion,grade\nreal-ct,spleen,1\nreal-ct,liver,3\n", to: table)

      #expect(try DICOMImport.run(source, into: study).slices == 20)
      #expect(try PathologyImport.run(table, into: study).lesions == 2)
      #expect(try ContourImport.run(export, into: study).contours == 40)
      #expect(try ROIBuild.run(study).rois == 2 * slicesPerOrgan)
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.missing)"))
  func theROIsShowTheOrgans() throws {
    let organs = try OrganStudy()
    #expect(try organs.study.setAside().filter(\.excludes) == [])
    let rois = try ROISet(organs.study)
    #expect(Set(rois.entries.map(\.patient)) == ["real-ct"])
    for (index, entry) in rois.entries.enumerated() {
      #expect(entry.grade.rawValue == (entry.lesion == "spleen" ? 1 : 3))
      let organ = try #require(Self.organs[entry.lesion])
      let labels = try #require(organs.labels[entry.slice])
      let outline = try #require(organs.outlines[entry.slice]?[entry.lesion])
      func isOrgan(_ column: Int, _ row: Int) -> Bool {
        (0..<512).contains(column) && (0..<512).contains(row) && labels[row * 512 + column] == organ
      }
      let centroid = Polygon(vertices: outline.vertices).centroid
      #expect(isOrgan(Int(centroid.x.rounded()), Int(centroid.y.rounded())))

      let contour = try #require(entry.contour.first)
      let origin = outline.vertices[0] - contour.vertices[0]
      #expect(abs(centroid.x - origin.x - 63.5) <= 0.51 && abs(centroid.y - origin.y - 63.5) <= 0.51)
      let mask = contour.mask(columns: 128, rows: 128)
      let inside = mask.values.indices.filter { mask.values[$0] }
      let hits = inside.count { isOrgan(Int(origin.x) + $0 % 128, Int(origin.y) + $0 / 128) }
      #expect(inside.count > 3000)
      #expect(Double(hits) > 0.9 * Double(inside.count))
      // Enhanced parenchyma lies between 20 and 220 HU; fat, bone and air do not.
      let tissue = rois.withCrop(index) { crop in inside.count { crop[$0] > 0.45 && crop[$0] < 0.95 } }
      #expect(Double(tissue) > 0.95 * Double(inside.count))
    }
  }

  static let weights = packageRoot.appendingPathComponent(".deps/weights/efficientnet-lite0-57934424.pth")

  /// In a process of its own, where no other test makes tensors.
  @Test(
    .enabled(if: SharedData.isPresent, "\(SharedData.missing)"),
    .enabled(
      if: FileManager.default.fileExists(atPath: weights.path),
      "needs the published weights that scripts/setup unpacks into .deps/weights"))
  func anEpochTrains() async {
    await #expect(processExitsWith: .success) {
      let organs = try OrganStudy()
      let before = Tensor.liveCount
      let failure = try Self.trainOneEpoch(organs.study)
      guard failure == nil, Tensor.liveCount == before else {
        print(failure ?? "\(Tensor.liveCount) tensors live on, \(before) before")
        exit(1)
      }
    }
  }

  /// What is wrong with an epoch of EfficientNet-Lite0 on every other ROI; nil where nothing is.
  private static func trainOneEpoch(_ study: StudyFolder) throws -> String? {
    let settings = try study.readProtocol()
    let rois = try ROISet(study)
    let network = try Backbone.make("efficientnet-lite0", classes: 2, seed: settings.seed)
    try network.load(Checkpoint.read(weights), replacingHead: true)
    try network.freeze(through: "block3")
    let inputs = NetworkInputs(
      rois: rois, size: settings.roi.outputSize, preprocessing: network.preprocessing, device: .cpu)
    nonisolated(unsafe) let frozen = network
    let compute = { @Sendable (samples: [Sample]) in try frozen.frozenPart(inputs.batch(samples)) }
    let shape = Array(try compute([Sample(index: 0, isFlipped: false)]).shape.dropFirst())
    let features = try FeatureStore(
      in: study.featuresFolder, key: .init { $0.field("rois", rois.fileName) }, roiCount: rois.entries.count,
      withFlips: true,
      shape: shape, dtype: .float32,
      sides: SideBySide(1, of: LibTorch.threadCount, setThreadCount: LibTorch.setThreadCount), compute: compute,
      progress: { _, _ in })
    let trainer = try FoldTrainer(
      network: network, settings: settings.requireTraining(), features: .stored(features),
      examples: ExampleSet(study, settings).classes.enumerated().map {
        TrainingExample(groups: [[$0]], label: $1 == .high ? 1 : 0)
      }, device: .cpu)
    var losses: [Double] = []
    let probabilities = try trainer.train(
      training: [0, 2, 4, 6], heldOut: [1, 3, 5, 7], fold: 0,
      onStep: { _, _, loss in losses.append(try loss() ?? .nan) },
      onEpoch: { losses += [$1.loss, $1.heldOutLoss] })
    guard losses.count == 4, losses.allSatisfy({ $0.isFinite && $0 > 0 }) else { return "the losses are \(losses)" }
    guard probabilities.count == 4, probabilities.allSatisfy({ $0 > 0 && $0 < 1 }), Set(probabilities).count == 4 else {
      return "the probabilities are \(probabilities)"
    }
    return nil
  }
}
