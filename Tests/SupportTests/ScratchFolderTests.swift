import Foundation
import TestSupport
import Testing

@testable import Support

struct ScratchFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func names() throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
  }

  @Test func itIsGoneOnceItIsRemoved() throws {
    let scratch = try ScratchFolder(in: folder.url)
    try Data("x".utf8).write(to: scratch.url.appendingPathComponent("file"))
    #expect(
      try names() == [scratch.url.lastPathComponent] && scratch.url.lastPathComponent.hasPrefix("renalgrade-scratch-"))
    scratch.remove()
    #expect(try names().isEmpty)
  }

  @Test func onlyWhatNobodyHoldsIsRemoved() throws {
    let held = try ScratchFolder(in: folder.url)
    for name in ["renalgrade-scratch-dead", "renalgrade-other"] {
      let left = folder.url.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
      try Data("x".utf8).write(to: left.appendingPathComponent("file"))
    }
    try FileManager.default.createSymbolicLink(
      at: folder.url.appendingPathComponent("renalgrade-scratch-link"),
      withDestinationURL: folder.url.appendingPathComponent("renalgrade-other"))
    let second = try ScratchFolder(in: folder.url)
    defer {
      held.remove()
      second.remove()
    }
    #expect(
      try names() == [
        held.url.lastPathComponent, second.url.lastPathComponent, "renalgrade-other", "renalgrade-scratch-link",
      ])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/renalgrade-other") == ["file"])
  }

  @Test func whereNothingCanBeWrittenItIsAnError() {
    let error = #expect(throws: StudyError.self) {
      _ = try ScratchFolder(in: URL(fileURLWithPath: "/proc/no-such-folder")).url
    }
    #expect(error?.description.contains("/proc/no-such-folder") == true)
  }
}
