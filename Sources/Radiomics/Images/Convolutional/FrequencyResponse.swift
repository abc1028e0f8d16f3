internal import Foundation

/// The order of a Riesz transform along x, y and z (IBSI 2, 3.8).
public struct RieszOrder: Codable, Equatable, Sendable {
  /// The order along x.
  public var x: Int
  /// The order along y.
  public var y: Int
  /// The order along z.
  public var z: Int

  /// States the orders.
  public init(x: Int, y: Int, z: Int) { (self.x, self.y, self.z) = (x, y, z) }

  /// What the order is called in an image's name.
  var name: String { "-riesz-\(x)\(y)\(z)" }

  /// Checks the orders.
  func check() throws(RadiomicsError) {
    guard min(x, y, z) >= 0, (1...4).contains(x + y + z) else {
      throw RadiomicsError(
        "a Riesz transform needs orders of at least 0 with a sum of 1 to 4, found \(x), \(y) and \(z)")
    }
  }

  /// Its factor at a frequency, as its magnitude and how often it is multiplied by -i.
  func factor(_ frequency: SIMD3<Double>) -> (magnitude: Double, turns: Int) {
    let total = x + y + z
    let length = (frequency * frequency).sum().squareRoot()
    guard length > 0 else { return (0, total) }
    func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { product, _ in product * base } }
    func factorial(_ number: Int) -> Double { (1..<(number + 1)).reduce(1) { $0 * Double($1) } }
    let scale = (factorial(total) / (factorial(x) * factorial(y) * factorial(z))).squareRoot()
    let waves = power(frequency.x, x) * power(frequency.y, y) * power(frequency.z, z)
    return (scale * waves / power(length, total), total)
  }
}

extension Spectrum {
  /// Multiplies by a real factor at each frequency, and by a Riesz transform's.
  ///
  /// - Parameters:
  ///   - riesz: the transform's order; nil for none.
  ///   - factor: of the frequency along x, y and z, where 1 is the highest that the grid holds.
  mutating func filter(_ riesz: RieszOrder?, _ factor: (SIMD3<Double>) -> Double) {
    let frequencies = (0..<3).map { axis in
      let count = size[axis]
      return (0..<count).map { 2 * Double($0 < (count + 1) / 2 ? $0 : $0 - count) / Double(count) }
    }
    var place = 0
    for z in frequencies[2] {
      for y in frequencies[1] {
        for x in frequencies[0] {
          let frequency = SIMD3(x, y, z)
          let (magnitude, turns) = riesz?.factor(frequency) ?? (1, 0)
          let scale = factor(frequency) * magnitude
          let (a, b) = (real[place] * scale, imaginary[place] * scale)
          switch turns % 4 {
          case 0: (real[place], imaginary[place]) = (a, b)
          case 1: (real[place], imaginary[place]) = (b, -a)
          case 2: (real[place], imaginary[place]) = (-a, -b)
          default: (real[place], imaginary[place]) = (-b, a)
          }
          place += 1
        }
      }
    }
  }
}

/// A wavelet that does not depend on direction, defined by its frequencies; beyond the border the image repeats itself
/// (IBSI 2, 3.7).
public struct NonSeparableWavelet: ImageFilter {
  /// The settings' name.
  public static let key = "nonSeparableWavelet"

  /// Which frequencies the wavelet passes.
  public enum Family: String, Codable, Sendable, CaseIterable {
    /// Simoncelli's: a cosine of the frequency's logarithm over two octaves.
    case simoncelli
    /// Shannon's: one octave.
    case shannon
  }

  /// The family.
  public var family: Family
  /// The level, from 1 for the highest frequencies; each further level is an octave lower.
  public var level: Int
  /// Whether each slice is filtered by itself.
  public var bySlice: Bool
  /// The Riesz transform that follows; nil for none.
  public var riesz: RieszOrder?

  /// Makes the filter.
  public init(family: Family = .simoncelli, level: Int = 1, bySlice: Bool = false, riesz: RieszOrder? = nil) {
    (self.family, self.level, self.bySlice, self.riesz) = (family, level, bySlice, riesz)
  }

  private enum CodingKeys: String, CodingKey { case family, level, bySlice, riesz }

  /// Reads the parameters; each has its default where it is absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    family = try container.decodeIfPresent(Family.self, forKey: .family) ?? .simoncelli
    level = try container.decodeIfPresent(Int.self, forKey: .level) ?? 1
    bySlice = try container.decodeIfPresent(Bool.self, forKey: .bySlice) ?? false
    riesz = try container.decodeIfPresent(RieszOrder.self, forKey: .riesz)
  }

  /// `simoncelli-level-1-3D` and so on.
  public var names: [String] { ["\(family.rawValue)-level-\(level)-\(bySlice ? "2D" : "3D")" + (riesz?.name ?? "")] }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard (1...8).contains(level) else {
      throw RadiomicsError("the filter `nonSeparableWavelet` needs a `level` of 1 to 8, found \(level)")
    }
    try riesz?.check()
    if bySlice, let riesz, riesz.z > 0 {
      throw RadiomicsError("a Riesz transform of single slices needs the order 0 along z, found \(riesz.z)")
    }
  }

  /// The response.
  public func images(of image: LesionImage) -> [LesionImage] {
    var values = Spectrum(image.values, size: image.size)
    values.transform(axes: bySlice ? 2 : 3)
    let highest = 1 / Double(1 << (level - 1))
    values.filter(riesz.map { $0 }) { frequency in
      let plane = SIMD3(frequency.x, frequency.y, bySlice ? 0 : frequency.z)
      let radius = (plane * plane).sum().squareRoot()
      switch family {
      case .simoncelli:
        guard radius >= highest / 4, radius <= highest else { return 0 }
        return cos(Double.pi / 2 * log2(2 * radius / highest))
      case .shannon: return radius >= highest / 2 && radius <= highest ? 1 : 0
      }
    }
    values.transform(backwards: true, axes: bySlice ? 2 : 3)
    return [image.replacing(values.real)]
  }
}
