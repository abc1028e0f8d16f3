import Foundation

@testable import Radiomics

/// The CT phantom of IBSI 1: its slices as HU, and the outlined lesion.
struct CTPhantom {
  let image: LesionImage

  init(_ folder: URL) throws {
    let mask = try NIfTIFile(folder.appendingPathComponent("mask.nii.gz"))
    // Slices are numbered from the top, the mask's from below; both have the same rows.
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("image").path)
      .filter { $0.hasSuffix(".dcm") }.sorted().reversed()
    let pixels = mask.size.x * mask.size.y
    var values: [Double] = []
    for file in files {
      // Uncompressed, 16 bits, the pixels last; HU are 1000 below.
      let data = try Data(contentsOf: folder.appendingPathComponent("image/\(file)")).suffix(2 * pixels)
      values += data.withUnsafeBytes { bytes in
        (0..<pixels).map { Double(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self)) - 1000 }
      }
    }
    image = try LesionImage(
      size: mask.size, spacing: [0.97699999809265, 0.97699999809265, 3], values: values,
      mask: mask.values.map { $0 > 0 })
  }
}
