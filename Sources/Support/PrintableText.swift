extension StringProtocol {
  /// The text with control characters and marks that turn the direction of writing as escapes, such as `\u{1B}`.
  ///
  /// Names of files and values of headers come from anywhere: printed as they are, they could steer a terminal or hide
  /// what stands beside them.
  ///
  /// - Parameter keepsLines: whether line feeds and tabs stay as they are, as a message of several lines needs them.
  /// - Returns: the text that can be printed.
  public func printable(keepsLines: Bool = false) -> String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if Self.isUnprintable(scalar) && !(keepsLines && (scalar == "\n" || scalar == "\t")) {
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // C0, DEL and C1; marks and embeddings of direction; separators of lines and paragraphs.
    case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// Names of files, which a file system keeps as bytes of no stated encoding.
public enum FileName {
  /// The name as a text that can be printed; bytes of a name that is not UTF-8 appear as `\xE9`.
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self) { return text.printable() }
    return bytes.reduce(into: "") { text, byte in
      if (0x20..<0x7F).contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "\\x" + (digits.count < 2 ? "0" : "") + digits
      }
    }
  }
}
