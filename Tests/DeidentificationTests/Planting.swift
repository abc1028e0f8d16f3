import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Where an identifier can stand in a file: in each VR, each nesting, and at each border.
enum Planting {
  static let text = "Planted^Anna Mil"
  static let mark = "Planted"

  /// How an element is wrapped.
  static let nestings: [(name: String, wrap: @Sendable ([DataElement]) -> [DataElement])] = [
    ("at the top level", { $0 }),
    ("in a sequence", { [sequence(0x0008_2218, $0)] }),
    ("in a sequence in a sequence", { [sequence(0x5200_9229, [sequence(0x0028_9110, $0)])] }),
    ("in a sequence of PS3.15's table", { [sequence(0x0040_0275, $0)] }),
    ("in a private sequence", { [creator, sequence(0x0029_1010, $0)] }),
    ("in a private sequence in a sequence", { [sequence(0x0008_2218, [creator, sequence(0x0029_1010, $0)])] }),
    ("in a sequence of unknown VR", { [DataElement(DICOMTag(rawValue: 0x0008_2218), .un, .bytes(implicit($0)))] }),
    (
      "in a private value of unknown VR",
      { [creator, DataElement(DICOMTag(rawValue: 0x0029_1010), .un, .bytes(implicit($0)))] }
    ),
  ]

  private static let creator = DataElement(DICOMTag(rawValue: 0x0029_0010), .lo, "SOMEBODY")

  private static func sequence(_ tag: UInt32, _ elements: [DataElement]) -> DataElement {
    DataElement(DICOMTag(rawValue: tag), .sq, .items([elements.sorted { $0.tag < $1.tag }]))
  }

