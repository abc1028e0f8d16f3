import DICOM

/// A few slices of another size, pixel spacing or orientation within a series, such as one reformat: they are set aside, and
/// the series is imported without them.
///
/// They must be fewer than a fifth of all slices: where both kinds are numerous, it is unknown which one is meant.
enum StraySlices {
  static func removed(
    from slices: [ImportPlan.PlannedSlice], of stack: SliceStack, _ findings: inout ImportFindings
  ) -> [ImportPlan.PlannedSlice] {
    let kinds = SeriesGeometry.kinds(of: slices.map(\.attributes))
    guard let main = kinds.first, kinds.count > 1, 5 * (slices.count - main.count) < slices.count else { return slices }
    for kind in kinds.dropFirst() {
      findings.remark(
        on: stack.patientID, subject: ImportFindings.subject(kind.map { slices[$0].subject }),
        reason: "\(kind.count == 1 ? "1 slice" : "\(kind.count) slices") set aside: of another "
          + difference(slices[kind[0]].attributes, slices[main[0]].attributes)
          + " than the other \(main.count) slices of the series")
    }
    return main.map { slices[$0] }
  }

  private static func difference(_ one: CTAttributes, _ other: CTAttributes) -> String {
    guard one.columns == other.columns, one.rows == other.rows else { return "size" }
    var withSpacing = one
    withSpacing.pixelSpacing = other.pixelSpacing
    return SeriesGeometry.kinds(of: [withSpacing, other]).count > 1 ? "orientation" : "pixel spacing"
  }
}
