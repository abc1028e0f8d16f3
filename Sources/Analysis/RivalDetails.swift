public import Classifiers
public import Evaluation
public import Experiment
import Foundation

/// What the fold jobs of a rival took together.
public struct RivalCost: Codable, Equatable, Sendable {
  /// Wall-clock seconds of all fits; nil where a job has not recorded it, or was interrupted and its first part is not counted.
  public let fitSeconds: Double?
  /// Wall-clock milliseconds per predicted example; nil where it was not recorded.
  public let predictMilliseconds: Double?
  /// The most memory that the program held during a job, in bytes; nil where several jobs ran at once.
  public let peakMemory: Int?
  /// The parameters that are trained; nil where the learner has no network.
  public let trainedParameters: Int?
  /// The smallest and the largest of the folds' models; nil where they are networks or combinations, or a job has not recorded it.
  public let modelSizes: [ModelSize]?
  /// Why a value is not stated.
  public let note: String?

  init(_ costs: [FoldCost], _ trainedParameters: Int?) {
    self.trainedParameters = trainedParameters
    let sizes = costs.compactMap(\.modelSize).sorted { $0.count < $1.count }
    let isComplete = sizes.count == costs.count && Set(sizes.map(\.unit)).count == 1
    modelSizes = isComplete ? [sizes.first, sizes.last].compactMap { $0 } : nil
    let isWhole = !costs.isEmpty && !costs.contains(where: \.isResumed)
    let predicted = costs.reduce(0) { $0 + $1.predicted }
    fitSeconds = isWhole ? costs.reduce(0) { $0 + $1.fitSeconds } : nil
    predictMilliseconds =
      predicted > 0 ? 1000 * costs.reduce(0) { $0 + $1.predictSeconds } / Double(predicted) : nil
    peakMemory = costs.contains { $0.peakMemory == nil } ? nil : costs.compactMap(\.peakMemory).max()
    let reasons = [
      costs.isEmpty ? "The run did not record its time." : nil,
      !costs.isEmpty && !isWhole ? "The run was interrupted, so the time of its fits is not known." : nil,
      !costs.isEmpty && peakMemory == nil
        ? "Memory is measured if one fold job runs at a time (--side-by-side 1)." : nil,
    ].compactMap { $0 }
    note = reasons.isEmpty ? nil : reasons.joined(separator: " ")
  }
}

/// The size of the patients' tumours, and the AUC adjusted for it.
struct RivalSizes {
  /// The logarithm of the size by the patient's code; that of a sphere's volume is 3 times it, plus a constant.
  let known: [String: Double]

  init(_ lesions: [RunLesion], _ column: String, _ patients: [String]) {
    let attributes = PatientAttributes(lesions)
    let sizes = patients.compactMap { code in attributes.number(code, column).map { (code, $0) } }
    known = Dictionary(uniqueKeysWithValues: sizes.filter { $0.1 > 0 }.map { ($0.0, log($0.1)) })
  }

  func adjustedAUC(_ cases: Cases) -> Stated {
    let kept = cases.clusters.indices.filter { known[cases.clusters[$0]] != nil }
    let some = cases.picked(kept)
    return Stated { () throws(NotEstimable) in
      try AdjustedAUC.estimate(some, covariate: some.clusters.map { known[$0] ?? .nan })
    }
  }
}

/// How far each two rivals agree on the common patients; neither has an interval.
public struct RivalAgreement: Codable, Equatable, Sendable {
  /// The rivals.
  public let names: [String]
  /// Cohen's kappa of what patients are called, by row and column.
  public let kappa: [[Stated]]
  /// Spearman's correlation of the probabilities.
  public let spearman: [[Stated]]

  init(_ names: [String], _ entries: [RunComparison.Entry]) {
    self.names = names
    let calls = entries.map { $0.called.scores.map { $0 >= 0.5 } }
    func stated(_ value: () throws(NotEstimable) -> Double) -> Stated {
      Stated { () throws(NotEstimable) in Estimate(value: try value(), interval: nil) }
    }
    kappa = calls.map { one in
      calls.map { other in stated { () throws(NotEstimable) in try Agreement.kappa(one, other) } }
    }
    spearman = entries.map { one in
      entries.map { other in
        stated { () throws(NotEstimable) in try Agreement.spearman(one.cases.scores, other.cases.scores) }
      }
    }
  }
}

/// Which of the common patients are called wrong, and by whom.
public struct RivalErrors: Codable, Equatable, Sendable {
  /// Patients that the same rivals call wrong.
  public struct Group: Codable, Equatable, Sendable {
    /// The rivals that call them wrong; none where all are right.
    public let rivals: [String]
    /// How many patients, and how many of them of high grade.
    public let patients, highGrade: Int
  }

  /// A patient that most rivals call wrong.
  public struct Patient: Codable, Equatable, Sendable {
    /// The code.
    public let code: String
    /// Whether the grade is high.
    public let isHigh: Bool
    /// The rivals that call it wrong.
    public let wrong: [String]
  }

  /// How many rivals there are.
  public let rivalCount: Int
  /// The groups, the largest first.
  public let groups: [Group]
  /// The patients that more than half of the rivals call wrong, those with most errors first.
  public let patients: [Patient]

  init(_ names: [String], _ entries: [RunComparison.Entry]) {
    rivalCount = names.count
    let cases = entries.first?.cases ?? Cases(labels: [], scores: [])
    let all = cases.labels.indices.map { place in
      Patient(
        code: cases.clusters[place], isHigh: cases.labels[place],
        wrong: zip(names, entries).filter { ($1.called.scores[place] >= 0.5) != cases.labels[place] }.map(\.0))
    }
    groups = Dictionary(grouping: all, by: \.wrong)
      .map { Group(rivals: $0, patients: $1.count, highGrade: $1.count { $0.isHigh }) }
      .sorted { ($1.patients, $0.rivals.joined(separator: " ")) < ($0.patients, $1.rivals.joined(separator: " ")) }
    patients = all.filter { 2 * $0.wrong.count > names.count }
      .sorted { ($1.wrong.count, $0.code) < ($0.wrong.count, $1.code) }
  }
}
