import Foundation

/// Pages of a memory-mapped file.
public enum MappedPages {
  /// Gives the pages that hold some bytes back: the file stays in the system's cache, but does not fill up the process.
  public static func release(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, let page = UnsafeMutableRawPointer(bitPattern: Int(bitPattern: start) & -size)
    else { return }
    madvise(page, start + bytes.count - UnsafeRawPointer(page), MADV_DONTNEED)
  }

  private static let size = sysconf(Int32(_SC_PAGESIZE))
}
