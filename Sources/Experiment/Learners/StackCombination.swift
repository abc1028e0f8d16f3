import Evaluation
import Foundation
import Support

/// How the probabilities of a stack's members are combined: its `model.json`; each member's model is in a folder of its own.
struct StackCombination: Codable, Equatable, Sendable {
  /// The combining regression.
  struct Fit: Codable, Equatable, Sendable {
    /// By member: the mean log odds of the training examples, which stands for a prediction that is lacking.
    let centres: [Double]
    /// On the members' log odds.
    let model: LogisticBaseline.Model
  }

  /// The members' names, in the order of the coefficients.
  let members: [String]
  let fit: Fit

  init(members: [String], fit: Fit) { (self.members, self.fit) = (members, fit) }

  /// Reads what a folder keeps of a stack of these members.
  ///
  /// - Throws: `StudyError` of kind `.run` where it is not there, damaged, or that of others.
  init(in folder: URL, of expected: [String]) throws(StudyError) {
    self = try ModelFile.read(StackCombination.self, from: folder)
    guard members == expected, isWhole else {
      throw ModelFile.another(
        folder, expected: "the members \(expected.joined(separator: ", "))", found: members.joined(separator: ", "))
    }
  }

  /// Whether all parts have as many members.
  var isWhole: Bool { fit.centres.count == members.count && fit.model.means.count == members.count }

  /// The probability of high grade by those of the members; NaN where no member has one.
  func probability(_ probabilities: [Double]) -> Double {
    let odds = probabilities.map(Self.logOdds)
    guard odds.contains(where: \.isFinite) else { return .nan }
    return fit.model.probability(zip(odds, fit.centres).map { $0.isFinite ? $0 : $1 })
  }

  /// The log odds of a probability, which is taken as 0.001 to 0.999; NaN stays.
  static func logOdds(_ probability: Double) -> Double {
    guard !probability.isNaN else { return .nan }
    let bounded = min(max(probability, 0.001), 0.999)
    return log(bounded / (1 - bounded))
  }

  /// Where a member's model lies.
  static func folder(of member: String, in folder: URL) -> URL {
    folder.appendingPathComponent("members").appendingPathComponent(member)
  }
}
