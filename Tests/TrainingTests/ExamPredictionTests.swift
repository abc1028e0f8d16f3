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

@Suite(.serialized) struct ExamPredictionTests {
  private let synthetic: SyntheticStudy
  private let run: Run
  private let folder: TemporaryFolder

  init() throws {
    synthetic = try SyntheticStudy()
    var settings = synthetic.settings
    settings.network?.frozenThrough = "layer2"
    run = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { _ in }
    folder = try TemporaryFolder()
  }

  private var source: URL { synthetic.study.url.deletingLastPathComponent().appendingPathComponent("source") }
  private var contours: URL { synthetic.study.url.deletingLastPathComponent().appendingPathComponent("mdai.json") }
  private func checkpoint(_ fold: Int) -> URL {
    run.networkFile(fold: fold)
  }

  /// The files of some of the study's patients in a folder of their own.
  private func exam(of patients: String...) throws -> URL {
    let exam = folder.url.appendingPathComponent(patients.joined(separator: "-"))
    try FileManager.default.createDirectory(at: exam, withIntermediateDirectories: true)
    for patient in patients {
      for slice in 0..<2 {
        let name = "\(patient)-\(slice).dcm"
        try FileManager.default.copyItem(
          at: source.appendingPathComponent(name), to: exam.appendingPathComponent(name))
      }
    }
    return exam
  }

