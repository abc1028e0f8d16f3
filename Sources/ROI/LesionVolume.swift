import DICOM
import Foundation
public import Imaging
public import Study
import Support

/// A box of CT around a lesion: HU, which voxels belong to the lesion, and where they lie.
///
/// It holds outlined slices alone, and around them in each slice a margin. Values and mask are stored column by column, then row
/// by row, then slice by slice.
public struct LesionVolume: Sendable {
  /// The voxels' places in DICOM's coordinates in mm; slices follow one another along the normal.
  public let grid: AxialGrid
  /// HU.
  public let values: [Float]
  /// Whether each voxel belongs to the lesion: its centre lies in an outline, by the even-odd rule.
  public let mask: [Bool]

  /// The distance of neighbouring columns, rows and slices in mm.
  public var spacing: SIMD3<Double> {
    SIMD3(grid.columnStep.length, grid.rowStep.length, grid.sliceStep.length)
  }
  /// How many voxels belong to the lesion.
  public var voxelCount: Int { mask.count { $0 } }
}

extension LesionVolume {
  /// The same volume without the voxels whose centres lie within `distance` mm of the centre of a voxel that is not the lesion's.
  ///
  /// What lies beyond the volume is not the lesion's. In a single slice, distances are taken within it.
  /// - Returns: the volume; nil where no voxel is left.
  public func eroded(by distance: Double) -> LesionVolume? {
    guard distance > 0 else { return self }
    let reach = distance + 1e-6
    func count(_ step: Double, _ size: Int) -> Int { step > 0 ? min(size, Int(reach / step)) : 0 }
    let (width, height) = (grid.columns, grid.rows)
    let (across, down) = (count(spacing.x, width), count(spacing.y, height))
    let along = grid.slices > 1 ? count(spacing.z, grid.slices) : 0
    var neighbours: [SIMD3<Int>] = []
    for z in -along...along {
      for y in -down...down {
        for x in -across...across {
          let offset = SIMD3(Double(x), Double(y), Double(z)) * spacing
          if offset.length <= reach, (x, y, z) != (0, 0, 0) { neighbours.append(SIMD3(x, y, z)) }
        }
      }
    }
    func isInside(_ x: Int, _ y: Int, _ z: Int) -> Bool {
      x >= 0 && y >= 0 && z >= 0 && x < width && y < height && z < grid.slices && mask[(z * height + y) * width + x]
    }
    var eroded = mask
    for index in mask.indices where mask[index] {
      let (x, y, z) = (index % width, index / width % height, index / (width * height))
      eroded[index] = neighbours.allSatisfy { isInside(x + $0.x, y + $0.y, z + $0.z) }
    }
    guard eroded.contains(true) else { return nil }
    return LesionVolume(grid: grid, values: values, mask: eroded)
  }
}

/// Why a lesion's outlines give no volume.
public struct LesionVolumeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, in a sentence without its full stop that names no file.
  public let description: String
}

/// What a lesion's outlines on one series give.
public struct LesionVolumes: Sendable {
  /// One volume, or one of a single slice for each outlined slice; at least one.
  public let volumes: [LesionVolume]
  /// The volume of all outlined voxels in mm3, also where `volumes` holds some of them.
  public let outlinedVolume: Double
  /// Sentences on what a reader of the results should know.
  public let remarks: [String]
}

extension OutlinedLesion {
  /// How far a volume extends around the outlines in a slice, in mm: six widths of the widest usual filter.
  public static let margin = 30.0

