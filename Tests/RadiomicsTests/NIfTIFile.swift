import Foundation
import Testing

@testable import Radiomics

/// The voxels of a little-endian NIfTI-1 file in one piece, as the IBSI's phantoms are stored; no more of the format
/// than that.
struct NIfTIFile {
  let size: SIMD3<Int>
  let spacing: SIMD3<Double>
  /// x runs fastest; x and y point to the right and to the front, as they are stored.
  let values: [Double]

  init(_ url: URL) throws {
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
    gzip.arguments = ["-dc", url.path]
    let pipe = Pipe()
    gzip.standardOutput = pipe
    try gzip.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    gzip.waitUntilExit()
    try #require(gzip.terminationStatus == 0 && data.count > 352, "\(url.lastPathComponent) cannot be unpacked")
    func number<T>(_ offset: Int, _ type: T.Type) -> T {
      data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
    try #require(number(0, Int32.self) == 348, "\(url.lastPathComponent) is no little-endian NIfTI-1 file")
    let size = SIMD3((0..<3).map { Int(number(42 + 2 * $0, Int16.self)) })
    let start = Int(number(108, Float.self))
    let count = size.x * size.y * size.z
    let width = Int(number(72, Int16.self)) / 8
    try #require(size.min() > 0 && data.count >= start + count * width)
    switch number(70, Int16.self) {
    case 2: values = (0..<count).map { Double(number(start + $0, UInt8.self)) }
    case 4: values = (0..<count).map { Double(number(start + 2 * $0, Int16.self)) }
    case 16: values = (0..<count).map { Double(number(start + 4 * $0, Float.self)) }
    case 64: values = (0..<count).map { number(start + 8 * $0, Double.self) }
    default: throw RadiomicsError("\(url.lastPathComponent) stores numbers of another type")
    }
    self.size = size
    spacing = SIMD3((0..<3).map { Double(number(80 + 4 * $0, Float.self)) })
  }

  /// The image, all of which is the lesion.
  func image() throws -> LesionImage {
    try LesionImage(size: size, spacing: spacing, values: values, mask: Array(repeating: true, count: values.count))
  }
}