  /// One item in implicit little endian, as it stands in a value of unknown VR (PS3.5 section 6.2.2).
  private static func implicit(_ elements: [DataElement]) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 0xFF) } }
    let contents = elements.flatMap { element -> [UInt8] in
      guard case .bytes(let value) = element.value else { return [] }
      let tag = Int(element.tag.rawValue)
      return number(tag >> 16 | (tag & 0xFFFF) << 16) + number(value.count) + value
    }
    return [0xFE, 0xFF, 0, 0xE0] + number(contents.count) + contents
  }

  /// Two attributes of each VR that no option needs: one that PS3.15 lists where there is one, and one that it does not.
  static let attributes: [(tag: DICOMTag, vr: ValueRepresentation)] = {
    var found: [ValueRepresentation: [Bool: DICOMTag]] = [:]
    let own = Set(SampleSlice().elements.map(\.tag))
    for tag in everyTag where !own.contains(tag) && ProfileTable.retained[tag] == nil {
      guard let vr = DICOMDictionary.vr(of: tag) else { continue }
      let isListed = ProfileTable.entries[tag] != nil
      if found[vr]?[isListed] == nil { found[vr, default: [:]][isListed] = tag }
    }
    return ValueRepresentation.allCases.filter { $0 != .sq }.flatMap { vr in
      (found[vr] ?? [:]).values.sorted().map { ($0, vr) }
        // Whatever the dictionary says of an attribute, a file may state any VR.
        + [
          (DICOMTag(rawValue: 0x0008_1030), vr), (DICOMTag(rawValue: 0x0018_0060), vr),
          (DICOMTag(rawValue: 0x0018_FFF0), vr),
        ]
    }
  }()

  /// Every attribute of the dictionary, but for commands, file meta information, directories, curves and overlays.
  static let everyTag: [DICOMTag] = {
    let groups: [UInt32] =
      [0x0008, 0x0010, 0x0012, 0x0014, 0x0016, 0x0018, 0x0020, 0x0022, 0x0024, 0x0028, 0x0032, 0x0034, 0x0038, 0x003A]
      + [
        0x0040, 0x0042, 0x0044, 0x0046, 0x0048, 0x0050, 0x0052, 0x0054, 0x0060, 0x0062, 0x0064, 0x0066, 0x0068, 0x0070,
      ]
      + [
        0x0072, 0x0074, 0x0076, 0x0078, 0x0080, 0x0082, 0x0088, 0x0100, 0x0400, 0x2000, 0x2100, 0x2110, 0x2200, 0x3002,
      ]
      + [0x3004, 0x3006, 0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x4008, 0x4010, 0x5200, 0x5400, 0x5600]
    return groups.flatMap { group in
      (UInt32(1)...0xFFFF).map { DICOMTag(rawValue: group << 16 | $0) }.filter { DICOMDictionary.vr(of: $0) != nil }
    }
  }()

  /// A planted element; one of an odd length too, which the writer pads.
  static func element(_ tag: DICOMTag, _ vr: ValueRepresentation, isOdd: Bool = false) -> DataElement {
    DataElement(tag, vr, .bytes(Array(text.utf8.dropLast(isOdd ? 1 : 0))))
  }

  /// What stands around the data set, or in elements that are removed as groups.
  static let borders: [(name: String, plant: @Sendable (Data) throws -> Data)] = [
    ("preamble", { Data(padded(Array(text.utf8), 128)) + $0.dropFirst(128) }),
    (
      "private file meta information",
      { data in
        var data = data
        let value = Array(text.utf8)
        data.insert(
          contentsOf: [2, 0, 0x02, 0x01, 0x4F, 0x42, 0, 0, UInt8(value.count), 0, 0, 0] + value, at: metaEnd(data))
        return data
      }
    ),
    (
      "sender in the file meta information",
      { data in
        var data = data
        let value = Array(text.utf8)
        data.insert(contentsOf: [2, 0, 0x17, 0, 0x41, 0x45, UInt8(value.count), 0] + value, at: metaEnd(data))
        return data
      }
    ),
    ("behind the data set", { $0 + Data(text.utf8) }),
    ("trailing padding", { try $0.adding(0xFFFC_FFFC, .ob) }),
    ("digital signature", { try $0.adding(0xFFFA_FFFA, .sq, isItem: true) }),
    ("group length", { try $0.adding(0x0010_0000, .ul) }),
    ("overlay", { try $0.adding(0x6000_3000, .ow) }), ("overlay's label", { try $0.adding(0x601E_1500, .lo) }),
    ("curve", { try $0.adding(0x5000_3000, .ow) }), ("curve's label", { try $0.adding(0x50FE_2500, .lo) }),
    (
      "beyond the pixels",
      { data in
        var data = data
        let end = data.count
        data.append(contentsOf: Array(text.utf8))
        // The length of the pixel data, in its last element.
        data[end - 36] = UInt8(32 + text.utf8.count)
        return data
      }
    ),
    ("behind a value's zero", { try $0.adding(0x0018_5100, .cs, before: "HFS\0") }),
    ("behind a UID's zero", { try $0.adding(0x0020_0052, .ui, before: "1.2.3\0") }),
    ("behind a number's zero", { try $0.adding(0x0018_0050, .ds, before: "2.5\0") }),
  ]

  private static func padded(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: count - bytes.count)
  }

  /// Where the file meta information ends, by its group length.
  private static func metaEnd(_ data: Data) -> Int {
    144 + (0..<4).reduce(0) { $0 | Int(data[140 + $1]) << (8 * $1) }
  }
}

extension Data {
  /// The file with a planted element besides.
  fileprivate func adding(
    _ tag: UInt32, _ vr: ValueRepresentation, isItem: Bool = false, before: String = ""
  ) throws -> Data {
    let tag = DICOMTag(rawValue: tag)
    let value = Array((before + Planting.text).utf8)
    let element =
      isItem
      ? DataElement(tag, .sq, .items([[DataElement(.patientName, .pn, Planting.text)]]))
      : DataElement(tag, vr, .bytes(value))
    return try adding([element])
  }

  /// The file with elements besides, those of the same tags being replaced.
  func adding(_ elements: [DataElement]) throws -> Data {
    let file = try parsed()
    let tags = Set(elements.map(\.tag))
    let all = (file.elements.filter { !tags.contains($0.tag) } + elements).sorted { $0.tag < $1.tag }
    let writer = DICOMFileWriter(
      all, of: file, sopClassUID: file.characters(.sopClassUID) ?? "",
      sopInstanceUID: file.characters(.sopInstanceUID) ?? "")
    return Data(writer.bytes)
  }
}
