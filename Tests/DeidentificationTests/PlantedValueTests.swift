import DICOM
import Foundation
import Support
import TestSupport
import Testing

@testable import Deidentification

/// No value that is planted in an attribute of PS3.15's table, or around the data set, comes through.
struct PlantedValueTests {
  private static let deidentifier = Deidentifier(key: testKey)

  @Test(arguments: Planted.names)
  func nothingPlantedIsLeft(_ name: String) throws {
    let original = try Planted.data(name)
    if name != "planted-deflated" { #expect(Planted.found(in: original) == Planted.marks) }
    let result = try Self.deidentifier.deidentify(original, name: name)
    #expect(Planted.found(in: result.data).isEmpty)
    #expect(result.audit.preambles == 1)
    // What was planted beyond the image, and behind the pixel data.
    #expect(result.audit.trailingBytes > 16)
    #expect(result.audit.count(.patientName, .emptied) >= 2, "at the top level and two sequences deep")
    #expect(try DeidentificationCheck().problems(in: result.data.parsed()).isEmpty)
  }

  @Test func everyEncodingGivesTheSameElements() throws {
    let texts = try Planted.names.map { name in
      let file = try Self.deidentifier.deidentify(Planted.data(name)).data.parsed()
      // In implicit encoding, the VR of attributes newer than the dictionary is lost.
      let known = leaves(file.elements).filter { DICOMDictionary.vr(of: $0.element.tag) != nil }
      return known.map { "\($0.path) \($0.element.tag) \(Array(file.value(of: $0.element)))" }
    }
    #expect(texts[0] == texts[2])
    #expect(texts[0] == texts[1])
  }

  @Test(arguments: Planted.names)
  func pixelsAndGeometryStay(_ name: String) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("out.dcm")
    let original = try Planted.fixture(name + ".dcm")
    let result = try Self.deidentifier.deidentify(file: original, to: url)
    let image = try DICOMFile.image(at: url)
    #expect(image.values == (0..<256).map { Float($0 - 1024) })
    let before = try #require(try DICOMFile.attributes(of: original).first)
    let after = try #require(try DICOMFile.attributes(of: url).first)
    #expect(result.facts == [before])
    #expect(after.imagePosition == before.imagePosition)
    #expect(after.kernel == "B30f")
    #expect(after.patientID == result.pseudonym)
    #expect(after.patientIdentityRemoved)
    #expect(after.seriesDescription == nil)
    #expect(before.seriesDescription == "Planted 0008103E")
    #expect(before.contrastStartTime == "031415.926")
  }

