import Backbones
import ROI
import Study
import Testing
import Torch

@testable import Training

@Suite struct NetworkInputsTests {
  let synthetic: SyntheticStudy
  let rois: ROISet

  init() throws {
    synthetic = try SyntheticStudy()
    rois = try ROISet(synthetic.study)
  }

  private static func samples(_ flips: [Bool]) -> [Sample] {
    zip([17, 0, 23, 5], flips).map { Sample(index: $0, isFlipped: $1) }
  }

  @Test(
    arguments: [32, 40, 224],
    [samples([false, false, false, false]), samples([true, true, true, true]), samples([true, false, false, true])])
  func batchesAreTheReferences(size: Int, samples: [Sample]) throws {
    let inputs = NetworkInputs(rois: rois, size: size, preprocessing: .imageNet, device: .cpu)
    let batch = try inputs.batch(samples)
    #expect(batch.shape == [4, 3, size, size])
    #expect(batch.isChannelsLast)
    let expected = samples.flatMap { sample in
      NetworkInput.values(
        rois.withCrop(sample.index) { Array($0) }, boxSize: 32, outputSize: size, flipped: sample.isFlipped)
    }
    let found = try batch.floats()
    try #require(found.count == expected.count)
    #expect((zip(found, expected).map { abs($0 - $1) }.max() ?? 1) < 1e-5)
  }

  @Test func eachBackboneHasItsOwnStatistics() throws {
    let inputs = NetworkInputs(rois: rois, size: 32, preprocessing: .efficientNetLite0, device: .cpu)
    let crop = rois.withCrop(3) { Array($0) }
    let found = try inputs.batch([Sample(index: 3, isFlipped: false)]).floats()
    let expected = crop.map { ($0 * 255 - 127) / 128 }
    #expect((zip(found, expected + expected + expected).map { abs($0 - $1) }.max() ?? 1) < 1e-5)
  }
}
