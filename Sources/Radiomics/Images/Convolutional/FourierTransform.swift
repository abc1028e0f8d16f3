internal import Foundation

/// Complex values on a grid, and their discrete Fourier transform for any size.
struct Spectrum: Sendable {
  /// The real parts; x runs fastest.
  var real: [Double]
  /// The imaginary parts.
  var imaginary: [Double]
  /// The grid's size.
  let size: SIMD3<Int>

  /// Real values.
  init(_ values: [Double], size: SIMD3<Int>) {
    self.size = size
    real = values
    imaginary = [Double](repeating: 0, count: values.count)
  }

  /// Transforms along the first two or all three axes; backwards divides by the count of values.
  mutating func transform(backwards: Bool = false, axes: Int = 3) {
    for axis in 0..<axes where size[axis] > 1 {
      let length = size[axis]
      let step = axis == 0 ? 1 : axis == 1 ? size.x : size.x * size.y
      let transform = FourierTransform(length)
      var (a, b) = ([Double](repeating: 0, count: length), [Double](repeating: 0, count: length))
      let scale = backwards ? 1 / Double(length) : 1
      for block in stride(from: 0, to: real.count, by: length * step) {
        for first in block..<block + step {
          for i in 0..<length {
            a[i] = real[first + i * step]
            b[i] = backwards ? -imaginary[first + i * step] : imaginary[first + i * step]
          }
          // The transform backwards is the conjugate of the conjugate's transform.
          transform(&a, &b)
          for i in 0..<length {
            real[first + i * step] = a[i] * scale
            imaginary[first + i * step] = (backwards ? -b[i] : b[i]) * scale
          }
        }
      }
    }
  }

  /// Multiplies each value by another grid's.
  mutating func multiply(by other: Spectrum) {
    for i in real.indices {
      let product = real[i] * other.real[i] - imaginary[i] * other.imaginary[i]
      imaginary[i] = real[i] * other.imaginary[i] + imaginary[i] * other.real[i]
      real[i] = product
    }
  }
}

/// The discrete Fourier transform of lines of one length.
private struct FourierTransform {
  private let length: Int
  /// The power of two in which a line is transformed.
  private let padded: Int
  private let cosines: [Double]
  private let sines: [Double]
  /// The chirp of Bluestein's algorithm, for other lengths than powers of two, and its transform.
  private var chirp: [(cosine: Double, sine: Double)] = []
  private var kernel: (real: [Double], imaginary: [Double]) = ([], [])

  init(_ length: Int) {
    self.length = length
    var power = 1
    while power < (length & (length - 1) == 0 ? length : 2 * length - 1) { power *= 2 }
    let padded = power
    self.padded = padded
    let angles = (0..<max(1, padded / 2)).map { -2 * Double.pi * Double($0) / Double(padded) }
    cosines = angles.map { cos($0) }
    sines = angles.map { sin($0) }
    guard padded != length else { return }
    chirp = (0..<length).map {
      // The square modulo twice the length keeps the angle small, and exact.
      let angle = -Double.pi * Double(($0 * $0) % (2 * length)) / Double(length)
      return (cos(angle), sin(angle))
    }
    var (a, b) = ([Double](repeating: 0, count: padded), [Double](repeating: 0, count: padded))
    for i in 0..<length {
      for place in i == 0 ? [0] : [i, padded - i] { (a[place], b[place]) = (chirp[i].cosine, -chirp[i].sine) }
    }
    powerOfTwo(&a, &b)
    kernel = (a, b)
  }

  /// Transforms a line in place.
  func callAsFunction(_ real: inout [Double], _ imaginary: inout [Double]) {
    if padded == length { return powerOfTwo(&real, &imaginary) }
    var (a, b) = ([Double](repeating: 0, count: padded), [Double](repeating: 0, count: padded))
    for (i, wave) in chirp.enumerated() {
      a[i] = real[i] * wave.cosine - imaginary[i] * wave.sine
      b[i] = real[i] * wave.sine + imaginary[i] * wave.cosine
    }
    powerOfTwo(&a, &b)
    for i in 0..<padded {
      // Conjugated, so that the next transform goes backwards.
      let product = a[i] * kernel.real[i] - b[i] * kernel.imaginary[i]
      b[i] = -(a[i] * kernel.imaginary[i] + b[i] * kernel.real[i])
      a[i] = product
    }
    powerOfTwo(&a, &b)
    let scale = 1 / Double(padded)
    for (i, wave) in chirp.enumerated() {
      let (x, y) = (a[i] * scale, -b[i] * scale)
      real[i] = x * wave.cosine - y * wave.sine
      imaginary[i] = x * wave.sine + y * wave.cosine
    }
  }

  /// Cooley and Tukey's transform.
  private func powerOfTwo(_ real: inout [Double], _ imaginary: inout [Double]) {
    let count = padded
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        real.withUnsafeMutableBufferPointer { a in
          imaginary.withUnsafeMutableBufferPointer { b in
            var j = 0
            for i in 1..<max(1, count) {
              var bit = count >> 1
              while j & bit != 0 {
                j ^= bit
                bit >>= 1
              }
              j |= bit
              if i < j {
                a.swapAt(i, j)
                b.swapAt(i, j)
              }
            }
            var half = 1
            while half < count {
              let stride = count / (2 * half)
              var start = 0
              while start < count {
                // Not a `for`, which an unoptimised build runs ten times slower.
                var k = 0
                while k < half {
                  let (cosine, sine) = (cosines[k * stride], sines[k * stride])
                  let (low, high) = (start + k, start + k + half)
                  let x = a[high] * cosine - b[high] * sine
                  let y = a[high] * sine + b[high] * cosine
                  (a[high], b[high]) = (a[low] - x, b[low] - y)
                  (a[low], b[low]) = (a[low] + x, b[low] + y)
                  k += 1
                }
                start += 2 * half
              }
              half *= 2
            }
          }
        }
      }
    }
  }
}
