import Annotation
import DICOM
import Foundation
import GRDB
public import Imaging
public import Study
public import Support

/// A reading: one reader's outlines of one lesion on one series at one time.
public struct LesionReading: Sendable {
  /// Who drew it.
  public let reader: String
  /// 1 for the first time, 2 for a hidden repeat.
  public let occasion: Int
  /// By slice, in their order: the place and the outlines.
  let sections: [(place: SlicePlace, outlines: [String])]

  /// How many slices are outlined.
  public var sliceCount: Int { sections.count }
}

/// All readings of one lesion on one series.
public struct LesionReadings: Sendable {
  /// The patient's code.
  public let patient: String
  /// The lesion's name, unique within its patient.
  public let lesion: String
  /// The series' DICOM UID.
  public let series: String
  /// The series' contrast phase; nil where it is not known.
  public let phase: Phase?
  /// The readings, by reader and occasion.
  public let readings: [LesionReading]
  /// Every slice of the series.
  let places: [SlicePlace]
  let folder: URL

  /// The readings of a study, by patient, lesion and series; the adjudicated consensus is no reading.
  ///
  /// Excluded patients take no part; carried outlines were not read, and do not either.
  /// - Throws: `StudyError` where the study cannot be read.
  public static func all(in study: StudyFolder) throws(StudyError) -> [LesionReadings] {
    try study.read { try all($0, folder: study.url) }
  }