  /// Reads the outlined slices.
  ///
  /// - Parameter extent: which part of the outlines is wanted.
  /// - Returns: the volumes.
  /// - Throws: `LesionVolumeError` where a slice cannot be read, the slices' places are not known or do not fit together, or the
  ///   outlines enclose no voxel.
  public func volumes(_ extent: StudyProtocol.Radiomics.Extent) throws(LesionVolumeError) -> LesionVolumes {
    let all = try slices.map { slice throws(LesionVolumeError) in try OutlinedSlice(slice, folder) }
    let geometry = SeriesGeometry(all.map(\.header))
    if let mixture = geometry.defects.first(where: { $0.isMixture || $0.isTimeSeries }) {
      throw LesionVolumeError(description: "the outlined slices do not fit together: \(mixture.description)")
    }
    let sorted = geometry.order.map { all[$0] }
    let runs = try Self.runs(sorted)
    let step = Self.step(runs) ?? sorted[0].thickness
    let outlined = sorted.reduce(0.0) { $0 + $1.area } * (step ?? 0)
    guard sorted.contains(where: { $0.area > 0 }) else {
      throw LesionVolumeError(
        description: "its outlines enclose the centre of no voxel; outline it larger")
    }
    guard let step, step > 0 else {
      throw LesionVolumeError(
        description: "the distance of its slices is not known: one slice is outlined, and it states no slice thickness")
    }
    var remarks: [String] = []
    var chosen: [[OutlinedSlice]]
    switch extent {
    case .volume:
      let largest = runs.max { $0.reduce(0) { $0 + $1.area } < $1.reduce(0) { $0 + $1.area } } ?? sorted
      chosen = [largest]
      if runs.count > 1 {
        let part = largest.count == 1 ? "1 slice" : "\(largest.count) slices"
        remarks.append(
          "slices between the outlined ones are not outlined: of \(sorted.count) outlined slices in \(runs.count) parts, the "
            + "largest part of \(part) is used")
      }
      remarks += SeriesGeometry(largest.map(\.header)).defects.compactMap { defect in
        switch defect {
        case .tilted, .unevenSpacing, .shifted, .sparse: "\(defect.description); distances are taken along the normal"
        default: nil
        }
      }
    case .eachSlice:
      chosen = sorted.filter { $0.area > 0 }.map { [$0] }
      let empty = sorted.count - chosen.count
      if empty > 0 { remarks.append("\(empty) of \(sorted.count) outlined slices enclose no voxel and are not used") }
    case .largestSlice:
      chosen = [[sorted.reduce(sorted[0]) { $1.area > $0.area ? $1 : $0 }]]
    }
    var volumes: [LesionVolume] = []
    for slices in chosen { volumes.append(try Self.volume(slices, step: step)) }
    return LesionVolumes(volumes: volumes, outlinedVolume: outlined, remarks: remarks)
  }

  /// The slices in parts that have no gap: neighbours in the series, at the distance that its slices have.
  private static func runs(_ sorted: [OutlinedSlice]) throws(LesionVolumeError) -> [[OutlinedSlice]] {
    guard sorted.count > 1 else { return [sorted] }
    let steps = zip(sorted.dropFirst(), sorted).map { $0.height - $1.height }
    if steps.contains(where: { $0 < 0.01 }) {
      throw LesionVolumeError(description: "two of its outlined slices lie at one position")
    }
    let neighbours = zip(steps, zip(sorted.dropFirst(), sorted)).filter { $1.0.ordinal - $1.1.ordinal == 1 }.map(\.0)
    let usual = neighbours.sorted().isEmpty ? nil : neighbours.sorted()[neighbours.count / 2]
    var runs = [[sorted[0]]]
    for (step, pair) in zip(steps, zip(sorted.dropFirst(), sorted)) {
      let isNext = pair.0.ordinal - pair.1.ordinal == 1 && usual.map { step < 1.5 * $0 } ?? false
      if isNext { runs[runs.count - 1].append(pair.0) } else { runs.append([pair.0]) }
    }
    return runs
  }

  /// The median distance of neighbouring slices within the parts; nil where each part is a slice.
  private static func step(_ runs: [[OutlinedSlice]]) -> Double? {
    let steps = runs.flatMap { run in zip(run.dropFirst(), run).map { $0.height - $1.height } }.sorted()
    return steps.isEmpty ? nil : steps[steps.count / 2]
  }

