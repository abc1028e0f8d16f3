import Foundation
import Testing

@testable import PACS

struct MultipartTests {
  static let type = #"multipart/related; type="application/dicom"; boundary="edge-1""#

  /// Parses a body that comes in pieces of `size` bytes.
  static func parse(_ body: Data, pieces size: Int, type: String? = type) throws -> [Data] {
    try results(body, pieces: size, type: type).map { try $0.get() }
  }

  static func results(_ body: Data, pieces size: Int, type: String? = type) throws -> [Result<Data, PACSError>] {
    var parser = try MultipartParser(MediaType(type))
    var parts: [Result<Data, PACSError>] = []
    for start in stride(from: 0, to: body.count, by: size) {
      parts += try parser.append(body[start..<min(start + size, body.count)])
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
    #expect(error?.kind == .badInstance)
    // The other parts are as good as ever.
    let both = wrong.dropLast("\r\n--edge-1--".utf8.count) + Self.body([Data("67890".utf8)])
    #expect(try Self.results(both, pieces: 7).map { try? $0.get() } == [nil, Data("67890".utf8)])
  }

  @Test(arguments: [
    ("Multipart/Related; boundary=edge-1", "edge-1"),
    (#"multipart/related;type="application/dicom";BOUNDARY="edge-1""#, "edge-1"),
    (#"multipart/related ; boundary = "a b;c" ; type=x"#, "a b;c"),
    (#"multipart/related; boundary="a\"b\\c""#, #"a"b\c"#),
    ("multipart/related;;boundary=x;boundary=y;start", "x"),
    ("\tmultipart/related;boundary=:-'()+_,./=?", ":-'()+_,./=?"),
    (#"multipart/related; type="a; boundary=b"; boundary=c"#, "c"),
  ]) func boundariesAreReadHoweverTheyAreWritten(type: String, boundary: String) throws {
    #expect(MediaType(type)?.name == "multipart/related" && MediaType(type)?.parameters["boundary"] == boundary)
    let edge = "\r\n--\(boundary)"
    let body = "a preamble\(edge) \t\r\n\r\nfirst\(edge)x\(edge)\r\n\r\nlast\(edge)--"
    for size in [1, 5, 1000] {
      let parts = try Self.parse(Data(body.utf8), pieces: size, type: type)
      #expect(parts == [Data("first\r\n--\(boundary)x".utf8), Data("last".utf8)])
    }
  }

  @Test func aPreambleWithoutEndIsNotKept() throws {
    var parser = try MultipartParser(MediaType(Self.type))
    let piece = Data(repeating: 0x61, count: 1 << 18)
    for _ in 0..<4 { #expect(try parser.append(piece).isEmpty) }
    #expect(parser.heldBytes < 100)
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
