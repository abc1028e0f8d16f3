import Study
import Support

/// The settings of the learner `stacked`: its members, each a learner with settings of its own.
struct StackedSettings: Sendable {
  /// A member.
  struct Member: Sendable {
    /// What the protocol calls it.
    let name: String
    /// The protocol as the member reads it.
    let settings: StudyProtocol
  }

  let members: [Member]
  /// How many inner folds predict the training examples.
  let innerFolds: Int
  /// The ridge penalty of the model that combines the members.
  let ridge: Double

  /// Reads the settings: `members` names them, `NAME.learner` is the learner of each, `NAME.SETTING` a setting of it.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol` that names what is missing, unknown or not what it must be.
  init(_ settings: StudyProtocol) throws(StudyError) {
    let own = LearnerSettings(settings)
    let names = try own.texts("members")
    func refuse(_ problem: String) -> StudyError {
      StudyError(.invalidProtocol, "the protocol \(settings.name): model.settings.\(problem)")
    }
    guard names.count >= 2 else { throw refuse("members must name at least 2 members, found \(names.count)") }
    if let odd = names.first(where: { !$0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } }) {
      throw refuse("members: a name must be made of letters, digits and hyphens, found \"\(odd)\"")
    }
    innerFolds = try own.integer("innerFolds", in: 2...20) ?? 5
    ridge = try own.number("ridge", in: 1e-6...1e9) ?? 1
    for key in own.names where !["members", "innerFolds", "ridge"].contains(key) {
      guard names.contains(where: { key.hasPrefix("\($0).") }) else {
        throw refuse(
          "\(key) is unknown: the settings of stacked are members, innerFolds, ridge, and NAME.learner and NAME.SETTING for "
            + "each member NAME")
      }
    }
    var found: [Member] = []
    for name in names {
      var member = settings
      member.name = "\(settings.name), member \(name)"
      var values: [String: ModelSetting] = [:]
      for (key, value) in settings.model.settings ?? [:] where key.hasPrefix("\(name).") {
        values[String(key.dropFirst(name.count + 1))] = value
      }
      guard case .text(let learner)? = values.removeValue(forKey: "learner") else {
        throw refuse("\(name).learner must name the learner of the member \(name)")
      }
      member.model = .init(learner: learner, settings: values.isEmpty ? nil : values)
      found.append(Member(name: name, settings: member))
    }
    members = found
  }
}
