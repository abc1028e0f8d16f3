import Foundation
import Support
import TestSupport
import Testing

@Suite("Cached files")
struct CachedFilesTests {
  /// Five files of 100 bytes, each used a minute after the one before, and one of another kind.
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for minute in 0..<5 {
      let file = folder.url.appendingPathComponent("\(minute).cached")
      try Data(count: 100).write(to: file)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(60 * minute))], ofItemAtPath: file.path)
    }
    try Data(count: 1000).write(to: folder.url.appendingPathComponent("other.txt"))
    return folder
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.hasSuffix(".cached") }.sorted()
  }

  @Test("Those least recently used go first, and only as many as must")
  func order() throws {
    let folder = try folder()
    CachedFiles.makeRoom(in: folder.url, pathExtension: "cached", budget: 500)
    #expect(try names(folder).count == 5)
    CachedFiles.markUsed(folder.url.appendingPathComponent("0.cached"))
    CachedFiles.makeRoom(in: folder.url, pathExtension: "cached", for: 50, budget: 400)
    #expect(try names(folder) == ["0.cached", "3.cached", "4.cached"])
    #expect(FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("other.txt").path))
  }

  @Test("What was used since a time stays, whatever it takes")
  func inUse() throws {
    let folder = try folder()
    CachedFiles.makeRoom(
      in: folder.url, pathExtension: "cached", budget: 0, keepingSince: Date(timeIntervalSince1970: 150))
    #expect(try names(folder) == ["3.cached", "4.cached"])
  }
}
