public import Foundation
import Imaging
public import Support

/// A picture of lesions side by side, each with the outlines of all its readers over a slice of CT.
public struct ReadingsPicture: Sendable {
  /// A lesion to be shown.
  public struct Lesion: Sendable {
    /// What stands above it.
    public let title: String
    /// By reading: who drew it.
    public let readers: [String]
    /// The readings.
    public let volumes: ReadingVolumes

    /// What the readers have in common, by name: whether each voxel of the volumes belongs to it.
    public let consensus: [(name: String, mask: [Bool])]

    /// Names a lesion; there are as many readers as readings, and a consensus has as many voxels as they.
    public init(
      title: String, readers: [String], volumes: ReadingVolumes, consensus: [(name: String, mask: [Bool])] = []
    ) {
      precondition(readers.count == volumes.masks.count, "a name for each reading")
      precondition(consensus.allSatisfy { $0.mask.count == volumes.values.count }, "the same voxels")
      (self.title, self.readers, self.volumes, self.consensus) = (title, readers, volumes, consensus)
    }
  }

  /// The colours of readings in their order: Okabe and Ito's, which every kind of colour vision tells apart.
  static let colours = ["#f0e442", "#56b4e9", "#d55e00", "#cc79a7", "#009e73", "#e69f00"]

  /// How consensus outlines are drawn, in their order: white dashes of these lengths, and dots.
  private static let dashes = [5.0, 2]

  private let svg: String

  /// Draws the lesions from left to right, each on the slice where its readings enclose most together.
  ///
  /// - Parameters:
  ///   - lesions: the lesions.
  ///   - settings: the window.
  ///   - side: a lesion's side in the picture, in pixels.
  /// - Throws: an error with libpng's reason.
  public init(_ lesions: [Lesion], _ settings: ROISettings, side: Int = 320) throws {
    let names = lesions.flatMap(\.readers).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    func colour(_ reader: String) -> String {
      Self.colours[(names.firstIndex(of: reader) ?? 0) % Self.colours.count]
    }
    let agreed = lesions.flatMap(\.consensus).reduce(into: [String]()) {
      if !$0.contains($1.name) { $0.append($1.name) }
    }
    func dash(_ name: String) -> Double { Self.dashes[(agreed.firstIndex(of: name) ?? 0) % Self.dashes.count] }
    let (margin, gap, head) = (16, 16, 30)
    let width = max(420, 2 * margin + lesions.count * (side + gap) - gap)
    var picture = SVGPicture(
      width: width, height: margin + head + side + margin + 20 * (names + agreed).count + margin,
      background: "#16181d")
    for (number, lesion) in lesions.enumerated() {
      let x = margin + number * (side + gap)
      picture.text(lesion.title, x: x, y: margin + 14, room: side, size: 14, "#f5f5f5", weight: .bold)
      let (image, boxSize, outlines, consensus) = lesion.largestSlice(settings)
      let words = "\(lesion.title): " + lesion.readers.joined(separator: ", ")
      try picture.image(
        image, x: x, y: margin + head, side: side, outlines: [], boxSize: boxSize, colour: "#ffffff", thickness: 1,
        opacity: 1, words: words)
      for (reader, polygons) in zip(lesion.readers, outlines) {
        picture.outlines(
          polygons.map(\.vertices), x: x, y: margin + head, side: side, boxSize: boxSize, colour: colour(reader),
          thickness: 1.6)
      }
      for (found, polygons) in zip(lesion.consensus, consensus) {
        picture.outlines(
          polygons.map(\.vertices), x: x, y: margin + head, side: side, boxSize: boxSize, colour: "#ffffff",
          thickness: 1.2, dash: dash(found.name))
      }
    }
    for (number, name) in (names + agreed).enumerated() {
      let y = margin + head + side + margin + 20 * number
      let isReader = number < names.count
      picture.line(
        x: margin, y: y + 6, width: 24, colour: isReader ? colour(name) : "#ffffff", thickness: isReader ? 3 : 1.2,
        dash: isReader ? 0 : dash(name))
      picture.text(name, x: margin + 32, y: y + 12, room: width - 2 * margin - 32, size: 14, "#a5aab4")
    }
    svg = picture.file(
      title: "Outlines of all readers",
      description: lesions.map { "\($0.title), outlined by \($0.readers.joined(separator: " and "))" }
        .joined(separator: "; ") + ".")
  }

  /// Writes the picture as SVG.
  ///
  /// - Throws: `StudyError` of kind `.file` where the file cannot be written.
  public func write(to url: URL) throws(StudyError) { try AtomicFile.write(svg, to: url) }
}

extension ReadingsPicture.Lesion {
  /// The slice where most voxels belong to some reading, as a square image, its side, and the outlines of each reading and each consensus
  /// in it.
  fileprivate func largestSlice(
    _ settings: ROISettings
  ) -> (image: PixelImage, side: Int, outlines: [[Polygon]], consensus: [[Polygon]]) {
    let size = volumes.size
    let area = size.x * size.y
    let counts = (0..<size.z).map { slice in
      (slice * area..<(slice + 1) * area).count { place in volumes.masks.contains { $0[place] } }
    }
    let slice = counts.indices.max { counts[$0] < counts[$1] } ?? 0
    let side = max(size.x, size.y)
    let shift = SIMD2((side - size.x) / 2, (side - size.y) / 2)
    var greys = [Float](repeating: 0, count: side * side)
    let shown = settings.windowed(Array(volumes.values[slice * area..<(slice + 1) * area]))
    for (place, value) in shown.enumerated() {
      greys[(place / size.x + shift.y) * side + place % size.x + shift.x] = value
    }
    let offset = SIMD2(Double(shift.x), Double(shift.y))
    func shifted(_ outlines: [Polygon]) -> [Polygon] {
      outlines.map { outline in Polygon(vertices: outline.vertices.map { $0 + offset }) }
    }
    let common = consensus.map { found in
      let mask = PixelMask(
        columns: size.x, rows: size.y, values: Array(found.mask[slice * area..<(slice + 1) * area]))
      return shifted(mask.outlines())
    }
    return (PixelImage(greys: greys, side: side), side, volumes.outlines.map { shifted($0[slice]) }, common)
  }
}
