import Foundation
import Testing

@testable import PACS

struct MultipartTests {
  static let type = #"multipart/related; type="application/dicom"; boundary="edge-1""#

  /// Parses a body that comes in pieces of `size` bytes.
  static func parse(_ body: Data, pieces size: Int, type: String? = type) throws -> [Data] {
    var parser = try MultipartParser(contentType: type)
    var parts: [Data] = []
    for start in stride(from: 0, to: body.count, by: size) {
      try parser.append(body[start..<min(start + size, body.count)]) { parts.append($0) }
    }
    try parser.finish()
    return parts
  }

  /// Bytes that are full of what resembles a boundary.
  static let tricky: [Data] = [
    Data("\r\n--edge-\r\n--edge-2\r\n\r\n--".utf8), Data(), Data((0..<5000).map { UInt8($0 * $0 % 251) }),
    Data("\r\n".utf8),
    Data("\r\r\n-\r\n--edge\r".utf8),
  ]

  static func body(_ parts: [Data], headers: String = "Content-Type: application/dicom\r\n") -> Data {
    parts.reduce(into: Data()) { $0 += Data("\r\n--edge-1\r\n\(headers)\r\n".utf8) + $1 } + Data("\r\n--edge-1--".utf8)
  }

  @Test(arguments: [1, 2, 3, 7, 64, 4096, 1_000_000]) func piecesOfAnySizeGiveTheSameParts(size: Int) throws {
    #expect(try Self.parse(Self.body(Self.tricky), pieces: size) == Self.tricky)
    #expect(try Self.parse(Self.body(Self.tricky, headers: ""), pieces: size) == Self.tricky)
    let framed = Data("a preamble".utf8) + Self.body(Self.tricky) + Data("\r\nan epilogue\r\n--edge-1\r\n".utf8)
    #expect(try Self.parse(framed, pieces: size) == Self.tricky)
    // The first boundary need not follow a line's end.
    #expect(try Self.parse(Data(Self.body(Self.tricky).dropFirst(2)), pieces: size) == Self.tricky)
  }

  @Test func statedLengthsAreChecked() throws {
    let right = Self.body([Data("12345".utf8)], headers: "content-length: 5\r\n")
    #expect(try Self.parse(right, pieces: 10) == [Data("12345".utf8)])
    let wrong = Self.body([Data("1234".utf8)], headers: "Content-Length: 5\r\n")
    let error = #expect(throws: PACSError.self) { try Self.parse(wrong, pieces: 10) }
    #expect(error?.kind == .malformed)
  }

  @Test func whatIsCutOffIsNoPart() throws {
    let whole = Self.body([Data("first".utf8), Data("second".utf8)])
    for length in 0..<whole.count {
      let error = #expect(throws: PACSError.self) { try Self.parse(whole.prefix(length), pieces: 5) }
      #expect(error?.kind == .interrupted)
    }
  }

  @Test(arguments: [nil, "", "application/dicom", "multipart/related", #"multipart/related; boundary="""#])
  func typesThatAreNone(type: String?) {
    let error = #expect(throws: PACSError.self) { try Self.parse(Data(), pieces: 1, type: type) }
    #expect(error?.kind == .malformed)
  }
}
