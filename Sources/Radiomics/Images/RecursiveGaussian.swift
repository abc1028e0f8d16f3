internal import Foundation

/// Convolution with a Gaussian or its second derivative by a recursive filter of the fourth order.
///
/// This is ITK's `RecursiveGaussianImageFilter`: R. Deriche, "Recursively implementing the Gaussian and its
/// derivatives", INRIA report 1893, 1993; normalised after G. Farnebäck and C.-F. Westin, "Improving Deriche-style
/// recursive Gaussian filters", Journal of Mathematical Imaging and Vision, 2006.
///
/// A line is filtered in double precision and stored in single precision, which is what ITK does between its passes.
struct RecursiveGaussian {
  /// Which derivative is taken.
  enum Order {
    /// The Gaussian itself.
    case smoothing
    /// Its second derivative, multiplied by the square of sigma in mm.
    case secondDerivative
  }

  private typealias Lanes = SIMD8<Double>

  /// Multipliers of the four values from the voxel backwards, of the four after it, and of the four earlier results.
  private let causal: SIMD4<Double>
  private let anticausal: SIMD4<Double>
  private let feedback: SIMD4<Double>
  /// Multipliers of the border's value in place of results that lie beyond the border.
  private let borderCausal: SIMD4<Double>
  private let borderAnticausal: SIMD4<Double>

  /// Computes the multipliers.
  ///
  /// - Parameters:
  ///   - order: which derivative is taken.
  ///   - sigma: the Gaussian's standard deviation in mm; positive.
  ///   - spacing: the distance of voxels along the line in mm.
  init(_ order: Order, sigma: Double, spacing: Double) {
    let width = sigma / spacing
    let waves = Waves(width: width)
    let gaussian = waves.numerator(1.3530, 1.8151, -0.3531, 0.0902)
    let d = waves.denominator
    let sum = 1 + d[0] + d[1] + d[2] + d[3]
    let moment = d[0] + 2 * d[1] + 3 * d[2] + 4 * d[3]
    let secondMoment = d[0] + 4 * d[1] + 9 * d[2] + 16 * d[3]
    func sums(_ n: SIMD4<Double>) -> (Double, Double, Double) {
      (n[0] + n[1] + n[2] + n[3], n[1] + 2 * n[2] + 3 * n[3], n[1] + 4 * n[2] + 9 * n[3])
    }
    let n: SIMD4<Double>
    switch order {
    case .smoothing:
      n = gaussian * (1 / (2 * sums(gaussian).0 / sum - gaussian[0]))
    case .secondDerivative:
      let raw = waves.numerator(-1.3563, 5.2318, 0.3446, -2.2355)
      let (s0, d0, e0) = sums(gaussian)
      let (s2, d2, e2) = sums(raw)
      let beta = -(2 * s2 - sum * raw[0]) / (2 * s0 - sum * gaussian[0])
      let (s, m, e) = (s2 + beta * s0, d2 + beta * d0, e2 + beta * e0)
      let alpha =
        (e * sum * sum - secondMoment * s * sum - 2 * m * moment * sum + 2 * moment * moment * s) / (sum * sum * sum)
      n = (raw + beta * gaussian) * (sigma * sigma / alpha)
    }
    causal = n
    feedback = d
    anticausal = SIMD4(n[1] - d[0] * n[0], n[2] - d[1] * n[0], n[3] - d[2] * n[0], -d[3] * n[0])
    borderCausal = d * sums(n).0 / sum
    borderAnticausal = d * (anticausal[0] + anticausal[1] + anticausal[2] + anticausal[3]) / sum
  }

  /// The exponentials and oscillations that Deriche's series sums.
  private struct Waves {
    let sines: SIMD2<Double>
    let cosines: SIMD2<Double>
    let decays: SIMD2<Double>

