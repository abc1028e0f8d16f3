import DICOM
import Foundation
import GRDB
import Study
import Support

/// The slices before and after an outlined one in its series, which are cut in the same box: the other two channels of 2.5D.
///
/// Where the places of slices are not known, the next one of the series is taken for the neighbour, with a remark.
/// Where there is none, at the end of the series, the slice itself takes its place; so it does, with a remark, where one is missing
/// within the series, cannot be read or has another size.
struct NeighbouringSlices {
  private let candidate: ROIPlan.Candidate

  /// How far the series is looked at on each side: the distance of a slice's neighbour is compared with those around it.
  private static let reach = 2
  /// From how many times the smallest distance on, a slice is missing between two.
  private static let gap = 1.5

  init(_ candidate: ROIPlan.Candidate) { self.candidate = candidate }

  /// The candidates with the slices around them in their series.
  static func found(for candidates: [ROIPlan.Candidate], _ database: Database) throws -> [ROIPlan.Candidate] {
    let wanted = Set(candidates.map(\.place.seriesId))
    let all = Dictionary(grouping: try SlicePlace.all(database).filter { wanted.contains($0.seriesId) }, by: \.seriesId)
    let series = all.mapValues { places in Dictionary(places.map { ($0.ordinal, $0) }) { first, _ in first } }
    return candidates.map { candidate in
      var candidate = candidate
      let (places, ordinal) = (series[candidate.place.seriesId] ?? [:], candidate.place.ordinal)
      candidate.series = (ordinal - reach...ordinal + reach).compactMap { places[$0] }
      return candidate
    }
  }

  /// The crops of the slice before, of the slice itself, which is `crop`, and of the slice after it; `crop` alone where the plan has no
  /// neighbours.
  ///
  /// `folder` and `shift` are those that `crop` was cut with.
  func stack(
    around crop: ROICrop, in folder: URL?, _ cutter: ROICutter, shift: SIMD2<Int> = .zero
  ) throws(ROIPlan.Refusal) -> (values: [Float], remarks: [String]) {
    guard !candidate.series.isEmpty else { return (crop.values, []) }
    let distances = distances(in: folder)
    var (values, remarks): ([Float], [String]) = ([], [])
    for step in [-1, 1] {
      if step == 1 { values += crop.values }
      let name = step < 0 ? "before" : "after"
      do throws(ROIPlan.Refusal) {
        let found = try neighbour(step, name, distances, folder, cutter, shift)
        if found != nil, distances[candidate.place.ordinal + min(step, 0)] == nil {
          remarks.append(
            "how far the slice \(name) it lies is not known: it is taken for its neighbour, although one between may be missing"
          )
        }
        values += found ?? crop.values
      } catch {
        remarks.append("\(error.reason); the slice itself takes its place in the network's input")
        values += crop.values
      }
    }
    return (values, remarks)
  }

  /// The crop of the slice one step on, which is called `name`; nil at the end of the series.
  ///
  /// - Throws: `Refusal` where it cannot be used.
  private func neighbour(
    _ step: Int, _ name: String, _ distances: [Int: Double], _ folder: URL?, _ cutter: ROICutter, _ shift: SIMD2<Int>
  ) throws(ROIPlan.Refusal) -> [Float]? {
    let own = candidate.place
    guard let place = candidate.series.first(where: { $0.ordinal == own.ordinal + step }) else { return nil }
    guard place.columns == own.columns, place.rows == own.rows else {
      throw ROIPlan.Refusal(
        reason: "the slice \(name) it has \(place.columns) x \(place.rows) pixels, not \(own.columns) x \(own.rows)")
    }
    let first = min(place.ordinal, own.ordinal)
    if let distance = distances[first], let usual = distances.values.min(), distance >= Self.gap * usual {
      throw ROIPlan.Refusal(
        reason: "a slice \(name) it is missing in the series (\(Self.text(distance)) mm to the next one, "
          + "\(Self.text(usual)) mm elsewhere)")
    }
    do throws(ROIPlan.Refusal) {
      return try candidate.cut(in: folder, cutter, shift: shift, of: place).crop.values
    } catch {
      throw ROIPlan.Refusal(reason: "the slice \(name) it cannot be used: \(error.reason)")
    }
  }

  /// The distance in mm along the normal of each slice to the next one, by the first one's ordinal, as far as it is known.
  private func distances(in folder: URL?) -> [Int: Double] {
    var heights: [Int: Double] = [:]
    for place in candidate.series {
      // A header that cannot be read leaves the distance unknown; the slice's own reading reports it.
      guard let headers = try? DICOMFile.attributes(of: StudyFolder.file(place.path, in: folder)),
        headers.indices.contains(place.frame), let position = headers[place.frame].imagePosition,
        let across = headers[place.frame].rowDirection,
        let down = headers[place.frame].columnDirection
      else { continue }
      heights[place.ordinal] = position.dot(across.cross(down))
    }
    var distances: [Int: Double] = [:]
    for (ordinal, height) in heights {
      if let next = heights[ordinal + 1] { distances[ordinal] = abs(next - height) }
    }
    return distances
  }

  private static func text(_ distance: Double) -> String { "\((distance * 100).rounded() / 100)" }
}
