import Foundation

/// The most memory that this program has held at once, as Linux counts it (`VmHWM` of proc(5)).
public enum PeakMemory {
  /// Starts counting again from what is held now; without effect where the system does not allow it.
  ///
  /// - Returns: whether it did.
  @discardableResult
  public static func reset() -> Bool {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return false }
    defer { try? file.close() }
    // 5 resets the peak (proc(5), clear_refs); nothing else changes.
    return (try? file.write(contentsOf: Data("5".utf8))) != nil
  }

  /// The peak since the last reset, or since the program began, in bytes; nil where the system does not say.
  public static var bytes: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
    return overflow ? nil : bytes
  }
}
