import Annotation
public import Foundation
import GRDB
import Imaging
public import Study
public import Support

/// Which outlines count in place of those that a study's protocol chooses.
public enum OutlineChoice: Hashable, Sendable {
  /// Those of one reader.
  case reader(String)
  /// The pixels that more than half of the readers of a lesion's series include; of two readers, those that both include.
  case majority
  /// Every outline moved within its slice, in mm along the rows and along the columns.
  case moved(right: Double, down: Double)
  /// Every outline's edge moved outwards by so many mm; inwards where negative.
  case grown(Double)

  /// The reader id of a consensus that an adjudicator made: no reader of its own in figures of agreement.
  public static let adjudicated = "consensus"
  /// The reader id of the majority's outlines.
  public static let majorityReader = "majority"

  /// A few words for tables.
  public var title: String {
    func size(_ value: Double) -> String {
      let whole = abs(value)
      return whole == whole.rounded() ? "\(Int(whole)) mm" : "\(whole) mm"
    }
    switch self {
    case .reader(let reader): return "reader \(reader)"
    case .majority: return "majority of the readers"
    case .moved(let right, let down):
      let parts = [
        right == 0 ? nil : "\(size(right)) to the \(right > 0 ? "right" : "left") of the image",
        down == 0 ? nil : "\(size(down)) \(down > 0 ? "down" : "up")",
      ].compactMap { $0 }
      return parts.isEmpty ? "not moved" : "moved \(parts.joined(separator: " and "))"
    case .grown(let distance): return distance < 0 ? "shrunk by \(size(distance))" : "grown by \(size(distance))"
    }
  }

  /// Outlines moved by 1 and 2 mm in the four directions of a slice, grown and shrunk.
  public static let perturbations: [OutlineChoice] = [1.0, 2].flatMap { distance in
    [
      .moved(right: distance, down: 0), .moved(right: -distance, down: 0), .moved(right: 0, down: distance),
      .moved(right: 0, down: -distance), .grown(distance), .grown(-distance),
    ]
  }

  /// The folder's name, which names no reader.
  fileprivate var folderName: String {
    switch self {
    case .reader(let reader): "reader-\(Data(reader.utf8).sha256.prefix(12))"
    case .majority: "majority"
    default: title.replacing(" ", with: "-")
    }
  }
}

/// A study's copy in which other outlines count: `reports/agreement/outlines/<name>`.
///
/// It has tables and ROIs of its own, and shares the slices and the stored features. So all that is done with a study can be done by
/// other outlines, by the same code. It is made anew each time, and can be deleted.
public struct OutlineStudy: Sendable {
  /// The outlines that count.
  public let choice: OutlineChoice
  /// The copy.
  public let study: StudyFolder

