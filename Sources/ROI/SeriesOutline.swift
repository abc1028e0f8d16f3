import Foundation
import Imaging
import Study
import Support

/// One reader's outlines of a lesion on a series, with their places in the patient, ready to be carried to another series.
struct SeriesOutline: Sendable {
  let series: SeriesSlices
  /// The outlines by outlined slice, in that slice's pixels.
  let outlines: [(slice: SeriesSlices.Slice, polygons: [Polygon])]

  /// How far the compared box reaches beyond the outlines, in mm.
  static let margin = 20.0
  /// The largest side of the compared box, in mm.
  private static let longest = 198.0
  /// How many points are compared at about, so that a large lesion takes no longer than a small one.
  private static let points = 4000.0
  /// The share of the outline that must lie within the other series for it to be used without confirmation.
  private static let leastShare = 0.9

  /// Ties outlines to the series' slices.
  ///
  /// - Throws: `SeriesSlices.Problem` where a contour cannot be read.
  init(_ series: SeriesSlices, _ contours: [ROIPlan.PlacedContour]) throws(SeriesSlices.Problem) {
    self.series = series
    let bySlice = Dictionary(grouping: contours, by: \.place.sliceId)
    var outlines: [(slice: SeriesSlices.Slice, polygons: [Polygon])] = []
    for slice in series.slices {
      guard let drawn = bySlice[slice.place.sliceId] else { continue }
      do {
        outlines.append((slice, try drawn.map { try JSONText.polygon($0.vertices) }))
      } catch {
        throw SeriesSlices.Problem(reason: "\(error)")
      }
    }
    self.outlines = outlines
  }

  /// The lowest and highest corners of the box around the outlines in the patient.
  private var box: (lower: SIMD3<Double>, upper: SIMD3<Double>)? {
    var corners: (lower: SIMD3<Double>, upper: SIMD3<Double>)?
    for (slice, polygons) in outlines {
      for vertex in polygons.flatMap(\.vertices) {
        let place = series.position(of: vertex, in: slice)
        for end in [slice.extent.lowerBound, slice.extent.upperBound] {
          let corner = place + (end - slice.height) * series.normal
          corners = (
            pointwiseMin(corners?.lower ?? corner, corner), pointwiseMax(corners?.upper ?? corner, corner)
          )
        }
      }
    }
    return corners
  }

  /// How far the lesion lies off its place in another series; nil where nothing can be compared.
  ///
  /// - Throws: `SeriesSlices.Problem` where a slice cannot be read.
  func shift(to target: SeriesSlices) throws(SeriesSlices.Problem) -> RigidShift? {
    guard let box else { return nil }
    let centre = (box.lower + box.upper) / 2
    let half = pointwiseMin((box.upper - box.lower) / 2 + Self.margin, SIMD3(repeating: Self.longest / 2))
    let (lower, upper) = (centre - half, centre + half)
    let reach = SIMD3(repeating: RigidShift.reach + 1)
    guard let fixed = try series.volume(from: lower, to: upper),
      let moving = try target.volume(from: lower - reach, to: upper + reach)
    else { return nil }
    let size = upper - lower
    let step = max(2, cbrt(size.x * size.y * size.z / Self.points))
    return RigidShift.find(fixed, moving, lower: lower, upper: upper, step: step)
  }

  /// The outlines on another series' slices, and which share of their corners lies within it.
  ///
  /// A pixel belongs to the lesion where its centre, moved back by the shift, lies within the outline of the source's slice that
  /// is nearest along the source's normal; there is none where that slice is not outlined.
  func carried(
    to target: SeriesSlices, by shift: SIMD3<Double>
  ) -> (outlines: [(slice: SeriesSlices.Slice, polygons: [Polygon])], share: Double) {
    guard let box else { return ([], 0) }
    let (lower, upper) = (box.lower + shift, box.upper + shift)
    var carried: [(slice: SeriesSlices.Slice, polygons: [Polygon])] = []
    for slice in target.slices {
      let (columns, rows) = target.pixels(of: lower, upper, in: slice)
      guard !columns.isEmpty, !rows.isEmpty else { continue }
      var inside = [Bool](repeating: false, count: target.columns * target.rows)
      for row in rows {
        for column in columns {
          let place = target.position(of: SIMD2(Double(column), Double(row)), in: slice) - shift
          inside[row * target.columns + column] = contains(place)
        }
      }
      guard inside.contains(true) else { continue }
      let mask = PixelMask(columns: target.columns, rows: target.rows, values: inside)
      carried.append((slice, mask.outlines()))
    }
    return (carried, share(within: target, shift))
  }

  /// Whether a place of the patient lies within the outlines.
  private func contains(_ place: SIMD3<Double>) -> Bool {
    let height = place.dot(series.normal)
    guard let (slice, polygons) = outlines.first(where: { $0.slice.extent.contains(height) }) else { return false }
    // A corner on a pixel's centre must not be decided by the last digits.
    let pixel = (series.pixel(of: place, in: slice) * 1e6).rounded(.toNearestOrAwayFromZero) / 1e6
    return PolygonRegion(polygons).unionContains(pixel)
  }

  private func share(within target: SeriesSlices, _ shift: SIMD3<Double>) -> Double {
    guard let first = target.slices.first, let last = target.slices.last else { return 0 }
    var (all, within) = (0, 0)
    for (slice, polygons) in outlines {
      for vertex in polygons.flatMap(\.vertices) {
        let place = series.position(of: vertex, in: slice) + shift
        let height = place.dot(target.normal)
        all += 1
        guard height >= first.extent.lowerBound, height < last.extent.upperBound else { continue }
        let nearest = target.slices.min { abs($0.height - height) < abs($1.height - height) } ?? first
        let pixel = target.pixel(of: place, in: nearest)
        if pixel.x >= -0.5, pixel.y >= -0.5, pixel.x <= Double(target.columns) - 0.5,
          pixel.y <= Double(target.rows) - 0.5
        {
          within += 1
        }
      }
    }
    return all > 0 ? Double(within) / Double(all) : 0
  }

  /// What is to be known of a shift and of the outlines that it gave, and whether a person must confirm them.
  func judgement(_ found: RigidShift, share: Double, _ target: SeriesSlices) -> (isPoor: Bool, remark: String) {
    var remarks: [String] = []
    if found.score < RigidShift.acceptableScore {
      remarks.append(
        "the images differ (score \(String(format: "%.2f", found.score)), expected at least "
          + "\(RigidShift.acceptableScore))")
    }
    if found.isAtEdge {
      remarks.append(
        "the best shift lies at the edge of what was searched (\(Int(RigidShift.reach)) mm), so the true one may lie "
          + "beyond")
    }
    if share < 1 {
      remarks.append("\(Int(((1 - share) * 100).rounded(.up)))% of the outline lies beyond the other series' slices")
    }
    if series.frameOfReference == nil || series.frameOfReference != target.frameOfReference {
      remarks.append(
        "the two series do not state the same frame of reference: only their positions and images were compared")
    }
    return (found.isPoor || share < Self.leastShare, remarks.joined(separator: "; "))
  }
}
