import DICOM
import Foundation
import Imaging
import Study
import Support

/// A case's lesions along their slices, and what may be a slip.
public struct CaseProfile: Codable, Equatable, Sendable {
  /// Each lesion on each series on which it is outlined.
  public var lesions: [LesionProfile]

  /// One lesion on one series.
  public struct LesionProfile: Codable, Equatable, Sendable {
    /// The lesion's name.
    public var lesion: String
    /// The series' number in the case.
    public var series: Int
    /// The outlined slices, ascending.
    public var slices: [SliceProfile]
    /// What may be a slip.
    public var warnings: [ProfileWarning]
  }

  /// What the outlines of a lesion enclose on one slice.
  public struct SliceProfile: Codable, Equatable, Sendable {
    /// The slice's number in its series.
    public var slice: Int
    /// The area in square millimetres; nil where the pixels' size is not known, or outlines cross.
    public var areaMM2: Double?
    /// The centre of gravity in pixels; nil where there is no area.
    public var centroid: SIMD2<Double>?
    /// The mean in HU; nil where the slice cannot be read, or no pixel's centre is inside.
    public var meanHU: Double?
    /// The standard deviation in HU.
    public var sdHU: Double?
    /// The mean in HU of the pixels inside that have a neighbour outside.
    public var rimHU: Double?
    /// The share of pixels inside with less than `ProfileChecks.fat`; not for the page.
    var fatShare: Double?

    private enum CodingKeys: String, CodingKey { case slice, areaMM2, centroid, meanHU, sdHU, rimHU }
  }
}

extension CaseProfile.SliceProfile {
  /// What outlines enclose on a slice; `image` is nil where it cannot be read.
  init(_ number: Int, _ region: PolygonRegion, on place: SlicePlace, _ image: CTImage?) {
    slice = number
    centroid = region.centroid
    // Of outlines that cross, the area is not the sum.
    let isExact =
      region.outlines.count == 1
      || region.mask(columns: place.columns, rows: place.rows)
        == region.unionMask(columns: place.columns, rows: place.rows)
    if isExact, let row = place.rowSpacing, let column = place.columnSpacing {
      areaMM2 = region.area * row * column
    }
    guard let image, image.columns == place.columns, image.rows == place.rows else { return }
    let mask = region.unionMask(columns: place.columns, rows: place.rows)
    let values = image.values
    var inside: [Double] = []
    var rim: [Double] = []
    for (index, isInside) in mask.values.enumerated() where isInside {
      let value = Double(values[index])
      let (column, row) = (index % place.columns, index / place.columns)
      inside.append(value)
      if ![(1, 0), (-1, 0), (0, 1), (0, -1)].allSatisfy({ mask[column + $0.0, row + $0.1] }) { rim.append(value) }
    }
    guard !inside.isEmpty else { return }
    let mean = inside.reduce(0, +) / Double(inside.count)
    meanHU = mean
    sdHU = (inside.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(inside.count)).squareRoot()
    rimHU = rim.isEmpty ? nil : rim.reduce(0, +) / Double(rim.count)
    fatShare = Double(inside.count { $0 < ProfileChecks.fat }) / Double(inside.count)
  }
}

/// What is taken for a possible slip along the slices, and from where on.
enum ProfileChecks {
  /// HU below which a pixel is fat or air: soft tissue is above 0, and CT noise seldom reaches 30 HU below it.
  static let fat = -30.0
  /// The share of such pixels that is warned of: rims of tumours have some because of partial volume, but a clear cell carcinoma
  /// rarely holds fat.
  static let fatShare = 0.1
  /// By how much of the mean of its neighbours a slice's area may differ: a ball's differ by less, also near its poles.
  static let areaChange = 0.5
  /// How far, in equivalent diameters, a slice's centre may lie off the middle of its neighbours'.
  static let centreShift = 0.25
  /// The same in mm at least, so that small outlines are not warned of for a pixel or two.
  static let leastShift = 4.0
  /// How far in mm, beyond the lesion's radius, an outline may lie off the others: kidneys are about 100 mm apart.
  static let distance = 50.0

