public import Foundation
public import Study
import Support
import Synchronization

/// Several protocols in the same patients and folds: one list of fold jobs, each protocol a run of its own.
///
/// The folds are made of all patients that the study can use. A rival that cannot use some of them (a phase is missing) keeps
/// the others in these folds. A rival that fails costs itself only, and its reason is kept.
public struct Rivals: Sendable {
  /// A protocol and what became of it.
  public struct Rival: Codable, Equatable, Sendable {
    /// The protocol's name.
    public var name: String
    /// What it is, in a sentence.
    public var title: String
    /// The name of its run; nil where it failed.
    public var run: String?
    /// Why it has no run; nil where it has one.
    public var reason: String?

    /// Makes an entry from its parts.
    public init(name: String, title: String, run: String? = nil, reason: String? = nil) {
      self.name = name
      self.title = title
      self.run = run
      self.reason = reason
    }
  }

  /// A protocol as it is compared, or why it cannot be.
  struct Member: Sendable {
    let name: String
    let title: String
    let validation: Result<CrossValidation, any Error>
  }

  let study: StudyFolder
  let members: [Member]
  /// The folds of all patients.
  let folds: Folds
  /// The classes of all patients.
  let patients: [String: GradeClass]
  /// The seed of the folds.
  let foldSeed: UInt64

  /// Prepares the comparison and checks all that can be checked before anything is fitted.
  ///
  /// - Parameters:
  ///   - study: the study.
  ///   - own: its protocol: patients, outlines, ROIs, folds and evaluation are as it says.
  ///   - protocols: the rivals.
  ///   - epochs: so many epochs of training in place of each protocol's own; nil leaves them.
  ///   - learners: the learners to choose from for each protocol.
  ///   - progress: told how far the radiomic features are, by several threads.
  /// - Throws: `StudyError` where the study's patients cannot be split, two rivals have one name, or none can be fitted.
  public init(
    _ study: StudyFolder, protocol own: StudyProtocol, rivals protocols: [StudyProtocol], epochs: Int? = nil,
    learners: LearnerRegistry, progress: (@Sendable (ExperimentProgress) -> Void)? = nil
  ) throws {
    if let name = protocols.map(\.name).first(where: { name in protocols.count { $0.name == name } > 1 }) {
      throw StudyError(.invalidProtocol, "two of the rivals are called \(name); give each a different name")
    }
    let (patients, folds) = try Self.everyone(in: study, own)
    try self.init(
      study, patients, folds, own,
      protocols.map { rival in
        Member(
          name: rival.name, title: rival.title,
          validation: Result {
            try CrossValidation(
              study, protocol: rival.compared(in: own, epochs: epochs), learners: learners, in: folds,
              progress: progress)
          })
      }, kind: "rivals")
  }

  /// Takes members that are to be fitted in the same folds; their reports are in a folder of this name.
  init(
    _ study: StudyFolder, _ patients: [String: GradeClass], _ folds: Folds, _ own: StudyProtocol, _ members: [Member],
    kind: String
  ) throws(StudyError) {
    self.study = study
    self.folds = folds
    self.patients = patients
    self.members = members
    foldSeed = own.folds.seed
    folder = study.reportsFolder.appendingPathComponent(kind)
    if able.isEmpty {
      let reasons = members.map { "\($0.name): \($0.reason ?? "")" }
      throw StudyError(.run, "none of the \(kind) can be fitted. \(reasons.joined(separator: " "))")
    }
  }

  /// All patients that the study can use, whatever a learner needs of them, and their folds.
  static func everyone(
    in study: StudyFolder, _ own: StudyProtocol
  ) throws -> (patients: [String: GradeClass], folds: Folds) {
    var everyone = own
    everyone.inputs = .init(examples: .patientFeatures)
    let patients = try ExampleSet(study, everyone).patients
    return (patients, try Folds(patients: patients, count: own.folds.count, seed: own.folds.seed))
  }

  /// The rivals that can be fitted, by place.
  var able: [(place: Int, validation: CrossValidation)] {
    members.enumerated().compactMap { place, member in (try? member.validation.get()).map { (place, $0) } }
  }

  /// The rivals that can be fitted, in words.
  public var summaries: [String] { able.map { "\(members[$0.place].name): \($0.validation.summary)" } }
  /// Sentences on what differs from what the protocols ask, and on rivals that cannot be fitted.
  public var notes: [String] {
    members.flatMap { member -> [String] in
      switch member.validation {
      case .success(let validation): validation.notes.map { "\(member.name): \($0)" }
      case .failure: ["\(member.name) cannot be fitted: \(member.reason ?? "")"]
      }
    }
  }

