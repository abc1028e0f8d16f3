public import Foundation
public import Study
public import Support

/// A picture of what the network will see: the enlarged crops, patient by patient, framed by grade class.
///
/// Low grade comes first and has a plain blue frame, high grade a double orange one: neither reading needs the other
/// colour, or any. The contour is drawn as a thin line.
public struct ROIMontage: Sendable {
  /// What the picture shows, in words, for those who do not see it.
  public let text: String
  private let canvas: Canvas

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
  /// - Throws: `StudyError` where the study's table holds a contour that is none.
  public init(_ rois: ROISet, maximum: Int = 60, tileSize: Int = 224) throws {
    let shown = Self.choose(rois.entries.indices.map { (rois.entries[$0].patient, rois.entries[$0].grade) }, maximum)
    let tiles = try shown.map { index in
      let entry = rois.entries[index]
      return Tile(
        patient: entry.patient, grade: entry.grade, slice: entry.sliceOrdinal, crop: rois.withCrop(index) { Array($0) },
        contour: try entry.contour.map(\.vertices))
    }
    self.init(
      tiles, boxSize: rois.boxSize, tileSize: tileSize, ofROIs: rois.entries.count,
      ofPatients: Set(rois.entries.map(\.patient)).count)
  }

  /// Writes the picture as PNG.
  ///
  /// - Throws: `StudyError` of kind `.file` where the file cannot be written.
  public func write(to url: URL) throws(StudyError) {
    let data: Data
    do {
      data = try canvas.png()
    } catch {
      throw StudyError(.file, "\(url.lastPathComponent): \(error)")
    }
    try AtomicFile.write(data, to: url)
  }

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
  init(_ tiles: [Tile], boxSize: Int, tileSize: Int, ofROIs roiCount: Int, ofPatients patientCount: Int) {
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
    var canvas = Canvas(width: layout.width, height: layout.height, background: Style.background)
    canvas.text("What the network sees", x: Layout.left - 3, y: Layout.margin, Style.title)
    canvas.text(
      "\(counts); \(boxSize) x \(boxSize) px crops", x: Layout.left - 3, y: Layout.margin + Layout.lineHeight,
      Style.text)
    Self.drawLegend(&canvas, y: Layout.margin + 2 * Layout.lineHeight + 4)
    for (group, places) in zip(groups, layout.places) {
      for (index, (tile, place)) in zip(group, places).enumerated() {
        Self.draw(
          tile, boxSize: boxSize, tileSize: tileSize, at: place, isFirst: index == 0 || place.x == Layout.left, &canvas)
      }
    }
    self.canvas = canvas
  }

  private static func draw(
    _ tile: Tile, boxSize: Int, tileSize: Int, at place: (x: Int, y: Int), isFirst: Bool, _ canvas: inout Canvas
  ) {
    let pixels = NetworkInput.resized(tile.crop, from: boxSize, to: tileSize)
    for (index, value) in pixels.enumerated() {
      let level = UInt8((min(max(value, 0), 1) * 255).rounded())
      canvas.paint(place.x + index % tileSize, place.y + index / tileSize, .grey(level))
    }
    let scale = Double(tileSize) / Double(boxSize)
    let corner = SIMD2(Double(place.x), Double(place.y))
    for polygon in tile.contour {
      canvas.outline(
        polygon.map { ($0 + 0.5) * scale - 0.5 + corner }, thickness: 1.2, Style.contour, opacity: 0.85, x: place.x,
        y: place.y,
        width: tileSize, height: tileSize)
    }
    drawFrame(tile.grade.gradeClass, x: place.x, y: place.y, width: tileSize, height: tileSize, &canvas)
    let caption = isFirst ? "\(tile.patient) G\(tile.grade.rawValue)" : "slice \(tile.slice + 1)"
    let room = tileSize / Canvas.letterAdvance
    canvas.text(
      caption.count > room ? caption.prefix(room - 2) + ".." : caption, x: place.x,
      y: place.y + tileSize + Layout.frame + 5,
      isFirst ? Style.colour(tile.grade.gradeClass) : Style.text)
  }

  private static func drawLegend(_ canvas: inout Canvas, y: Int) {
    var x = Layout.left
    for (gradeClass, words) in [(GradeClass.low, "low grade (1-2)"), (.high, "high grade (3-4)")] {
      let side = Canvas.letterHeight - 2
      drawFrame(gradeClass, x: x, y: y, width: 2 * side, height: side, &canvas)
      canvas.text(words, x: x + 2 * side + Layout.frame + 8, y: y, Style.colour(gradeClass))
      x += 2 * side + 2 * Layout.frame + 8 + (words.count + 2) * Canvas.letterAdvance
    }
    canvas.fill(x: x, y: y + Canvas.letterHeight / 2 - 2, width: 24, height: 2, Style.contour)
    canvas.text("contour", x: x + 32, y: y, Style.text)
  }

  /// A plain frame for low, a double one for high grade.
  private static func drawFrame(
    _ gradeClass: GradeClass, x: Int, y: Int, width: Int, height: Int, _ canvas: inout Canvas
  ) {
    let colour = Style.colour(gradeClass)
    switch gradeClass {
    case .low:
      canvas.frame(x: x, y: y, width: width, height: height, thickness: 3, colour)
    case .high:
      canvas.frame(x: x, y: y, width: width, height: height, thickness: 2, colour)
      canvas.frame(x: x - 4, y: y - 4, width: width + 8, height: height + 8, thickness: 2, colour)
    }
  }
}

/// Colours that stay apart for every kind of colour vision (Okabe and Ito's blue and orange).
private enum Style {
  static let background = Colour(22, 24, 29)
  static let title = Colour(245, 245, 245)
  static let text = Colour(165, 170, 180)
  static let contour = Colour(240, 228, 66)

  static func colour(_ gradeClass: GradeClass) -> Colour {
    switch gradeClass {
    case .low: Colour(86, 180, 233)
    case .high: Colour(230, 159, 0)
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
  private static let caption = Canvas.letterHeight + 12
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
