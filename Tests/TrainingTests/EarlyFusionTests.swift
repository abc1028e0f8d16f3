import Backbones
import Foundation
import GRDB
import Study
import Support
import Testing
import Torch

@testable import Experiment
@testable import ROI
@testable import Training

/// Several phases as the channels of one image.
@Suite(.serialized) struct EarlyFusionTests {
  private static let phases: [Phase] = [.lateArterial, .portalVenous, .delayed]

  /// `counts` slices of each phase, the phases one after the other.
  private func entries(_ counts: [(phase: Phase?, series: Int64, count: Int)]) throws -> [ROISet.Entry] {
    try counts.flatMap { phase, series, count in
      try (0..<count).map { try ROISet.Entry.made(series: series, ordinal: 10 + $0, phase: phase) }
    }
  }

  @Test func slicesAreMatchedByTheirRelativePosition() throws {
    // Three arterial slices, six venous ones, one delayed one.
    let channels = PhaseChannels(
      try entries([(.lateArterial, 1, 3), (.portalVenous, 2, 6), (.delayed, 3, 1)]), Self.phases)
    #expect(channels.slices == [0: [0, 4, 9], 1: [1, 6, 9], 2: [2, 8, 9]])
    // The other way round each slice of the fewer serves several.
    let reverse = PhaseChannels(
      try entries([(.lateArterial, 1, 3), (.portalVenous, 2, 6)]), [.portalVenous, .lateArterial])
    #expect(reverse.slices.keys.sorted() == [3, 4, 5, 6, 7, 8])
    #expect((3...8).map { reverse.slices[$0]?[1] } == [0, 0, 1, 1, 2, 2])
    // A lesion without the first phase is matched from its next one; slices of no phase and of other phases are not used.
    let part = PhaseChannels(try entries([(nil, 1, 2), (.portalVenous, 2, 2), (.nonContrast, 4, 3)]), Self.phases)
    #expect(part.slices == [2: [nil, 2, nil], 3: [nil, 3, nil]])
    // Of two series of a phase, the one with more slices is used.
    let two = PhaseChannels(
      try entries([(.portalVenous, 2, 1), (.portalVenous, 3, 2), (.lateArterial, 1, 1)]),
      [.lateArterial, .portalVenous])
    #expect(two.slices == [3: [3, 2]])
    #expect(PhaseChannels([], Self.phases).slices.isEmpty)
  }

