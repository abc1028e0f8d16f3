import Foundation
import TestSupport
import Testing

@testable import DICOM

/// The tree of elements: what is read is what was written, from memory and from disk.
struct DataSetTests {
  private static let text = DICOMTag(rawValue: 0x0010_4000)
  private static let privateTag = DICOMTag(rawValue: 0x0011_1001)

  /// A small CT slice, between whose identifiers and pixels `elements` stand.
  private static func slice(
    _ elements: [DataElement], _ encoding: ElementEncoding = .explicitLittle, after: [DataElement] = []
  ) -> [UInt8] {
    func number(_ tag: DICOMTag, _ value: UInt8) -> DataElement {
      DataElement(tag, .us, .bytes(encoding.isBigEndian ? [0, value] : [value, 0]))
    }
    let all =
      [
        DataElement(.sopClassUID, .ui, DICOMUID.ctImageStorage), DataElement(.sopInstanceUID, .ui, "1.2.3"),
        DataElement(.modality, .cs, "CT"),
      ] + elements + [
        DataElement(.seriesInstanceUID, .ui, "1.2"), number(.samplesPerPixel, 1),
        DataElement(.photometricInterpretation, .cs, "MONOCHROME2"), number(.rows, 2), number(.columns, 3),
        number(.bitsAllocated, 16), number(.bitsStored, 12), number(.highBit, 11), number(.pixelRepresentation, 0),
        DataElement(.pixelData, .ow, .bytes(Array(0..<12))),
      ] + after
    return DICOMFileWriter(
      all, of: DataSet(all, name: "slice", encoding: encoding), sopClassUID: DICOMUID.ctImageStorage,
      sopInstanceUID: "1.2.3"
    ).bytes
  }

  private static func attributes(_ file: [UInt8]) throws -> [CTAttributes] {
    try DICOMFile.attributes(of: Data(file), name: "slice")
  }

  /// Tags, VRs and values, at every depth.
  private static func outline(_ dataSet: DataSet, _ elements: [DataElement]) throws -> [String] {
    try elements.flatMap { element -> [String] in
      let head = "\(element.tag) \(element.vr.rawValue)"
      switch element.value {
      case .items(let items): return [head] + (try items.flatMap { ["item"] + (try outline(dataSet, $0)) })
      case .fragments(let fragments): return [head, "\(fragments)"]
      case .source(let range): return [head, "\(try dataSet.bytes.bytes(range))"]
      case .bytes(let bytes): return [head, "\(bytes)"]
      }
    }
  }

  @Test func diskAndMemoryGiveTheSame() throws {
    for url in try Golden.made() {
      let onDisk = try DataSet(url)
      let inMemory = try DataSet([UInt8](Data(contentsOf: url)), name: url.lastPathComponent)
      #expect(onDisk.encoding == inMemory.encoding && onDisk.transferSyntax == inMemory.transferSyntax)
      let outlines = try [onDisk, inMemory].map { try Self.outline($0, $0.meta + $0.elements) }
      #expect(outlines[0] == outlines[1], "\(url.lastPathComponent)")
    }
  }

  /// Large values stay on disk, whatever follows them.
  @Test(arguments: [1_000, 20_000, 65_536, 65_538, 300_000])
  func whatFollowsALargeValueIsRead(count: Int) throws {
    let large = DataElement(Self.privateTag, .ob, .bytes((0..<count).map { UInt8(truncatingIfNeeded: $0) }))
    let sequence = DataElement(
      DICOMTag(rawValue: 0x0012_0064), .sq, .items([[DataElement(.patientComments, .lt, "a"), large]]))
    let comments = DataElement(.imageComments, .lt, String(repeating: "words ", count: 2_000))
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("large.dcm")
    let file = Self.slice([large, sequence, comments, large])
    try Data(file).write(to: url)
    let dataSet = try DataSet(url)
    #expect(dataSet.text(.imageComments)?.count == 11_999)
    #expect(dataSet.text(.patientComments, in: dataSet.item(0, of: sequence.tag)) == "a")
    let outlines = try [dataSet, DataSet(file, name: "slice")].map { try Self.outline($0, $0.elements) }
    #expect(outlines[0] == outlines[1])
    #expect(try DICOMFile.storedPixels(at: url).values == .integers([0x100, 0x302, 0x504, 0x706, 0x908, 0xB0A]))
  }

