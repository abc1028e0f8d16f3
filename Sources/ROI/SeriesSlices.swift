import DICOM
import Foundation
import Imaging
import Study
import Support

/// All slices of a series with their places in the patient; pixels are read when they are asked for.
struct SeriesSlices: Sendable {
  /// A slice's place.
  struct Slice: Sendable {
    let place: SlicePlace
    /// The centre of the first pixel.
    let position: SIMD3<Double>
    /// The place along the normal in mm.
    let height: Double
    /// The part of the normal that is nearer to this slice than to any other, in mm.
    var extent: Range<Double> = 0..<0
  }

  /// Why a series cannot be used.
  struct Problem: Error {
    /// A sentence without its full stop that names no file.
    let reason: String
  }

  /// Ascending along the normal.
  let slices: [Slice]
  let columns: Int
  let rows: Int
  /// The direction in which the column index grows.
  let across: SIMD3<Double>
  /// The direction in which the row index grows.
  let down: SIMD3<Double>
  let spacing: PixelSpacing
  let frameOfReference: String?
  private let folder: URL

  var normal: SIMD3<Double> { across.cross(down) }

  /// Reads the headers of a series' slices.
  ///
  /// - Throws: `Problem` where a file cannot be read, or the slices make no stack.
  init(_ places: [SlicePlace], in folder: URL) throws(Problem) {
    self.folder = folder
    var files: [String: [CTAttributes]] = [:]
    var headers: [CTAttributes] = []
    for place in places {
      if files[place.path] == nil {
        do {
          files[place.path] = try DICOMFile.attributes(of: folder.appendingPathComponent(place.path))
        } catch {
          throw Problem(reason: "slice \(place.ordinal + 1) cannot be read: \(error.problem)")
        }
      }
      guard let frames = files[place.path], frames.indices.contains(place.frame) else {
        throw Problem(reason: "slice \(place.ordinal + 1): the file has no frame \(place.frame + 1)")
      }
      headers.append(frames[place.frame])
    }
    let geometry = SeriesGeometry(headers)
    if let defect = geometry.defects.first(where: { $0.isMixture || $0.isTimeSeries }) {
      throw Problem(reason: "its slices do not fit together: \(defect.description)")
    }
    guard let first = geometry.order.first.map({ headers[$0] }), let across = first.rowDirection,
      let down = first.columnDirection, let spacing = first.pixelSpacing
    else { throw Problem(reason: "its slices have no usable direction or pixel spacing") }
    (columns, rows, self.across, self.down, self.spacing) = (first.columns, first.rows, across, down, spacing)
    let frames = Set(headers.map(\.frameOfReferenceUID))
    frameOfReference = frames.count == 1 ? first.frameOfReferenceUID : nil
    let normal = across.cross(down)
    var slices: [Slice] = []
    for index in geometry.order {
      guard let position = headers[index].imagePosition else {
        throw Problem(
          reason: "slice \(places[index].ordinal + 1) has no usable (0020,0032) ImagePositionPatient")
      }
      slices.append(Slice(place: places[index], position: position, height: position.dot(normal)))
    }
    let steps = zip(slices.dropFirst(), slices).map { $0.height - $1.height }
    guard steps.count > 0, steps.allSatisfy({ $0 > 0.01 }) else {
      throw Problem(
        reason: steps.isEmpty ? "it has a single slice" : "two of its slices lie at one position")
    }
    let usual = steps.sorted()[steps.count / 2]
    for index in slices.indices {
      // Beside a gap a slice stands for no more than usual.
      let below = index > 0 ? min(steps[index - 1], 1.5 * usual) : usual
      let above = index < steps.count ? min(steps[index], 1.5 * usual) : usual
      slices[index].extent = slices[index].height - below / 2..<slices[index].height + above / 2
    }
    self.slices = slices
  }

  /// Where a pixel, which may lie between the centres, is in the patient.
  func position(of pixel: SIMD2<Double>, in slice: Slice) -> SIMD3<Double> {
    slice.position + (pixel.x * spacing.column) * across + (pixel.y * spacing.row) * down
  }

  /// The pixel of a slice, which may lie between the centres, at the foot of a position of the patient.
  func pixel(of position: SIMD3<Double>, in slice: Slice) -> SIMD2<Double> {
    let offset = position - slice.position
    return SIMD2(offset.dot(across) / spacing.column, offset.dot(down) / spacing.row)
  }

  /// The columns and rows of a slice that a box of the patient, given by its lowest and highest corners, can touch.
  func pixels(
    of lower: SIMD3<Double>, _ upper: SIMD3<Double>, in slice: Slice
  ) -> (columns: Range<Int>, rows: Range<Int>) {
    let corners = Self.corners(lower, upper).map { pixel(of: $0, in: slice) }
    func range(_ values: [Double], _ count: Int) -> Range<Int> {
      let first = max(0, min(Double(count), (values.min() ?? 0).rounded(.down)))
      let last = max(first, min(Double(count), (values.max() ?? 0).rounded(.up) + 1))
      return Int(first)..<Int(last)
    }
    return (range(corners.map(\.x), columns), range(corners.map(\.y), rows))
  }

  /// HU in a box of the patient and a little around it; nil where the series has too little there to be compared.
  ///
  /// - Throws: `Problem` where a slice cannot be read.
  func volume(from lower: SIMD3<Double>, to upper: SIMD3<Double>) throws(Problem) -> OrientedStack? {
    let heights = Self.corners(lower, upper).map { $0.dot(normal) }
    let (lowest, highest) = (heights.min() ?? 0, heights.max() ?? 0)
    let inside = slices.indices.filter { slices[$0].height >= lowest && slices[$0].height <= highest }
    let nearest = slices.indices.min {
      abs(slices[$0].height - (lowest + highest) / 2) < abs(slices[$1].height - (lowest + highest) / 2)
    }
    guard let first = inside.first ?? nearest, let last = inside.last ?? nearest else { return nil }
    let chosen = slices[max(0, first - 1)...min(slices.count - 1, last + 1)]
    // With a tilted gantry the box lies elsewhere in each slice.
    let boxes = chosen.map { pixels(of: lower, upper, in: $0) }
    let left = boxes.map(\.columns.lowerBound).min() ?? 0
    let right = boxes.map(\.columns.upperBound).max() ?? 0
    let top = boxes.map(\.rows.lowerBound).min() ?? 0
    let bottom = boxes.map(\.rows.upperBound).max() ?? 0
    guard right - left > 1, bottom - top > 1 else { return nil }
    var read: [OrientedStack.Slice] = []
    for slice in chosen {
      do {
        let image = try DICOMFile.image(
          at: folder.appendingPathComponent(slice.place.path), frame: slice.place.frame)
        read.append(
          OrientedStack.Slice(
            position: position(of: SIMD2(Double(left), Double(top)), in: slice),
            values: image.values(rows: top..<bottom, columns: left..<right)))
      } catch {
        throw Problem(reason: "slice \(slice.place.ordinal + 1) cannot be read: \(error.problem)")
      }
    }
    return OrientedStack(
      columns: right - left, rows: bottom - top, across: across, down: down, spacing: spacing, slices: read)
  }

  private static func corners(_ lower: SIMD3<Double>, _ upper: SIMD3<Double>) -> [SIMD3<Double>] {
    (0..<8).map { number in
      SIMD3(
        number & 1 == 0 ? lower.x : upper.x, number & 2 == 0 ? lower.y : upper.y, number & 4 == 0 ? lower.z : upper.z)
    }
  }
}
