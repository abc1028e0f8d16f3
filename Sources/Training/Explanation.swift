import Backbones
public import Experiment
import Foundation
import ROI
public import Study
import Support
import Torch

/// Where the networks of a finished run looked: Grad-CAM of every slice, by the network of the fold that held it out.
///
/// Where an example is a lesion's bag of slices, the map of a slice is that of the lesion's logit, so a slice that counts little has a
/// faint map. Where slices are resampled to a volume, a slice's map is that of the plane in which it has its largest share.
///
/// The maps are of the high-grade logit, in float32. As a sanity check each is compared with the map of a network whose frozen
/// stages are the same and whose trained stages have random weights: a map that does not change explains nothing that was
/// learnt (Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv:1810.03292).
public struct Explanation {
  /// What was found, and what a reader should know of it.
  public struct Result: Sendable {
    /// What `explanations.json` holds.
    public let explanations: Run.Explanations
    /// Sentences on slices that nothing could be said of.
    public let notes: [String]
  }

  private let run: Run
  private let rois: ROISet
  private let settings: StudyProtocol
  private let predictions: [Prediction]
  private let form: NetworkForm
  /// The slices of all predictions.
  private let slices: [Slice]
  /// The stacks that a network of volumes takes; nil where it takes slices.
  private let stacks: LesionStacks?
  /// How many outlined slices have no share in any plane of a stack.
  private let unseen: Int
  private let backbone: String
  private let frozenThrough: String?
  private let device: Device

  /// How many slices a network is asked about at once.
  private static let passSize = 16

  /// Opens a run.
  ///
  /// - Throws: `TrainingError` where the study's ROIs are no longer those of the run, or a network is missing, damaged or
  ///   another's; `StudyError` where the run or the study cannot be read.
  public init(_ run: Run, in study: StudyFolder, usesGPU: Bool = true) throws {
    self.run = run
    let manifest = try run.manifest()
    guard let network = manifest.learner.network else {
      throw TrainingError(
        "the run \(run.id) has no networks to explain: its learner is \(manifest.learner.learner)")
    }
    settings = try StudyProtocol(contentsOf: run.protocolFile)
    predictions = try PredictionTable.read(run.predictionsFile)
    let rois = try ROISet(study)
    self.rois = rois
    form = try NetworkForm(settings)
    let examples = try ExampleSet(study, settings).examples
    let known = Dictionary(examples.map { ([$0.patient, $0.lesion, $0.slice], $0) }) { first, _ in first }
    var slices: [Slice] = []
    let stacks = form.stacks(of: examples, rois.entries)
    var unseen = 0
    for (number, prediction) in predictions.enumerated() {
      guard let example = known[[prediction.patient, prediction.lesion, prediction.slice]] else { continue }
      let (groups, phases) = form.groups(of: example, rois.entries)
      for (group, places) in groups.enumerated() {
        let phase = phases.isEmpty ? nil : phases[group]
        guard let stacks else {
          slices += places.map { Slice(prediction: number, group: group, phase: phase, place: $0) }
          continue
        }
        let stack = try stacks.number(of: places)
        for (place, plane) in zip(stacks.stacks[stack].rois, stacks.stacks[stack].planeOfSlice) {
          if let plane {
            slices.append(
              Slice(prediction: number, group: group, phase: phase, place: place, plane: (stack: stack, number: plane)))
          } else {
            unseen += 1
          }
        }
      }
    }
    self.slices = slices
    self.stacks = stacks
    self.unseen = unseen
    guard manifest.rois == rois.fileName, Set(slices.map(\.prediction)).count == predictions.count else {
      throw TrainingError(
        "the study's ROIs have changed since the run \(run.id) was made; make a new run with `renalgrade "
          + "crossvalidate`, or explain another with --run")
    }
    backbone = network.backbone
    frozenThrough = network.frozenThrough
    device = LibTorch.device(usesGPU: usesGPU)
    for fold in Set(predictions.map(\.fold)).sorted() { _ = try run.checkpoint(fold: fold, backbone: backbone) }
  }

