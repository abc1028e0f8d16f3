import Foundation
import ROI
import ReaderFixtures
import Study
import Synchronization
import Testing

@testable import Experiment

@Suite struct ReaderOutlinesTests {
  private let fixture: TwoReaderStudy
  private let learners = LearnerRegistry([.classical])

  init() throws { fixture = try TwoReaderStudy() }

  @Test func aRunIsAskedByOtherOutlinesWithoutTraining() throws {
    let study = fixture.study
    let run = try CrossValidation(study, protocol: study.readProtocol(), learners: learners).run { _ in }
    let held = try HeldOutPrediction(run, learners: learners)
    let own = try PredictionTable.read(run.predictionsFile)
    func byPatient(_ predictions: [Prediction]) -> [String: Double] {
      Dictionary(uniqueKeysWithValues: predictions.map { ($0.patient, $0.probability) })
    }
    #expect(try byPatient(held.predictions(in: study)) == byPatient(own))
    let second = try OutlineStudy(of: study, by: .reader("U_2"))
    let other = try held.predictions(in: second.study)
    let folds = Dictionary(uniqueKeysWithValues: own.map { ($0.patient, $0.fold) })
    #expect(other.count == 11 && other.allSatisfy { $0.fold == folds[$0.patient] })
    let (before, after) = (byPatient(own), byPatient(other))
    #expect(after.contains { before[$0.key] != $0.value } && after[TwoReaderStudy.code(11)] == nil)
  }

  @Test func readersAreComparedInTheSameFolds() throws {
    let study = fixture.study
    let own = try study.readProtocol()
    let choices: [OutlineChoice] = [.reader("U_2"), .reader("U_9"), .majority]
    let outlines = choices.map { choice in (choice, Result { try OutlineStudy(of: study, by: choice) }) }
    let readers = try Rivals(study, protocol: own, by: outlines, learners: learners)
    let told = Mutex(0)
    let found = try readers.run(progress: { _ in }, finishing: { _ in told.withLock { $0 += 1 } })
    #expect(found.map(\.name) == ["U_2", "U_9", "majority", "U_1"])
    #expect(found.map { $0.run != nil } == [true, false, true, true] && told.withLock { $0 } == 3)
    let runs = try found.compactMap(\.run).map { try Run.open($0, in: study) }
    let folds = try runs.map { try $0.readJSON(Folds.self, from: $0.foldsFile) }
    let everyone = try CrossValidation(study, protocol: own, learners: learners).folds
    #expect(folds[1] == everyone && folds[2] == everyone)
    #expect(folds[0].heldOut.joined().count == 11)
    // The study's own is the latest, which other commands take.
    #expect(try Run.open(nil, in: study).id == found[3].run)
    // Complete runs are not fitted again.
    let again = try Rivals(study, protocol: own, by: outlines, learners: learners).run(
      progress: { _ in }, finishing: { _ in told.withLock { $0 += 1 } })
    #expect(again.map(\.run) == found.map(\.run) && told.withLock { $0 } == 3)
  }

  @Test func featuresOnWhichReadersDisagreeAreExcludedInsideTheFolds() throws {
    func features(_ limit: String) throws -> (kept: Set<String>, hash: String) {
      let fixture = try TwoReaderStudy(
        model: "model: {learner: classical, settings: {classifier: ridge, tuning: false, innerFolds: 2, "
          + "correlationLimit: 1\(limit)}}")
      let study = fixture.study
      let validation = try CrossValidation(study, protocol: study.readProtocol(), learners: learners)
      let run = try validation.run { _ in }
      let names = try run.foldFeatures(foldCount: 3).flatMap(\.features).map(\.name)
      return (Set(names), validation.examples.hash(validation.split))
    }
    let (all, strict) = (try features(""), try features(", agreementLimit: 0.9"))
    #expect(strict.kept.count < all.kept.count && !strict.kept.isEmpty && strict.kept.isSubset(of: all.kept))
    #expect(strict.hash != all.hash)
    // The rows that both readers drew alike agree; the least HU, at the edge, does not.
    #expect(all.kept.contains("original_firstorder_Minimum") && !strict.kept.contains("original_firstorder_Minimum"))
  }
}
