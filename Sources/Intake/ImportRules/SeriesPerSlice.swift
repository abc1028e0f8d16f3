import DICOM

/// Joins slices that each lie under a series UID of their own, as some exports write them.
///
/// They must agree in everything that the slices of a series share (exam, frame of reference, size, spacing,
/// orientation, acquisition, description, kernel) and lie at distinct, evenly spaced positions. Otherwise each stays a
/// series, with a remark.
enum SeriesPerSlice {
  /// Fewer are no stack.
  private static let fewest = 3

  static func joined(
    _ stacks: [SliceStack], held: HeldSlices, _ findings: inout ImportFindings
  ) -> [SliceStack] {
    let single = stacks.filter { $0.frames.count == 1 }.flatMap(\.frames)
    var result = stacks.filter { $0.frames.count != 1 }
    for (key, frames) in Dictionary(grouping: single, by: Key.init).sorted(by: {
      $0.value[0].relativePath < $1.value[0].relativePath
    }) {
      let uid = key.seriesInstanceUID
      let count = frames.count
      let isKnown = uid.map(held.contains) ?? false
      guard let uid, isKnown || count >= fewest, let stack = SliceStack(frames, seriesInstanceUID: uid) else {
        result += frames.compactMap { SliceStack([$0]) }
        continue
      }
      if isKnown || SeriesGeometry(frames.map(\.attributes)).hasEvenSteps {
        findings.remark(
          on: stack.patientID, subject: stack.subject,
          reason:
            "\(count) slices, each with its own series UID; they agree in all other attributes and are evenly spaced, so "
            + "they are joined into one series")
        result.append(stack)
      } else {
        findings.remark(
          on: stack.patientID, subject: stack.subject,
          reason:
            "\(count) slices, each with its own series UID; they agree in all other attributes, but are not evenly spaced, "
            + "so they stay \(count) series")
        result += frames.compactMap { SliceStack([$0]) }
      }
    }
    return result.sorted { $0.seriesInstanceUID < $1.seriesInstanceUID }
  }

  /// What slices of one series have in common.
  private struct Key: Hashable {
    private let values: [String]
    /// What the series is called; nil where nothing says that the positions can be compared.
    let seriesInstanceUID: String?

    init(_ frame: DICOMScan.Frame) {
      let header = frame.attributes
      func text(_ number: Double?) -> String { number.map { "\(($0 * 1000).rounded())" } ?? "" }
      func text(_ vector: SIMD3<Double>?) -> String {
        vector.map { "\(text($0.x)) \(text($0.y)) \(text($0.z))" } ?? ""
      }
      values = [
        frame.identity.patientID, frame.identity.studyInstanceUID, header.frameOfReferenceUID ?? "",
        "\(header.columns) x \(header.rows)", text(header.pixelSpacing?.row), text(header.pixelSpacing?.column),
        text(header.sliceThickness), text(header.rowDirection), text(header.columnDirection),
        header.acquisitionNumber.map(String.init) ?? "", header.seriesDescription ?? "", header.kernel ?? "",
        header.imageType.joined(separator: "\\"),
      ]
      let isPlaced = header.frameOfReferenceUID != nil && header.imagePosition != nil && header.rowDirection != nil
      seriesInstanceUID = isPlaced ? DICOMUID.make(from: "joined series: " + values.joined(separator: "\n")) : nil
    }

    static func == (left: Key, right: Key) -> Bool { left.values == right.values }
    func hash(into hasher: inout Hasher) { hasher.combine(values) }
  }
}
