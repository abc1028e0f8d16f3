public import Foundation

/// What files hold, byte by byte.
public enum FileContents {
  /// Whether two files hold the same bytes; false where one of them cannot be read.
  ///
  /// Foundation's own comparison goes byte by byte and takes half a millisecond for a slice.
  public static func areEqual(_ first: URL, _ second: URL) -> Bool {
    guard let one = try? Data(contentsOf: first), let other = try? Data(contentsOf: second) else { return false }
    return one == other
  }
}
