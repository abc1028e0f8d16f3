@testable import Annotation
import Foundation
import GRDB
@testable import Study
import Support
import Testing

/// A process that is killed while it saves loses nothing that it has acknowledged.
@Suite(.serialized) struct KilledProcessTests {
  @Test func `every acknowledged edit is there after 20 kills`() async throws {
    let fixture = try ReadingStudy()
    _ = try fixture.desk().worklist(for: "anna")
    let path = fixture.study.url.path
    let acknowledged = fixture.folder.url.appendingPathComponent("acknowledged").path
    for round in 0..<20 {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, acknowledged = acknowledged as String, round = round as Int] in
        let desk = try AnnotationDesk(StudyFolder(at: URL(fileURLWithPath: path)))
        let log = open(acknowledged, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        var revision = try desk.detail(of: "case-0001", reader: "anna").revision
        let window = UUID().uuidString
        var random = SplitMix64(seed: UInt64(round))
        let delay = UInt32(random.below(100_000))
        var isDoomed = false
        while true {
          let edits = (0...random.below(4)).map { _ in
            Edit.square(slice: random.below(6), at: [1 + 30 * random.unit(), 1 + 30 * random.unit()])
          }
          revision = try desk.save(edits, case: "case-0001", reader: "anna", base: revision, window: window).revision
          let line = edits.map { "\($0.id)\n" }.joined()
          _ = line.withCString { write(log, $0, strlen($0)) }
          guard !isDoomed else { continue }
          isDoomed = true
          Thread.detachNewThread {
            usleep(delay)
            kill(getpid(), SIGKILL)
          }
        }
      }
      let desk = try AnnotationDesk(StudyFolder(at: fixture.study.url))
      #expect(try desk.verify().problems == [])
    }
    let ids = try String(contentsOfFile: acknowledged, encoding: .utf8).split(separator: "\n").map(String.init)
    // The last line may be cut off.
    let whole = ids.filter { $0.count == 36 }
    #expect(whole.count > 20)
    let kept = try fixture.study.read { try String.fetchSet($0, sql: "SELECT editId FROM annotationEdit") }
    #expect(kept.isSuperset(of: whole))
  }
}
