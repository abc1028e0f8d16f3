import ArgumentParser
import Backbones
import Foundation
import ROI
import Study
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
    let study = try StudyFolder(at: URL(fileURLWithPath: study))
    var times: [Double] = []
    var count = 0
    var mean = 0.0
    for _ in 0...repetitions {
      count = 0
      mean = 0
      times.append(
        try seconds {
          _ = try ROIBuild.run(study)
          let rois = try ROISet(study)
          count = rois.entries.count
          for start in stride(from: 0, to: count, by: batch) {
            let indices = start..<min(start + batch, count)
            let tensor = try tensor(rois, indices)
            mean += try tensor.mean().item() * Double(indices.count)
          }
        })
    }
    try Measurement(seconds: Array(times.dropFirst()), items: Double(count), mean: mean / Double(count)).print()
  }

  /// N x 3 x 224 x 224, as Training makes it of crops.
  private func tensor(_ rois: ROISet, _ indices: Range<Int>) throws -> Tensor {
    let side = rois.boxSize
    var values: [Float] = []
    values.reserveCapacity(indices.count * side * side)
    for index in indices { rois.withCrop(index) { values.append(contentsOf: $0) } }
    let images = try Tensor(values, shape: [indices.count, 1, side, side]).resizedBilinearly(height: 224, width: 224)
    let mean = try Tensor(Preprocessing.imageNet.mean.map(Float.init), shape: [1, 3, 1, 1])
    let deviation = try Tensor(Preprocessing.imageNet.standardDeviation.map(Float.init), shape: [1, 3, 1, 1])
    return try (images - mean) / deviation
  }
}
