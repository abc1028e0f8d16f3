import DICOM

/// Slices whose stated position or orientation is not plausible are set aside; the rest of their series is imported.
///
/// If this applies to every slice of a series, the slices are ordered by their numbers.
enum MisplacedSlices {
  static func removed(
    from slices: [ImportPlan.PlannedSlice], of stack: SliceStack, _ findings: inout ImportFindings
  ) -> [ImportPlan.PlannedSlice] {
    let flaws = slices.map { $0.attributes.flaws.first(where: \.isOfPlace) }
    guard flaws.contains(nil) else { return slices }
    let misplaced = Dictionary(grouping: slices.indices.filter { flaws[$0] != nil }) { flaws[$0]?.tag.rawValue ?? 0 }
    for (_, indices) in misplaced.sorted(by: { $0.key < $1.key }) {
      guard let flaw = flaws[indices[0]] else { continue }
      findings.remark(
        on: stack.patientID, subject: ImportFindings.subject(indices.map { slices[$0].subject }),
        reason: "\(indices.count == 1 ? "1 slice" : "\(indices.count) slices") set aside: \(flaw.sentence)")
    }
    return zip(slices, flaws).filter { $1 == nil }.map(\.0)
  }
}

extension HeaderFlaw {
  /// What is wrong, as a part of a sentence.
  var sentence: String {
    switch outcome {
    case .decimalCommasRead: "[\(tag)] has decimal commas, which are read as decimal points; found \(found)"
    case .unknown(let expected): "[\(tag)] is not plausible; expected \(expected), found \(found)"
    }
  }
}