  /// The folder with the report, and with the list of complete runs by which a comparison continues.
  public let folder: URL

  /// What the threads share.
  private struct Shared {
    var finished: FinishedRuns
    /// By place.
    var runs: [Int: Run] = [:]
    var reasons: [Int: String]
  }

  /// Cross-validates each rival; what is complete from an earlier call is not done again, and what was interrupted continues.
  ///
  /// - Parameters:
  ///   - sideBySide: how many fold jobs are done at a time, each with the same share of the threads. With one the memory of each
  ///     rival is measured.
  ///   - progress: told how far the comparison is, by one thread at a time.
  ///   - failed: told the name of a rival that failed, and why.
  ///   - finishing: given each run as it is complete, to make its report; called on several threads.
  /// - Returns: the rivals in their order.
  /// - Throws: `StudyError` where the study's folder cannot be written, or the hardware allows fewer side by side.
  public func run(
    sideBySide: Int = 1, progress: @escaping @Sendable (ExperimentProgress) -> Void,
    failed: @escaping @Sendable (String, String) -> Void = { _, _ in },
    finishing: @escaping @Sendable (Run) throws -> Void
  ) throws -> [Rival] {
    let sides = try sides(sideBySide)
    try makeFolder()
    var shared = Shared(finished: try FinishedRuns.read(finishedFile), reasons: [:])
    for (place, member) in members.enumerated() { shared.reasons[place] = member.reason }
    var left: [(place: Int, key: String, plan: FoldPlan)] = []
    var prepared: [any PreparedLearner] = []
    let start = Date()
    for (place, validation) in able {
      do {
        let key = try validation.key(sides.threads)
        if let run = shared.finished.run(key, in: study) {
          shared.runs[place] = run
          continue
        }
        // A second apart, so that the runs stand in the order of the rivals.
        let run = try RunInProgress(
          in: study, key: key, name: members[place].folderName, date: start.addingTimeInterval(Double(place))
        ).run
        try validation.describe(run)
        let plan = try FoldPlan(
          validation, in: run, sides.threads, title: "\(members[place].name), ", sharing: prepared, progress: progress)
        prepared += plan.prepared
        left.append((place, key, plan))
      } catch {
        shared.reasons[place] = "\(error)"
        failed(members[place].name, "\(error)")
      }
    }
    let results = Mutex(shared)
    let (places, keys, plans) = (left.map(\.place), left.map(\.key), left.map(\.plan))
    @Sendable func fail(_ number: Int, _ error: any Error) {
      results.withLock { $0.reasons[places[number]] = "\(error)" }
      failed(members[places[number]].name, "\(error)")
    }
    try FoldJobExecutor(sides: sides).run(
      plans, meter: SharedMeter(total: plans.reduce(0) { $0 + $1.work }), progress: progress,
      completed: { number in
        do {
          try plans[number].complete(finishing)
          try results.withLock { results in
            results.runs[places[number]] = plans[number].run
            results.finished.runs[keys[number]] = plans[number].run.id
            try AtomicFile.writeJSON(results.finished, to: finishedFile)
          }
        } catch {
          fail(number, error)
        }
      }, failed: fail)
    return results.withLock { results in
      members.enumerated().map { place, member in
        Rival(
          name: member.name, title: member.title, run: results.runs[place]?.id,
          reason: results.runs[place] == nil ? results.reasons[place] : nil)
      }
    }
  }

  /// How the threads are shared, by the rival that uses most.
  func sides(_ count: Int) throws(StudyError) -> SideBySide {
    for (_, validation) in able { _ = try validation.sides(count) }
    let widest = able.map(\.validation).max { $0.learner.hardware.threads < $1.learner.hardware.threads }
    guard let widest else { throw StudyError(.run, "none of the rivals can be fitted") }
    return try widest.sides(count)
  }

  private func makeFolder() throws(StudyError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(folder.path): \(error.localizedDescription)")
    }
  }

  private var finishedFile: URL { folder.appendingPathComponent("runs.json") }
}

extension Rivals.Member {
  /// The end of its run's name: the letters, digits and signs of its own that a file's name can have everywhere.
  var folderName: String {
    let kept = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    return kept.isEmpty ? "run" : String(kept.prefix(60))
  }

  /// Why it cannot be fitted; nil where it can.
  var reason: String? {
    switch validation {
    case .success: nil
    case .failure(let error): "\(error)"
    }
  }
}
