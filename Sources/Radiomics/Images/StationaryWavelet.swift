/// The low-pass and high-pass bands of one level of a stationary (undecimated) wavelet transform.
///
/// The conventions are those of PyWavelets' `swtn`: an odd size is extended by its first voxel, and beyond the border
/// the image repeats itself. The order of its sums is kept, so that flat regions have the same rounding errors, and lie
/// in the same bins.
public struct StationaryWavelet: ImageFilter {
  /// The settings' name.
  public static let key = "wavelet"

  /// The wavelet: `coif1` unless stated.
  public var wavelet: Wavelet
  /// Whether each slice is decomposed by itself, into 4 bands, instead of the volume into 8.
  public var bySlice: Bool

  /// Makes the filter.
  public init(wavelet: Wavelet = .coif1, bySlice: Bool = false) {
    self.wavelet = wavelet
    self.bySlice = bySlice
  }

  private enum CodingKeys: String, CodingKey { case wavelet, bySlice }

  /// Reads the parameters; each has its default where it is absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    wavelet = try container.decodeIfPresent(Wavelet.self, forKey: .wavelet) ?? .coif1
    bySlice = try container.decodeIfPresent(Bool.self, forKey: .bySlice) ?? false
  }

  private var dimensions: Int { bySlice ? 2 : 3 }

  /// `wavelet-LLH` and so on: the first letter is the filter along x, the last that along z (or y by slice).
  public var names: [String] {
    (1..<(1 << dimensions)).map { "wavelet-" + bandName($0) } + ["wavelet-" + bandName(0)]
  }

  private func bandName(_ band: Int) -> String {
    String((0..<dimensions).map { band >> (dimensions - 1 - $0) & 1 == 0 ? "L" : "H" })
  }

  /// The bands, in the order of `names`.
  public func images(of image: LesionImage) -> [LesionImage] {
    var images: [LesionImage] = []
    forEachBand(of: image) { images.append($1) }
    return images
  }

  /// The bands, in the order of `names`.
  public func forEachResponse(to image: LesionImage, _ body: (ImageResponse) -> Void) {
    forEachBand(of: image) { body(ImageResponse(name: $0, checking: $1)) }
  }

  /// Makes one band after another; that of low passes alone, which is the first, is kept until the others are done.
  private func forEachBand(of image: LesionImage, _ body: (String, LesionImage) -> Void) {
    let size = image.size
    let padded = SIMD3(size.x + size.x % 2, size.y + size.y % 2, size.z + (bySlice ? 0 : size.z % 2))
    var lowest = image
    let values = image.values.wrapped(from: size, to: padded)
    // One array for the halves along each axis.
    var halves = [[Double]](repeating: [], count: dimensions)
    for axis in halves.indices { halves[axis] = [Double](repeating: 0, count: values.count) }
    split(values, padded, along: 0, band: 0, &halves) { band, values in
      let response = image.replacing(values.cropped(from: padded, to: size))
      if band == 0 { lowest = response } else { body("wavelet-" + bandName(band), response) }
    }
    body("wavelet-" + bandName(0), lowest)
  }

  /// Splits an image into its low-pass and high-pass halves along an axis, and each of those along the next.
  private func split(
    _ values: [Double], _ size: SIMD3<Int>, along axis: Int, band: Int, _ halves: inout [[Double]],
    _ body: (Int, [Double]) -> Void
  ) {
    guard axis < dimensions else { return body(band, values) }
    var half: [Double] = []
    swap(&half, &halves[axis])
    for (bit, taps) in [wavelet.lowPass, wavelet.highPass].enumerated() {
      values.convolve(with: taps, along: axis, size: size, boundary: .periodic, into: &half)
      split(half, size, along: axis + 1, band: 2 * band + bit, &halves, body)
    }
    swap(&half, &halves[axis])
  }
}

/// A wavelet's decomposition filters.
public enum Wavelet: String, Codable, Sendable, CaseIterable {
  /// Haar's.
  case haar
  /// Daubechies' with 4 taps.
  case db2
  /// Daubechies' with 6 taps.
  case db3
  /// Coifman's with 6 taps.
  case coif1

  /// The low-pass filter, of unit energy (PyWavelets' `dec_lo`).
  var lowPass: [Double] {
    switch self {
    case .haar: [0.7071067811865476, 0.7071067811865476]
    case .db2: [-0.12940952255126037, 0.2241438680420134, 0.8365163037378079, 0.48296291314453416]
    case .db3:
      [
        0.03522629188570953, -0.08544127388202666, -0.13501102001025458, 0.45987750211849154, 0.8068915093110925,
        0.33267055295008263,
      ]
    case .coif1:
      [
        -0.015655728135791993, -0.07273261951252645, 0.3848648468648578, 0.8525720202116004, 0.3378976624574818,
        -0.07273261951252645,
      ]
    }
  }

  /// The high-pass filter: the low-pass backwards with every other sign changed (PyWavelets' `dec_hi`).
  var highPass: [Double] { lowPass.reversed().enumerated().map { $0.offset % 2 == 0 ? -$0.element : $0.element } }
}

extension [Double] {
  /// The image with its first voxels repeated at the far ends.
  fileprivate func wrapped(from size: SIMD3<Int>, to padded: SIMD3<Int>) -> [Double] {
    if size == padded { return self }
    var result: [Double] = []
    result.reserveCapacity(padded.x * padded.y * padded.z)
    for z in 0..<padded.z {
      for y in 0..<padded.y {
        let row = ((z % size.z) * size.y + y % size.y) * size.x
        result += self[row..<row + size.x]
        if padded.x > size.x { result.append(self[row]) }
      }
    }
    return result
  }

  /// The image without the voxels that `wrapped` added.
  fileprivate func cropped(from padded: SIMD3<Int>, to size: SIMD3<Int>) -> [Double] {
    if size == padded { return self }
    var result: [Double] = []
    result.reserveCapacity(size.x * size.y * size.z)
    for z in 0..<size.z {
      for y in 0..<size.y {
        let row = (z * padded.y + y) * padded.x
        result += self[row..<row + size.x]
      }
    }
    return result
  }
}
