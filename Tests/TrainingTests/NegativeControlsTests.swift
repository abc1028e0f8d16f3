import Foundation
import GRDB
import ROI
import Study
import Support
import Synchronization
import Testing
import Torch

@testable import Experiment
@testable import Training

@Suite(.serialized) struct NegativeControlsTests {
  private let synthetic: SyntheticStudy
  init() throws { synthetic = try SyntheticStudy() }

  private func validation() throws -> CrossValidation {
    try CrossValidation(synthetic.study, protocol: synthetic.settings, options: synthetic.options())
  }

  private func controls(of run: Run) throws -> NegativeControls {
    try NegativeControls(run, in: synthetic.study, options: synthetic.options())
  }

  private func read(_ control: Run.Control, of run: Run) throws -> [Prediction] {
    try PredictionTable.read(run.url.appendingPathComponent(control.predictions))
  }

  @Test func controlsAreMadeInTheRunsFoldsAndAreNoRuns() throws {
    let run = try validation().run { _ in }
    let own = try PredictionTable.read(run.predictionsFile)
    let told = Mutex((titles: [String](), passes: 0))
    try controls(of: run).run(
      progress: { event in
        if case .preparing(let done, let count) = event, done == count { told.withLock { $0.passes += 1 } }
      }, finished: { title, _ in told.withLock { $0.titles.append(title) } })
    let titles = told.withLock { $0.titles }
    #expect(titles.count == 4)
    // Where the images are the run's own, so are the stored features.
    #expect(told.withLock { $0.passes } == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path).count == 3)

    let listed = try run.readJSON([Run.Control].self, from: run.controlsFile)
    #expect(listed.map(\.name) == ["shuffledLabels", "sliceLevelSplit", "backgroundOnly", "roiJitter"])
    #expect(listed.map(\.title) == titles)
    #expect(listed.map(\.predictions) == listed.map { "controls/\($0.name).csv" })
    #expect(listed.map(\.run) == listed.map { "\(run.id)/controls/\($0.name)" })
    let byName = Dictionary(uniqueKeysWithValues: try listed.map { ($0.name, try read($0, of: run)) })
    for (name, predictions) in byName {
      #expect(Set(predictions.map(\.slice)) == Set(own.map(\.slice)) && predictions.count == own.count, "\(name)")
      let known = Dictionary(uniqueKeysWithValues: own.map { ($0.slice, $0) })
      let probabilities = zip(predictions.map { known[$0.slice]?.probability }, predictions.map(\.probability))
      #expect(probabilities.contains { $0 != $1 }, "\(name)")
      if name != "sliceLevelSplit" {
        for prediction in predictions { #expect(known[prediction.slice]?.fold == prediction.fold, "\(name)") }
      }
      if name != "shuffledLabels" {
        for prediction in predictions { #expect(known[prediction.slice]?.label == prediction.label, "\(name)") }
      }
    }
    let shuffled = try ExampleSet(synthetic.study, synthetic.settings).shuffled(by: synthetic.settings.seed)
    #expect(byName["shuffledLabels"]?.allSatisfy { $0.label == shuffled.patients[$0.patient] } == true)
    #expect(byName["shuffledLabels"]?.map(\.label) != own.map(\.label))
    let split = try #require(byName["sliceLevelSplit"])
    let shared = Dictionary(grouping: split, by: \.patient).values.count { Set($0.map(\.fold)).count == 2 }
    #expect(shared > 0)
    let leak = try #require(listed.first { $0.name == "sliceLevelSplit" })
    #expect(leak.title.contains("leaks on purpose"))
    #expect(leak.meaning.contains("THE SPLIT LEAKS") && leak.meaning.contains("\(shared) of 12"))

    // No listing shows a control, no command takes one for a run, and none keeps a network.
    #expect(try synthetic.runs() == [run.id])
    #expect(try Run.open(nil, in: synthetic.study).id == run.id)
    for control in listed {
      let part = try run.part("controls/\(control.name)")
      #expect(throws: StudyError.self) { try Run.open(at: part.url) }
      #expect(throws: StudyError.self) { try Run.open(part.id, in: synthetic.study) }
      for fold in 0..<2 { #expect(!FileManager.default.fileExists(atPath: part.networkFile(fold: fold).path)) }
      #expect(try part.epochs().map(\.fold) == [0, 1])
      let manifest = try part.manifest()
      #expect(manifest.control == control.title)
      #expect(manifest.notes.contains { $0.hasPrefix("This is a negative control") && $0.hasSuffix(control.meaning) })
    }
    // The study's own ROIs are what they were, and alone.
    let files = try FileManager.default.contentsOfDirectory(atPath: synthetic.study.roiFolder.path)
    #expect(try files == [ROISet(synthetic.study).fileName])
    #expect(try PredictionTable.read(run.predictionsFile) == own)
  }

  @Test func interruptedControlsGoOnWithTheSameBits() throws {
    let run = try validation().run { _ in }
    // The third one is cut off in its second fold: a folder stands in the way of its log.
    let part = try run.part("controls/backgroundOnly")
    let log = part.foldFolder(1).appendingPathComponent("log.jsonl")
    let saved = synthetic.study.url.appendingPathComponent("log-saved")
    #expect(throws: StudyError.self) {
      try controls(of: run).run(
        progress: { progress in
          guard case .fitting(let standing) = progress, let job = standing.jobs.first,
            job.title == "Background only, fold 2/2", !FileManager.default.fileExists(atPath: saved.path)
          else { return }
          try? Data().write(to: saved)
          try? FileManager.default.createDirectory(at: log, withIntermediateDirectories: false)
        }, finished: { _, _ in Issue.record("a control was told before all are there") })
    }
    try FileManager.default.removeItem(at: log)
    #expect(!part.isComplete)
    let titles = Mutex([String]())
    try controls(of: run).run(
      progress: { event in
        if case .fitting(let standing) = event { titles.withLock { $0 += standing.jobs.map(\.title) } }
      }, finished: { _, _ in })
    #expect(titles.withLock { $0.first } == "Background only, fold 2/2")
    #expect(titles.withLock { titles in !titles.contains { $0.hasPrefix("Shuffled") } })

    let whole = try validation().run { _ in }
    try controls(of: whole).run(progress: { _ in }, finished: { _, _ in })
    for control in try whole.readJSON([Run.Control].self, from: whole.controlsFile) {
      #expect(try read(control, of: whole) == read(control, of: run), "\(control.name)")
    }
    let parts = try [run, whole].map {
      try FileManager.default.contentsOfDirectory(atPath: $0.part("controls/backgroundOnly").url.path).sorted()
    }
    #expect(parts[0] == parts[1] && !parts[0].contains { $0.hasPrefix("resume") })
  }

  @Test func anotherCohortOrAControlItselfIsRefused() throws {
    let run = try validation().run { _ in }
    var options = try synthetic.options()
    options.shuffleLabelsSeed = 3
    let shuffled = try CrossValidation(synthetic.study, protocol: synthetic.settings, options: options).run { _ in }
    let refusal = #expect(throws: StudyError.self) { try controls(of: shuffled) }
    #expect(refusal?.description.contains("shuffled labels") == true)
    try synthetic.study.write { database in
      try database.execute(sql: "UPDATE lesion SET grade = 5 - grade WHERE id = (SELECT MIN(id) FROM lesion)")
    }
    let difference = #expect(throws: StudyError.self) { try controls(of: run) }
    #expect(difference?.description.contains("cohort") == true)
  }

  @Test func aSplitOfSlicesSharesPatientsAndOneOfPatientsDoesNot() throws {
    let examples = try ExampleSet(synthetic.study, synthetic.settings)
    let patients = Split(examples, by: try Folds(patients: examples.patients, count: 3, seed: 1))
    #expect(patients.sharedPatients(examples).isEmpty)
    try patients.requireDisjoint(examples)
    let slices = Split(leaking: examples.classes, count: 3, seed: 1)
    #expect(!slices.sharedPatients(examples).isEmpty)
    let error = #expect(throws: StudyError.self) { try slices.requireDisjoint(examples) }
    #expect(error?.kind == .folds)
    for fold in 0..<3 {
      // Of 12 slices of each class, four in each fold.
      #expect(slices.heldOut(fold).count { examples.classes[$0] == .high } == 4)
      #expect(slices.heldOut(fold).count == 8)
      #expect(Set(slices.heldOut(fold) + slices.training(fold)) == Set(examples.examples.indices))
      #expect(Set(slices.heldOut(fold)).isDisjoint(with: slices.training(fold)))
    }
    #expect(Split(leaking: examples.classes, count: 3, seed: 2).folds != slices.folds)
  }

  @Test func withoutTumoursNeitherOneNorItsSilhouetteIsLeft() throws {
    let rois = try ROISet(synthetic.study)
    let disc = try rois.tumourDisc()
    #expect(disc.values.contains(false) && disc[16, 16] && !disc[0, 0])
    let blanked = try rois.withoutTumours(in: synthetic.study)
    #expect(blanked.fileName != rois.fileName)
    let whole = pixels(rois)
    let without = pixels(blanked)
    // The ground is at 50 HU, +-30: 0.45 to 0.6 in the window; discs lie at -50 and 150 HU.
    #expect(whole.contains { $0 < 0.4 } && whole.contains { $0 > 0.65 })
    #expect(without.allSatisfy { (0.44...0.61).contains($0) })
    for index in rois.entries.indices {
      let mask = try rois.tumourMask(index)
      #expect(mask.count > 40)
      let (before, after) = (rois.withCrop(index) { Array($0) }, blanked.withCrop(index) { Array($0) })
      // The same disc in all, whatever the tumour's size: what is left outside is as it was.
      #expect(zip(mask.values, disc.values).allSatisfy { !$0 || $1 })
      #expect(after == zip(before, disc.values).map { $1 ? 0.5 : $0 })
      #expect(try blanked.entries[index].contour == rois.entries[index].contour)
    }
    // What the network takes is made of these crops.
    let inputs = NetworkInputs(rois: blanked, size: 32, preprocessing: .imageNet, device: .cpu)
    let found = try inputs.batch([Sample(index: 7, isFlipped: false)]).floats()
    let expected = NetworkInput.values(blanked.withCrop(7) { Array($0) }, boxSize: 32, outputSize: 32)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  private func pixels(_ rois: ROISet) -> [Float] {
    rois.entries.indices.flatMap { index in rois.withCrop(index) { Array($0) } }
  }

  @Test func movedBoxesShowTheSameSliceFromElsewhere() throws {
    let rois = try ROISet(synthetic.study)
    let moved = try rois.shifted(upTo: 4, seed: 1, in: synthetic.study)
    #expect(moved.fileName != rois.fileName)
    #expect(try rois.shifted(upTo: 4, seed: 1, in: synthetic.study).fileName == moved.fileName)
    #expect(try rois.shifted(upTo: 4, seed: 2, in: synthetic.study).fileName != moved.fileName)
    #expect(try rois.shifted(upTo: 0, seed: 1, in: synthetic.study).fileName == rois.fileName)
    // The study's own file is still there.
    #expect(try ROISet(synthetic.study).fileName == rois.fileName)
    var shifts: Set<SIMD2<Int>> = []
    for index in rois.entries.indices {
      let (before, after) = (try rois.entries[index].contour[0].vertices, try moved.entries[index].contour[0].vertices)
      let offset = before[0] - after[0]
      let shift = SIMD2(Int(offset.x.rounded()), Int(offset.y.rounded()))
      #expect(abs(shift.x) <= 4 && abs(shift.y) <= 4)
      for (one, other) in zip(before, after) {
        let difference = one - other - offset
        #expect((difference * difference).sum() < 1e-18)
      }
      let (old, new) = (rois.withCrop(index) { Array($0) }, moved.withCrop(index) { Array($0) })
      for row in max(0, -shift.y)..<min(32, 32 - shift.y) {
        for column in max(0, -shift.x)..<min(32, 32 - shift.x) {
          #expect(new[row * 32 + column] == old[(row + shift.y) * 32 + column + shift.x])
        }
      }
      shifts.insert(shift)
    }
    #expect(shifts.count > 10 && shifts.contains { $0.x < 0 } && shifts.contains { $0.x > 0 })
  }
}
