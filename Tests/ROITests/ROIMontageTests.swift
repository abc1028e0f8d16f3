import CPNG
import Foundation
import Study
import Support
import TestSupport
import Testing

@testable import ROI

struct ROIMontageTests {
  private struct Picture {
    var width = 0
    var height = 0
    var bytes: [UInt8] = []

    /// Decodes a PNG by libpng.
    init(_ url: URL) throws {
      var image = png_image()
      image.version = UInt32(PNG_IMAGE_VERSION)
      try #require(png_image_begin_read_from_file(&image, url.path) != 0)
      image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
      (width, height) = (Int(image.width), Int(image.height))
      bytes = Array(repeating: 0, count: width * height * 3)
      try #require(png_image_finish_read(&image, nil, &bytes, 0, nil) != 0)
    }

    func count(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
      (0..<width * height).count { bytes[3 * $0] == red && bytes[3 * $0 + 1] == green && bytes[3 * $0 + 2] == blue }
    }
  }

  private func tile(_ patient: String, _ grade: Int, _ slice: Int) throws -> ROIMontage.Tile {
    ROIMontage.Tile(
      patient: patient, grade: try #require(Grade(rawValue: grade)), slice: slice,
      crop: (0..<256).map { Float($0 % 16) / 15 }, contour: [[[4, 4], [12, 4], [12, 12], [4, 12]]])
  }

  private func picture(_ tiles: [ROIMontage.Tile]) throws -> (picture: Picture, text: String) {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("montage.png")
    let montage = ROIMontage(tiles, boxSize: 16, tileSize: 64, ofROIs: 9, ofPatients: 5)
    try montage.write(to: url)
    return (try Picture(url), montage.text)
  }

  @Test func `the picture has a frame in its class's colour around each crop`() throws {
    let low = try picture([tile("A", 1, 0), tile("A", 1, 1)])
    let high = try picture([tile("A", 1, 0), tile("A", 1, 1), tile("B", 4, 0)])
    #expect(low.picture.width == 700)
    #expect(high.picture.width == 700)
    let blue = { (one: Picture) in one.count(86, 180, 233) }
    let orange = { (one: Picture) in one.count(230, 159, 0) }
    // Beyond the legend and the captions: a plain frame of 3 and a double one of 2 + 2 pixels around 64 x 64.
    #expect(blue(low.picture) > 2 * (4 * 64 * 3))
    #expect(blue(high.picture) == blue(low.picture))
    #expect(orange(high.picture) - orange(low.picture) > (4 * 64 * 4))
  }

  @Test func `more patients make more lines, not a wider picture`() throws {
    let few = try picture((0..<6).map { try tile("P\($0)", 2, 0) })
    let many = try picture((0..<30).map { try tile("P\($0)", 2, 0) })
    #expect(many.picture.width <= max(few.picture.width, 700))
    #expect(many.picture.height > few.picture.height)
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

  @Test func `every printable letter has dots of its own`() {
    let letters = (33...126).map { Character(UnicodeScalar(UInt8($0))) }
    let shapes = letters.map { letter in
      (0..<8).flatMap { row in (0..<5).map { BitmapFont.dot(letter, $0, row) } }
    }
    #expect(Set(shapes).count == letters.count)
    #expect((0..<8).allSatisfy { row in (0..<5).allSatisfy { !BitmapFont.dot(" ", $0, row) } })
    #expect(BitmapFont.dot("é", 0, 0))
  }

  @Test func `a folder that is not there is an error`() throws {
    let montage = ROIMontage([try tile("A", 1, 0)], boxSize: 16, tileSize: 32, ofROIs: 1, ofPatients: 1)
    #expect(throws: StudyError.self) { try montage.write(to: URL(fileURLWithPath: "/nowhere/montage.png")) }
  }
}
