/// What a protocol's text may ask of the YAML parser, which follows nesting by recursion, and of its readers, which meet what
/// an alias names once for each alias.
enum ProtocolBounds {
  private static let largestText = 1 << 20
  private static let deepestNesting = 100
  private static let mostAliases = 16

  /// The first thing that is beyond them, with its line; nil where nothing is.
  static func excess(in yaml: String) -> (line: Int, problem: String)? {
    guard yaml.utf8.count <= largestText else { return (1, "it has more than \(largestText) bytes") }
    var depth = 0
    var aliases = 0
    for (index, line) in yaml.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      // In a block, each level takes at least a column in front of the line's first word.
      let indentation = line.prefix { " -?:\t".utf8.contains($0) }.count
      var previous = UInt8(ascii: " ")
      // After a star in front of a name.
      var isStar = false
      for byte in line {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
        case UInt8(ascii: "*") where " ,[{:-?".utf8.contains(previous): isStar = true
        case UInt8(ascii: " ") where isStar: isStar = false
        case _ where isStar:
          aliases += 1
          isStar = false
        default: break
        }
        previous = byte
        guard depth <= deepestNesting else { return (index + 1, "it is nested more than \(deepestNesting) deep") }
      }
      guard indentation <= 2 * deepestNesting else {
        return (index + 1, "it is nested more than \(deepestNesting) deep")
      }
      guard aliases <= mostAliases else { return (index + 1, "it has more than \(mostAliases) aliases (*name)") }
    }
    return nil
  }
}
