public import Foundation
public import Support
import Yams

extension StudyProtocol {
  /// Reads and checks a protocol file.
  ///
  /// - Throws: `StudyError` of kind `.invalidProtocol`, with file and line, for bad YAML, a missing or unknown key, a value
  ///   of the wrong type or out of its range.
  public init(contentsOf url: URL) throws(StudyError) {
    let text: String
    do {
      text = try String(contentsOf: url, encoding: .utf8)
    } catch {
      throw StudyError(.invalidProtocol, "cannot read the protocol \(url.path): \(error.localizedDescription)")
    }
    try self.init(yaml: text, name: url.lastPathComponent)
  }

  /// Reads and checks a protocol from its text; `name` is what errors call the file.
  public init(yaml: String, name: String) throws(StudyError) {
    let source = ProtocolSource(yaml: yaml, name: name)
    self = try source.decode()
    try validate(source)
  }

  /// The protocol with every value stated, as YAML.
  public var yaml: String {
    get throws(StudyError) {
      do {
        return try Yams.serialize(node: Self.node(of: self), indent: 2)
      } catch {
        throw StudyError(.invalidProtocol, "the protocol cannot be written as YAML: \(error)")
      }
    }
  }

  /// What YAMLEncoder would write, but with null for what is nil, and 0.00001 and 40 instead of 1e-5 and 4e+1.
  private static func node(of value: Any) throws -> Node {
    let children = Mirror(reflecting: value).children
    switch value {
    case let text as String: return try text.represented()
    case let number as Double: return Node(Decimal(string: "\(number)")?.description ?? "\(number)")
    case let choice as any RawRepresentable: return try node(of: choice.rawValue)
    default: break
    }
    switch Mirror(reflecting: value).displayStyle {
    case .struct:
      let optional = (value as? any HasOptionalKeys).map { type(of: $0).optionalKeys } ?? []
      return Node(
        try children.compactMap { child in
          guard let label = child.label else { return nil }
          let isNil =
            Mirror(reflecting: child.value).displayStyle == .optional
            && Mirror(reflecting: child.value).children.isEmpty
          return isNil && optional.contains(label) ? nil : (Node(label), try node(of: child.value))
        })
    case .collection: return Node(try children.map { try node(of: $0.value) })
    case .optional: return try children.first.map { try node(of: $0.value) } ?? Node("null")
    default: return Node("\(value)")
    }
  }

  private func validate(_ source: ProtocolSource) throws(StudyError) {
    func require(_ holds: Bool, _ path: String..., expected: String, found: Any) throws(StudyError) {
      guard !holds else { return }
      throw source.error(at: path, "\(path.joined(separator: ".")) must be \(expected), found \(found)")
    }
    // The name becomes part of folders' names.
    try require(
      name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil, "name",
      expected: "letters, digits, -, _ and . only, the first one a letter or digit", found: "\"\(name)\"")
    try require(roi.windowWidth > 0, "roi", "windowWidth", expected: "above 0 HU", found: roi.windowWidth)
    try require((8...512).contains(roi.boxSize), "roi", "boxSize", expected: "8 to 512 pixels", found: roi.boxSize)
    try require(
      (8...1024).contains(roi.outputSize), "roi", "outputSize", expected: "8 to 1024 pixels", found: roi.outputSize)
    if let size = roi.resampleTo {
      try require(size > 0.05 && size < 10, "roi", "resampleTo", expected: "0.05 to 10 mm, or null", found: size)
    }
    if let maximum = roi.maximumSlicesPerLesion {
      try require(maximum > 0, "roi", "maximumSlicesPerLesion", expected: "1 or more, or null", found: maximum)
    }
    try require(folds.count >= 2, "folds", "count", expected: "2 or more", found: folds.count)
    try require(training.epochs >= 1, "training", "epochs", expected: "1 or more", found: training.epochs)
    try require(training.batchSize >= 1, "training", "batchSize", expected: "1 or more", found: training.batchSize)
    try require(
      training.learningRate > 0, "training", "learningRate", expected: "above 0", found: training.learningRate)
    for (key, value) in [("beta1", training.beta1), ("beta2", training.beta2)] {
      try require(value >= 0 && value < 1, "training", key, expected: "0 or more and below 1", found: value)
    }
    try require(training.epsilon > 0, "training", "epsilon", expected: "above 0", found: training.epsilon)
    try require(
      training.weightDecay >= 0, "training", "weightDecay", expected: "0 or more", found: training.weightDecay)
    try require(
      training.highGradeWeight > 0, "training", "highGradeWeight", expected: "above 0", found: training.highGradeWeight)
    try require(
      (0...1).contains(training.flipProbability), "training", "flipProbability", expected: "0 to 1",
      found: training.flipProbability)
    try require(
      !sweep.batchSizes.isEmpty && sweep.batchSizes.allSatisfy { $0 >= 1 }, "sweep", "batchSizes",
      expected: "a list of sizes of 1 or more", found: sweep.batchSizes)
    try require(
      (0...1).contains(evaluation.threshold), "evaluation", "threshold", expected: "0 to 1", found: evaluation.threshold
    )
    if let cohort { try validate(cohort, source) }
    try validateQuestions { (holds, path, expected) throws(StudyError) in
      if !holds { throw source.error(at: path, "\(path.joined(separator: ".")) must be \(expected)") }
    }
  }
}

