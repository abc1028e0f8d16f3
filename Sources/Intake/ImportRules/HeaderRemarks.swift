import DICOM

/// Remarks on header values of a series that could not be used as stated, and on pixels that lost information.
enum HeaderRemarks {
  static func add(
    on headers: [CTAttributes], of patientID: String, subject: String, _ findings: inout ImportFindings
  ) {
    let flaws = headers.flatMap(\.flaws)
    let commas = flaws.filter { $0.outcome == .decimalCommasRead }
    if let first = commas.first {
      let tags = Set(commas.map(\.tag)).sorted().map { "[\($0)]" }.joined(separator: ", ")
      findings.remark(
        on: patientID, subject: subject,
        reason: "decimal commas in \(tags) are read as decimal points; found \(first.found)")
    }
    let unknown = Dictionary(grouping: flaws.filter { $0.outcome != .decimalCommasRead }, by: \.tag)
    for (_, flaws) in unknown.sorted(by: { $0.key < $1.key }) {
      guard let first = flaws.first else { continue }
      findings.remark(
        on: patientID, subject: subject,
        reason: "\(first.sentence): unknown in \(flaws.count) of \(slices(headers.count))")
    }
    let lossy = headers.compactMap(\.lossyCompression)
    if let first = lossy.first {
      findings.remark(
        on: patientID, subject: subject,
        reason: "the pixels of \(lossy.count) of \(slices(headers.count)) lost information when they were compressed "
          + "(\(first)); fine texture may be gone")
    }
  }

  private static func slices(_ count: Int) -> String { count == 1 ? "1 slice" : "\(count) slices" }
}
