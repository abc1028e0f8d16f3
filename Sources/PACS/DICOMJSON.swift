import DICOM
import Foundation

/// Reads the DICOM JSON Model (PS3.18 annex F) as far as queries need it: top-level elements as text.
enum DICOMJSON {
  /// One dictionary per data set, nil for what is none; several values stand between backslashes.
  ///
  /// An element that is not what the standard says is left out, as it would be unknown. No text at all is no data set.
  /// - Throws: `PACSError` of kind `.malformed`.
  static func dataSets(_ json: Data) throws(PACSError) -> [[DICOMTag: String]?] {
    guard json.contains(where: { !" \t\r\n".utf8.contains($0) }) else { return [] }
    do {
      return try JSONDecoder().decode([Item].self, from: json).map(\.elements)
    } catch {
      throw PACSError(.malformed, "QIDO-RS: the answer is not DICOM JSON. Is the URL the root of a DICOMweb service?")
    }
  }

  private struct Item: Decodable {
    let elements: [DICOMTag: String]?

    init(from decoder: any Decoder) throws {
      let attributes = try? decoder.singleValueContainer().decode([String: Attribute].self)
      elements = attributes.map { attributes in
        var elements: [DICOMTag: String] = [:]
        for (key, attribute) in attributes {
          guard let tag = UInt32(key, radix: 16), key.utf8.count == 8 else { continue }
          elements[DICOMTag(rawValue: tag)] = attribute.text
        }
        return elements
      }
    }
  }

  /// The values of an element; nil where they are not understood.
  private struct Attribute: Decodable {
    let text: String?

    private enum Key: String, CodingKey {
      case value = "Value"
    }

    init(from decoder: any Decoder) throws {
      guard let container = try? decoder.container(keyedBy: Key.self) else {
        text = nil
        return
      }
      guard container.contains(.value), (try? container.decodeNil(forKey: .value)) != true else {
        text = ""
        return
      }
      // Some servers forget the brackets around a single value.
      let values =
        (try? container.decode([Value].self, forKey: .value))
        ?? (try? container.decode(Value.self, forKey: .value)).map { [$0] }
      text = values?.map { $0.text.trimmingCharacters(in: .whitespaces) }.joined(separator: "\\")
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