  /// Makes the copy with its ROIs.
  ///
  /// A patient who has a lesion without such an outline is excluded, as in any study.
  /// - Parameters:
  ///   - source: the study.
  ///   - choice: the outlines that count.
  ///   - progress: called with the numbers of ROIs done and planned.
  /// - Throws: `StudyError` where the study cannot be read, its outlines are out of date, or the copy cannot be written.
  public init(
    of source: StudyFolder, by choice: OutlineChoice, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws {
    var settings = try source.readProtocol()
    switch choice {
    case .reader(let reader): settings.annotation.readers = [reader]
    case .majority: settings.annotation.readers = [OutlineChoice.majorityReader]
    default: break
    }
    self.choice = choice
    study = try Self.copied(source, to: Self.folder(of: source).appendingPathComponent(choice.folderName), settings)
    try study.write { [choice] database in
      switch choice {
      case .reader: break
      case .majority: try Self.replaceByMajority(database)
      default: try Self.change(by: choice, database)
      }
    }
    _ = try ROIBuild.run(study, progress: progress)
  }

  /// Removes the copy.
  ///
  /// - Throws: `StudyError` where it cannot be removed.
  public func remove() throws(StudyError) {
    do {
      try FileManager.default.removeItem(at: study.url)
    } catch {
      throw StudyError(.file, "cannot remove \(study.url.path): \(error.localizedDescription)")
    }
  }

  /// Where a study's copies are.
  public static func folder(of study: StudyFolder) -> URL {
    study.reportsFolder.appendingPathComponent("agreement/outlines")
  }

  private static func copied(
    _ source: StudyFolder, to url: URL, _ settings: StudyProtocol
  ) throws -> StudyFolder {
    let files = FileManager.default
    do {
      if files.fileExists(atPath: url.path) { try files.removeItem(at: url) }
      for folder in [url, source.featuresFolder] + ["rois", "runs", "reports"].map(url.appendingPathComponent) {
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      // Relative, so that the study can be copied.
      for name in ["dicom", "features"] {
        try files.createSymbolicLink(
          atPath: url.appendingPathComponent(name).path, withDestinationPath: "../../../../\(name)")
      }
    } catch {
      throw StudyError(.file, "cannot make the folder \(url.path): \(error.localizedDescription)")
    }
    try AtomicFile.write(settings.yaml, to: url.appendingPathComponent("protocol.yaml"))
    let copy = try StudyFolder(at: url)
    do {
      try source.tables.database.backup(to: copy.tables.database)
    } catch {
      throw StudyError(.file, "cannot copy the study's tables to \(url.path): \(error)")
    }
    return copy
  }

  // MARK: Other outlines

  /// One reader's outlines of one lesion on one slice.
  private struct Section: Sendable {
    let contours: [StoredContour]
    let place: SlicePlace

    var polygons: [Polygon] { contours.map(\.vertices) }
    var spacing: PixelSpacing? {
      guard let row = place.rowSpacing, let column = place.columnSpacing, row > 0, column > 0 else { return nil }
      return PixelSpacing(row: row, column: column)
    }

    /// The same contours with other vertices, as many as these have.
    func with(_ polygons: [Polygon], reader: String? = nil) -> [StoredContour] {
      guard let first = contours.first else { return [] }
      return polygons.enumerated().map { number, polygon in
        var contour = first
        contour.annotationID = "\(place.sliceId) \(first.lesionId) \(number)"
        contour.vertices = polygon
        if let reader { contour.reader = reader }
        return contour
      }
    }

    /// Moved or grown; nil where the slice's pixel size is not known.
    func changed(by choice: OutlineChoice) -> [StoredContour]? {
      guard let spacing else { return nil }
      switch choice {
      case .moved(let right, let down):
        let offset = SIMD2(right / spacing.column, down / spacing.row)
        return with(polygons.map { outline in Polygon(vertices: outline.vertices.map { $0 + offset }) })
      case .grown(let distance):
        let mask = PixelMask(
          inside: polygons, columns: place.columns, rows: place.rows, grownBy: distance, spacing: spacing)
        return with(mask.outlines())
      default: return contours
      }
    }
  }

  private static func sections(_ database: Database, _ contours: [StoredContour]) throws -> [Section] {
    let places = Dictionary(
      uniqueKeysWithValues: try SlicePlace.all(database, namedBy: "contour").map { ($0.sliceId, $0) })
    let groups = Dictionary(grouping: contours) { ["\($0.sliceId)", "\($0.lesionId)", $0.reader, "\($0.occasion)"] }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, contours in
      contours.first.flatMap { places[$0.sliceId] }.map { Section(contours: contours, place: $0) }
    }
  }

  /// Moves or grows every outline; those on a slice whose pixel size is not known are removed, so that their patient is excluded and
  /// listed.
  private static func change(by choice: OutlineChoice, _ database: Database) throws {
    let changed = ParallelMap.run(try sections(database, StoredContour.fetchAll(database)), chunk: 8) {
      $0.changed(by: choice) ?? []
    }
    try replace(by: changed.joined(), database)
    guard try CarriedOutline.fetchCount(database) > 0 else { return }
    try CarriedOutline.storeBasis(database)
  }

  /// Puts the majority's outlines in the place of all drawn ones; carried ones are removed.
  private static func replaceByMajority(_ database: Database) throws {
    try CarriedOutline.removeAll(database)
    let sections = try sections(
      database,
      StoredContour.fetchAll(database).filter { $0.reader != OutlineChoice.adjudicated && $0.occasion == 1 })
    func name(_ section: Section) -> [Int64] { [section.contours[0].lesionId, section.place.seriesId] }
    let readers = Dictionary(grouping: sections, by: name).mapValues { Set($0.map { $0.contours[0].reader }).count }
    let slices = Dictionary(grouping: sections) { [$0.contours[0].lesionId, $0.place.sliceId] }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { (drawn: $0.value, readers: readers[name($0.value[0])] ?? 1) }
    let found = ParallelMap.run(slices, chunk: 8) { drawn, readers -> [StoredContour] in
      let place = drawn[0].place
      guard readers > 1 else { return drawn[0].with(drawn[0].polygons, reader: OutlineChoice.majorityReader) }
      var votes = [Int](repeating: 0, count: place.columns * place.rows)
      for section in drawn {
        let mask = PixelMask(inside: section.polygons, columns: place.columns, rows: place.rows)
        for (pixel, isInside) in mask.values.enumerated() where isInside { votes[pixel] += 1 }
      }
      let mask = PixelMask(columns: place.columns, rows: place.rows, values: votes.map { 2 * $0 > readers })
      return drawn[0].with(mask.outlines(), reader: OutlineChoice.majorityReader)
    }
    try replace(by: found.joined(), database)
  }

  private static func replace(by contours: some Sequence<StoredContour>, _ database: Database) throws {
    try StoredContour.deleteAll(database)
    for contour in contours { try contour.insert(database) }
  }
}

extension StudyFolder {
  /// The ids of the readers who outlined a lesion of the study on some slice, sorted; the adjudicated consensus is among them.
  ///
  /// - Throws: `StudyError` where the study cannot be read.
  public func readers() throws(StudyError) -> [String] {
    try read { database in
      try String.fetchAll(database, sql: "SELECT DISTINCT reader FROM contour WHERE carriedId IS NULL ORDER BY reader")
    }
  }
}