  /// The warnings of a lesion on a series; `regions` belong to `slices`.
  static func warnings(
    _ slices: [CaseProfile.SliceProfile], _ regions: [PolygonRegion], lesion: String, on places: [SlicePlace]
  ) -> [ProfileWarning] {
    guard let first = slices.first, let last = slices.last, let place = places.first else { return [] }
    let size = SIMD2(place.columnSpacing ?? 1, place.rowSpacing ?? 1)
    let unit = place.columnSpacing == nil ? "pixels" : "mm"
    let diameters = slices.indices.map { 2 * (regions[$0].area * size.x * size.y / .pi).squareRoot() }
    var warnings: [ProfileWarning] = []
    func warn(_ kind: ProfileWarning.Kind, _ slice: Int, _ regions: [PolygonRegion], _ text: String) {
      var encoding = CanonicalEncoding(of: "profile warning", version: 1)
      encoding.field("kind", kind.rawValue)
      encoding.field("lesion", lesion)
      encoding.field("series", place.seriesInstanceUID)
      encoding.field("slice", slice)
      encoding.field("outlines", regions.flatMap { $0.outlines.flatMap { $0.vertices.flatMap { [$0.x, $0.y] } } })
      warnings.append(
        ProfileWarning(warning: String(encoding.digest.prefix(16)), kind: kind, slice: slice, text: text))
    }
    let outlined = Set(slices.map(\.slice))
    for slice in first.slice...last.slice where !outlined.contains(slice) {
      warn(.gap, slice, [], "The slice is not outlined, but slices on both sides of it are.")
    }
    for index in slices.indices {
      let slice = slices[index].slice
      if let share = slices[index].fatShare, share > fatShare {
        warn(
          .fatOrAir, slice, [regions[index]],
          "\(Int((100 * share).rounded())) % of the outlined pixels are below \(Int(fat)) HU: fat or air.")
      }
      guard index > 0, index < slices.count - 1, slices[index - 1].slice == slice - 1,
        slices[index + 1].slice == slice + 1
      else { continue }
      let around = Array(regions[index - 1...index + 1])
      let expected = (regions[index - 1].area + regions[index + 1].area) / 2
      if abs(regions[index].area - expected) > areaChange * expected {
        let percent = Int((100 * abs(regions[index].area / expected - 1)).rounded())
        warn(
          .jump, slice, around,
          "The area is \(percent) % \(regions[index].area > expected ? "larger" : "smaller") than the mean of its neighbours."
        )
      } else if let before = slices[index - 1].centroid, let here = slices[index].centroid,
        let after = slices[index + 1].centroid
      {
        let offset = (here - (before + after) / 2) * size
        let shift = (offset * offset).sum().squareRoot()
        if shift > max(leastShift, centreShift * diameters[index]) {
          warn(
            .jump, slice, around,
            "The centre lies \(Int(shift.rounded())) \(unit) off the middle of its neighbours' centres.")
        }
      }
    }
    let centres = regions.flatMap { $0.outlines.map(\.centroid) }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let middle = SIMD2(median(centres.map(\.x)), median(centres.map(\.y)))
    let reach = distance + (diameters.max() ?? 0) / 2
    for (index, region) in regions.enumerated() {
      let offsets = region.outlines.map { ($0.centroid - middle) * size }
      guard let farthest = offsets.map({ ($0 * $0).sum().squareRoot() }).max(), farthest > reach else { continue }
      warn(
        .farFromLesion, slices[index].slice, [region],
        "An outline lies \(Int(farthest.rounded())) \(unit) from the lesion's other outlines: is it on the other side?")
    }
    return warnings.sorted { ($0.slice, $0.kind.rawValue) < ($1.slice, $1.kind.rawValue) }
  }
}

extension CaseProfile {
  /// The profile of objects of an exam.
  init(_ objects: [AnnotationObject], _ exam: ExamPlaces, _ image: @escaping @Sendable (SlicePlace) -> CTImage?) {
    let outlines = objects.filter { !$0.isDeleted }.compactMap(\.outline)
    let groups = Dictionary(grouping: outlines) { [exam.canonical($0.lesion), "\($0.series)"] }
    lesions = groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { key, outlines in
      guard let series = outlines.first?.series, exam.series.indices.contains(series) else { return nil }
      let bySlice = Dictionary(grouping: outlines, by: \.slice).sorted { $0.key < $1.key }
      let regions = bySlice.map { PolygonRegion($0.value.map { Polygon(vertices: $0.vertices) }) }
      let places = exam.series[series]
      let slices = ParallelMap.run(Array(zip(bySlice.map(\.key), regions)), chunk: 1) { number, region in
        SliceProfile(number, region, on: places[number], image(places[number]))
      }
      return LesionProfile(
        lesion: key[0], series: series, slices: slices,
        warnings: ProfileChecks.warnings(slices, regions, lesion: key[0], on: places))
    }
  }
}

extension ExamPlaces {
  /// Pathology's name of a lesion that an object names, or the object's own where pathology lists none of the name.
  func canonical(_ lesion: String) -> String {
    lesions.first { Identifier($0.name) == Identifier(lesion) }?.name ?? lesion
  }
}