extension StudyProtocol {
  private func validate(_ cohort: Cohort, _ source: ProtocolSource) throws(StudyError) {
    func require(_ holds: Bool, _ path: [String], _ expected: String) throws(StudyError) {
      guard !holds else { return }
      let path = ["cohort"] + path
      throw source.error(at: path, "\(path.joined(separator: ".")) must be \(expected)")
    }
    let series = cohort.series
    for (key, value) in [
      ("preferredSpacing", series.preferredSpacing), ("maximumSpacing", series.maximumSpacing),
      ("minimumExtent", series.minimumExtent),
    ] {
      try require(value > 0, ["series", key], "above 0 mm, found \(value)")
    }
    try require(
      (0...1).contains(series.minimumCoverage), ["series", "minimumCoverage"], "0 to 1, found \(series.minimumCoverage)"
    )
    let names = cohort.rules.map(\.name)
    for (index, rule) in cohort.rules.enumerated() {
      let path = ["rules", "\(index)"]
      try require(!rule.name.isEmpty, path + ["name"], "a few words")
      try require(!names[..<index].contains(rule.name), path + ["name"], "the only one of its kind: \"\(rule.name)\"")
      try require(
        rule.conditionCount == 1, path,
        "one condition (equals, differs, stage, absent, scannedBefore, phases or gradeKnown), found \(rule.conditionCount)"
      )
      let comparesColumn = rule.equals != nil || rule.differs != nil
      try require(
        comparesColumn == (rule.column != nil), path,
        "a condition with `column` just where it is `equals` or `differs`")
      try require(rule.gradeKnown != false, path + ["gradeKnown"], "true, or left out")
      try require(
        rule.phases?.contains(where: \.isEmpty) != true, path + ["phases"], "a list of lists, none of them empty")
    }
  }
}

/// A protocol's text together with the place of each key, so that errors can name the line.
private struct ProtocolSource {
  let yaml: String
  let name: String

  func decode() throws(StudyError) -> StudyProtocol {
    let root: Node
    do {
      guard let node = try Yams.compose(yaml: yaml) else {
        throw StudyError(.invalidProtocol, "\(name): the file is empty; copy one from Protocols/ and change it")
      }
      root = node
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(.invalidProtocol, "\(name): not valid YAML: \(error)")
    }
    let result: StudyProtocol
    do {
      result = try YAMLDecoder().decode(StudyProtocol.self, from: root)
    } catch let error as DecodingError {
      throw describe(error)
    } catch {
      throw StudyError(.invalidProtocol, "\(name): \(error)")
    }
    try requireExactKeys(in: root, of: Mirror(reflecting: result), path: [])
    return result
  }

  /// A key that nobody reads, or one left out, would change the experiment in silence.
  private func requireExactKeys(in node: Node, of section: Mirror, path: [String]) throws(StudyError) {
    guard case .mapping(let mapping) = node else { return }
    let children = Dictionary(section.children.compactMap { child in child.label.map { ($0, child.value) } }) {
      first, _ in first
    }
    for (keyNode, _) in mapping {
      let key = keyNode.string ?? "?"
      guard children[key] != nil else {
        let expected = children.keys.sorted().joined(separator: ", ")
        let place = (path + [key]).joined(separator: ".")
        throw error(at: path + [key], "unknown key \(place); the keys here are \(expected)")
      }
    }
    let optional = (section.subjectType as? any HasOptionalKeys.Type)?.optionalKeys ?? []
    for (key, child) in section.children.compactMap({ child in child.label.map { ($0, child.value) } }) {
      guard let value = mapping[Node(key)] else {
        if optional.contains(key) { continue }
        throw missing(key, in: path)
      }
      try requireExactKeys(in: value, ofValue: child, path: path + [key])
    }
  }

  private func requireExactKeys(in node: Node, ofValue value: Any, path: [String]) throws(StudyError) {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .struct: try requireExactKeys(in: node, of: mirror, path: path)
    case .optional:
      // An optional section shows its value as its only child.
      if let inner = mirror.children.first { try requireExactKeys(in: node, ofValue: inner.value, path: path) }
    case .collection:
      guard case .sequence(let items) = node else { return }
      for (index, (item, child)) in zip(items, mirror.children).enumerated() {
        try requireExactKeys(in: item, ofValue: child.value, path: path + ["\(index)"])
      }
    default: break
    }
  }

  private func missing(_ key: String, in path: [String]) -> StudyError {
    let place = (path + [key]).joined(separator: ".")
    return error(at: path, "the key \(place) is missing; every key must be stated (null where it allows none)")
  }

  func error(at path: [String], _ message: String) -> StudyError {
    StudyError(.invalidProtocol, "\(name):\(line(of: path).map { "\($0): " } ?? " ")\(message)")
  }

  private func describe(_ error: DecodingError) -> StudyError {
    switch error {
    case .keyNotFound(let key, let context):
      return missing(key.stringValue, in: context.codingPath.map(\.stringValue))
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      let path = context.codingPath.map(\.stringValue)
      return self.error(at: path, "\(path.joined(separator: ".")) must be of type \(type)")
    case .dataCorrupted(let context):
      let path = context.codingPath.map(\.stringValue)
      return self.error(at: path, "\(path.joined(separator: ".")): \(context.debugDescription)")
    @unknown default:
      return StudyError(.invalidProtocol, "\(name): \(error)")
    }
  }

  private func line(of path: [String]) -> Int? {
    guard var node = try? Yams.compose(yaml: yaml) else { return nil }
    var line = node.mark?.line
    for key in path {
      if case .sequence(let items) = node, let index = Int(key), items.indices.contains(index) {
        node = items[index]
        line = node.mark?.line ?? line
      } else if case .mapping(let mapping) = node, let pair = mapping.first(where: { $0.key.string == key }) {
        line = pair.key.mark?.line ?? line
        node = pair.value
      } else {
        break
      }
    }
    return line
  }
}
