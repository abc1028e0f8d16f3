import DICOM
import Foundation

/// Reads the DICOM JSON Model (PS3.18 annex F) as far as queries need it: top-level elements as text.
enum DICOMJSON {
  /// One dictionary per data set; several values stand between backslashes.
  ///
  /// - Throws: `PACSError` of kind `.malformed`.
  static func dataSets(_ json: Data) throws(PACSError) -> [[DICOMTag: String]] {
    do {
      return try JSONDecoder().decode([[String: Attribute]].self, from: json).map { dataSet in
        var elements: [DICOMTag: String] = [:]
        for (key, attribute) in dataSet {
          guard let tag = UInt32(key, radix: 16), key.utf8.count == 8 else { continue }
          elements[DICOMTag(rawValue: tag)] = attribute.text
        }
        return elements
      }
    } catch {
      throw PACSError(.malformed, "QIDO-RS: the answer is no DICOM JSON. Is the URL the root of a DICOMweb service?")
    }
  }

  private struct Attribute: Decodable {
    let text: String

    private enum Key: String, CodingKey {
      case value = "Value"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      let values = try container.decodeIfPresent([Value].self, forKey: .value) ?? []
      text = values.map { $0.text.trimmingCharacters(in: .whitespaces) }.joined(separator: "\\")
    }
  }

  /// A string, a number, or null; names and items of sequences, which no query here needs, are empty.
  private struct Value: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let string = try? container.decode(String.self) {
        text = string
      } else if let integer = try? container.decode(Int.self) {
        text = "\(integer)"
      } else if let number = try? container.decode(Double.self) {
        text = "\(number)"
      } else {
        text = ""
      }
    }
  }
}
