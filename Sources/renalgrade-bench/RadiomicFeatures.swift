import ArgumentParser
import Foundation
import Radiomics

/// Times the usual 1,316 features of some lesions.
struct RadiomicFeatures: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "radiomics", abstract: "Time the usual 1,316 radiomic features of synthetic lesions.")

  @Option(help: "How many lesions.")
  var lesions = 40

  @Option(help: "The lesion's half axis within a slice, in voxels of 0.8 x 0.8 x 2.5 mm.")
  var radius = 24

  @Option(help: "Threads, each with a lesion of its own; 1 takes one lesion after another.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  func run() throws {
    let extractor = try RadiomicsExtractor(.usual)
    let images = try (0..<lesions).map(image)
    let means = Means(count: lesions)
    let time = seconds {
      DispatchQueue.concurrentPerform(iterations: min(threads, lesions)) { thread in
        for number in stride(from: thread, to: lesions, by: threads) {
          means.set(number, Result { try extractor.features(of: images[number]) })
        }
      }
    }
    let mean = try means.mean()
    try Measurement(seconds: [time], items: Double(lesions), mean: mean).print()
  }

  /// The lesion that Benchmarks/peers/radiomics_features.py makes, too: an ellipsoid of waves and SplitMix64's noise.
  private func image(_ number: Int) throws -> LesionImage {
    let size = SIMD3(2 * radius + 13, 2 * radius + 13, 2 * (radius * 5 / 8) + 13)
    var values: [Double] = []
    var mask: [Bool] = []
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          var state = UInt64(number * 100_000_000 + values.count + 1) &* 0x9E37_79B9_7F4A_7C15
          state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
          state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
          let noise = Double((state ^ (state >> 31)) >> 11) * 0x1p-53 - 0.5
          let wave = sin(0.3 * Double(x + number)) + cos(0.2 * Double(y)) + sin(0.5 * Double(z))
          values.append((40 + 30 * wave + 60 * noise).rounded(.down))
          let (dx, dy, dz) = (Double(x - size.x / 2), Double(y - size.y / 2), Double(z - size.z / 2))
          let (inPlane, across) = (Double(radius * radius), Double((radius * 5 / 8) * (radius * 5 / 8)))
          mask.append((dx * dx + dy * dy) / inPlane + dz * dz / across <= 1)
        }
      }
    }
    return try LesionImage(size: size, spacing: [0.8, 0.8, 2.5], values: values, mask: mask)
  }

  /// What both sides must agree on, by lesion.
  private final class Means: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [Result<[RadiomicsFeature], any Error>?]

    init(count: Int) { results = Array(repeating: nil, count: count) }

    func set(_ number: Int, _ result: Result<[RadiomicsFeature], any Error>) {
      lock.withLock { results[number] = result }
    }

    func mean() throws -> Double {
      let names: Set = [
        "original_glcm_JointEntropy", "wavelet-HHH_glrlm_RunEntropy", "log-sigma-2-0-mm-3D_glszm_ZoneEntropy",
      ]
      let values = try results.compactMap { try $0?.get() }.flatMap { features in
        features.filter { names.contains($0.name) }.map(\.value)
      }
      return values.reduce(0, +) / Double(values.count)
    }
  }
}