    init(width: Double) {
      let frequencies = SIMD2(0.6681, 2.0787)
      let rates = SIMD2(-1.3932, -1.3732)
      sines = SIMD2(sin(frequencies.x / width), sin(frequencies.y / width))
      cosines = SIMD2(cos(frequencies.x / width), cos(frequencies.y / width))
      decays = SIMD2(exp(rates.x / width), exp(rates.y / width))
    }

    var denominator: SIMD4<Double> {
      let (c1, c2, e1, e2) = (cosines.x, cosines.y, decays.x, decays.y)
      return SIMD4(
        -2 * (e2 * c2 + e1 * c1), 4 * c2 * c1 * e1 * e2 + (e1 * e1 + e2 * e2),
        -2 * c1 * e1 * e2 * e2 + -2 * c2 * e2 * e1 * e1, e1 * e1 * e2 * e2)
    }

    func numerator(_ a1: Double, _ b1: Double, _ a2: Double, _ b2: Double) -> SIMD4<Double> {
      let (s1, s2, c1, c2, e1, e2) = (sines.x, sines.y, cosines.x, cosines.y, decays.x, decays.y)
      let second = 2 * e1 * e2 * ((a1 + a2) * c2 * c1 - (b1 * c2 * s1 + b2 * c1 * s2))
      return SIMD4(
        a1 + a2,
        e2 * (b2 * s2 - (a2 + 2 * a1) * c2) + e1 * (b1 * s1 - (a1 + 2 * a2) * c1),
        second + (a2 * e1 * e1 + a1 * e2 * e2),
        e2 * e1 * e1 * (b2 * s2 - a2 * c2) + e1 * e2 * e2 * (b1 * s1 - a1 * c1))
    }
  }

