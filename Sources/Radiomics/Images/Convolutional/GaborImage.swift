internal import Dispatch
internal import Foundation

/// The magnitude of the response to a Gabor filter of slices, in one or several directions and planes (IBSI 2, 3.5).
public struct GaborImage: ImageFilter {
  /// The settings' name.
  public static let key = "gabor"

  /// The envelope's standard deviation in mm.
  public var sigma: Double
  /// The wavelength in mm.
  public var wavelength: Double
  /// The envelope's width along the wave as a share of that across it.
  public var aspectRatio: Double
  /// The wave's direction in degrees, clockwise from x; with `angleStep` the first one.
  public var angle: Double
  /// The step between directions in degrees, over a whole turn, of which the mean is taken; nil for one direction.
  public var angleStep: Double?
  /// Whether the mean over the three planes is taken, instead of slices alone.
  public var inAllPlanes: Bool
  /// What lies beyond the border.
  public var boundary: BoundaryCondition

  /// Makes the filter.
  public init(
    sigma: Double, wavelength: Double, aspectRatio: Double = 1, angle: Double = 0, angleStep: Double? = nil,
    inAllPlanes: Bool = false, boundary: BoundaryCondition = .mirror
  ) {
    (self.sigma, self.wavelength, self.aspectRatio) = (sigma, wavelength, aspectRatio)
    (self.angle, self.angleStep, self.inAllPlanes, self.boundary) = (angle, angleStep, inAllPlanes, boundary)
  }

  private enum CodingKeys: String, CodingKey {
    case sigma, wavelength, aspectRatio, angle, angleStep, inAllPlanes, boundary
  }