  /// A slice that is explained.
  private struct Slice {
    /// The number of its prediction: its own, or its lesion's.
    let prediction: Int
    /// Its group within the example.
    let group: Int
    /// The number of its group's phase; nil where phases are not fused late.
    let phase: Int?
    /// Its ROI.
    let place: Int
    /// Where slices are resampled, the number of its stack and of the plane in which it is seen.
    var plane: (stack: Int, number: Int)?
  }

  /// What is known of one slice.
  private struct Finding {
    var energyInside: Double?
    var randomisedCorrelation: Double?
    var contourShare = 0.0
    /// The map as the network gives it, rows x columns of its last stage.
    var map: [Float] = []

    /// How much the slice says for high grade.
    var energy: Double { map.reduce(0) { $0 + Double($1) } }
  }

  /// Explains all slices, and writes `explanations.json`, `explanations.csv` (slice by slice) and the gallery's pictures in
  /// `explanations/` into the run's folder, in place of former ones.
  ///
  /// - Parameters:
  ///   - galleryCount: how many slices each group of the gallery shows at most.
  ///   - thresholds: from which probability on a slice counts as high grade, by fold; nil takes the protocol's threshold.
  ///   - progress: told the numbers of slices done and in all.
  /// - Returns: what was found.
  /// - Throws: `TrainingError` where a checkpoint holds another network; `StudyError` where a file cannot be written.
  public func write(galleryCount: Int, thresholds: [Double]? = nil, progress: (Int, Int) -> Void) throws -> Result {
    try LibTorch.setDeterministic(true)
    var findings = [Finding](repeating: Finding(), count: slices.count)
    var layer = ""
    var done = 0
    for fold in Set(predictions.map(\.fold)).sorted() {
      let network = try network(fold: fold, randomised: false)
      let random = try self.network(fold: fold, randomised: true)
      layer = network.backbone.stages.last ?? ""
      var inputs = try NetworkInputs(rois, settings, network.backbone.preprocessing, device)
      inputs.stacks = stacks?.stacks
      for pass in passes(ofFold: fold) {
        for (slice, finding) in zip(pass, try explain(pass, inputs, network, random)) { findings[slice] = finding }
        done += pass.count
        progress(done, slices.count)
      }
    }
    let gallery = try writeGallery(findings, galleryCount, thresholds)
    try writeTable(findings)
    let energy = findings.compactMap(\.energyInside)
    let correlations = findings.compactMap(\.randomisedCorrelation)
    let (mean, deviation) = MapStatistics.summary(energy)
    let explanations = Run.Explanations(
      method: "Grad-CAM", layer: layer, energyInside: .init(mean: mean, sd: deviation, n: energy.count),
      // Of the slices that have a share of energy, so that the two stand side by side.
      contourShare: MapStatistics.summary(findings.filter { $0.energyInside != nil }.map(\.contourShare)).mean,
      randomisation: .init(correlation: MapStatistics.summary(correlations).mean, n: correlations.count),
      gallery: gallery)
    try AtomicFile.writeJSON(explanations, to: run.explanationsFile)
    return Result(explanations: explanations, notes: notes(findings))
  }

  /// The slices of a fold that go through the network together: a lesion's where they have one logit, some at a time elsewhere.
  private func passes(ofFold fold: Int) -> [[Int]] {
    let own = slices.indices.filter { predictions[slices[$0].prediction].fold == fold }
    guard form.input == .slice else {
      return Dictionary(grouping: own) { slices[$0].prediction }.sorted { $0.key < $1.key }.map(\.value)
    }
    return stride(from: 0, to: own.count, by: Self.passSize).map { start in
      Array(own[start..<min(start + Self.passSize, own.count)])
    }
  }

  /// A network that is explained.
  private struct Network {
    let backbone: Backbone
    let trained: any TrainedNetwork
  }

