public import DICOM

/// Why an object is refused: it may hold text about the patient where no header rule reaches.
public struct DeidentificationRefusal: Error, Equatable, CustomStringConvertible, Sendable {
  /// The name of the file, without its folders.
  public let file: String
  /// The attribute that gives the object away.
  public let tag: DICOMTag
  /// What the object is, such as `a dose report`.
  public let reason: String

  /// One sentence for the person at the terminal: the file and the problem.
  public var description: String { "\(file): \(problem)" }

  /// What is wrong and what to do, without the name of the file.
  public var problem: String {
    "it may show the patient's name in its image or text: \(reason) [\(tag)]. Do not include it; if someone has "
      + "looked at every image of its kind and found none, admit images with text"
  }
}

/// The signs of text in an object's pixels or contents; `Data/images-with-text.csv` lists them.
enum ImageText {
  private struct Sign: Sendable {
    let tag: DICOMTag
    /// In capitals; a star at either end stands for anything.
    let value: String
    let reason: String
  }

  private static let tags: [String: DICOMTag] = [
    "SOPClassUID": .sopClassUID, "Modality": .modality, "ImageType": .imageType,
    "SeriesDescription": .seriesDescription, "BurnedInAnnotation": .burnedInAnnotation,
    "ConversionType": DICOMTag(rawValue: 0x0008_0064),
  ]

  private static let signs: [Sign] = DataTable.rows(PackageResources.images_with_text_csv).compactMap { row in
    guard let tag = row["attribute"].flatMap({ tags[$0] }), let value = row["value"], let reason = row["reason"] else {
      return nil
    }
    return Sign(tag: tag, value: value, reason: reason)
  }

  /// The first sign that an object has, or nil.
  static func refusal(of file: DataSet) -> DeidentificationRefusal? {
    func refusal(_ tag: DICOMTag, _ reason: String) -> DeidentificationRefusal {
      DeidentificationRefusal(file: file.name, tag: tag, reason: reason)
    }
    for sign in signs {
      guard let text = file.characters(sign.tag) else { continue }
      let values = text.uppercased().split(separator: "\\").map { $0.trimmingSpaces() }
      if values.contains(where: { matches($0, sign.value) }) { return refusal(sign.tag, sign.reason) }
    }
    if file.characters(.modality) == "CT", (file.integer(.samplesPerPixel) ?? 1) > 1 {
      return refusal(.samplesPerPixel, "a colour image among CT images is probably a screen capture or a drawing")
    }
    for element in file.elements where (0x6000...0x60FF).contains(element.group) {
      // Retired in 2004: overlay planes in the unused bits of the pixel data, which stays as it is.
      let isPosition = element.tag.rawValue & 0xFFFF == 0x0102
      if isPosition, file.value(of: element).contains(where: { $0 != 0 }) {
        return refusal(element.tag, "the pixel data contain an overlay")
      }
    }
    return nil
  }

  private static func matches(_ value: String, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return value == pattern }
    guard value.count >= first.count + last.count, value.hasPrefix(first), value.hasSuffix(last) else { return false }
    return parts.dropFirst().dropLast().allSatisfy { $0.isEmpty || value.contains($0) }
  }
}

extension Substring {
  /// Without the spaces around it.
  func trimmingSpaces() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
