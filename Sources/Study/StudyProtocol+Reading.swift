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
    case let settings as [String: ModelSetting]:
      return Node(try settings.sorted { $0.key < $1.key }.map { (Node($0.key), try node(of: $0.value.value)) })
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
}

/// A protocol's text together with the place of each key, so that errors can name the line.
struct ProtocolSource {
  let yaml: String
  let name: String

  func decode() throws(StudyError) -> StudyProtocol {
    if let excess = ProtocolBounds.excess(in: yaml) {
      throw StudyError(.invalidProtocol, "\(name):\(excess.line): this is not a protocol: \(excess.problem)")
    }
    var root: Node
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
      root = try upgraded(root)
      result = try YAMLDecoder().decode(StudyProtocol.self, from: root)
    } catch let error as StudyError {
      throw error
    } catch let error as DecodingError {
      throw describe(error)
    } catch {
      throw StudyError(.invalidProtocol, "\(name): \(error)")
    }
    try requireExactKeys(in: root, of: Mirror(reflecting: result), path: [])
    return result
  }

  /// The file's tree in today's layout.
  private func upgraded(_ root: Node) throws(StudyError) -> Node {
    guard case .mapping(var mapping) = root else { return root }
    guard let version = mapping["version"] else {
      // Version 1 knew one kind of example and one learner.
      mapping["version"] = Node("2", Tag(.int))
      if mapping["inputs"] == nil { mapping["inputs"] = ["examples": "slice", "phases": []] }
      if mapping["model"] == nil { mapping["model"] = ["learner": "network"] }
      return .mapping(mapping)
    }
    guard let number = version.int, number <= StudyProtocol.currentVersion else {
      throw error(
        at: ["version"],
        "version must be \(StudyProtocol.currentVersion), found \(version.string ?? "no number"): the file was made for a "
          + "later RenalGrade; update RenalGrade, or rewrite the file")
    }
    return root
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

  func missing(_ key: String, in path: [String]) -> StudyError {
    let place = (path + [key]).joined(separator: ".")
    return error(at: path, "the key \(place) is missing; every key must be stated (null where allowed)")
  }

  /// - Throws: the error that a value is not what it must be, unless it is.
  func require(_ holds: Bool, _ path: String..., expected: String, found: Any? = nil) throws(StudyError) {
    try require(holds, at: path, expected: expected, found: found)
  }

  /// The same for a path that is made up.
  func require(_ holds: Bool, at path: [String], expected: String, found: Any? = nil) throws(StudyError) {
    guard !holds else { return }
    throw error(
      at: path, "\(path.joined(separator: ".")) must be \(expected)" + (found.map { ", found \($0)" } ?? ""))
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