  /// An exam that the run does not know: two lesions, one of three slices and one of two.
  private func newExam(frames: Int = 5) throws -> (dicom: URL, contours: URL, slices: [String]) {
    let exam = folder.url.appendingPathComponent("new")
    try FileManager.default.createDirectory(at: exam, withIntermediateDirectories: true)
    var contours: [Contour] = []
    for slice in 0..<frames {
      let values = (0..<48 * 48).map { Int16(($0 * (slice + 3)) % 200 - 50) }
      let uid = DICOMUID.make(from: "new \(slice)")
      let image = CTInstance(
        patientID: "X1", studyInstanceUID: DICOMUID.make(from: "new exam"),
        seriesInstanceUID: DICOMUID.make(from: "new series"), sopInstanceUID: uid, columns: 48, rows: 48,
        storedValues: values, position: SIMD3(0, 0, Double(slice) * 2.5), pixelSpacing: PixelSpacing(row: 1, column: 1),
        sliceThickness: 2.5)
      // The files' names run against the slices' positions.
      try image.write(to: exam.appendingPathComponent("\(9 - slice).dcm"))
      contours.append(
        Contour(
          annotationID: uid, studyInstanceUID: DICOMUID.make(from: "new exam"),
          seriesInstanceUID: DICOMUID.make(from: "new series"), sopInstanceUID: uid,
          labelName: slice < 3 ? "Tumor 1" : "Tumor 2", reader: "U_1",
          vertices: [[18, 18], [30, 18], [30, 28], [18, 28]], width: 48, height: 48))
    }
    let export = folder.url.appendingPathComponent("new.json")
    try MDAI.write(contours.reversed(), to: export)
    return (exam, export, contours.map(\.sopInstanceUID))
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

  @Test func aHeldOutPatientIsPredictedAsCrossValidationDid() throws {
    let predictions = try PredictionTable.read(run.predictionsFile)
    let folds = try run.readJSON(Folds.self, from: run.foldsFile)
    for patient in ["P10", "P13", "P18", "P21"] {
      let fold = try #require(folds.fold(of: patient))
      let scores = try ExamPrediction(run, folds: [fold]).scores(dicom: exam(of: patient), contours: contours)
      let expected = predictions.filter { $0.patient == patient }
      #expect(scores.examples.map(\.slice) == expected.map(\.slice))
      #expect(scores.examples.map(\.number) == [1, 2])
      #expect(scores.notes.count == 1 && scores.notes[0].contains("fold \(fold + 1) has not seen it"))
      for (slice, prediction) in zip(scores.examples, expected) {
        #expect(abs(slice.probabilities[0] - prediction.probability) < 1e-6)
      }
    }
  }

  @Test func everyNetworkSaysWhatItSaysAlone() throws {
    let new = try newExam()
    let all = try ExamPrediction(run).scores(dicom: new.dicom, contours: new.contours)
    #expect(all.folds == [0, 1] && all.notes.isEmpty)
    #expect(all.examples.map(\.slice) == new.slices)
    #expect(all.examples.map(\.number) == [1, 2, 3, 4, 5])
    #expect(all.examples.map(\.lesion) == ["Tumor 1", "Tumor 1", "Tumor 1", "Tumor 2", "Tumor 2"])
    for fold in 0..<2 {
      let alone = try ExamPrediction(run, folds: [fold]).scores(dicom: new.dicom, contours: new.contours)
      #expect(alone.examples.map { $0.probabilities[0] } == all.examples.map { $0.probabilities[fold] })
    }
    #expect(all.examples[0].probabilities[0] != all.examples[0].probabilities[1])
  }

  @Test func networksWhoseFrozenStagesDifferAreRunWhole() throws {
    let (state, metadata) = try SafeTensors.read(checkpoint(1))
    let changed = try #require(state["layer1.0.conv1.weight"])
    try changed.scale(by: -1)
    try SafeTensors.write(state, metadata: metadata, to: checkpoint(1))
    let new = try newExam()
    let prediction = try ExamPrediction(run)
    let scores = try prediction.scores(dicom: new.dicom, contours: new.contours)

    let crops = try ExamStudy.read(dicom: new.dicom, contours: new.contours, protocol: prediction.settings) { exam in
      let rois = try ROISet(exam)
      return rois.entries.indices.map { rois.withCrop($0) { Array($0) } }
    }
    for fold in 0..<2 {
      let network = try Backbone.make("resnet18", classes: 2, seed: 1)
      try network.load(SafeTensors.read(checkpoint(fold)).tensors, replacingHead: false)
      let images = try network.preprocessing.prepared(
        Tensor(Array(crops.joined()), shape: [crops.count, 1, 32, 32]), size: 40)
      let expected = try withoutGradient { () throws(TorchError) in
        try network(images, training: false).softmax(1).narrowed(1, start: 1, length: 1).floats()
      }
      for (slice, probability) in zip(scores.examples, expected) {
        #expect(abs(slice.probabilities[fold] - Double(probability)) < 1e-5)
      }
    }
  }

  @Test func bfloat16AndSlicesChosenAsTheProtocolSays() throws {
    let text = try String(contentsOf: run.protocolFile, encoding: .utf8)
      .replacing("precision: float32", with: "precision: bfloat16")
      .replacing(/maximumSlicesPerLesion: \w+/, with: "maximumSlicesPerLesion: 1")
    let new = try newExam()
    let exact = try ExamPrediction(run).scores(dicom: new.dicom, contours: new.contours)
    try Data(text.utf8).write(to: run.protocolFile)
    let scores = try ExamPrediction(run).scores(dicom: new.dicom, contours: new.contours)
    #expect(scores.examples.map(\.slice) == [new.slices[1], new.slices[4]])
    for (slice, other) in zip(scores.examples, [exact.examples[1], exact.examples[4]]) {
      for (one, two) in zip(slice.probabilities, other.probabilities) {
        #expect(one != two && abs(one - two) < 0.05)
      }
    }
  }

  @Test func aPatientOfTheRunIsRefused() throws {
    let fold = try #require(run.readJSON(Folds.self, from: run.foldsFile).fold(of: "P12"))
    let exam = try exam(of: "P12")
    for folds in [nil, [1 - fold], [0, 1]] {
      let text = message { _ = try ExamPrediction(run, folds: folds).scores(dicom: exam, contours: contours) }
      #expect(text.contains("was trained on this patient") && text.contains("--folds \(fold + 1)"))
      #expect(!text.contains("P12"))
    }
  }

  /// In a study that keeps no patient's ID, a patient is known again by exam and pixels, whatever UIDs the slices have.
  @Test func aPatientIsKnownByExamAndImages() throws {
    let text = try String(contentsOf: run.protocolFile, encoding: .utf8)
      .replacing("patientIDs: codes", with: "patientIDs: identifiers")
    try #require(text.contains("patientIDs: identifiers"))
    try Data(text.utf8).write(to: run.protocolFile)
    let prediction = try ExamPrediction(run)
    let new = try newExam()
    #expect(
      try prediction.scores(dicom: new.dicom, contours: new.contours).notes.contains { $0.contains("exams and images") }
    )
    var known = try run.readJSON(RunFingerprints.self, from: run.fingerprintsFile)
    #expect(known.patients.count == 12 && known.patients.values.allSatisfy { $0.count == 3 })
    let (uid, hash) = try ExamStudy.read(
      dicom: new.dicom, contours: new.contours, protocol: prediction.settings
    ) { ($0.studyInstanceUID, try ROISet($0).entries[4].pixelHash) }
    for (exam, pixelHash) in [(uid, "other"), ("other", hash)] {
      let before = known
      known.add("P12", exam: exam, pixelHash: pixelHash)
      try AtomicFile.writeJSON(known, to: run.fingerprintsFile)
      let said = message { _ = try ExamPrediction(run).scores(dicom: new.dicom, contours: new.contours) }
      #expect(said.contains("was trained on this patient") && !said.contains("P12"))
      known = before
    }
  }