  /// The maps of what speaks for high grade in the slices of one pass, N x rows x columns.
  private func maps(_ network: Network, _ pass: [Int], _ images: Tensor) throws -> Tensor {
    let groups = groups(pass)
    let maps = try network.trained.maps(
      images, groups: [groups.map { stacks == nil ? $0.count : 1 }], phases: [groups.compactMap { slices[$0[0]].phase }]
    )
    guard let stacks else { return maps }
    // A network's strides merge planes: each of its maps is of as many.
    let (planes, depth) = (stacks.planeCount, maps.shape[1])
    let numbers = groups.enumerated().flatMap { group, members in
      members.map { group * depth + (slices[$0].plane?.number ?? 0) * depth / planes }
    }
    return try maps.reshaped([-1, maps.shape[2], maps.shape[3]]).selecting(numbers, along: 0)
  }

  /// The slices of a pass by their group in the example.
  private func groups(_ pass: [Int]) -> [[Int]] {
    Dictionary(grouping: pass) { slices[$0].group }.sorted { $0.key < $1.key }.map(\.value)
  }

  /// What a network takes of a pass: its slices, or their stacks.
  private func samples(_ pass: [Int]) -> [Sample] {
    let numbers =
      stacks == nil ? pass.map { slices[$0].place } : groups(pass).compactMap { slices[$0[0]].plane?.stack }
    return numbers.map { Sample(index: $0, isFlipped: false) }
  }

  private func network(fold: Int, randomised: Bool) throws -> Network {
    // Training may have started from the protocol's own seed: the random weights must be others.
    let network = try Backbone.make(backbone, classes: form.classes, seed: settings.seed &+ 1)
    try network.freeze(through: frozenThrough)
    try network.move(to: device, format: .channelsLast)
    let trained = try form.network(on: network, seed: settings.seed &+ 1)
    do {
      var weights = try SafeTensors.read(run.networkFile(fold: fold)).tensors
      if randomised { weights.merge(try trained.trainedState.mapValues { try $0.copied() }) { $1 } }
      try trained.load(weights)
    } catch {
      throw TrainingError(
        "the checkpoint of fold \(fold + 1) is not that of \(backbone) as the run \(run.id) trained it: \(error). Copy the "
          + "run's folder from its study again")
    }
    return Network(backbone: network, trained: trained)
  }

  private func explain(
    _ pass: [Int], _ inputs: NetworkInputs, _ network: Network, _ random: Network
  ) throws -> [Finding] {
    let images = try inputs.batch(samples(pass))
    let maps = try self.maps(network, pass, images)
    let enlarged = try enlarged(maps).floats()
    let masks = try self.masks(pass).floats()
    let (trained, randomised) = (try maps.floats(), try self.maps(random, pass, images).floats())
    func part(_ values: [Float], _ index: Int) -> [Float] {
      let size = values.count / pass.count
      return Array(values[index * size..<(index + 1) * size])
    }
    return pass.indices.map { index in
      let (map, mask) = (part(trained, index), part(masks, index))
      return Finding(
        energyInside: MapStatistics.energyInside(part(enlarged, index), mask),
        randomisedCorrelation: MapStatistics.rankCorrelation(map, part(randomised, index)),
        contourShare: mask.reduce(0) { $0 + Double($1) } / Double(mask.count), map: map)
    }
  }

  /// Maps, N x rows x columns, at the size that the network takes: bilinear with half-pixel centres, as the crop was enlarged.
  private func enlarged(_ maps: Tensor) throws -> Tensor {
    let (rows, columns) = (maps.shape[1], maps.shape[2])
    let size = settings.roi.outputSize
    return try maps.reshaped([-1, 1, rows, columns]).resizedBilinearly(height: size, width: size)
  }

