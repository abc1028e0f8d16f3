import Foundation
import Study
import Support

/// The models of some folds of a stack: each member's, and what combines them.
struct StackModels: TableModels {
  private let settings: StudyProtocol
  /// By member.
  private let members: [(settings: StudyProtocol, models: any FoldModels)]
  /// By fold.
  private let combinations: [StackCombination]

  /// Opens the models of the members that the protocol names.
  ///
  /// - Throws: `StudyError` where a setting is not possible; what keeps a model from being read.
  init(_ folders: ModelFolders, _ learners: LearnerRegistry) throws {
    settings = folders.settings
    let stated = try StackedSettings(settings).members
    combinations = try folders.all { folder throws(StudyError) in
      try StackCombination(in: folder, of: stated.map(\.name))
    }
    members = try stated.map { member in
      let settings = StackMember.settings(member.settings, learners)
      return (settings, try learners.models(in: folders.ofMember(member.name, settings)))
    }
  }

  var columns: [[ColumnEncoding]] {
    let own = members.compactMap { ($0.models as? any TableModels)?.columns }
    return combinations.indices.map { fold in own.flatMap { $0[fold] } }
  }

  func probabilities(of exam: some PredictedExamples) throws -> [[Double]] {
    let stack = try exam.examples(settings)
    let numbers = Array(stack.examples.indices)
    // By member, fold and example.
    let found = try members.map { member in
      let isOfStack = member.settings.inputs.examples == settings.inputs.examples
      let examples = StackExamples(stack, isOfStack ? nil : try exam.examples(member.settings))
      let own = examples.numbers(of: numbers)
      return try member.models.probabilities(of: exam).map { fold in
        examples.means(own.map { fold[$0] }, of: numbers)
      }
    }
    return combinations.enumerated().map { fold, combination in
      numbers.map { number in combination.probability(found.map { $0[fold][number] }) }
    }
  }
}