  @Test(arguments: [ElementEncoding.explicitLittle, .implicitLittle, .explicitBig])
  func whatIsWrittenIsRead(encoding: ElementEncoding) throws {
    let inner = DataElement(.derivationImageSequence, .sq, .items([[DataElement(.patientName, .pn, "A^B")], []]))
    let sequence = DataElement(.sourceImageSequence, .sq, .items([[inner, DataElement(Self.text, .lt, "odd")]]))
    let file = Self.slice([sequence, DataElement(.seriesDescription, .lo, "")], encoding)
    let dataSet = try DataSet(file, name: "slice")
    #expect(dataSet.encoding == encoding)
    #expect(dataSet.transferSyntax == TransferSyntax.native(encoding))
    let item = dataSet.item(0, of: .sourceImageSequence)
    #expect(dataSet.text(Self.text, in: item) == "odd")
    #expect(dataSet.items(.derivationImageSequence, in: item).map(\.count) == [1, 0])
    #expect(dataSet.text(.patientName, in: dataSet.item(0, of: .derivationImageSequence, in: item)) == "A^B")
    #expect(dataSet.text(.seriesDescription) == nil && dataSet.element(.seriesDescription) != nil)
    #expect(dataSet.integer(.bitsStored) == 12 && dataSet.text(.rows) == "2")
    let again = DICOMFileWriter(
      dataSet.elements, of: dataSet, sopClassUID: DICOMUID.ctImageStorage, sopInstanceUID: "1.2.3")
    #expect(again.bytes == file)
  }

  @Test func numbersOfEveryVR() throws {
    let texts: [(ValueRepresentation, String, [Double])] = [
      (.us, "65535\\0", [65535, 0]), (.ss, "-32768\\7", [-32768, 7]), (.ul, "4294967295", [4_294_967_295]),
      (.sl, "-2147483648", [-2_147_483_648]), (.fl, "0.5\\-2.25", [0.5, -2.25]), (.fd, "0.1", [0.1]),
      (.sv, "-5", [-5]), (.uv, "5", [5]), (.ds, " 1.5 \\-2e3", [1.5, -2000]), (.is, "7", [7]),
    ]
    for (vr, text, numbers) in texts {
      let element = try #require(DataElement(Self.privateTag, vr, parsing: text))
      let dataSet = try DataSet(Self.slice([element]), name: "slice")
      #expect(dataSet.numbers(Self.privateTag) == numbers, "\(vr)")
    }
    for (vr, text) in [
      (ValueRepresentation.us, "65536"), (.us, "-1"), (.ss, "32768"), (.ul, "x"), (.fd, ""), (.sq, ""),
    ] {
      let element = DataElement(Self.privateTag, vr, parsing: text)
      #expect(text.isEmpty && vr != .sq ? element != nil : element == nil, "\(vr) \(text)")
    }
    let dataSet = try DataSet(Self.slice([DataElement(Self.privateTag, .ds, "1\\two")]), name: "slice")
    #expect(dataSet.numbers(Self.privateTag) == nil)
  }

  @Test func paddingOfValues() throws {
    let elements = [
      DataElement(.imageType, .cs, "ORIGINAL \\ PRIMARY\\AXIAL "), DataElement(Self.text, .lt, " a \\ b "),
      DataElement(.patientID, .lo, "12\0garbage"),
    ]
    let dataSet = try DataSet(Self.slice(elements.sorted { $0.tag < $1.tag }), name: "slice")
    #expect(dataSet.text(.imageType) == "ORIGINAL\\PRIMARY\\AXIAL")
    #expect(dataSet.text(Self.text) == "a \\ b")
    #expect(dataSet.text(.patientID) == "12")
    #expect(dataSet.characters(.patientID) == "12\0garbage")
  }

  @Test func elementsWithoutVRAmongOthers() throws {
    var file = Self.slice([DataElement(.patientID, .lo, "AB1234")])
    // LO and a length of 16 bits become one of 32 bits.
    let start = try #require(Data(file).range(of: Data([0x10, 0, 0x20, 0, 0x4C, 0x4F, 6, 0]))).lowerBound
    file.replaceSubrange(start + 4..<start + 8, with: [6, 0, 0, 0])
    #expect(try Self.attributes(file).first?.patientID == "AB1234")
  }