  /// How much of each pixel of the network's input lies inside the contour, enlarged as the crop was.
  private func masks(_ pass: [Int]) throws -> Tensor {
    let (side, size) = (rois.boxSize, settings.roi.outputSize)
    let values = try pass.flatMap { try rois.tumourMask(slices[$0].place).values.map { $0 ? Float(1) : 0 } }
    return try Tensor(values, shape: [pass.count, 1, side, side]).resizedBilinearly(height: size, width: size)
  }

  private func writeGallery(
    _ findings: [Finding], _ count: Int, _ thresholds: [Double]?
  ) throws -> [Run.Explanations.Example] {
    let folder = run.url.appendingPathComponent("explanations")
    try? FileManager.default.removeItem(at: folder)
    _ = try run.part("explanations")
    var numbers: [Run.Explanations.Example.Group: Int] = [:]
    let stated = settings.evaluation.threshold
    let gallery = Gallery(predictions, count: count) { fold in
      thresholds.flatMap { $0.indices.contains(fold) ? $0[fold] : nil } ?? stated
    }
    let ofPrediction = Dictionary(grouping: slices.indices) { slices[$0].prediction }
    return try gallery.choices.compactMap { group, index in
      // Of a lesion, the slice that says the most.
      guard let shown = ofPrediction[index]?.max(by: { findings[$0].energy < findings[$1].energy }) else { return nil }
      numbers[group, default: 0] += 1
      let (finding, entry) = (findings[shown], rois.entries[slices[shown].place])
      let side = Int(Double(finding.map.count).squareRoot())
      let picture = try MapPicture(
        crop: rois.withCrop(slices[shown].place) { Array($0) },
        map: try enlarged(Tensor(finding.map, shape: [1, side, side])).floats(),
        contour: try entry.contour, boxSize: rois.boxSize, side: settings.roi.outputSize,
        description:
          "Patient \(predictions[index].patient), lesion \(predictions[index].lesion): the crop, and beside it the "
          + "crop under the heat map; the contour is a thin line.")
      let image = "explanations/\(group.fileName)-\(numbers[group] ?? 0).svg"
      try AtomicFile.write(picture.svg, to: run.url.appendingPathComponent(image))
      var prediction = predictions[index]
      prediction.slice = entry.slice
      return Run.Explanations.Example(
        group: group, prediction, energyInside: finding.energyInside, image: image)
    }
  }

  private func writeTable(_ findings: [Finding]) throws {
    var text = "patient,lesion,slice,fold,energyInside,contourShare,randomisedCorrelation\n"
    for (slice, finding) in zip(slices, findings) {
      let (prediction, entry) = (predictions[slice.prediction], rois.entries[slice.place])
      let numbers = [finding.energyInside, finding.contourShare, finding.randomisedCorrelation]
      let names = [prediction.patient.csvCell, prediction.lesion.csvCell, entry.slice.csvCell]
      text += (names + ["\(prediction.fold)"] + numbers.map { $0.map { "\($0)" } ?? "" }).joined(separator: ",") + "\n"
    }
    try AtomicFile.write(text, to: run.url.appendingPathComponent("explanations.csv"))
  }

  private func notes(_ findings: [Finding]) -> [String] {
    let withoutContour = findings.count { $0.contourShare == 0 }
    let withoutMap = findings.count { $0.contourShare > 0 && $0.energyInside == nil }
    var notes: [String] = []
    if unseen > 0 {
      notes.append("\(unseen) outlined slices have no map: they have no share in the planes that the network sees.")
    }
    if withoutMap > 0 {
      notes.append(
        "\(withoutMap) of \(findings.count) slices have a map that is zero throughout: nothing in them indicates high "
          + "grade.")
    }
    if withoutContour > 0 {
      notes.append(
        "\(withoutContour) of \(findings.count) slices have no contour inside the box, so their share of energy is undefined."
      )
    }
    return notes
  }
}

extension Run.Explanations.Example.Group {
  /// The group as part of a file's name.
  fileprivate var fileName: String {
    switch self {
    case .surestRight: "surest-right"
    case .surestWrong: "surest-wrong"
    case .leastSure: "least-sure"
    }
  }
}