  @Test func carriedSlicesAreMatchedByTheirHeight() throws {
    /// Slices at some heights, of a phase and a series of the same number, carried from a series where that is given.
    func slices(_ phase: Phase, _ series: Int64, _ heights: [Double?], from source: Int64? = nil, up: Double = 0)
      throws -> [ROISet.Entry]
    {
      try heights.enumerated().map { place, height in
        try ROISet.Entry.made(
          series: series, ordinal: place, height: height, phase: phase,
          carrying: source.map { .init(series: $0, superior: up) })
      }
    }
    let own: [Double?] = [0, 2.5, 5, 7.5, 10]
    func matched(_ entries: [ROISet.Entry], _ phases: [Phase] = [.lateArterial, .portalVenous]) -> [[Int?]?] {
      let channels = PhaseChannels(entries, phases)
      return channels.slices.keys.sorted().map { channels.slices[$0] }
    }
    // 3 mm farther up, in slices of 5 mm, of which one more is outlined: by relative position slice 3 would meet number 7.
    let drawn = try slices(.lateArterial, 1, own)
    let coarse = try drawn + slices(.portalVenous, 2, [3, 8, 13, 18], from: 1, up: 3)
    #expect(matched(coarse) == [[0, 5], [1, 5], [2, 6], [3, 6], [4, 7]])
    #expect(PhaseChannels(coarse, Self.phases).unmatchedCount == 0)
    // The other way round, the carried outline is the first phase's.
    #expect(matched(coarse, [.portalVenous, .lateArterial]) == [[5, 0], [6, 2], [7, 4], [8, 4]])
    // A series that ends within the lesion has no counterpart of what lies beyond it, which is counted.
    let short = try drawn + slices(.portalVenous, 2, [-1, 1.5], from: 1, up: -1)
    #expect(matched(short) == [[0, 5], [1, 6], [2, 6], [3, nil], [4, nil]])
    let notes = PhaseChannels(short, Self.phases).notes(used: 5, of: 7)
    #expect(notes.count == 2 && notes[1].hasPrefix("2 slices have no counterpart in a phase"), "\(notes)")
    // Both were carried from a third series.
    let third =
      try slices(.lateArterial, 1, [1, 6], from: 3, up: 1) + slices(.portalVenous, 2, [8, 3], from: 3, up: 3)
    #expect(matched(third) == [[0, 3], [1, 2]])
    // Single slices match; drawn outlines, and those carried from different series, are matched by position as before.
    #expect(matched(try slices(.lateArterial, 1, [0]) + slices(.portalVenous, 2, [9], from: 1)) == [[0, 1]])
    for source in [nil, 4] as [Int64?] {
      let other = try drawn + slices(.portalVenous, 2, [3, 8, 13, 18, 23], from: source, up: 3)
      #expect(matched(other) == (0..<5).map { [$0, $0 + 5] })
      #expect(PhaseChannels(other, Self.phases).unlocatedCount == 0)
    }
    // So they are, with a note, where a height is not known.
    let unknown = try drawn + slices(.portalVenous, 2, [3, nil, 13, 18, 23], from: 1, up: 3)
    #expect(matched(unknown) == (0..<5).map { [$0, $0 + 5] })
    let said = PhaseChannels(unknown, Self.phases).notes(used: 10, of: 10)
    #expect(said.count == 2 && said[1].hasPrefix("The outlines of 1 lesions were carried, but the heights"), "\(said)")
  }

  @Test func neverAreAllPhasesOfASliceLeftOut() throws {
    let channels = PhaseChannels(try entries([(.lateArterial, 1, 1), (.portalVenous, 2, 1)]), Self.phases)
    #expect(channels.seen(with: 0) == [0, 1, nil])
    #expect(channels.seen(with: 0, dropped: 0b001) == [nil, 1, nil])
    #expect(channels.seen(with: 0, dropped: 0b010) == [0, nil, nil])
    // What it lacks cannot be left out, and where nothing would be left, nothing is.
    #expect(channels.seen(with: 0, dropped: 0b100) == [0, 1, nil])
    #expect(channels.seen(with: 0, dropped: 0b011) == [0, 1, nil])
    #expect(channels.seen(with: 0, dropped: 0b111) == [0, 1, nil])
  }

  @Test func phasesAreLeftOutByTheSeedAlone() throws {
    let inputs = StudyProtocol.Inputs(examples: .bag, phases: Self.phases, fusion: .early)
    func plan(_ dropout: PhaseDropout?, fold: Int = 0, epoch: Int = 1, seed: UInt64 = 1) -> [Sample] {
      BatchPlan.training(
        Array(0..<2000), batchSize: 16, flipProbability: 0.5, phaseDropout: dropout, seed: seed, fold: fold,
        epoch: epoch
      ).flatMap { $0 }
    }
    let dropout = try #require(PhaseDropout(inputs))
    let (with, without) = (plan(dropout), plan(nil))
    #expect(with == plan(dropout))
    #expect(with.map(\.index) == without.map(\.index) && with.map(\.isFlipped) == without.map(\.isFlipped))
    #expect(without.allSatisfy { $0.dropped == 0 })
    for phase in 0..<3 {
      let share = Double(with.count { $0.dropped >> phase & 1 == 1 }) / 2000
      #expect(abs(share - 0.25) < 0.04)
    }
    #expect(with.allSatisfy { $0.dropped < 8 })
    for other in [plan(dropout, epoch: 2), plan(dropout, fold: 1), plan(dropout, seed: 2)] {
      #expect(other.map(\.dropped) != with.map(\.dropped))
    }
    var none = inputs
    none.phaseDropout = 0
    #expect(PhaseDropout(none) == nil && PhaseDropout(StudyProtocol.Inputs(examples: .bag)) == nil)
  }