  /// The box around some neighbouring slices' outlines.
  private static func volume(_ slices: [OutlinedSlice], step: Double) throws(LesionVolumeError) -> LesionVolume {
    let first = slices[0]
    let boxes = slices.compactMap(\.box)
    guard let left = boxes.map(\.columns.lowerBound).min(), let right = boxes.map(\.columns.upperBound).max(),
      let top = boxes.map(\.rows.lowerBound).min(), let bottom = boxes.map(\.rows.upperBound).max()
    else { throw LesionVolumeError(description: "its outlines enclose the centre of no voxel; outline it larger") }
    let across = Int((margin / first.pixelSpacing.column).rounded(.up))
    let down = Int((margin / first.pixelSpacing.row).rounded(.up))
    let columns = max(0, left - across)..<min(first.header.columns, right + across)
    let rows = max(0, top - down)..<min(first.header.rows, bottom + down)
    var values: [Float] = []
    var mask: [Bool] = []
    values.reserveCapacity(slices.count * rows.count * columns.count)
    mask.reserveCapacity(values.capacity)
    for slice in slices {
      values += try slice.hounsfield(rows, columns)
      for row in rows { mask += columns.map { slice.mask[$0, row] } }
    }
    let columnStep = first.across * first.pixelSpacing.column
    let rowStep = first.down * first.pixelSpacing.row
    return LesionVolume(
      grid: AxialGrid(
        columns: columns.count, rows: rows.count, slices: slices.count,
        origin: first.position + Double(columns.lowerBound) * columnStep + Double(rows.lowerBound) * rowStep,
        columnStep: columnStep, rowStep: rowStep, sliceStep: first.across.cross(first.down) * step),
      values: values, mask: mask)
  }
}

/// An outlined slice: its header and its mask; pixels are read when they are asked for.
private struct OutlinedSlice {
  let header: CTAttributes
  let mask: PixelMask
  let ordinal: Int
  let position: SIMD3<Double>
  let across: SIMD3<Double>
  let down: SIMD3<Double>
  let pixelSpacing: PixelSpacing
  /// The outlined area in mm2.
  let area: Double
  /// The columns and rows with a pixel of the lesion; nil where none is.
  let box: (columns: Range<Int>, rows: Range<Int>)?
  private let file: URL
  private let frame: Int

  var height: Double { position.dot(across.cross(down)) }
  var thickness: Double? { header.sliceThickness.flatMap { $0 > 0 && $0 <= 100 ? $0 : nil } }

  init(_ slice: ROIPlan.Candidate, _ folder: URL?) throws(LesionVolumeError) {
    file = StudyFolder.file(slice.place.path, in: folder)
    frame = slice.place.frame
    ordinal = slice.place.ordinal
    func refused(_ reason: String) -> LesionVolumeError {
      LesionVolumeError(description: "slice \(slice.place.ordinal + 1) of its series: \(reason)")
    }
    let headers: [CTAttributes]
    do {
      headers = try DICOMFile.attributes(of: file)
    } catch {
      throw refused(error.problem)
    }
    guard headers.indices.contains(frame) else { throw refused("the file has no frame \(frame + 1)") }
    header = headers[frame]
    guard let position = header.imagePosition, let across = header.rowDirection, let down = header.columnDirection
    else {
      throw refused("it has no usable (0020,0032) ImagePositionPatient or (0020,0037) ImageOrientationPatient")
    }
    guard let spacing = header.pixelSpacing else { throw refused("it has no usable (0028,0030) PixelSpacing") }
    self.position = position
    self.across = across
    self.down = down
    pixelSpacing = spacing
    let region: PolygonRegion
    do {
      region = PolygonRegion(try slice.outlines.map(JSONText.polygon))
    } catch {
      throw refused("\(error)")
    }
    let mask = region.unionMask(columns: header.columns, rows: header.rows)
    let inside = mask.values
    self.mask = mask
    let width = header.columns
    let rows = (0..<header.rows).filter { row in inside[row * width..<(row + 1) * width].contains(true) }
    let columns = (0..<width).filter { column in rows.contains { mask[column, $0] } }
    if let left = columns.first, let right = columns.last, let top = rows.first, let bottom = rows.last {
      box = (left..<right + 1, top..<bottom + 1)
    } else {
      box = nil
    }
    area = Double(mask.count) * spacing.row * spacing.column
  }

  /// HU of a part of the slice.
  func hounsfield(_ rows: Range<Int>, _ columns: Range<Int>) throws(LesionVolumeError) -> [Float] {
    do {
      let image = try DICOMFile.image(at: file, frame: frame)
      var stored = StoredValueSample()
      stored.add(image)
      if let reason = stored.reasonAgainstCT {
        throw LesionVolumeError(description: "slice \(ordinal + 1) of its series: \(reason); remove its outline")
      }
      return image.values(rows: rows, columns: columns)
    } catch let error as LesionVolumeError {
      throw error
    } catch let error as DICOMError {
      throw LesionVolumeError(description: "slice \(ordinal + 1) of its series: \(error.problem)")
    } catch {
      throw LesionVolumeError(description: "slice \(ordinal + 1) of its series: \(error)")
    }
  }
}
