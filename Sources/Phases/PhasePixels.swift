import Foundation
import Study

/// What the pixels of a series show of contrast; nil where a structure was not found.
public struct PhasePixels: Codable, Equatable, Sendable {
  /// The aorta's median HU.
  public var aorta: Double?
  /// The renal cortex in HU: the bright end of what lies beside the spine.
  public var cortex: Double?
  /// How much of the enhanced kidney is darker tissue than its cortex, 0...1; nil before contrast.
  public var medullaShare: Double?
  /// Very bright pixels (> 330 HU) beside the spine, where the renal pelvis lies: mm² per slice with kidney.
  public var collectingSystem: Double?

  /// Nothing was found.
  public init() {}

  /// Measures slices of one series, at least one; best some ten over the kidneys.
  public init(_ slices: [CoarseSlice]) {
    guard let landmarks = Landmarks(slices) else { return }
    if let aorta = landmarks.aorta {
      let discs = slices.compactMap { DiscShape(radius: aorta.radius, cell: $0.cell).disc(of: $0, at: aorta.centre) }
      self.aorta = median(discs.filter { $0.roundness > 0.25 }.map(\.mean))
    }
    let zones = slices.map { KidneyZone($0, spine: landmarks.spine) }
    let levels = zones.map(\.cortex)
    // Not every slice meets a kidney: the upper ones tell.
    guard let cortex = quantile(0.75, of: levels.compactMap { $0 }) else { return }
    self.cortex = cortex
    let withKidney = zip(zones, levels).filter { ($1 ?? -1000) >= 0.8 * cortex }.map(\.0)
    guard !withKidney.isEmpty else { return }
    collectingSystem = withKidney.reduce(0) { $0 + $1.collectingSystem } / Double(withKidney.count)
    guard cortex >= 90 else { return }
    let parts = withKidney.map { $0.parenchyma(cortex: cortex) }
    let all = parts.reduce(0) { $0 + $1.all }
    if all > 0 { medullaShare = Double(parts.reduce(0) { $0 + $1.dark }) / Double(all) }
  }

  /// What the measures say.
  ///
  /// Each counts as a normal deviate about what Yuh and Cohan (AJR 1999;173:747), Birnbaum et al. (Radiology 1996;200:753)
  /// and Bae (Radiology 2010;256:32) report, made wide, since patients and protocols differ.
  public var evidence: PhaseEvidence {
    var scores = PhaseScores()
    var found: [String] = []
    func add(_ value: Double, _ normals: [(mean: Double, deviation: Double)]) {
      let logarithms = normals.map { -pow((value - $0.mean) / $0.deviation, 2) / 2 - log($0.deviation) }
      let best = logarithms.max() ?? 0
      for (phase, logarithm) in zip(Phase.allCases, logarithms) {
        scores[phase] += max(logarithm - best, -PhaseWeight.pixelMeasure)
      }
    }
    if let aorta {
      add(aorta, [(42, 14), (290, 75), (158, 28), (110, 22)])
      found.append("aorta \(Int(aorta.rounded())) HU")
    }
    if let cortex {
      add(cortex, [(42, 18), (180, 45), (180, 40), (145, 35)])
      found.append("renal cortex \(Int(cortex.rounded())) HU")
    }
    if let medullaShare {
      add(medullaShare, [(0.25, 0.3), (0.42, 0.12), (0.13, 0.1), (0.13, 0.1)])
      found.append("\(Int((100 * medullaShare).rounded())) % of the kidney darker than its cortex")
    }
    if let collectingSystem, cortex ?? 0 >= 90 {
      let isFilled = collectingSystem > 25
      // Stones, bone at the edge and early excretion are the exceptions.
      let likelihoods = isFilled ? [0.05, 0.05, 0.08, 0.85] : [0.95, 0.95, 0.92, 0.15]
      for (phase, likelihood) in zip(Phase.allCases, likelihoods) { scores[phase] += log(likelihood) }
      found.append(isFilled ? "contrast in the renal pelvis" : "no contrast in the renal pelvis")
    }
    let sentence =
      found.isEmpty ? "the pixels show neither aorta nor kidneys" : "the pixels show " + found.joined(separator: ", ")
    return PhaseEvidence(.pixels, scores, sentence)
  }

  /// How much brighter the tissue beside the spine is in `slices` than in `others` where both lie at the same places: the
  /// median difference in HU; nil where no slices meet.
  public static func softTissueShift(_ slices: [CoarseSlice], _ others: [CoarseSlice]) -> Double? {
    guard let spine = Landmarks.spine(slices) else { return nil }
    var differences: [Double] = []
    for slice in slices {
      guard let partner = others.first(where: slice.isAligned) else { continue }
      differences += KidneyZone(slice, spine: spine).differences(from: KidneyZone(partner, spine: spine))
    }
    return differences.count < 100 ? nil : median(differences)
  }
}
