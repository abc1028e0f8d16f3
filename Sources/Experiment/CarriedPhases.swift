import Foundation
import ROI
import Study

/// Which phases are seen through outlines that were carried from another phase, and how well these fit.
enum CarriedPhases {
  /// A lesion's outline in a phase that examples are made of.
  struct Use {
    /// Patient, lesion and reader.
    let lesion: [String]
    let phase: Phase?
    let isCarried: Bool

    init(_ lesion: [String], _ phase: Phase?, _ isCarried: Bool) {
      (self.lesion, self.phase, self.isCarried) = (lesion, phase, isCarried)
    }
  }

  /// A sentence on each phase with carried outlines among those that are used, and one on those that were excluded.
  static func notes(_ used: [Use], _ outlines: [CarriedOutlines.Entry], _ phases: [Phase]) -> [String] {
    phases.flatMap { phase -> [String] in
      let inPhase = used.filter { $0.phase == phase }
      let lesions = Set(inPhase.map(\.lesion))
      let carried = Set(inPhase.filter(\.isCarried).map(\.lesion))
      let ofPhase = outlines.filter { $0.targetPhase == phase }
      let theirs = ofPhase.filter { carried.contains([$0.patient, $0.lesion, $0.outline.reader]) && $0.outline.isUsed }
      let known = Set(used.map(\.lesion))
      let unused = ofPhase.count { known.contains([$0.patient, $0.lesion, $0.outline.reader]) && !$0.outline.isUsed }
      var notes: [String] = []
      if !carried.isEmpty {
        let shifts = theirs.compactMap { entry -> Double? in
          guard let left = entry.outline.left, let back = entry.outline.posterior, let up = entry.outline.superior
          else { return nil }
          return (left * left + back * back + up * up).squareRoot()
        }.sorted()
        let scores = theirs.compactMap(\.outline.score)
        func text(_ value: Double?, _ digits: Int) -> String { value.map { String(format: "%.\(digits)f", $0) } ?? "" }
        let confirmed = theirs.count { $0.outline.isPoor }
        notes.append(
          "In the \(phase.name) phase, the outlines of \(carried.count) of \(lesions.count) lesions were not drawn but carried from "
            + "another phase, with a rigid shift (median \(text(shifts.isEmpty ? nil : shifts[shifts.count / 2], 1)) mm, largest "
            + "\(text(shifts.last, 1)) mm; lowest score \(text(scores.min(), 2))"
            + (confirmed > 0 ? "; \(confirmed) confirmed by a person in spite of a poor score)." : ")."))
      }
      if unused > 0 {
        notes.append(
          "In the \(phase.name) phase, \(unused) outlines could not be carried, or were carried with a poor score and not confirmed; "
            + "they are not used.")
      }
      return notes
    }
  }
}