  /// The same file with another VR in the place of OW.
  private static func renamed(_ tag: [UInt8], to vr: String, in file: [UInt8]) throws -> [UInt8] {
    var file = file
    let start = try #require(Data(file).range(of: Data(tag + Array("OW".utf8)))).lowerBound
    file.replaceSubrange(start + 4..<start + 6, with: Array(vr.utf8))
    return file
  }

  @Test(arguments: ["SQ", "UN"])
  func damagedSequences(vr: String) throws {
    // Its length is right, but what it holds is no item.
    let name = Array("Miller^Anna ".utf8)
    let file = try Self.renamed(
      [0x08, 0, 0x12, 0x21], to: vr, in: Self.slice([DataElement(.sourceImageSequence, .ow, .bytes(name))]))
    for purpose in [DataSet.Purpose.values, .rewriting] {
      let dataSet = try DataSet(file, name: "slice", for: purpose)
      #expect(dataSet.element(.sourceImageSequence)?.vr == .un)
      #expect(dataSet.element(.sourceImageSequence).map { Array(dataSet.value(of: $0)) } == name)
    }
    #expect(try Self.attributes(file).count == 1)
    // What says where the pixels lie must be understood.
    let groups = try Self.renamed(
      [0x00, 0x52, 0x30, 0x92], to: vr,
      in: Self.slice([DataElement(.perFrameFunctionalGroupsSequence, .ow, .bytes(name))]))
    let error = try #require(throws: DICOMError.self) { try Self.attributes(groups) }
    #expect(error.kind == .invalid && error.tag == .perFrameFunctionalGroupsSequence)
    let positions = DataElement(.planePositionSequence, .ow, .bytes(name))
    let inner = try Self.renamed(
      [0x20, 0x00, 0x13, 0x91], to: vr,
      in: Self.slice([DataElement(.perFrameFunctionalGroupsSequence, .sq, .items([[positions]]))]))
    let innerError = try #require(throws: DICOMError.self) { try Self.attributes(inner) }
    #expect(innerError.kind == .invalid && innerError.tag == .planePositionSequence)
  }

  @Test func bigEndianUnderAnotherName() throws {
    let file = Self.slice([], .explicitBig)
    let uid = try #require(Data(file).range(of: Data("1.2.840.10008.1.2.2\0".utf8)))
    for other in ["1.2.840.10008.1.2.1\0", "1.2.840.10008.1.2.9\0", "1.2.841.10008.1.2.2\0"] {
      var renamed = file
      renamed.replaceSubrange(uid, with: Array(other.utf8))
      #expect(try DataSet(renamed, name: "slice").encoding == .explicitBig)
      #expect(try Self.attributes(renamed).count == 1)
    }
  }

  @Test func elementsAfterThePixels() throws {
    let late = DataElement(.patientID, .lo, "LATE")
    let file = Self.slice([], after: [late])
    #expect(try Self.attributes(file).first?.patientID == "LATE")
    #expect(throws: DICOMError.self) { try Self.attributes(Array(file.dropLast(2))) }
    let rewritten = try DataSet(file, name: "slice", for: .rewriting)
    #expect(rewritten.elements.last?.tag == .pixelData && rewritten.element(.patientID) == nil)
    #expect(rewritten.trailingByteCount == 12)
    // Nothing but padding.
    #expect(try Self.attributes(Self.slice([]) + [UInt8](repeating: 0, count: 37)).count == 1)
  }

  @Test func theFirstOfTwoElementsCounts() throws {
    let file = Self.slice([DataElement(.patientID, .lo, "A"), DataElement(.patientID, .lo, "B")])
    #expect(try Self.attributes(file).first?.patientID == "A")
  }

  @Test func fileThatBecomesShorter() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("slice.dcm")
    let large = DataElement(Self.privateTag, .ob, .bytes([UInt8](repeating: 1, count: 100_000)))
    try Data(Self.slice([large])).write(to: url)
    let dataSet = try DataSet(url)
    let format = try PixelFormat(dataSet)
    let handle = try FileHandle(forWritingTo: url)
    try handle.truncate(atOffset: 50_000)
    let error = try #require(throws: DICOMError.self) { _ = try format.integers(of: 0, in: dataSet) }
    #expect(error.kind == .truncated)
  }
}
