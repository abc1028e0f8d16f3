import Foundation
import ROI
import Study
import TestSupport
import Testing
import Support

@testable import Experiment

/// What RenalGrade 0.1 wrote is read as what it was.
@Suite struct OlderVersionsTests {
  private let older: OlderStudy
  init() throws { older = try OlderStudy() }

  @Test func aProtocolWithoutAVersionLearnsFromSlicesByANetwork() throws {
    let text = try String(contentsOf: older.url.appendingPathComponent("protocol.yaml"), encoding: .utf8)
    for key in ["version:", "inputs:", "model:"] { #expect(!text.contains("\n\(key)")) }
    let settings = try older.study.readProtocol()
    #expect(settings.version == 2 && settings.inputs == .init(examples: .slice, phases: []))
    #expect(settings.model == .init(learner: "network", settings: nil))
    #expect(settings.network?.backbone == "resnet18" && settings.training?.batchSize == 8)
    // Written anew it states its version, and is the same.
    let written = try settings.yaml
    #expect(written.hasPrefix("version: 2\n"))
    #expect(try StudyProtocol(yaml: written, name: "again") == settings)
  }

  @Test func itsROIsAreThoseOfTheStudy() throws {
    let rois = try ROISet(older.study)
    #expect(rois.entries.count == 12 && rois.boxSize == 16)
    #expect(rois.entries.allSatisfy { $0.reader == rois.entries[0].reader && !$0.reader.isEmpty })
    // Whether they are still current is told from the same things as before.
    try older.study.write { database in
      try database.execute(sql: "UPDATE contour SET reader = 'another' WHERE id = 1")
    }
    #expect(throws: StudyError.self) { try ROISet(older.study) }
  }

  @Test func itsRunsStateWhatTheyStated() throws {
    let manifest = try older.run("demo-batch8").manifest()
    #expect(manifest.program == "0.1.0" && manifest.synthetic && manifest.notes.isEmpty && !manifest.isResumed)
    #expect(manifest.counts == .init(patients: 12, highGrade: 6, lesions: 12, examples: 12))
    #expect(manifest.learner.learner == "network" && manifest.examples == .slice)
    let network = try #require(manifest.learner.network)
    #expect(network.backbone == "resnet18" && network.weights == nil && network.frozenThrough == nil)
    #expect(network.trainedParameters == 11_177_538)
    #expect(manifest.seeds == .init(folds: 1, training: 1) && manifest.shuffledBy == nil && manifest.choices == nil)
    let hardware = try #require(manifest.hardware)
    #expect(hardware.device == "cpu" && hardware.threads == 1 && hardware.capability != nil)
    #expect(hardware.libtorch == "2.15.0" && hardware.gpu == nil)
    #expect(manifest.cohort?.count == 64 && manifest.rois?.hasPrefix("crops-") == true)
    // The facts that a report shows have the names and the texts that they had.
    struct Former: Decodable {
      struct Fact: Decodable {
        let name: String
        let value: String
      }
      let facts: [Fact]
    }
    let former = try JSONDecoder().decode(Former.self, from: Data(contentsOf: older.run("demo-batch8").manifestFile))
    #expect(manifest.facts.map(\.name) == former.facts.map(\.name))
    #expect(manifest.facts.map(\.value) == former.facts.map(\.value))

    let nested = try older.run("demo-nested")
    #expect(try nested.manifest().choices == ["batch size 8", "batch size 8", "batch size 4"])
    #expect(try nested.readJSON(Run.NestedChoice.self, from: nested.nestedFile).choices.count == 3)
    let control = try older.run("demo-batch8").part("controls/shuffledLabels").manifest()
    #expect(control.control == "Shuffled labels")
  }

  @Test func aRunOfALaterVersionIsRefused() throws {
    let run = try older.run("demo-batch8")
    try AtomicFile.write(#"{"version": 3}"#, to: run.manifestFile)
    let error = #expect(throws: StudyError.self) { try run.manifest() }
    #expect(error?.description.contains("version 3, expected 1 to 2") == true)
    try AtomicFile.write("{", to: run.manifestFile)
    #expect(throws: StudyError.self) { try run.manifest() }
  }

  @Test func itsExperimentIsTheStudysOwn() throws {
    let run = try older.run("demo-batch8")
    let study = try older.study
    let examples = try ExampleSet(study, study.readProtocol())
    let folds = try Folds(patients: examples.patients, count: 3, seed: 1)
    #expect(try folds == run.readJSON(Folds.self, from: run.foldsFile))
    #expect(try run.manifest().cohort == examples.hash(Split(examples, by: folds)))
    #expect(try run.epochs().map(\.fold) == [0, 1, 2])
    #expect(try run.identity().difference(from: run.identity()) == nil)
    #expect(try run.identity().settings.model == .init())
  }

  @Test func itsNetworksAreFoundWhereTheyWere() throws {
    let run = try older.run("demo-batch8")
    try FileManager.default.createDirectory(
      at: run.url.appendingPathComponent("checkpoints"), withIntermediateDirectories: false)
    let former = run.url.appendingPathComponent("checkpoints/fold-2.safetensors")
    try Data([1]).write(to: former)
    #expect(run.networkFile(fold: 1).path == former.path)
    #expect(run.networkFile(fold: 0).path.hasSuffix("folds/fold-1/model.safetensors"))
  }

  @Test func itGetsItsBaselines() throws {
    let run = try older.run("demo-batch8")
    #expect(!FileManager.default.fileExists(atPath: run.baselinesFile.path))
    try Baselines.write(for: run)
    let baselines = try run.readJSON([Run.Baseline].self, from: run.baselinesFile)
    #expect(baselines.map(\.name) == ["size", "clinical"] && baselines.allSatisfy { $0.note == nil })
    let predictions = try PredictionTable.read(run.predictionsFile)
    #expect(baselines.map(\.method) == [.asItStands, .crossFitted] && baselines[0].predictions == nil)
    for baseline in baselines.dropFirst() {
      let file = try run.file(try #require(baseline.predictions), namedBy: "baselines.json")
      let found = try PredictionTable.read(file)
      #expect(Set(found.map(\.patient)) == Set(predictions.map(\.patient)))
      let folds = try run.readJSON(Folds.self, from: run.foldsFile)
      for one in found { #expect(folds.fold(of: one.patient) == one.fold && (0...1).contains(one.probability)) }
    }
    // They are made once.
    let before = try Data(contentsOf: run.baselinesFile)
    try Baselines.write(for: run)
    #expect(try Data(contentsOf: run.baselinesFile) == before)
    // A version that fitted a regression to the size alone left no method: such baselines are made anew.
    var older = baselines
    older[0].method = nil
    older[0].predictions = "baselines/size.csv"
    try AtomicFile.writeJSON(older, to: run.baselinesFile)
    try Baselines.write(for: run)
    #expect(try run.readJSON([Run.Baseline].self, from: run.baselinesFile) == baselines)
  }
}
