import Foundation

extension SafeTensors {
  /// What the header of a file says.
  struct Header {
    /// Where each tensor lies.
    var tensors: [String: Entry] = [:]
    /// Texts that the writer added.
    var metadata: [String: String] = [:]
  }

  /// Where a tensor lies.
  struct Entry {
    let dtype: DType
    let shape: [Int]
    /// Where the elements begin and end, in bytes after the header.
    let offsets: [Int]

    /// The bytes that the elements take.
    func byteCount(_ name: String, _ file: CheckpointCursor) throws(CheckpointError) -> Int {
      var size = dtype.size
      for dimension in shape {
        let product = size.multipliedReportingOverflow(by: dimension)
        guard dimension >= 0, !product.overflow else {
          throw file.error("the tensor \(name) cannot have shape \(shape)", at: 8)
        }
        size = product.partialValue
      }
      return size
    }
  }

  /// The names of element types in the format, largest elements first, which is also the order of the tensors in a file.
  static let typeNames: [(dtype: DType, name: String)] = [
    (.int64, "I64"), (.float64, "F64"), (.float32, "F32"), (.int32, "I32"), (.bfloat16, "BF16"), (.float16, "F16"),
    (.uint8, "U8"), (.bool, "BOOL"),
  ]
}

extension SafeTensors.Header {
  /// The tensors in the order of their elements.
  var inOrder: [(key: String, value: SafeTensors.Entry)] {
    tensors.sorted { $0.value.offsets.lexicographicallyPrecedes($1.value.offsets) }
  }

  /// Reads the header at the cursor, which then stands at the first element, and checks that it fits the file's length.
  init(reading cursor: inout CheckpointCursor) throws(CheckpointError) {
    let file = cursor
    let length = try cursor.integer(UInt64.self, "the header's length")
    guard length <= SafeTensors.longestHeader else {
      throw file.error("the header would have \(length) bytes; \(SafeTensors.longestHeader) is the format's bound")
    }
    self = try Self(json: try cursor.take(Int(length), "the header"), cursor)
    var end = 0
    for (name, entry) in inOrder {
      let size = try entry.byteCount(name, file)
      guard size <= cursor.remaining - end, entry.offsets == [end, end + size] else {
        throw file.error(
          "the tensor \(name) takes \(size) bytes from byte \(end) of \(cursor.remaining), but the header places it at "
            + "\(entry.offsets)", at: 8)
      }
      end += size
    }
    guard cursor.remaining == end else {
      throw cursor.error(
        "\(cursor.remaining - end) bytes follow the last tensor; the file is damaged", at: cursor.position + end)
    }
  }

  /// Reads a header.
  init(json: Data, _ cursor: CheckpointCursor) throws(CheckpointError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(json))
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      throw cursor.error("the header is not JSON: \(context.debugDescription)", at: 8)
    } catch DecodingError.dataCorrupted(let context) {
      throw cursor.error("the header, at \(path(context)): \(context.debugDescription)", at: 8)
    } catch DecodingError.keyNotFound(let key, let context) {
      throw cursor.error("the header, at \(path(context)): \(key.stringValue) is missing", at: 8)
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw cursor.error("the header, at \(path(context)): \(context.debugDescription)", at: 8)
    } catch {
      throw cursor.error("the header cannot be read: \(error)", at: 8)
    }
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
  }

  /// The header as JSON, padded with blanks so that the elements begin at a multiple of 8 bytes.
  func json(order: [String]) -> Data {
    var fields: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      fields.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    for name in order {
      guard let entry = tensors[name], let type = SafeTensors.typeNames.first(where: { $0.dtype == entry.dtype }) else {
        continue
      }
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let offsets = entry.offsets.map(String.init).joined(separator: ",")
      fields.append("\(quoted(name)):{\"dtype\":\"\(type.name)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}")
    }
    var json = Data("{\(fields.joined(separator: ","))}".utf8)
    json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
    return json
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension SafeTensors.Header: Decodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for name in container.allKeys {
      if name.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: name)
      } else {
        tensors[name.stringValue] = try container.decode(SafeTensors.Entry.self, forKey: name)
      }
    }
  }
}

extension SafeTensors.Entry: Decodable {
  private enum CodingKeys: String, CodingKey {
    case dtype, shape
    case offsets = "data_offsets"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .dtype)
    guard let type = SafeTensors.typeNames.first(where: { $0.name == name }) else {
      let known = SafeTensors.typeNames.map(\.name).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        forKey: .dtype, in: container, debugDescription: "the element type \(name) is not among \(known)")
    }
    dtype = type.dtype
    shape = try container.decode([Int].self, forKey: .shape)
    offsets = try container.decode([Int].self, forKey: .offsets)
  }
}
