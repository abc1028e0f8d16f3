public import Support

/// A lesion's outlined slices in one series, resampled along their normal to planes at equal distances: what a network of volumes sees.
///
/// The planes lie about the middle of the outlined extent. Each is blended linearly from the two outlined slices around it, so slices
/// without an outline are left out. As many planes as fit the extent are filled, the others are zero, which is the window's lower edge.
public struct SliceStack: Equatable, Sendable {
  /// How slices become planes.
  public struct Sampling: Equatable, Sendable {
    /// How many planes there are.
    public let planes: Int
    /// Their distance in mm.
    public let spacing: Double

    /// Makes a sampling.
    public init(planes: Int, spacing: Double) { (self.planes, self.spacing) = (planes, spacing) }
  }

  /// A plane as a mixture of two slices.
  struct Plane: Equatable, Sendable {
    /// The places in `rois` of the slices below and above it.
    let lower: Int
    let upper: Int
    /// The share of the upper one, 0...1.
    let weight: Double

    /// The share of a slice.
    func share(of slice: Int) -> Double { (lower == slice ? 1 - weight : 0) + (upper == slice ? weight : 0) }
  }

  /// The numbers of the slices in their `ROISet`, towards the patient's head.
  public let rois: [Int]
  /// The planes; nil where one is zero.
  let planes: [Plane?]
  /// Whether the outlined extent is longer than the planes, so that its ends are not seen.
  public let isCutOff: Bool
  /// Whether the places of slices are not known, so that they were taken as neighbouring planes.
  public let hasUnknownPlaces: Bool
  /// The plane in which each slice has its largest share, by its place in `rois`; nil where it has none, and so is not seen.
  public let planeOfSlice: [Int?]

  /// Resamples slices of one series, given by their numbers in `entries`; there must be at least one.
  public init(_ numbers: [Int], of entries: [ROISet.Entry], _ sampling: Sampling) {
    let heights = numbers.compactMap { entries[$0].height }
    hasUnknownPlaces = heights.count < numbers.count
    let located =
      hasUnknownPlaces
      ? numbers.sorted { entries[$0].sliceOrdinal < entries[$1].sliceOrdinal }.enumerated().map {
        (roi: $1, height: Double($0) * sampling.spacing)
      }
      : zip(numbers, heights).map { (roi: $0, height: $1) }.sorted { ($0.height, $0.roi) < ($1.height, $1.roi) }
    let places = located.map(\.height)
    rois = located.map(\.roi)
    let (bottom, top) = (places.first ?? 0, places.last ?? 0)
    // Heights lie within 10 m: the number is small.
    let wanted = Int(((top - bottom) / sampling.spacing).rounded()) + 1
    let count = min(wanted, sampling.planes)
    isCutOff = wanted > sampling.planes
    let first = (sampling.planes - count) / 2
    let positions = (0..<count).map { plane in
      (bottom + top) / 2 + (Double(plane) - Double(count - 1) / 2) * sampling.spacing
    }
    let planes = (0..<sampling.planes).map { plane in
      positions.indices.contains(plane - first) ? Self.plane(at: positions[plane - first], places) : nil
    }
    self.planes = planes
    planeOfSlice = places.indices.map { slice in
      let shares = planes.indices.map { (plane: $0, share: planes[$0]?.share(of: slice) ?? 0) }
      let largest = shares.max { ($0.share, -$0.plane) < ($1.share, -$1.plane) }
      return largest.flatMap { $0.share > 0 ? $0.plane : nil }
    }
  }

  /// The mixture at a position; beyond the slices the last one.
  private static func plane(at position: Double, _ places: [Double]) -> Plane {
    guard let upper = places.firstIndex(where: { $0 >= position - 1e-9 }) else {
      return Plane(lower: places.count - 1, upper: places.count - 1, weight: 0)
    }
    guard upper > 0, places[upper] - position > 1e-9 else { return Plane(lower: upper, upper: upper, weight: 0) }
    let (below, above) = (places[upper - 1], places[upper])
    return Plane(lower: upper - 1, upper: upper, weight: (position - below) / (above - below))
  }

  /// All that the planes' values depend on besides the crops.
  public func identify(in encoding: inout CanonicalEncoding) {
    encoding.field("stack", rois)
    for plane in planes {
      encoding.field("slices", plane.map { [$0.lower, $0.upper] } ?? [])
      encoding.field("weight", plane?.weight)
    }
  }
}

extension ROISet {
  /// The values of a stack's planes, plane by plane, each boxSize x boxSize values in 0...1, row by row.
  public func planes(of stack: SliceStack) -> [Float] {
    let size = boxSize * boxSize
    var values = [Float](repeating: 0, count: stack.planes.count * size)
    for (number, plane) in stack.planes.enumerated() {
      guard let plane else { continue }
      let share = Float(plane.weight)
      withCrop(stack.rois[plane.lower]) { lower in
        withCrop(stack.rois[plane.upper]) { upper in
          for place in 0..<size {
            values[number * size + place] = lower[place] * (1 - share) + upper[place] * share
          }
        }
      }
    }
    return values
  }
}
