public import Foundation

/// Files of a folder that can be made again: those least recently used make room for others.
public enum CachedFiles {
  /// Notes that a file is used now.
  public static func markUsed(_ file: URL) {
    // Where that fails, the file is only forgotten earlier.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: file.path)
  }

  /// Removes the files of an extension that were least recently used, until they and `byteCount` further bytes take at most
  /// `budget` bytes.
  ///
  /// Files used since `start` are kept, whatever they take; so are files that cannot be removed.
  public static func makeRoom(
    in folder: URL, pathExtension: String, for byteCount: Int = 0, budget: Int,
    keepingSince start: Date = .distantFuture
  ) {
    let keys: [URLResourceKey] = [.contentModificationDateKey, .fileSizeKey]
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: keys)) ?? []
    let cached = files.filter { $0.pathExtension == pathExtension }.map { url in
      let values = try? url.resourceValues(forKeys: Set(keys))
      return (url: url, date: values?.contentModificationDate ?? .distantPast, size: values?.fileSize ?? 0)
    }
    var total = cached.reduce(byteCount) { $0 + $1.size }
    for file in cached.sorted(by: { $0.date < $1.date }) where total > budget && file.date < start {
      try? FileManager.default.removeItem(at: file.url)
      total -= file.size
    }
  }
}
