import DICOM
import Foundation
import Testing

@testable import Deidentification

/// The files of `Tests/Reference/deidentification.py`, and what is planted in them.
enum Planted {
  static let names = ["planted-explicit", "planted-implicit", "planted-deflated"]
  /// Every planted value holds one of these.
  static let marks = ["planted", "19470317", "031415", "1.3.6.1.4.1.99947", "4711.47", "471147", "093Y"]

  static func data(_ name: String) throws -> Data { try Data(contentsOf: fixture(name + ".dcm")) }

  static func fixture(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  }

  /// The marks that stand anywhere in the bytes, in capitals or not, in UTF-8 or UTF-16.
  static func found(in data: Data, marks: [String] = Planted.marks) -> [String] {
    let lowered = Data(data.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 })
    return marks.filter { mark in
      [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian].contains { encoding in
        mark.lowercased().data(using: encoding).flatMap { lowered.range(of: $0) } != nil
      }
    }
  }
}

/// One key for all tests, so that outcomes stay the same.
let testKey: PseudonymKey = {
  guard let key = PseudonymKey(bytes: Array(UInt8(0)..<32)) else { fatalError("a key has 32 bytes") }
  return key
}()

extension DeidentificationOptions {
  static func with(_ change: (inout DeidentificationOptions) -> Void) -> DeidentificationOptions {
    var options = DeidentificationOptions.basic
    change(&options)
    return options
  }
}

/// A small CT slice whose elements a test chooses.
struct SampleSlice {
  var elements: [DataElement]
  var encoding = ElementEncoding.explicitLittle

  init(_ change: [(DICOMTag, ValueRepresentation, String)] = []) {
    let attributes: [(DICOMTag, ValueRepresentation, String)] = [
      (.imageType, .cs, #"ORIGINAL\PRIMARY\AXIAL"#), (.sopClassUID, .ui, DICOMUID.ctImageStorage),
      (.sopInstanceUID, .ui, "1.2.3.1"), (.modality, .cs, "CT"), (.patientID, .lo, "12345"),
      (.studyInstanceUID, .ui, "1.2.3"), (.seriesInstanceUID, .ui, "1.2.3.4"),
      (.photometricInterpretation, .cs, "MONOCHROME2"),
    ]
    let changed = Set(change.map(\.0))
    elements = (attributes.filter { !changed.contains($0.0) } + change).map { DataElement($0, $1, $2) }
    let numbers: [(DICOMTag, UInt8)] = [
      (.samplesPerPixel, 1), (.rows, 4), (.columns, 4), (.bitsAllocated, 16), (.bitsStored, 16), (.highBit, 15),
      (.pixelRepresentation, 1),
    ]
    elements += numbers.map { DataElement($0, .us, .bytes([$1, 0])) }
    elements.append(DataElement(.pixelData, .ow, .bytes(Array(0..<32))))
  }

  /// Adds an element, such as a sequence.
  func adding(_ element: DataElement) -> SampleSlice {
    var slice = self
    slice.elements.append(element)
    return slice
  }

  /// The bytes of a file in the encoding.
  func data() -> Data {
    var elements = self.elements
    if encoding.isBigEndian {
      for index in elements.indices where elements[index].vr == .us {
        if case .bytes(let value) = elements[index].value { elements[index].value = .bytes(value.reversed()) }
      }
    }
    let file = DataSet(elements, name: "sample", encoding: encoding)
    let uid = file.characters(.sopInstanceUID) ?? "1.2.3.1"
    let writer = DICOMFileWriter(
      elements.sorted { $0.tag < $1.tag }, of: file, sopClassUID: DICOMUID.ctImageStorage, sopInstanceUID: uid)
    return Data(writer.bytes)
  }
}

/// What a file holds, for tests.
extension Data {
  func parsed() throws -> DataSet { try DataSet(original: self, name: "outcome") }

  /// The text of an attribute at the top level.
  func text(_ tag: UInt32) throws -> String? {
    let file = try parsed()
    return file.characters(DICOMTag(rawValue: tag))
  }
}

/// Elements that are not sequences, with the path of sequences that leads to each.
func leaves(_ elements: [DataElement], _ path: [DICOMTag] = []) -> [(path: [DICOMTag], element: DataElement)] {
  elements.flatMap { element -> [(path: [DICOMTag], element: DataElement)] in
    guard case .items(let items) = element.value else { return [(path, element)] }
    return items.flatMap { leaves($0, path + [element.tag]) }
  }
}