  /// The image filtered along one axis, of which it must have at least 4 voxels; the border's voxel continues beyond
  /// the border.
  ///
  /// - Parameters:
  ///   - image: the values.
  ///   - axis: 0 for x, 1 for y, 2 for z.
  ///   - size: the image's size; x runs fastest.
  /// - Returns: as many values as the image has.
  func filtered<Value: BinaryFloatingPoint>(_ image: [Value], along axis: Int, size: SIMD3<Int>) -> [Float] {
    let length = size[axis]
    let step = axis == 0 ? 1 : axis == 1 ? size.x : size.x * size.y
    let lines = image.count / length
    func start(_ line: Int) -> Int {
      switch axis {
      case 0: line * length
      case 1: line / size.x * (size.x * size.y) + line % size.x
      default: line
      }
    }
    return [Float](unsafeUninitializedCapacity: image.count) { output, initialized in
      initialized = image.count
      guard let target = output.baseAddress else { return }
      image.withUnsafeBufferPointer { input in
        guard let source = input.baseAddress else { return }
        let lanes = Lanes.scalarCount
        // A block of lines, with the border's value beyond both ends; what passes forwards make of it; and backwards.
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 3 * length + 2 * Self.beyond) { scratch in
          scratch.initialize(repeating: Lanes())
          guard let scratch = scratch.baseAddress else { return }
          let line = scratch + Self.beyond
          let (sums, returns) = (line + length + Self.beyond, line + 2 * length + Self.beyond)
          for first in stride(from: 0, to: lines, by: lanes) {
            let count = min(lanes, lines - first)
            // Lines mostly lie equally far apart, which is known without a look at each.
            let apart = axis == 0 ? length : 1
            let isRegular = count == lanes && start(first + lanes - 1) == start(first) + (lanes - 1) * apart
            line.withMemoryRebound(to: Double.self, capacity: lanes * length) { values in
              if isRegular {
                let from = source + start(first)
                var i = 0
                while i < length {
                  if apart == 1 {
                    for lane in 0..<lanes { values[i * lanes + lane] = Double(from[i * step + lane]) }
                  } else {
                    for lane in 0..<lanes { values[i * lanes + lane] = Double(from[i + lane * apart]) }
                  }
                  i += 1
                }
                return
              }
              for lane in 0..<count {
                let from = source + start(first + lane)
                for i in 0..<length { values[i * lanes + lane] = Double(from[i * step]) }
              }
            }
            filter(line, forwards: sums, backwards: returns, length)
            sums.withMemoryRebound(to: Double.self, capacity: lanes * length) { values in
              if isRegular {
                let to = target + start(first)
                var i = 0
                while i < length {
                  if apart == 1 {
                    for lane in 0..<lanes { (to + (i * step + lane)).initialize(to: Float(values[i * lanes + lane])) }
                  } else {
                    for lane in 0..<lanes { (to + (i + lane * apart)).initialize(to: Float(values[i * lanes + lane])) }
                  }
                  i += 1
                }
                return
              }
              for lane in 0..<count {
                let to = target + start(first + lane)
                for i in 0..<length { (to + i * step).initialize(to: Float(values[i * lanes + lane])) }
              }
            }
          }
        }
      }
    }
  }

  /// So many voxels beyond the border are multiplied.
  private static let beyond = 4

  /// The four products of a multiplier's parts, added in ITK's order.
  @inline(__always)
  private static func sum(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes, _ multiplier: SIMD4<Double>) -> Lanes {
    a * multiplier[0] + b * multiplier[1] + c * multiplier[2] + d * multiplier[3]
  }

  /// Filters eight lines at once, forwards and then backwards, and adds both in `y`; the first four results of each have neighbours
  /// beyond the border.
  private func filter(
    _ x: UnsafeMutablePointer<Lanes>, forwards y: UnsafeMutablePointer<Lanes>,
    backwards z: UnsafeMutablePointer<Lanes>, _ length: Int
  ) {
    let (n, m, d) = (causal, anticausal, feedback)
    var (edge, border) = (x[0], borderCausal)
    for i in 1...Self.beyond { (x[-i], x[length - 1 + i]) = (x[0], x[length - 1]) }

    @inline(__always) func inputs(_ i: Int) -> Lanes { Self.sum(x[i], x[i - 1], x[i - 2], x[i - 3], n) }
    y[0] = inputs(0) - Self.sum(edge, edge, edge, edge, border)
    y[1] = inputs(1) - Self.sum(y[0], edge, edge, edge, SIMD4(d[0], border[1], border[2], border[3]))
    y[2] = inputs(2) - Self.sum(y[1], y[0], edge, edge, SIMD4(d[0], d[1], border[2], border[3]))
    y[3] = inputs(3) - Self.sum(y[2], y[1], y[0], edge, SIMD4(d[0], d[1], d[2], border[3]))
    var i = 4
    while i < length {
      y[i] = inputs(i) - Self.sum(y[i - 1], y[i - 2], y[i - 3], y[i - 4], d)
      i += 1
    }

    let last = length - 1
    (edge, border) = (x[last], borderAnticausal)
    @inline(__always) func returned(_ i: Int) -> Lanes { Self.sum(x[i + 1], x[i + 2], x[i + 3], x[i + 4], m) }
    z[last] = returned(last) - Self.sum(edge, edge, edge, edge, border)
    let back1 = Self.sum(z[last], edge, edge, edge, SIMD4(d[0], border[1], border[2], border[3]))
    z[last - 1] = returned(last - 1) - back1
    let back2 = Self.sum(z[last - 1], z[last], edge, edge, SIMD4(d[0], d[1], border[2], border[3]))
    z[last - 2] = returned(last - 2) - back2
    let back3 = Self.sum(z[last - 2], z[last - 1], z[last], edge, SIMD4(d[0], d[1], d[2], border[3]))
    z[last - 3] = returned(last - 3) - back3
    i = length - 5
    while i >= 0 {
      z[i] = returned(i) - Self.sum(z[i + 1], z[i + 2], z[i + 3], z[i + 4], d)
      i -= 1
    }
    i = 0
    while i < length {
      y[i] += z[i]
      i += 1
    }
  }
}
