import Foundation
import Support

/// PDF files without the time at which they were made, so the same figure or page gives the same bytes.
enum UndatedPDF {
  /// Sets the dates in the file's information dictionary (PDF 32000-1, 14.3.3) to 1970; nothing else moves.
  ///
  /// - Throws: `StudyError` of kind `.file` where `url` cannot be read or written.
  static func rewrite(_ url: URL) throws(StudyError) {
    guard let data = try? Data(contentsOf: url) else {
      throw StudyError(
        .file, "\(url.lastPathComponent) was not drawn, or cannot be read, in \(url.deletingLastPathComponent().path)")
    }
    try AtomicFile.write(undated(data), to: url)
  }

  static func undated(_ data: Data) -> Data {
    var data = data
    for key in ["/CreationDate (D:", "/ModDate (D:"] {
      var rest = data.startIndex..<data.endIndex
      while let found = data.range(of: Data(key.utf8), in: rest) {
        let digits = data[found.upperBound...].prefix(14).prefix { (0x30...0x39).contains($0) }
        let date = Data("19700101000000".utf8.prefix(digits.count))
        data.replaceSubrange(digits.startIndex..<digits.endIndex, with: date)
        rest = found.upperBound..<data.endIndex
      }
    }
    return data
  }
}
