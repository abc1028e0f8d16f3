/// The tables that are built into the room.
enum DataTable {
  /// The rows of a CSV file without quotes, by the names in its first line.
  static func rows(_ file: [UInt8]) -> [[String: String]] {
    let lines = lines(file).map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard let header = lines.first else { return [] }
    return lines.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
  }

  /// The lines of a text file, but for empty ones and comments.
  static func lines(_ file: [UInt8]) -> [String] {
    String(decoding: file, as: UTF8.self).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("# ") }
  }
}
