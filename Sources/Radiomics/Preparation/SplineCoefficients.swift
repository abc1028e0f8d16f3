internal import Foundation

/// The coefficients of the cubic B-spline through an image's voxels, with the image mirrored at its border's voxels.
///
/// M. Unser, "Splines: a perfect fit for signal and image processing", IEEE Signal Processing Magazine, 1999.
struct SplineCoefficients: Sendable {
  /// The coefficients, in the image's order.
  let values: [Double]
  /// The image's size.
  let size: SIMD3<Int>

  /// Computes the coefficients.
  ///
  /// - Parameters:
  ///   - image: the image; its mask does not matter.
  ///   - horizon: after how many voxels the sum that begins a line is cut off; ITK does so after 18, where the rest is
  ///     below 1e-10. The sum is exact where it is nil.
  init(_ image: LesionImage, horizon: Int?) {
    size = image.size
    var values = image.values
    let strides = [1, size.x, size.x * size.y]
    values.withUnsafeMutableBufferPointer { buffer in
      for axis in 0..<3 where image.size[axis] > 1 {
        let (length, step) = (image.size[axis], strides[axis])
        for block in stride(from: 0, to: buffer.count, by: length * step) {
          for line in block..<block + step { Self.decompose(buffer, line, step, length, horizon) }
        }
      }
    }
    self.values = values
  }

  /// Replaces one line by its coefficients; `length` is at least 2.
  private static func decompose(
    _ c: UnsafeMutableBufferPointer<Double>, _ first: Int, _ step: Int, _ length: Int, _ horizon: Int?
  ) {
    let pole = 3.0.squareRoot() - 2
    let gain = (1 - pole) * (1 - 1 / pole)
    for i in 0..<length { c[first + i * step] *= gain }
    var power = pole
    var sum = c[first]
    if let horizon, horizon < length {
      for i in 1..<horizon {
        sum += power * c[first + i * step]
        power *= pole
      }
      c[first] = sum
    } else {
      let inverse = 1 / pole
      var mirrored = pow(pole, Double(length - 1))
      sum += mirrored * c[first + (length - 1) * step]
      mirrored *= mirrored * inverse
      for i in 1..<max(1, length - 1) {
        sum += (power + mirrored) * c[first + i * step]
        power *= pole
        mirrored *= inverse
      }
      c[first] = sum / (1 - power * power)
    }
    for i in 1..<length { c[first + i * step] += pole * c[first + (i - 1) * step] }
    let last = first + (length - 1) * step
    c[last] = (pole / (pole * pole - 1)) * (pole * c[last - step] + c[last])
    for i in stride(from: length - 2, through: 0, by: -1) {
      c[first + i * step] = pole * (c[first + (i + 1) * step] - c[first + i * step])
    }
  }

  /// The four coefficients that a position along an axis combines, and their weights.
  struct Taps: Sendable {
    /// Where the coefficients lie along the axis.
    let indices: SIMD4<Int>
    /// The weights; they add up to 1.
    let weights: SIMD4<Double>

    /// Computes them.
    ///
    /// - Parameters:
    ///   - position: in voxels from the first voxel's centre.
    ///   - count: how many voxels the axis has.
    init(position: Double, count: Int) {
      // In single precision, as in ITK: a position a rounding error below a voxel is on it.
      let first = Int(Float(position).rounded(.down)) - 1
      let w = position - Double(first + 1)
      let w3 = (1.0 / 6) * w * w * w
      let w0 = 1.0 / 6 + 0.5 * w * (w - 1) - w3
      let w2 = w + w0 - 2 * w3
      weights = SIMD4(w0, 1 - w0 - w2 - w3, w2, w3)
      indices = SIMD4((0..<4).map { Self.mirrored(first + $0, count) })
    }

    private static func mirrored(_ index: Int, _ count: Int) -> Int {
      if count == 1 { return 0 }
      let period = 2 * (count - 1)
      let place = (index % period + period) % period
      return place < count ? place : period - place
    }
  }

  /// The spline's value where the taps along x, y and z meet.
  func value(_ x: Taps, _ y: Taps, _ z: Taps) -> Double {
    values.withUnsafeBufferPointer { values in
      var sum = 0.0
      for k in 0..<4 {
        for j in 0..<4 {
          let row = (z.indices[k] * size.y + y.indices[j]) * size.x
          for i in 0..<4 {
            // ITK multiplies in this order, and flat regions must not move across the edge of a bin.
            sum += x.weights[i] * y.weights[j] * z.weights[k] * values[row + x.indices[i]]
          }
        }
      }
      return sum
    }
  }
}