  @Test func whatIsWrongWithTheRunIsSaid() throws {
    #expect(message { _ = try ExamPrediction(run, folds: [2]) }.contains("folds 1 to 2"))
    #expect(message { _ = try Run.open(at: folder.url) }.contains("is not a run"))

    let whole = try Data(contentsOf: checkpoint(1))
    try whole.prefix(whole.count - 100).write(to: checkpoint(1))
    #expect(message { _ = try ExamPrediction(run) }.contains("damaged"))
    try FileManager.default.removeItem(at: checkpoint(1))
    #expect(message { _ = try ExamPrediction(run) }.contains("no checkpoint of fold 2"))
    #expect(throws: Never.self) { try ExamPrediction(run, folds: [0]) }
    try FileManager.default.copyItem(at: checkpoint(0), to: checkpoint(1))
    #expect(message { _ = try ExamPrediction(run) }.contains("does not fit: expected resnet18, fold 2"))

    var (state, metadata) = try SafeTensors.read(checkpoint(0))
    metadata["fold"] = "1"
    state["fc.weight"] = try .zeros([3, 512])
    try SafeTensors.write(state, metadata: metadata, to: checkpoint(1))
    let new = try newExam()
    let misshapen = message { _ = try ExamPrediction(run).scores(dicom: new.dicom, contours: new.contours) }
    #expect(misshapen.contains("fc.weight: expected shape [2, 512], found [3, 512]"))

    try Data("name: lost\n".utf8).write(to: run.protocolFile)
    #expect(throws: StudyError.self) { try ExamPrediction(run) }
    let manifest = try String(contentsOf: run.manifestFile, encoding: .utf8)
      .replacing("\"\(renalGradeVersion)\"", with: "\"0.0.9\"")
    try Data(manifest.utf8).write(to: run.manifestFile)
    #expect(message { _ = try ExamPrediction(run) }.contains("made by RenalGrade 0.0.9"))
    try FileManager.default.removeItem(at: run.predictionsFile)
    #expect(message { _ = try Run.open(at: run.url) }.contains("not finished"))
  }

  @Test func whatIsWrongWithTheExamIsSaid() throws {
    let prediction = try ExamPrediction(run)
    let new = try newExam()
    func message(_ dicom: URL, _ contours: URL) -> String {
      self.message { _ = try prediction.scores(dicom: dicom, contours: contours) }
    }
    let empty = folder.url.appendingPathComponent("empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    #expect(message(empty, new.contours).contains("no readable CT slice"))
    #expect(message(new.dicom, contours).contains("none of the 24 outlines"))
    #expect(try message(exam(of: "P10", "P11"), contours).contains("2 exams"))
    #expect(message(new.dicom, empty.appendingPathComponent("absent.json")).contains("absent.json"))

    var export = try MDAI.read(new.contours, lesionLabels: []).contours
    let file = folder.url.appendingPathComponent("changed.json")
    for index in export.indices { export[index].labelName = "Kidney" }
    try MDAI.write(export, to: file)
    #expect(message(new.dicom, file).contains("annotation.lesionLabels"))

    // One bad outline costs the exam, as it costs a study the patient.
    export = try MDAI.read(new.contours, lesionLabels: []).contours
    export[0].vertices = [[1, 1], [90, 1], [90, 90]]
    try MDAI.write(export, to: file)
    #expect(message(new.dicom, file).contains("extends beyond the image"))
    // One bad file as well, if an outline lies on it; else it is said.
    let damaged = new.dicom.appendingPathComponent("5.dcm")
    let bytes = try Data(contentsOf: damaged)
    try bytes.prefix(bytes.count - 50).write(to: damaged)
    #expect(message(new.dicom, new.contours).contains("its slice is not in the study"))
    try MDAI.write(MDAI.read(new.contours, lesionLabels: []).contours.dropFirst().map { $0 }, to: file)
    let scores = try prediction.scores(dicom: new.dicom, contours: file)
    #expect(scores.examples.map(\.slice) == Array(new.slices.dropLast()))
    #expect(scores.notes.contains { $0.hasPrefix("1 file in the folder cannot be read as CT") })
  }
}

extension ExamPrediction {
  /// With the learner `network` alone, and no published weights at hand.
  init(_ run: Run, folds: [Int]? = nil) throws {
    let store = WeightsStore(cache: run.url.appendingPathComponent("no-weights"))
    try self.init(run, learners: LearnerRegistry([.network(.init(store: store))]), folds: folds)
  }

  func scores(dicom: URL, contours: URL) throws -> ExamScores {
    try scores(ExamImages(dicom: dicom, contours: contours))
  }
}
