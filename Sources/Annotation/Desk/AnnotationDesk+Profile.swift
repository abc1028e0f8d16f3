import Imaging
import Study
import Support

/// Proposals of outlines on slices that the reader has not outlined.
public struct Proposals: Codable, Equatable, Sendable {
  /// The slices between outlined ones, ascending.
  public var proposals: [Slice]

  /// What is proposed on one slice.
  public struct Slice: Codable, Equatable, Sendable {
    /// The slice's number in its series.
    public var slice: Int
    /// The outlines; one within another is a hole.
    public var outlines: [[SIMD2<Double>]]
  }
}

extension AnnotationDesk {
  /// A case's lesions along their slices, with what may be a slip.
  ///
  /// - Throws: `DeskError.noSuchCase`; `.failed` where the study cannot be read. A slice that cannot be read has no HU.
  public func profile(case name: String, reader: String) throws(DeskError) -> CaseProfile {
    let (objects, exam) = try read { database in
      let (reading, exam) = try opened(name, reader, database)
      return (try live(reading, exam, database), exam)
    }
    return CaseProfile(objects, exam, hounsfield)
  }

  /// Outlines of a lesion on the slices between those that the reader has outlined, by `ShapeInterpolation`; never beyond them.
  ///
  /// - Throws: `DeskError.noSuchCase`; `.refused` where fewer than two slices are outlined; `.failed`.
  public func proposals(
    case name: String, reader: String, lesion: String, series: Int
  ) throws(DeskError) -> Proposals {
    let (objects, exam) = try read { database in
      let (reading, exam) = try opened(name, reader, database)
      return (try live(reading, exam, database), exam)
    }
    return try Proposals(objects, exam, lesion: lesion, series: series)
  }
}

extension Proposals {
  init(_ objects: [AnnotationObject], _ exam: ExamPlaces, lesion: String, series: Int) throws(DeskError) {
    guard exam.series.indices.contains(series) else { throw .noSuchCase }
    let places = exam.series[series]
    let drawn = objects.compactMap(\.outline).filter {
      $0.series == series && Identifier($0.lesion) == Identifier(lesion)
    }
    let regions = Dictionary(grouping: drawn, by: \.slice).mapValues {
      PolygonRegion($0.map { Polygon(vertices: $0.vertices) })
    }.sorted { $0.key < $1.key }
    guard regions.count >= 2 else {
      throw .refused(
        "outline the lesion on at least two slices of the series; the slices between them are then filled", edit: nil)
    }
    var gaps: [(slice: Int, lower: PolygonRegion, upper: PolygonRegion, share: Double)] = []
    for (lower, upper) in zip(regions, regions.dropFirst()) {
      for slice in lower.key + 1..<max(upper.key, lower.key + 1) {
        gaps.append((slice, lower.value, upper.value, Double(slice - lower.key) / Double(upper.key - lower.key)))
      }
    }
    proposals = ParallelMap.run(gaps, chunk: 1) { gap in
      let place = places[gap.slice]
      let spacing = PixelSpacing(row: place.rowSpacing ?? 1, column: place.columnSpacing ?? 1)
      let limit = SIMD2(Double(place.columns), Double(place.rows))
      let outlines = ShapeInterpolation.outlines(between: gap.lower, gap.upper, at: gap.share, spacing: spacing)
      return Slice(
        slice: gap.slice,
        outlines: outlines.map { $0.vertices.map { pointwiseMin(pointwiseMax($0, SIMD2(-1, -1)), limit) } })
    }
  }
}