  // MARK: In a study

  /// A study in which each patient's first slice is of the first series and its second of another phase's, but for some who have one.
  private func study() throws -> SyntheticStudy {
    let synthetic = try SyntheticStudy()
    try synthetic.study.write { database in
      try database.execute(sql: "DELETE FROM seriesPhase")
      // The second slice of each patient but every fourth becomes a series of its own.
      for id in try Int64.fetchAll(database, sql: "SELECT id FROM series ORDER BY id") where id % 4 != 0 {
        try database.execute(
          sql: """
            INSERT INTO series (examId, seriesInstanceUID) SELECT examId, seriesInstanceUID || '.9' FROM series WHERE id = ?
            """, arguments: [id])
        try database.execute(
          sql: "UPDATE slice SET seriesId = ?, ordinal = 0 WHERE seriesId = ? AND ordinal = 1",
          arguments: [database.lastInsertedRowID, id])
      }
      try database.execute(
        sql: """
          INSERT INTO seriesPhase (seriesId, phase, confidence, isUsed, reasons)
          SELECT id, CASE WHEN seriesInstanceUID LIKE '%.9' THEN 'portalVenous' ELSE 'lateArterial' END, 1, TRUE, '[]' FROM series
          """)
    }
    _ = try ROIBuild.run(synthetic.study)
    return synthetic
  }

  private func settings(
    _ synthetic: SyntheticStudy, _ kind: StudyProtocol.ExampleKind, _ learner: String
  ) -> StudyProtocol {
    var settings = synthetic.settings
    settings.inputs = .init(examples: kind, phases: [.lateArterial, .portalVenous], fusion: .early)
    settings.model = .init(learner: learner)
    settings.network?.frozenThrough = "layer3"
    settings.training?.batchSize = 4
    return settings
  }