  static func all(_ database: Database, folder: URL) throws -> [LesionReadings] {
    struct Key: Hashable {
      let lesionId: Int64
      let seriesId: Int64
      let reader: String
      let occasion: Int
    }
    let excluded = try database.excludedPatientCodes(before: .rois)
    let slices = try SlicePlace.all(database)
    let places = Dictionary(uniqueKeysWithValues: slices.map { ($0.sliceId, $0) })
    let bySeries = Dictionary(grouping: slices, by: \.seriesId)
    let names = try database.lesionNames()
    let phases = try database.seriesPhases()
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT sliceId, lesionId, reader, vertices, occasion FROM contour
        WHERE carriedId IS NULL AND reader <> ? ORDER BY id
        """, arguments: [OutlineChoice.adjudicated])
    var outlines: [Key: [Int64: [String]]] = [:]
    for row in rows {
      guard let place = places[row[0]], !excluded.contains(place.patientCode) else { continue }
      let key = Key(lesionId: row[1], seriesId: place.seriesId, reader: row[2], occasion: row[4])
      outlines[key, default: [:]][place.sliceId, default: []].append(row[3])
    }
    let groups = Dictionary(grouping: outlines) { [$0.key.lesionId, $0.key.seriesId] }
    return groups.compactMap { key, readings -> LesionReadings? in
      guard let name = names[key[0]], let series = bySeries[key[1]], let first = series.first else { return nil }
      return LesionReadings(
        patient: first.patientCode, lesion: name, series: first.seriesInstanceUID, phase: phases[key[1]],
        readings: readings.sorted { ($0.key.reader, $0.key.occasion) < ($1.key.reader, $1.key.occasion) }.map {
          LesionReading(
            reader: $0.key.reader, occasion: $0.key.occasion,
            sections: $0.value.compactMap { id, outlines in places[id].map { ($0, outlines) } }
              .sorted { $0.place.ordinal < $1.place.ordinal })
        },
        places: series.sorted { $0.ordinal < $1.ordinal }, folder: folder)
    }
    .sorted { ($0.patient, $0.lesion, $0.series) < ($1.patient, $1.lesion, $1.series) }
  }
}

/// Several readings of one lesion on one grid of voxels: the box around all of them.
///
/// Values and masks are stored column by column, then row by row, then slice by slice.
public struct ReadingVolumes: Sendable {
  /// The number of columns, rows and slices of the box.
  public let size: SIMD3<Int>
  /// The distances of columns, rows and slices in mm; that of slices is the median along the normal.
  public let spacing: SIMD3<Double>
  /// HU; 0 in a slice that no reader outlined.
  public let values: [Float]
  /// By reading: whether each voxel belongs to the lesion, by the even-odd rule at its centre.
  public let masks: [[Bool]]
  /// By reading: the longest distance between two corners of the outlines of one slice, in mm.
  public let diameters: [Double]
  /// By reading: the mean HU of its voxels; nil where it has none.
  public let meanHU: [Double?]
  /// By reading and slice of the box: the outlines in the box's pixels, whose centres are integers.
  public let outlines: [[[Polygon]]]
  /// The ordinal in the series of the box's first slice, from 0.
  public let firstSlice: Int

  /// The volume of each reading in mm3.
  public var volumes: [Double] {
    masks.map { mask in Double(mask.count { $0 }) * spacing.x * spacing.y * spacing.z }
  }
}

extension LesionReadings {
  /// How far the box extends around the outlines, in pixels, so that pictures show the surroundings.
  private static let margin = 24

  /// Reads the readings onto one grid.
  ///
  /// - Throws: `LesionVolumeError` where a slice cannot be read, or the series' slices make no stack.
  public func volumes() throws(LesionVolumeError) -> ReadingVolumes {
    let ordinals = readings.flatMap { $0.sections.map(\.place.ordinal) }
    guard let lowest = ordinals.min(), let highest = ordinals.max() else {
      throw LesionVolumeError(description: "it has no outline")
    }
    let span = places.filter { (lowest - 1...highest + 1).contains($0.ordinal) }
    let stack: SeriesSlices
    do throws(SeriesSlices.Problem) {
      stack = try SeriesSlices(span, in: folder)
    } catch {
      throw LesionVolumeError(description: error.reason)
    }
    let slices = stack.slices.filter { (lowest...highest).contains($0.place.ordinal) }
    let steps = zip(stack.slices.dropFirst(), stack.slices).map { $0.height - $1.height }.sorted()
    let spacing = SIMD3(stack.spacing.column, stack.spacing.row, steps[steps.count / 2])
    let parsed = try polygons(slices.map(\.place.sliceId))
    let (columns, rows) = try box(parsed, stack)
    let size = SIMD3(columns.count, rows.count, slices.count)
    let offset = SIMD2(Double(columns.lowerBound), Double(rows.lowerBound))
    let inBox = parsed.map { reading in
      reading.map { outlines in
        outlines.map { outline in Polygon(vertices: outline.vertices.map { $0 - offset }) }
      }
    }
    let masks = inBox.map { reading in
      reading.flatMap { PixelMask(inside: $0, columns: size.x, rows: size.y).values }
    }
    let values = try hounsfield(slices, rows, columns) { slice in parsed.contains { !$0[slice].isEmpty } }
    return ReadingVolumes(
      size: size, spacing: spacing, values: values, masks: masks,
      diameters: parsed.map { reading in
        reading.map { outlines in
          Polygon(vertices: outlines.flatMap(\.vertices).map { $0 * SIMD2(spacing.x, spacing.y) }).diameter
        }.max() ?? 0
      },
      meanHU: masks.map { mask in
        let inside = zip(values, mask).filter(\.1).map { Double($0.0) }
        return inside.isEmpty ? nil : inside.reduce(0, +) / Double(inside.count)
      },
      outlines: inBox, firstSlice: slices.first?.place.ordinal ?? lowest)
  }

  /// By reading and slice: the outlines in the slice's pixels.
  private func polygons(_ sliceIds: [Int64]) throws(LesionVolumeError) -> [[[Polygon]]] {
    do {
      return try readings.map { reading in
        let byId = Dictionary(reading.sections.map { ($0.place.sliceId, $0.outlines) }) { first, _ in first }
        return try sliceIds.map { id in try (byId[id] ?? []).map(JSONText.polygon) }
      }
    } catch {
      throw LesionVolumeError(description: "\(error)")
    }
  }

  /// The columns and rows of the box around all outlines.
  private func box(
    _ parsed: [[[Polygon]]], _ stack: SeriesSlices
  ) throws(LesionVolumeError) -> (columns: Range<Int>, rows: Range<Int>) {
    let vertices = parsed.joined().joined().flatMap(\.vertices)
    func range(_ coordinates: [Double], _ count: Int) -> Range<Int>? {
      guard let low = coordinates.min(), let high = coordinates.max(), low.isFinite, high.isFinite else { return nil }
      let first = Int(max(0, min(Double(count), low.rounded(.down) - Double(Self.margin))))
      let end = Int(max(0, min(Double(count), high.rounded(.up) + Double(Self.margin) + 1)))
      return first < end ? first..<end : nil
    }
    guard let columns = range(vertices.map(\.x), stack.columns), let rows = range(vertices.map(\.y), stack.rows) else {
      throw LesionVolumeError(description: "its outlines lie off the image")
    }
    return (columns, rows)
  }

  private func hounsfield(
    _ slices: [SeriesSlices.Slice], _ rows: Range<Int>, _ columns: Range<Int>, isOutlined: (Int) -> Bool
  ) throws(LesionVolumeError) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(slices.count * rows.count * columns.count)
    for (number, slice) in slices.enumerated() {
      guard isOutlined(number) else {
        values += [Float](repeating: 0, count: rows.count * columns.count)
        continue
      }
      do {
        let file = StudyFolder.file(slice.place.path, in: folder)
        values += try DICOMFile.image(at: file, frame: slice.place.frame).values(rows: rows, columns: columns)
      } catch {
        throw LesionVolumeError(description: "slice \(slice.place.ordinal + 1) of its series: \(error.problem)")
      }
    }
    return values
  }
}
