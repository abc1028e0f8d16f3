import Foundation
import ROI
import Study
import Support
import Synchronization
import Testing
import Torch

@testable import Experiment
@testable import Training

/// What a GPU must not change: cross-validation, prediction and explanations give there what they give on the CPU, and twice
/// the same bits.
@Suite(.serialized, .enabled(if: LibTorch.isCUDAAvailable, "needs an NVIDIA GPU")) struct GPUTests {
  private let synthetic: SyntheticStudy

  init() throws { synthetic = try SyntheticStudy() }

  private func run(
    gpu: Bool, stored: Bool = true, precision: StudyProtocol.Training.Precision = .float32, epochs: Int = 2
  ) throws -> Run {
    var options = try synthetic.options()
    options.network.usesGPU = gpu
    if !stored { options.featureBudget = 0 }
    var settings = synthetic.settings
    settings.network?.frozenThrough = "layer2"
    settings.training?.epochs = epochs
    settings.training?.precision = precision
    let validation = try CrossValidation(synthetic.study, protocol: settings, options: options)
    #expect(validation.summary.hasSuffix(gpu ? "cuda:0" : "cpu"))
    return try validation.run { _ in }
  }

  private func probabilities(_ run: Run) throws -> [Double] {
    try PredictionTable.read(run.predictionsFile).map(\.probability)
  }

  private func farthest(_ left: [Double], _ right: [Double]) -> Double {
    #expect(left.count == right.count && !left.isEmpty)
    return zip(left, right).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test func trainingGivesWhatItGivesOnTheCPU() throws {
    let cpu = try probabilities(run(gpu: false))
    #expect(try farthest(cpu, probabilities(run(gpu: true))) < 0.002)
    #expect(try farthest(cpu, probabilities(run(gpu: true, stored: false))) < 0.002)
    #expect(try farthest(cpu, probabilities(run(gpu: true, precision: .bfloat16))) < 0.05)
  }

  @Test(arguments: [StudyProtocol.Training.Precision.float32, .bfloat16])
  func twoRunsHaveTheSameBits(_ precision: StudyProtocol.Training.Precision) throws {
    let first = try run(gpu: true, precision: precision)
    let second = try run(gpu: true, precision: precision)
    #expect(try probabilities(first) == probabilities(second))
    #expect(try first.epochs().map(\.loss) == second.epochs().map(\.loss))
    let states = try [first, second].map {
      try SafeTensors.read($0.networkFile(fold: 1)).tensors.mapValues { try $0.data() }
    }
    #expect(states[0] == states[1])
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    var settings = synthetic.settings
    settings.network?.frozenThrough = "layer2"
    settings.training?.epochs = 3
    let whole = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { _ in }
    let before = Set(try synthetic.runs())
    let log = try synthetic.interrupting(fold: 1, epoch: 2, before: before) {
      _ = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run(progress: $0)
    }
    let rest = try CrossValidation(synthetic.study, protocol: settings, options: synthetic.options()).run { _ in }
    #expect(log.path.contains("/\(rest.id)/"))
    #expect(try probabilities(rest) == probabilities(whole))
  }

  @Test func anExamIsPredictedAsOnTheCPU() throws {
    let run = try run(gpu: true, epochs: 1)
    let folders = try ModelFolders(
      run, folds: [0, 1], StudyProtocol(contentsOf: run.protocolFile), run.manifest().learner.network)
    let rois = try ROISet(synthetic.study)
    let cpu = try SliceModels(folders, usesGPU: false).probabilities(of: rois, Array(0..<5)).joined()
    let gpu = try SliceModels(folders, usesGPU: true).probabilities(of: rois, Array(0..<5)).joined()
    #expect(farthest(Array(cpu), Array(gpu)) < 1e-4)
  }

  @Test func explanationsAreThoseOfTheCPU() throws {
    let run = try run(gpu: true, epochs: 1)
    let found = try [false, true].map {
      try Explanation(run, in: synthetic.study, usesGPU: $0).write(galleryCount: 2) { _, _ in }.explanations
    }
    #expect(found[0].energyInside.n == found[1].energyInside.n)
    #expect(abs(try #require(found[0].energyInside.mean) - #require(found[1].energyInside.mean)) < 1e-3)
  }
}
