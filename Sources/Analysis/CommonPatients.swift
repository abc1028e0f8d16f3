/// The patients that several runs have in common.
public struct CommonPatients: Codable, Equatable, Sendable {
  /// The codes of those on whom the runs can be compared, sorted: each has a probability and one and the same class in all runs.
  public let codes: [String]
  /// How many any of the runs has predicted.
  public let allCount: Int
  /// How many have a probability in all of the runs.
  public let sharedCount: Int

  init(_ contents: [RunContent]) {
    let labels = contents.map { content in
      let cases = content.cases.patient
      return Dictionary(
        cases.labels.indices.filter { cases.scores[$0].isFinite }.map { (cases.clusters[$0], cases.labels[$0]) }
      ) { first, _ in first }
    }
    let all = Set(contents.flatMap(\.cases.patient.clusters))
    let shared = all.filter { code in labels.allSatisfy { $0[code] != nil } }
    codes = shared.filter { code in Set(labels.map { $0[code] }).count == 1 }.sorted()
    (allCount, sharedCount) = (all.count, shared.count)
  }
}