  @Test func channelsOfMissingAndDroppedPhasesAreZero() throws {
    let synthetic = try study()
    let settings = settings(synthetic, .slice, "network")
    let rois = try ROISet(synthetic.study)
    let inputs = try NetworkInputs(rois, settings, .imageNet, .cpu)
    let channels = try #require(inputs.channels)
    let both = try #require(channels.slices.first { !$0.value.contains(nil) })
    let one = try #require(channels.slices.first { $0.value[1] == nil })
    let batch = try inputs.batch([
      Sample(index: both.key, isFlipped: false), Sample(index: one.key, isFlipped: false),
      Sample(index: both.key, isFlipped: true, dropped: 0b01), Sample(index: one.key, isFlipped: false, dropped: 0b01),
    ])
    #expect(batch.shape == [4, 3, 40, 40])
    /// The channel as the network of slices has it of the slice alone.
    func alone(_ number: Int?, _ channel: Int, flipped: Bool) throws -> [Float] {
      guard let number else { return Array(repeating: 0, count: 1600) }
      let slices = NetworkInputs(rois: rois, size: 40, preprocessing: .imageNet, device: .cpu)
      return try slices.batch([Sample(index: number, isFlipped: flipped)]).narrowed(1, start: channel, length: 1)
        .floats()
    }
    let expected: [[Int?]] = [
      [both.value[0], both.value[1], nil], [one.value[0], nil, nil], [nil, both.value[1], nil],
      [one.value[0], nil, nil],
    ]
    for (place, slices) in expected.enumerated() {
      for (channel, number) in slices.enumerated() {
        let found = try batch.narrowed(0, start: place, length: 1).narrowed(1, start: channel, length: 1).floats()
        let wanted = try alone(number, channel, flipped: place == 2)
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-5 }, "\(place) \(channel)")
        #expect(number != nil || found.allSatisfy { $0 == 0 })
      }
    }
  }

  @Test(arguments: [(.slice, "network"), (.bag, "bag"), (.volume, "volume")] as [(StudyProtocol.ExampleKind, String)])
  func phasesAreLearntAsChannels(kind: StudyProtocol.ExampleKind, learner: String) throws {
    let synthetic = try study()
    let settings = settings(synthetic, kind, learner)
    let options = try synthetic.options().network
    func run(_ settings: StudyProtocol) throws -> Run {
      try CrossValidation(
        synthetic.study, protocol: settings,
        learners: LearnerRegistry([.network(options), .bag(options), .volume(options)])
      ).run { _ in }
    }
    let first = try run(settings)
    let predictions = try PredictionTable.read(first.predictionsFile)
    // Nine patients have one slice of each phase, three have both slices in the first one.
    #expect(predictions.count == (kind == .slice ? 15 : 12))
    let set = try ExampleSet(synthetic.study, settings)
    #expect(set.examples.reduce(0) { $0 + $1.provenance.count } == 24)
    #expect(set.examples.count { $0.phases.count == 2 } == 9)
    let manifest = try first.manifest()
    #expect(manifest.notes.contains { $0.contains("24 of 24 outlined slices are used") }, "\(manifest.notes)")
    #expect(manifest.notes.contains { $0.contains("3 of 12 lesions") && $0.contains("its channel is zero there") })
    #expect(manifest.learner.methods.contains { $0.contains("(early fusion)") && $0.contains("the third channel") })
    #expect(manifest.learner.methods.contains { $0.contains("with probability 0.25") })
    // Nothing is stored of what differs from epoch to epoch.
    let stored = try? FileManager.default.contentsOfDirectory(atPath: synthetic.study.featuresFolder.path)
    #expect((stored ?? []).isEmpty)
    guard kind == .bag else { return }
    // The same protocol gives the same, another dropout something else.
    var without = settings
    without.inputs.phaseDropout = 0
    #expect(try PredictionTable.read(run(without).predictionsFile).map(\.probability) != predictions.map(\.probability))
    let explained = try Explanation(first, in: synthetic.study).write(galleryCount: 1) { _, _ in }.explanations
    #expect(explained.gallery.count >= 2)
  }

  @Test func anInterruptedRunGoesOnWithTheSameBits() throws {
    let synthetic = try study()
    var settings = settings(synthetic, .bag, "bag")
    settings.training?.epochs = 3
    let options = try synthetic.options().network
    func validation() throws -> CrossValidation {
      try CrossValidation(synthetic.study, protocol: settings, learners: LearnerRegistry([.bag(options)]))
    }
    let whole = try validation().run { _ in }
    try synthetic.interrupting(fold: 0, epoch: 2, before: Set(synthetic.runs())) {
      _ = try validation().run(progress: $0)
    }
    let resumed = try validation().run { _ in }
    #expect(resumed.id != whole.id)
    for file in ["predictions.csv", "folds/fold-1/model.safetensors"] {
      let contents = try [whole, resumed].map { try Data(contentsOf: $0.url.appendingPathComponent(file)) }
      #expect(contents[0] == contents[1], "\(file)")
    }
  }

  @Test func protocolsAreChecked() throws {
    let settings = settings(try SyntheticStudy(), .bag, "bag")
    #expect(try StudyProtocol(yaml: settings.yaml, name: "early.yaml") == settings)
    let changes: [(String, (inout StudyProtocol.Inputs) -> Void)] = [
      ("inputs.fusion", { $0.phases = [.delayed] }), ("inputs.fusion", { $0.phases = [] }),
      ("inputs.fusion", { $0.phases = [.nonContrast, .delayed, .lateArterial, .portalVenous] }),
      ("inputs.phaseDropout", { $0.phaseDropout = 1 }), ("inputs.phaseDropout", { $0.phaseDropout = -0.1 }),
      ("inputs.phaseDropout", { ($0.phaseDropout, $0.fusion) = (0.5, nil) }),
      ("inputs.neighbours", { $0.neighbours = 1 }),
    ]
    for (key, change) in changes {
      var wrong = settings
      change(&wrong.inputs)
      let text = try wrong.yaml
      let error = #expect(throws: StudyError.self) { try StudyProtocol(yaml: text, name: "wrong.yaml") }
      #expect(error?.description.contains(key) == true, "\(key)")
    }
  }
}
