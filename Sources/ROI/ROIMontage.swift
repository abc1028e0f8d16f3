public import Foundation
public import Study
public import Support

/// A picture of what the network will see: the enlarged crops, patient by patient, framed by grade class.
///
/// Low grade comes first and has a plain blue frame, high grade a double orange one: neither reading needs the other
/// colour, or any. The contour is drawn as a thin line. It is an SVG file that holds its images and whose words are text.
public struct ROIMontage: Sendable {
  /// What the picture shows, in words, for those who do not see it.
  public let text: String
  /// The SVG file's text.
  let svg: String

  /// One crop of the picture.
  struct Tile: Sendable {
    let patient: String
    let grade: Grade
    let slice: Int
    let crop: [Float]
    let contour: [[SIMD2<Double>]]
  }

  /// Draws a study's ROIs.
  ///
  /// - Parameters:
  ///   - rois: the study's ROIs.
  ///   - maximum: how many crops are shown at most; of more, every patient keeps the same number, spread over its slices;
  ///     of more patients than that, evenly chosen ones keep one.
  ///   - tileSize: a crop's side in the picture, in pixels; the network's 224 by default.
  /// - Throws: `StudyError` where the study's table holds a contour that is none; an error with libpng's reason.
  public init(_ rois: ROISet, maximum: Int = 60, tileSize: Int = 224) throws {
    let shown = Self.choose(rois.entries.indices.map { (rois.entries[$0].patient, rois.entries[$0].grade) }, maximum)
    let tiles = try shown.map { index in
      let entry = rois.entries[index]
      return Tile(
        patient: entry.patient, grade: entry.grade, slice: entry.sliceOrdinal, crop: rois.withCrop(index) { Array($0) },
        contour: try entry.contour.map(\.vertices))
    }
    try self.init(
      tiles, boxSize: rois.boxSize, tileSize: tileSize, ofROIs: rois.entries.count,
      ofPatients: Set(rois.entries.map(\.patient)).count)
  }

  /// Writes the picture as SVG.
  ///
  /// - Throws: `StudyError` of kind `.file` where the file cannot be written.
  public func write(to url: URL) throws(StudyError) { try AtomicFile.write(svg, to: url) }

  /// The ROIs to show, by number: low grade first, then by patient, then in their order.
  static func choose(_ rois: [(patient: String, grade: Grade)], _ maximum: Int) -> [Int] {
    let patients = Dictionary(grouping: rois.indices) { rois[$0].patient }
      .map { patient, indices in
        (isHigh: indices.contains { rois[$0].grade.gradeClass == .high }, patient: patient, indices: indices)
      }
      .sorted { ($0.isHigh ? 1 : 0, $0.patient) < ($1.isHigh ? 1 : 0, $1.patient) }
    let shown = ROIPlan.evenlySpread(patients, max(maximum, 1))
    guard !shown.isEmpty else { return [] }
    // The same number from every patient that has as many: neither class is to look better covered.
    let most = shown.map(\.indices.count).max() ?? 1
    let share = (1...most).last { share in shown.reduce(0) { $0 + min($1.indices.count, share) } <= maximum } ?? 1
    return shown.flatMap { ROIPlan.evenlySpread($0.indices, share) }
  }

  /// Lays out and draws `tiles`, which stand in the order to be shown.
  init(_ tiles: [Tile], boxSize: Int, tileSize: Int, ofROIs roiCount: Int, ofPatients patientCount: Int) throws {
    let groups = Layout.groups(tiles)
    let low = groups.filter { $0[0].grade.gradeClass == .low }.count
    let counts = "\(tiles.count) of \(roiCount) ROIs, \(groups.count) of \(patientCount) patients"
    text =
      "What the network sees: \(counts), \(low) low grade (blue frame), \(groups.count - low) high grade "
      + "(double orange frame), each crop \(boxSize) x \(boxSize) pixels around the tumour, its contour a thin line. "
      + groups.map { "\($0[0].patient): grade \($0[0].grade.rawValue), \($0.count) slice\($0.count == 1 ? "" : "s")" }
      .joined(separator: "; ")
      + "."
    let layout = Layout(groups.map(\.count), tileSize: tileSize)
    var picture = SVGPicture(width: layout.width, height: layout.height, background: Style.background)
    func head(_ line: Int, _ text: String, _ colour: String, size: Int, weight: SVGPicture.Weight) {
      picture.text(
        text, x: Layout.left - 3, y: Layout.margin + line * Layout.lineHeight - 6, room: layout.width - Layout.left,
        size: size, colour, weight: weight)
    }
    head(1, "What the network sees", Style.title, size: 19, weight: .bold)
    head(2, "\(counts); \(boxSize) × \(boxSize) pixel crops", Style.text, size: 15, weight: .regular)
    Self.drawLegend(&picture, y: Layout.margin + 2 * Layout.lineHeight + 4)
    for (group, places) in zip(groups, layout.places) {
      for (index, (tile, place)) in zip(group, places).enumerated() {
        try Self.draw(
          tile, boxSize: boxSize, tileSize: tileSize, at: place, isFirst: index == 0 || place.x == Layout.left, &picture
        )
      }
    }
    svg = picture.file(title: "What the network sees", description: text)
  }

