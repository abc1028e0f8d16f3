import Foundation
import Support
import TestSupport
import Testing

@Suite struct PrintableTextTests {
  @Test(arguments: [
    ("plain é 漢字 👩‍🔬.dcm", "plain é 漢字 👩‍🔬.dcm"), ("red\u{1B}[31m", #"red\u{1B}[31m"#), ("a\nb", #"a\u{A}b"#),
    ("bell\u{7}", #"bell\u{7}"#), ("del\u{7F}", #"del\u{7F}"#), ("csi\u{9B}2J", #"csi\u{9B}2J"#),
    ("mcd\u{202E}nosrep", #"mcd\u{202E}nosrep"#), ("\r", #"\u{D}"#), ("", ""),
  ])
  func nothingSteersATerminal(text: String, expected: String) { #expect(text.printable() == expected) }

  @Test func aMessageKeepsItsLines() { #expect("a\n\tb\u{1B}".printable(keepsLines: true) == "a\n\tb\\u{1B}") }

  @Test(
    arguments: [
      (Array("Müller".utf8), "Müller"), ([0x4D, 0xFC, 0x6C], #"M\xFCl"#), ([0x80], #"\x80"#), ([0xC3], #"\xC3"#),
      ([0xED, 0xA0, 0x80], #"\xED\xA0\x80"#), ([0xFF, 0x0A, 0x1B], #"\xFF\x0A\x1B"#), ([0x1B, 0x5B], #"\u{1B}["#),
    ] as [([UInt8], String)])
  func namesOfAnyBytesCanBePrinted(bytes: [UInt8], expected: String) { #expect(FileName.text(bytes) == expected) }

  @Test func namesOfOneByteEachStayApart() {
    #expect(Set((UInt8(1)...255).map { FileName.text([$0]) }).count == 255)
  }

  @Test func whyAFileCannotBeReadIsSaidInWords() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("file")
    try Data("x".utf8).write(to: file)
    #expect(FileContents.obstacle(to: file) == nil)
    #expect(FileContents.obstacle(to: folder.url) == "it is a folder; give a file")
    #expect(FileContents.obstacle(to: folder.url.appendingPathComponent("none")) == "there is no such file")
    #expect(FileContents.obstacle(to: file.appendingPathComponent("below")) == "Not a directory")
    let pipe = folder.url.appendingPathComponent("pipe")
    try #require(mkfifo(pipe.path, 0o600) == 0)
    #expect(FileContents.obstacle(to: pipe)?.contains("pipe") == true)
  }
}
