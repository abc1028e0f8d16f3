import Backbones
import Foundation
import Study
import Support
import Testing
import Torch

@testable import Experiment
@testable import ROI
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

  /// In 2.5D each channel is another slice, with that channel's statistics.
  @Test(arguments: [Preprocessing.imageNet, .efficientNetLite0])
  func neighboursAreChannels(preprocessing: Preprocessing) throws {
    var settings = synthetic.settings
    settings.inputs.neighbours = 1
    let early = #expect(throws: TrainingError.self) { try NetworkInputs(rois, settings, preprocessing, .cpu) }
    #expect(early?.description.contains("set inputs.neighbours to 1 in the study's protocol") == true)
    try AtomicFile.write(try settings.yaml, to: synthetic.study.protocolFile)
    _ = try ROIBuild.run(synthetic.study)
    let stacks = try ROISet(synthetic.study)
    let inputs = try NetworkInputs(stacks, settings, preprocessing, .cpu)
    let samples = Self.samples([false, true, false, true])
    let batch = try inputs.batch(samples)
    #expect(batch.shape == [4, 3, 40, 40])
    for (place, sample) in samples.enumerated() {
      let stack = stacks.withStack(sample.index) { Array($0) }
      // A patient has two slices: what lies beyond them is the slice itself.
      let own = rois.withCrop(sample.index) { Array($0) }
      #expect(Array(stack[1024..<2048]) == own && Array(stack[(sample.index % 2 * 2048)...].prefix(1024)) == own)
      for channel in 0..<3 {
        let alone = try Tensor(Array(stack[(channel * 1024)...].prefix(1024)), shape: [1, 1, 32, 32])
        let grey = try (sample.isFlipped ? alone.flipped(3) : alone).resizedBilinearly(height: 40, width: 40).floats()
        let (mean, deviation) = (preprocessing.mean[channel], preprocessing.standardDeviation[channel])
        let found = try batch.narrowed(0, start: place, length: 1).narrowed(1, start: channel, length: 1).floats()
        #expect(zip(found, grey).allSatisfy { abs(Double($0) - (Double($1) - mean) / deviation) < 1e-4 })
      }
    }
    // Whoever asks for the slice alone has it from the same file, as before.
    let alone = try NetworkInputs(stacks, synthetic.settings, preprocessing, .cpu).batch(samples)
    #expect(try alone.data() == NetworkInputs(rois, synthetic.settings, preprocessing, .cpu).batch(samples).data())
  }

  @Test func neighboursAreLearntAndExplained() throws {
    var settings = synthetic.settings
    settings.inputs.neighbours = 1
    let before = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options())
    #expect(throws: TrainingError.self) { try before.run { _ in } }
    try AtomicFile.write(try settings.yaml, to: synthetic.study.protocolFile)
    _ = try ROIBuild.run(synthetic.study)
    let run = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { _ in }
    let alone = try CrossValidation(synthetic.study, protocol: synthetic.settings, options: synthetic.options())
      .run { _ in }
    let predictions = try [run, alone].map { try PredictionTable.read($0.predictionsFile).map(\.probability) }
    #expect(predictions[0].count == 24 && zip(predictions[0], predictions[1]).contains { abs($0 - $1) > 1e-4 })
    #expect(try run.manifest().learner.methods.contains { $0.contains("(2.5D)") })
    #expect(try !alone.manifest().learner.methods.contains { $0.contains("(2.5D)") })
    // Each has its own stored features.
    #expect(try FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path).count == 2)
    let explained = try Explanation(run, in: synthetic.study).write(galleryCount: 1) { _, _ in }.explanations
    #expect(explained.layer == "layer4" && explained.gallery.count >= 2)
    let controls = try NegativeControls(run, in: synthetic.study, options: synthetic.options())
    try controls.run(progress: { _ in }) { _, predictions in #expect(predictions.count == 24) }
  }

  @Test func eachBackboneHasItsOwnStatistics() throws {
    let inputs = NetworkInputs(rois: rois, size: 32, preprocessing: .efficientNetLite0, device: .cpu)
    let crop = rois.withCrop(3) { Array($0) }
    let found = try inputs.batch([Sample(index: 3, isFlipped: false)]).floats()
    let expected = crop.map { ($0 * 255 - 127) / 128 }
    #expect((zip(found, expected + expected + expected).map { abs($0 - $1) }.max() ?? 1) < 1e-5)
  }
}
