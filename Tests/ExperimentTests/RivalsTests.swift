import Foundation
import Study
import Support
import Synchronization
import Testing

@testable import Experiment

/// Rivals by learners that are no networks, in a study of twelve patients and three folds.
@Suite(.serialized) struct RivalsTests {
  private let older: OlderStudy
  private let study: StudyFolder
  private let own: StudyProtocol

  init() throws {
    older = try OlderStudy()
    study = try older.study
    own = try study.readProtocol()
  }

  private func rival(_ name: String, _ learner: String = "counting") -> StudyProtocol {
    var settings = own
    settings.name = name
    settings.model = .init(learner: learner)
    return settings
  }

  private func registry(_ learner: CountingLearner) -> LearnerRegistry {
    LearnerRegistry(learner.registry.kinds + [.logisticRegression])
  }

  private func rivals(_ protocols: [StudyProtocol], _ learner: CountingLearner) throws -> Rivals {
    try Rivals(study, protocol: own, rivals: protocols, learners: registry(learner))
  }

  @Test func theyShareFoldsAndOneThatCannotBeMadeCostsItself() throws {
    let learner = CountingLearner(own)
    var foreign = rival("second")
    // The folds, patients and evaluation are the study's, whatever the rival's file says.
    foreign.folds.count = 7
    foreign.folds.seed = 99
    foreign.evaluation.threshold = 0.9
    let rivals = try rivals([rival("first"), rival("third", "missing"), foreign], learner)
    #expect(rivals.notes.contains { $0.hasPrefix("third cannot be fitted: ") && $0.contains("missing") })
    let finished = Mutex([String]())
    let found = try rivals.run(progress: { _ in }, finishing: { run in finished.withLock { $0.append(run.id) } })
    #expect(found.map(\.name) == ["first", "third", "second"])
    #expect(found[1].run == nil && found[1].reason?.contains("model.learner") == true)
    let runs = try [found[0], found[2]].map { try Run.open(try #require($0.run), in: study) }
    #expect(Set(finished.withLock { $0 }) == Set(runs.map(\.id)))
    let folds = try runs.map { try $0.readJSON(Folds.self, from: $0.foldsFile) }
    #expect(folds[0] == folds[1] && folds[0].heldOut.count == own.folds.count)
    // They are those of an ordinary cross-validation.
    let ordinary = try CrossValidation(study, protocol: rival("alone"), learners: learner.registry)
    #expect(ordinary.folds == folds[0])
    for run in runs {
      let settings = try StudyProtocol(contentsOf: run.protocolFile)
      #expect(settings.folds == own.folds && settings.evaluation == own.evaluation)
      let costs = try run.costs(folds: own.folds.count)
      #expect(costs.count == own.folds.count && costs.allSatisfy { $0.predicted == 4 && $0.fitSeconds >= 0 })
      #expect(costs.allSatisfy { ($0.peakMemory ?? 1 << 20) >= 1 << 20 && !$0.isResumed })
    }
  }

  @Test func oneThatFailsWhileItIsFittedCostsItselfAndContinues() throws {
    let failing = CountingLearner(own, failingIn: (fold: 1, epoch: 2))
    let protocols = [rival("first"), rival("second")]
    let told = Mutex([String]())
    let once = try rivals(protocols, failing).run(
      progress: { _ in }, failed: { name, _ in told.withLock { $0.append(name) } }, finishing: { _ in })
    #expect(told.withLock { $0 } == ["first"])
    #expect(once[0].run == nil && once[0].reason != nil && once[1].run != nil)
    let epochs = failing.account.epochs.count
    // Of the first: fold 1 whole, of fold 2 one epoch. Of the second: all.
    #expect(epochs == 3 + 1 + 9)
    let again = try rivals(protocols, failing).run(progress: { _ in }, finishing: { _ in })
    #expect(again[1].run == once[1].run && again[0].run != nil)
    #expect(failing.account.epochs.count == epochs + 2 + 3)
    let run = try Run.open(try #require(again[0].run), in: study)
    #expect(try run.costs(folds: 3).map(\.isResumed) == [false, true, false])
    // A third call has nothing to do, nor has one with a rival less.
    _ = try rivals(protocols, failing).run(progress: { _ in }, finishing: { _ in Issue.record("made again") })
    _ = try rivals([protocols[1]], failing).run(progress: { _ in }, finishing: { _ in Issue.record("made again") })
  }

  @Test func aFoldsPatientsHaveNoSayInWhichRivalPredictsThem() throws {
    let learner = CountingLearner(own)
    let rivals = try rivals([rival("first"), rival("second")], learner)
    let fitted = try rivals.run(progress: { _ in }, finishing: { _ in })
    var judged: [Set<String>] = []
    let choice = try RivalChoice(
      rivals, fitted,
      criterion: .init(name: "count") { predictions in
        judged.append(Set(predictions.map(\.patient)))
        // The second is the better one in the first fold alone.
        return judged.count == 2 ? 2 : 1
      })
    let result = try choice.run(progress: { _ in })
    let everyone = Set(rivals.patients.keys)
    let outside = rivals.folds.heldOut.map { everyone.subtracting($0) }
    #expect(judged.prefix(6) == [outside[0], outside[0], outside[1], outside[1], outside[2], outside[2]])
    #expect(judged.dropFirst(6) == [everyone, everyone, everyone])
    #expect(result.folds.map(\.chosen) == ["second", "first", "first"])
    #expect(result.value == 1 && result.best?.name == "first" && result.optimism == 0)
    // What is complete is not fitted again.
    let epochs = learner.account.epochs.count
    _ = try choice.run(progress: { _ in })
    #expect(learner.account.epochs.count == epochs)
  }

  @Test func columnsOfTheStudyStandForThemselves() throws {
    var clinical = rival("clinical", "logisticRegression")
    clinical.model.settings = ["columns": .texts(["baselines.size", "baselines.clinical"])]
    var named = own
    named.baselines = .init(size: "size_mm", clinical: ["size_mm", "sex"])
    #expect(try clinical.compared(in: named, epochs: nil).model.settings == ["columns": .texts(["size_mm", "sex"])])
    named.baselines = nil
    let error = #expect(throws: StudyError.self) { try clinical.compared(in: named, epochs: nil) }
    #expect(error?.description.contains("baselines.clinical") == true)
    var network = rival("network")
    network.training = own.training
    #expect(try network.compared(in: own, epochs: 2).training?.epochs == (own.training == nil ? nil : 2))
  }

  /// Every setting of theirs is understood: what is unknown is refused where the learner is made.
  @Test(arguments: ["size", "clinical", "ding", "bektas", "radiomics", "radiomics-phases"])
  func theSettingsOfTabularRivalsAreUnderstood(_ name: String) throws {
    var named = own
    named.baselines = .init(size: "size_mm", clinical: ["size_mm", "sex"])
    let rival = try #require(try RivalProtocols.read(only: [name]).first)
    let learners = LearnerRegistry([.logisticRegression, .singleVariable, .classical])
    let learner = try learners.learner(for: rival.compared(in: named, epochs: nil), in: study)
    #expect(!learner.summary.isEmpty)
  }

  @Test func foldsKeepWhatIsLeftOfThem() throws {
    let patients = Dictionary(
      uniqueKeysWithValues: (0..<12).map { ("P\($0)", $0 < 6 ? GradeClass.low : .high) })
    let folds = try Folds(patients: patients, count: 3, seed: 1)
    var fewer = patients
    fewer["P0"] = nil
    fewer["P7"] = nil
    let kept = try folds.keeping(fewer)
    #expect(Set(kept.heldOut.joined()) == Set(fewer.keys))
    for (one, other) in zip(kept.heldOut, folds.heldOut) { #expect(Set(one).isSubset(of: other)) }
    #expect(throws: StudyError.self) { try folds.keeping(patients.filter { $0.value == .low }) }
    #expect(throws: StudyError.self) { try folds.keeping(patients.filter { !folds.heldOut[1].contains($0.key) }) }
  }

  @Test func theBuiltInOnesAreTheCommittedFiles() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Protocols/rivals")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "yaml" }
    #expect(Set(files.map { $0.deletingPathExtension().lastPathComponent }) == Set(RivalProtocols.builtIn.map(\.name)))
    for (name, text) in RivalProtocols.builtIn {
      let file = folder.appendingPathComponent("\(name).yaml")
      #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
    let read = try RivalProtocols.read()
    #expect(read.map(\.name) == RivalProtocols.builtIn.map(\.name))
    #expect(try RivalProtocols.read(from: folder, only: ["size", "dai"]).map(\.name) == ["dai", "size"])
    #expect(throws: StudyError.self) { try RivalProtocols.read(only: ["nobody"]) }
    #expect(throws: StudyError.self) { try RivalProtocols.read(from: older.study.url) }
  }
}
