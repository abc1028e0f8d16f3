import Foundation
import Imaging

@testable import DICOM

extension CTInstance {
  /// A small slice for tests of headers, 4 x 4 pixels.
  static func small(_ values: [Int16] = Array(repeating: 40, count: 16)) -> CTInstance {
    CTInstance(
      patientID: "P", studyInstanceUID: "2.25.1", seriesInstanceUID: "2.25.2", sopInstanceUID: "2.25.3", columns: 4,
      rows: 4, storedValues: values, position: .zero, pixelSpacing: .init(row: 1, column: 1), sliceThickness: 2)
  }

  /// The file with some elements replaced or added, whatever they hold; in another encoding where that is given.
  func encoded(_ changes: [DataElement], as encoding: ElementEncoding = .explicitLittle) throws -> Data {
    let dataSet = try DataSet([UInt8](encoded()), name: "slice")
    let changed = Set(changes.map(\.tag))
    let kept = dataSet.elements.filter { !changed.contains($0.tag) }
      .map { DataElement($0.tag, $0.vr, .bytes(Array(dataSet.value(of: $0)))) }
    let all = (kept + changes).sorted { $0.tag < $1.tag }
    let writer = DICOMFileWriter(
      all, of: DataSet(all, name: "slice", encoding: encoding), sopClassUID: DICOMUID.ctImageStorage,
      sopInstanceUID: elements[.sopInstanceUID, default: ""])
    return Data(writer.bytes)
  }
}

extension DataElement {
  /// A little-endian number of 16 bits.
  static func word(_ tag: DICOMTag, _ vr: ValueRepresentation, _ value: Int) -> DataElement {
    let bits = UInt16(truncatingIfNeeded: value)
    return DataElement(tag, vr, .bytes([UInt8(bits & 0xFF), UInt8(bits >> 8)]))
  }
}