  /// Reads the parameters; all but `sigma` and `wavelength` have their defaults where they are absent.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    sigma = try container.decode(Double.self, forKey: .sigma)
    wavelength = try container.decode(Double.self, forKey: .wavelength)
    aspectRatio = try container.decodeIfPresent(Double.self, forKey: .aspectRatio) ?? 1
    angle = try container.decodeIfPresent(Double.self, forKey: .angle) ?? 0
    angleStep = try container.decodeIfPresent(Double.self, forKey: .angleStep)
    inAllPlanes = try container.decodeIfPresent(Bool.self, forKey: .inAllPlanes) ?? false
    boundary = try container.decodeIfPresent(BoundaryCondition.self, forKey: .boundary) ?? .mirror
  }

  /// `gabor-sigma-5-0-lambda-2-0-gamma-1-5-mean-2D` and so on.
  public var names: [String] {
    let direction = angleStep == nil ? "-theta-\(angle.inName)" : "-mean"
    let shape = "gabor-sigma-\(sigma.inName)-lambda-\(wavelength.inName)-gamma-\(aspectRatio.inName)"
    return [shape + direction + (inAllPlanes ? "-3D" : "-2D")]
  }

  /// Checks the parameters.
  public func check() throws(RadiomicsError) {
    guard sigma > 0, sigma <= 100, wavelength > 0, wavelength <= 1000, aspectRatio >= 0.1, aspectRatio <= 10,
      angle.isFinite, (angleStep ?? 5) >= 5, (angleStep ?? 5) <= 360
    else {
      throw RadiomicsError(
        "the filter `gabor` needs `sigma` up to 100 mm, `wavelength` up to 1000 mm, `aspectRatio` of 0.1 to 10 and "
          + "`angleStep` of 5 to 360 degrees, found \(sigma), \(wavelength), \(aspectRatio) and \(angleStep ?? 0)")
    }
  }

  /// The response.
  ///
  /// - Throws: `RadiomicsError` where the voxels are not as long as wide in a plane that is filtered.
  public func images(of image: LesionImage) throws(RadiomicsError) -> [LesionImage] {
    let spacing = try image.isotropicSpacing(dimensions: inAllPlanes ? 3 : 2, Self.key)
    let planes = inAllPlanes ? [SIMD3(0, 1, 2), SIMD3(0, 2, 1), SIMD3(1, 2, 0)] : [SIMD3(0, 1, 2)]
    let directions = self.directions
    let values = Pooling.mean.pooled(planes.count) { plane in
      let stack = Stack(image.values, size: image.size, axes: planes[plane])
      return stack.restored(
        magnitudes(stack.values, size: stack.size, directions.map { $0 * Double.pi / 180 }, spacing))
    }
    return [image.replacing(values)]
  }

  /// In degrees; opposite directions have the same magnitude, and half a turn stands for the whole where it can.
  private var directions: [Double] {
    guard let angleStep else { return [angle] }
    let count = Int((360 / angleStep).rounded())
    let isPaired = count % 2 == 0 && 360 / angleStep == Double(count)
    return (0..<(isPaired ? count / 2 : count)).map { angle + Double($0) * angleStep }
  }

  /// The mean magnitude over directions, slice by slice.
  private func magnitudes(
    _ values: [Double], size: SIMD3<Int>, _ directions: [Double], _ spacing: Double
  ) -> [Double] {
    let (deviation, wave) = (sigma / spacing, wavelength / spacing)
    // The kernel is as large as the slice, which is what IBSI's references used, and at most where it has vanished.
    let reach = 7 * deviation * max(1, 1 / aspectRatio)
    let radius = Int(min(reach.rounded(.up), Double(max(size.x, size.y) / 2)))
    func power(_ count: Int) -> Int { Int(exp2(log2(Double(count)).rounded(.up))) }
    let padded = SIMD3(power(size.x + 2 * radius), power(size.y + 2 * radius), 1)
    let kernels = directions.map { kernel(radius, deviation, wave, $0, padded) }
    let columns = (0..<size.x + 2 * radius).map { boundary.source(of: $0 - radius, count: size.x) }
    let rows = (0..<size.y + 2 * radius).map { boundary.source(of: $0 - radius, count: size.y) }
    var result = [Double](repeating: 0, count: values.count)
    result.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let result = buffer
      DispatchQueue.concurrentPerform(iterations: size.z) { z in
        var slice = [Double](repeating: 0, count: padded.x * padded.y)
        for (y, row) in rows.enumerated() {
          guard let row else { continue }
          for (x, column) in columns.enumerated() {
            if let column { slice[y * padded.x + x] = values[(z * size.y + row) * size.x + column] }
          }
        }
        var spectrum = Spectrum(slice, size: padded)
        spectrum.transform(axes: 2)
        for kernel in kernels {
          var response = spectrum
          response.multiply(by: kernel)
          response.transform(backwards: true, axes: 2)
          for y in 0..<size.y {
            for x in 0..<size.x {
              // The kernel's centre lies `radius` from its corner, the slice another `radius` from the padded one's.
              let place = (y + 2 * radius) * padded.x + x + 2 * radius
              let magnitude = hypot(response.real[place], response.imaginary[place])
              result[(z * size.y + y) * size.x + x] += magnitude / Double(kernels.count)
            }
          }
        }
      }
    }
    return result
  }

  /// The spectrum of a kernel in one direction, in radians.
  private func kernel(
    _ radius: Int, _ deviation: Double, _ wave: Double, _ direction: Double, _ padded: SIMD3<Int>
  ) -> Spectrum {
    var kernel = Spectrum([Double](repeating: 0, count: padded.x * padded.y), size: padded)
    let (cosine, sine) = (cos(direction), sin(direction))
    for y in -radius...radius {
      for x in -radius...radius {
        let along = Double(x) * cosine + Double(y) * sine
        let across = -Double(x) * sine + Double(y) * cosine
        let squares = along * along + aspectRatio * aspectRatio * across * across
        let envelope = exp(-squares / (2 * deviation * deviation))
        let place = (y + radius) * padded.x + x + radius
        kernel.real[place] = envelope * cos(2 * Double.pi * along / wave)
        kernel.imaginary[place] = envelope * sin(2 * Double.pi * along / wave)
      }
    }
    kernel.transform(axes: 2)
    return kernel
  }
}

/// A volume with its axes in another order.
private struct Stack {
  let values: [Double]
  let size: SIMD3<Int>
  private let places: [Int]

  /// Copies the volume so that `axes` of it become x, y and z.
  init(_ values: [Double], size: SIMD3<Int>, axes: SIMD3<Int>) {
    let strides = SIMD3(1, size.x, size.x * size.y)
    var places: [Int] = []
    places.reserveCapacity(values.count)
    for z in 0..<size[axes.z] {
      for y in 0..<size[axes.y] {
        for x in 0..<size[axes.x] { places.append(x * strides[axes.x] + y * strides[axes.y] + z * strides[axes.z]) }
      }
    }
    self.places = places
    self.size = SIMD3(size[axes.x], size[axes.y], size[axes.z])
    self.values = places.map { values[$0] }
  }

  /// Values of the stack in the volume's order.
  func restored(_ stack: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: stack.count)
    for (value, place) in zip(stack, places) { result[place] = value }
    return result
  }
}
