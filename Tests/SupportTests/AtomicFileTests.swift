import Foundation
import Support
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func whatIsBeingWrittenIsNotAbandoned() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("values")
    try Data("killed".utf8).write(to: folder.url.appendingPathComponent(".values.01234567.partial"))
    try Data("kept".utf8).write(to: folder.url.appendingPathComponent("other"))
    let writer = try AtomicFile.Writer(file)
    try writer.append(Data("whole".utf8))
    AtomicFile.removeAbandoned(in: folder.url)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 2)
    try writer.finish()
    #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.url.path)) == ["other", "values"])
    #expect(try String(contentsOf: file, encoding: .utf8) == "whole")
  }
}
