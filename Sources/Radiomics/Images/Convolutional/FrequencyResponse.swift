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
  ///   - factor: of the frequency along x, y and z, from -1 to 1. Like IBSI's references, n frequencies lie
  ///     symmetrically about 0, which puts those of an even count half a step off; the real part of the result corrects
  ///     for this.
  mutating func filter(_ riesz: RieszOrder?, _ factor: (SIMD3<Double>) -> Double) {
    let frequencies = (0..<3).map { Self.frequencies(size[$0]) }
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

  /// From -1 to 1, the lowest first, as a transform has them.
  private static func frequencies(_ count: Int) -> [Double] {
    (0..<count).map { index in
      let place = (index + count / 2) % count
      return Double(2 * place - (count - 1)) / Double(max(1, count - 1))
    }
  }
}
