import ArgumentParser
import Backbones
import Foundation
import ROI
import Study
import Support
import Torch

/// Times the way from DICOM files and contours to the tensors that a network takes.
struct ROIPreparation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rois", abstract: "Time ROI preparation: DICOM and contours to tensors.")

  @Argument(help: "The study.")
  var study: String

  @Option(help: "Repetitions after the first, which warms up.")
  var repetitions = 5

  @Option(help: "Slices per tensor.")
  var batch = 16

  func run() throws {
    // Each core makes whole tensors: inside of operations this small, threads would wait for one another.
    LibTorch.setThreadCount(1)
    LibTorch.poolMemory()
    let study = try StudyFolder(at: URL(fileURLWithPath: study))
    var times: [Double] = []
    var count = 0
    var sum = 0.0
    for _ in 0...repetitions {
      times.append(
        try seconds {
          _ = try ROIBuild.run(study)
          let rois = try ROISet(study)
          count = rois.entries.count
          let batches = stride(from: 0, to: count, by: batch).map { Array($0..<min($0 + batch, count)) }
          let sums = ParallelMap.run(batches, chunk: 1) { indices in
            Result { try Self.tensor(rois, indices).mean().item() * Double(indices.count) }
          }
          sum = try sums.reduce(0) { try $0 + $1.get() }
        })
    }
    try Measurement(seconds: Array(times.dropFirst()), items: Double(count), mean: sum / Double(count)).print()
  }

  /// N x 3 x 224 x 224: enlarged, with ImageNet's statistics.
  private static func tensor(_ rois: ROISet, _ indices: [Int]) throws -> Tensor {
    let side = rois.boxSize
    let crops = try rois.withCrops(indices) {
      try Tensor(joining: $0, shape: [indices.count, 1, side, side], dtype: .float32)
    }
    return try Preprocessing.imageNet.prepared(crops, size: 224)
  }
}