  @Test(arguments: ["enhanced-per-frame", "enhanced-shared"])
  func framesKeepTheirPlacesAndLoseTheirNames(_ name: String) throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("DICOMTests/Fixtures/made/\(name).dcm")
    let original = try Data(contentsOf: url)
    let file = try original.parsed()
    // A name and a comment in each frame's item, and in the item that all share.
    let secrets = [
      DataElement(.patientName, .pn, "Miller^Anna"), DataElement(DICOMTag(rawValue: 0x0020_4000), .lt, "Anna Miller"),
      DataElement(DICOMTag(rawValue: 0x0021_0010), .lo, "MILLER"),
      DataElement(DICOMTag(rawValue: 0x0021_1001), .un, "Miller"),
    ]
    let elements = file.elements.map { element in
      guard [0x5200_9229, 0x5200_9230].contains(element.tag.rawValue), case .items(let items) = element.value else {
        return element
      }
      return element.with(.items(items.map { ($0 + secrets).sorted { $0.tag < $1.tag } }))
    }
    let writer = DICOMFileWriter(
      elements, of: file, sopClassUID: DICOMUID.enhancedCTImageStorage,
      sopInstanceUID: file.characters(.sopInstanceUID) ?? "")
    let planted = Data(writer.bytes)
    #expect(Planted.found(in: planted, marks: ["Miller"]) == ["Miller"])
    let result = try Self.deidentifier.deidentify(planted)
    #expect(Planted.found(in: result.data, marks: ["Miller"]).isEmpty)
    #expect(try DeidentificationCheck().problems(in: result.data.parsed()).isEmpty)
    let folder = try TemporaryFolder()
    let outcome = folder.url.appendingPathComponent("out.dcm")
    try result.data.write(to: outcome)
    let (before, after) = (try DICOMFile.attributes(of: url), try DICOMFile.attributes(of: outcome))
    #expect(before.count > 1 && after.map(\.imagePosition) == before.map(\.imagePosition))
    for frame in before.indices {
      #expect(
        try DICOMFile.image(at: outcome, frame: frame).values == DICOMFile.image(at: url, frame: frame).values)
    }
  }

  /// What pydicom and a scanner of another maker found in exactly these bytes: nothing.
  @Test(arguments: Planted.names)
  func othersFindNothing(_ name: String) throws {
    struct Checked: Decodable {
      struct File: Decodable {
        let sha256: String
        let findings: [String]
      }
      let files: [String: File]
    }
    let data = try Self.deidentifier.deidentify(Planted.data(name)).data
    if let folder = ProcessInfo.processInfo.environment["RENALGRADE_DEIDENTIFIED"] {
      try data.write(to: URL(fileURLWithPath: folder).appendingPathComponent(name + ".dcm"))
    }
    let checked = try JSONDecoder().decode(Checked.self, from: Data(contentsOf: Planted.fixture("checked.json")))
    let file = try #require(checked.files[name + ".dcm"])
    let digest = data.sha256
    #expect(
      digest == file.sha256, "the outcome has changed: check it again, as Tests/Reference/deidentification.py says")
    #expect(file.findings.isEmpty)
  }

  /// Each option keeps what its column of the table says, and nothing else.
  @Test(arguments: [
    ("uids", DeidentificationOptions.with { $0.retainsUIDs = true }, "K"),
    ("device", .with { $0.retainsDeviceIdentity = true }, "K"),
    ("institution", .with { $0.retainsInstitutionIdentity = true }, "K"),
    ("patient", .with { $0.retainsPatientCharacteristics = true }, "K"),
    ("full dates", .with { $0.dates = .full }, "K"),
    ("modified dates", .with { $0.dates = .modified }, "C"),
  ])
  func optionKeepsItsColumn(column: String, options: DeidentificationOptions, code: String) throws {
    let original = try Planted.data("planted-explicit").parsed()
    let basic = try Self.values(.basic)
    let kept = try Self.values(options)
    let changed = Set(kept.filter { basic[$0.key] != $0.value && $0.value != [""] && $0.value != ["", ""] }.keys)
    let listed = try Set(
      Self.table().filter { $0[column] == code }.compactMap { $0["tag"].flatMap { UInt32($0, radix: 16) } })
    let before = Dictionary(grouping: original.elements.filter { $0.vr != .sq }) { $0.tag.rawValue }
    // With the listed UIDs the others stay too.
    let besides = changed.subtracting(listed).subtracting([0x0028_0303])
    #expect(besides.allSatisfy { column == "uids" && before[$0]?.first?.vr == .ui })
    #expect(listed.contains { before[$0] != nil })
    for tag in listed {
      guard let element = before[tag]?.first, let value = original.characters(of: element) else { continue }
      let expected: String?
      switch (column, element.vr) {
      case ("modified dates", .da), ("modified dates", .dt): expected = DateShift(days: Self.offset).moved(value)
      case ("modified dates", .tm): expected = value
      case ("modified dates", .sh): expected = ""
      case ("modified dates", _): expected = basic[tag]?.first
      // A planted word is none of the standard's terms; days and times follow the choice of dates alone.
      case (_, .cs): expected = ""
      case ("device", .da), ("device", .dt), ("device", .tm): expected = basic[tag]?.first
      case (_, .as): expected = "090Y"
      // Words among bytes.
      case (_, .ob): expected = nil
      default: expected = value
      }
      #expect(kept[tag]?.first == expected, "\(String(tag, radix: 16))")
      #expect(kept[tag]?.last == expected, "\(String(tag, radix: 16)), two sequences deep")
    }
  }

  private static let offset = testKey.dateOffset(
    PseudonymKey.Patient(id: Array("Planted 00100020".utf8), issuer: Array("Planted 00100021".utf8)))

  /// The texts at the top level and two sequences deep, by tag.
  private static func values(_ options: DeidentificationOptions) throws -> [UInt32: [String]] {
    let data = try Planted.data("planted-explicit")
    let file = try Deidentifier(key: testKey, options: options).deidentify(data).data.parsed()
    let paths: [[DICOMTag]] = [[], [.sharedFunctionalGroupsSequence, .pixelMeasuresSequence]]
    return Dictionary(grouping: leaves(file.elements).filter { paths.contains($0.path) }) { $0.element.tag.rawValue }
      .mapValues { $0.sorted { $0.path.count < $1.path.count }.map { file.characters(of: $0.element) ?? "" } }
  }

  private static func table() throws -> [[String: String]] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/Deidentification/Data/confidentiality-profile.csv")
    return try DataTable.rows([UInt8](Data(contentsOf: url)))
  }

  @Test func descriptionsKeepKnownWordsOnly() throws {
    let options = DeidentificationOptions.with { $0.cleansDescriptors = true }
    let result = try Deidentifier(key: testKey, options: options).deidentify(Planted.data("planted-explicit"))
    #expect(Planted.found(in: result.data).isEmpty)
    #expect(result.audit.count(.seriesDescription, .cleaned) == 2)
  }
}
