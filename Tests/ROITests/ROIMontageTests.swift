import CPNG
import Foundation
import FoundationXML
import Study
import Support
import TestSupport
import Testing

@testable import ROI

/// What an SVG file holds: its elements with their attributes and their text.
final class Drawing: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String], text: String)] = []
  private var open: [Int] = []

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append((name, attributes, ""))
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if let last = open.last { elements[last].text += string }
  }

  func all(_ name: String) -> [(name: String, attributes: [String: String], text: String)] {
    elements.filter { $0.name == name }
  }

  /// Width and height of the picture.
  var size: [Int] { ["width", "height"].map { elements.first?.attributes[$0].flatMap { Int($0) } ?? 0 } }

  /// The images, each decoded by libpng.
  func images(channels: Int) throws -> [(side: Int, bytes: [UInt8])] {
    try all("image").map { image in
      let source = try #require(image.attributes["xlink:href"])
      let prefix = "data:image/png;base64,"
      try #require(source.hasPrefix(prefix))
      let data = [UInt8](try #require(Data(base64Encoded: String(source.dropFirst(prefix.count)))))
      var image = png_image()
      image.version = UInt32(PNG_IMAGE_VERSION)
      try #require(png_image_begin_read_from_memory(&image, data, data.count) != 0)
      image.format = channels == 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
      var bytes = [UInt8](repeating: 0, count: Int(image.width * image.height) * channels)
      try #require(png_image_finish_read(&image, nil, &bytes, 0, nil) != 0)
      return (Int(image.width), bytes)
    }
  }
}

struct ROIMontageTests {
  private func tile(_ patient: String, _ grade: Int, _ slice: Int) throws -> ROIMontage.Tile {
    ROIMontage.Tile(
      patient: patient, grade: try #require(Grade(rawValue: grade)), slice: slice,
      crop: (0..<256).map { Float($0 % 16) / 15 }, contour: [[[4, 4], [12, 4], [12, 12], [4, 12]]])
  }

  private func picture(_ tiles: [ROIMontage.Tile]) throws -> (picture: Drawing, text: String) {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("montage.svg")
    let montage = try ROIMontage(tiles, boxSize: 16, tileSize: 64, ofROIs: 9, ofPatients: 5)
    try montage.write(to: url)
    return (try Drawing(String(contentsOf: url, encoding: .utf8)), montage.text)
  }

  @Test func `the picture has a frame in its class's colour around each crop`() throws {
    let low = try picture([tile("A", 1, 0), tile("A", 1, 1)]).picture
    let high = try picture([tile("A", 1, 0), tile("A", 1, 1), tile("B", 4, 0)]).picture
    #expect(low.size[0] == 700 && high.size[0] == 700)
    func frames(_ picture: Drawing, _ colour: String, width: Int) -> Int {
      picture.all("rect").count { $0.attributes["stroke"] == colour && $0.attributes["width"] == "\(width)" }
    }
    // A plain frame of 3 and a double one of 2 + 2 pixels around 64 x 64.
    #expect(frames(low, "#56b4e9", width: 67) == 2 && frames(high, "#56b4e9", width: 67) == 2)
    #expect(frames(low, "#e69f00", width: 66) == 0)
    #expect(frames(high, "#e69f00", width: 66) == 1 && frames(high, "#e69f00", width: 74) == 1)
  }

  @Test func `the crops are those that the network sees, with the contour in its place`() throws {
    let tile = try tile("A", 1, 0)
    let picture = try picture([tile]).picture
    let image = try #require(try picture.images(channels: 1).first)
    #expect(image.side == 64)
    #expect(image.bytes == NetworkInput.resized(tile.crop, from: 16, to: 64).map(PixelImage.level))
    #expect(picture.all("svg").contains { $0.attributes["viewBox"] == "0 0 16 16" && $0.attributes["width"] == "64" })
    // Whole numbers are centres of pixels.
    #expect(picture.all("path").map { $0.attributes["d"] } == ["M4.5 4.5L12.5 4.5L12.5 12.5L4.5 12.5Z"])
  }

  @Test func `the words are text, whatever they are`() throws {
    let (picture, text) = try picture([tile("<A> & \"B\" é", 3, 1), tile("<A> & \"B\" é", 3, 4)])
    let texts = picture.all("text").map(\.text)
    #expect(texts.contains("What the network sees") && texts.contains("slice 5"))
    #expect(texts.contains("<A> & \"B\" é G3"))
    #expect(picture.all("desc").map(\.text) == [text])
    #expect(picture.all("title").map(\.text).contains("<A> & \"B\" é, grade 3, slice 2"))
  }

  @Test func `the same crops give the same bytes`() throws {
    let tiles = try (0..<3).map { try tile("P\($0)", 2, 0) }
    let files = try (0..<2).map { _ in try ROIMontage(tiles, boxSize: 16, tileSize: 64, ofROIs: 3, ofPatients: 3).svg }
    #expect(files[0] == files[1])
  }

  @Test func `more patients make more lines, not a wider picture`() throws {
    let few = try picture((0..<6).map { try tile("P\($0)", 2, 0) }).picture.size
    let many = try picture((0..<30).map { try tile("P\($0)", 2, 0) }).picture.size
    #expect(many[0] <= max(few[0], 700))
    #expect(many[1] > few[1])
  }

  @Test func `the text says what is to be seen`() throws {
    let text = try picture([tile("case-0001", 2, 4), tile("case-0002", 3, 0), tile("case-0002", 3, 7)]).text
    #expect(text.contains("3 of 9 ROIs, 2 of 5 patients, 1 low grade (blue frame), 1 high grade (double orange frame)"))
    #expect(text.contains("case-0001: grade 2, 1 slice; case-0002: grade 3, 2 slices."))
  }

  @Test func `what does not fit is chosen evenly, low grade first`() throws {
    let (low, high) = (try #require(Grade(rawValue: 2)), try #require(Grade(rawValue: 3)))
    let rois = [("A", high), ("A", high), ("A", high), ("B", low), ("C", low), ("C", low), ("C", low), ("C", low)]
    func patients(_ maximum: Int) -> [String] { ROIMontage.choose(rois, maximum).map { rois[$0].0 } }
    #expect(patients(100) == ["B", "C", "C", "C", "C", "A", "A", "A"])
    #expect(patients(6) == ["B", "C", "C", "A", "A"])
    #expect(patients(3) == ["B", "C", "A"])
    #expect(patients(1).count == 1)
    #expect(ROIMontage.choose([], 10).isEmpty)
    for maximum in 1...9 {
      let chosen = ROIMontage.choose(rois, maximum)
      #expect(chosen.count <= maximum)
      #expect(maximum < 3 || Set(chosen.map { rois[$0].0 }).count == 3)
      #expect(Set(chosen).count == chosen.count)
    }
  }

  @Test func `a folder that is not there is an error`() throws {
    let montage = try ROIMontage([try tile("A", 1, 0)], boxSize: 16, tileSize: 32, ofROIs: 1, ofPatients: 1)
    #expect(throws: StudyError.self) { try montage.write(to: URL(fileURLWithPath: "/nowhere/montage.svg")) }
  }
}
