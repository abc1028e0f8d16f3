import Foundation
import Testing

@testable import Support

/// What a process that dies costs: its own request.
struct DecoderProcessTests {
  @Test func `a process that dies is a failure, and another one answers`() throws {
    // A frame's request without its texts ends the process.
    let process = try DecoderProcess()
    let failure = try #require(throws: DecoderProcess.Failure.self) {
      try process.ask(.frame, inputSize: 10, [[1, 2, 3]])
    }
    #expect(failure.status == nil && failure.description == "its contents contradict themselves")
    #expect(throws: DecoderProcess.Failure.self) { try process.ask(.frame, inputSize: 10, [[1, 2, 3]]) }
    let another = try DecoderProcess()
    let refused = try #require(throws: DecoderProcess.Failure.self) {
      try another.ask(.niftiHeader, inputSize: 10, [Array("/there/is/none".utf8) + [0]])
    }
    #expect(refused.status == 1)
  }

  @Test func `the pool keeps a process that served, and none that failed`() throws {
    struct Failed: Error, Equatable {}
    func identity() throws -> ObjectIdentifier {
      try DecoderPool.withProcess(orElse: { _ in Failed() }) { (process) throws(Failed) in ObjectIdentifier(process) }
    }
    var kept: DecoderProcess?
    #expect(throws: Failed.self) {
      try DecoderPool.withProcess(orElse: { _ in Failed() }) { (process) throws(Failed) in
        kept = process
        throw Failed()
      }
    }
    // Held here, so that no other one can have its identity.
    let failed = try ObjectIdentifier(#require(kept))
    #expect(try identity() != failed)
  }

  @Test func `limits of memory do not overflow`() {
    #expect(DecoderProcess.memoryLimit(forInputOf: 0) == 256 << 20)
    #expect(DecoderProcess.memoryLimit(forInputOf: 1 << 20) == 320 << 20)
    for count in [1 << 57, 1 << 58, Int.max] {
      #expect(DecoderProcess.memoryLimit(forInputOf: count) >= 1 << 62)
    }
  }
}