  private static func draw(
    _ tile: Tile, boxSize: Int, tileSize: Int, at place: (x: Int, y: Int), isFirst: Bool, _ picture: inout SVGPicture
  ) throws {
    let pixels = NetworkInput.resized(tile.crop, from: boxSize, to: tileSize)
    let caption = isFirst ? "\(tile.patient) G\(tile.grade.rawValue)" : "slice \(tile.slice + 1)"
    try picture.image(
      PixelImage(greys: pixels, side: tileSize), x: place.x, y: place.y, side: tileSize, outlines: tile.contour,
      boxSize: boxSize, Style.contour, thickness: 1.2, opacity: 0.85,
      words: "\(tile.patient), grade \(tile.grade.rawValue), slice \(tile.slice + 1)")
    drawFrame(tile.grade.gradeClass, x: place.x, y: place.y, width: tileSize, height: tileSize, &picture)
    picture.text(
      caption, x: place.x, y: place.y + tileSize + Layout.frame + 19, room: tileSize, size: 15,
      isFirst ? Style.colour(tile.grade.gradeClass) : Style.text, weight: isFirst ? .bold : .regular)
  }

  private static func drawLegend(_ picture: inout SVGPicture, y: Int) {
    let (height, room) = (14, 150)
    var x = Layout.left
    for (gradeClass, words) in [(GradeClass.low, "low grade (1-2)"), (.high, "high grade (3-4)")] {
      drawFrame(gradeClass, x: x, y: y, width: 2 * height, height: height, &picture)
      x += 2 * height + Layout.frame + 8
      picture.text(words, x: x, y: y + 13, room: room, size: 15, Style.colour(gradeClass))
      x += room + Layout.frame
    }
    picture.fill(x: x, y: y + height / 2 - 1, width: 24, height: 2, Style.contour)
    picture.text("contour", x: x + 32, y: y + 13, room: room, size: 15, Style.text)
  }

  /// A plain frame for low, a double one for high grade.
  private static func drawFrame(
    _ gradeClass: GradeClass, x: Int, y: Int, width: Int, height: Int, _ picture: inout SVGPicture
  ) {
    let colour = Style.colour(gradeClass)
    switch gradeClass {
    case .low:
      picture.frame(x: x, y: y, width: width, height: height, thickness: 3, colour)
    case .high:
      picture.frame(x: x, y: y, width: width, height: height, thickness: 2, colour)
      picture.frame(x: x - 4, y: y - 4, width: width + 8, height: height + 8, thickness: 2, colour)
    }
  }
}

/// Colours that stay apart for every kind of colour vision (Okabe and Ito's blue and orange).
private enum Style {
  static let background = "#16181d"
  static let title = "#f5f5f5"
  static let text = "#a5aab4"
  static let contour = "#f0e442"

  static func colour(_ gradeClass: GradeClass) -> String {
    switch gradeClass {
    case .low: "#56b4e9"
    case .high: "#e69f00"
    }
  }
}

/// Where everything stands: patients' tiles side by side from left to right, closer together than two patients are.
private struct Layout {
  static let margin = 20
  static let frame = 6
  static let lineHeight = 24
  /// Where the first tile of a line begins.
  static let left = margin + frame
  private static let gap = 2 * frame + 6
  private static let patientGap = 44
  private static let caption = 28
  private static let header = 4 * lineHeight + margin
  private static let tilesPerLine = 6

  let width: Int
  let height: Int
  /// The top left corners of each patient's tiles.
  let places: [[(x: Int, y: Int)]]

  static func groups(_ tiles: [ROIMontage.Tile]) -> [[ROIMontage.Tile]] {
    tiles.reduce(into: []) { groups, tile in
      if groups.last?.last?.patient == tile.patient {
        groups[groups.count - 1].append(tile)
      } else {
        groups.append([tile])
      }
    }
  }

  init(_ counts: [Int], tileSize: Int) {
    let step = tileSize + Self.gap
    let lineWidth = Self.tilesPerLine * step + (Self.tilesPerLine / 2) * (Self.patientGap - Self.gap)
    var (x, y) = (Self.left, Self.header)
    var right = 0
    var places: [[(x: Int, y: Int)]] = []
    func wrap() {
      x = Self.left
      y += tileSize + Self.gap + Self.caption
    }
    for count in counts {
      // A patient stays on one line where it fits on one.
      if x > Self.left, x + count * step - Self.gap > Self.left + lineWidth { wrap() }
      var group: [(x: Int, y: Int)] = []
      for _ in 0..<count {
        if x + tileSize > Self.left + lineWidth { wrap() }
        group.append((x, y))
        right = max(right, x + tileSize)
        x += step
      }
      places.append(group)
      x += Self.patientGap - Self.gap
    }
    self.places = places
    width = max(right + Self.frame + Self.margin, 700)
    height = y + tileSize + Self.frame + Self.caption + Self.margin
  }
}
