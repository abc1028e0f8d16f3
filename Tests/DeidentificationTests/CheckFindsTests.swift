import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// The check finds what was planted into files that had been de-identified, wherever it stands.
struct CheckFindsTests {
  private func clean(_ options: DeidentificationOptions = .basic) throws -> Data {
    try Deidentifier(key: testKey, options: options).deidentify(SampleSlice().data()).data
  }

  private static let known: KnownIdentifiers = {
    var known = KnownIdentifiers()
    known.add(text: Planting.text)
    return known
  }()

  /// What is found: by the profile and the signs of persons, and by the search for what is known.
  private func found(_ data: Data, _ options: DeidentificationOptions = .basic) throws -> (blind: Bool, knowing: Bool) {
    let file = try data.parsed()
    let blind = DeidentificationCheck(options: options).problems(in: file, Array(data))
    let places = Self.known.places(in: file, Array(data))
    return (!blind.isEmpty, !places.isEmpty)
  }

  @Test func nothingInACleanFile() throws {
    for options in [DeidentificationOptions.basic, .study] {
      let (blind, knowing) = try found(clean(options), options)
      #expect(!blind && !knowing)
    }
  }

  @Test(arguments: Planting.nestings.map(\.name))
  func inEveryVRAndNesting(name: String) throws {
    let wrap = try #require(Planting.nestings.first { $0.name == name }).wrap
    let file = try clean()
    for (tag, vr) in Planting.attributes {
      for isOdd in [false, true] {
        let data = try file.adding(wrap([Planting.element(tag, vr, isOdd: isOdd)]))
        let (blind, knowing) = try found(data)
        #expect(blind && (knowing || isOdd), "\(vr) in \(tag) \(name)")
      }
    }
  }

  @Test(arguments: Planting.borders.map(\.name))
  func atEveryBorder(name: String) throws {
    let border = try #require(Planting.borders.first { $0.name == name })
    let (blind, knowing) = try found(border.plant(clean()))
    #expect(blind && knowing)
  }

  @Test(arguments: ["utf8", "latin1", "utf16LE", "utf16BE", "capitals"])
  func inEveryWriting(writing: String) throws {
    let name = "Müller^Änne"
    var known = KnownIdentifiers()
    known.add(original: try SampleSlice([(.patientName, .pn, name)]).data().parsed())
    let bytes: Data? =
      switch writing {
      case "latin1": "Anna M\u{FC}ller-Schmidt".data(using: .isoLatin1)
      case "utf16LE": name.data(using: .utf16LittleEndian)
      case "utf16BE": name.data(using: .utf16BigEndian)
      case "capitals": Data("MüLLER^ÄNNE".utf8)
      default: Data(name.utf8)
      }
    if writing == "latin1" { known.add(text: "Schmidt") }
    let planted = try clean().adding([DataElement(DICOMTag(rawValue: 0x0028_3006), .ow, .bytes(Array(#require(bytes))))]
    )
    #expect(try !known.places(in: planted.parsed(), Array(planted)).isEmpty)
  }

  /// What the originals say of their patients is found in an outcome that still has it, though the profile would keep it.
  @Test func whatTheOriginalsSay() throws {
    let original = SampleSlice([
      (.patientName, .pn, "Miller^Anna"), (.patientID, .lo, "MRN-778899"), (.accessionNumber, .sh, "ACC4471"),
      (.studyDate, .da, "20240301"), (.manufacturer, .lo, "MAKER"), (.studyInstanceUID, .ui, "1.3.6.1.4.1.9.1"),
      (DICOMTag(rawValue: 0x0008_0080), .lo, "Saint Elsewhere"), (.seriesDescription, .lo, "Abdomen portal venous"),
    ]).data()
    var known = KnownIdentifiers()
    known.add(original: try original.parsed())
    let outcome = try Deidentifier(key: testKey).deidentify(original).data
    #expect(try known.places(in: outcome.parsed(), Array(outcome)).isEmpty)
    for secret in [
      "Miller", "anna", "MRN-778899", "acc4471", "20240301", "2024-03-01", "01.03.2024", "1.3.6.1.4.1.9.1",
      "saint elsewhere",
    ] {
      // ConvolutionKernel, which stays as it is.
      let planted = try outcome.adding([DataElement(.convolutionKernel, .sh, secret)])
      #expect(try known.places(in: planted.parsed(), Array(planted)) == [.convolutionKernel], "\(secret)")
    }
    for harmless in ["MAKER", "portal", "B30f"] {
      let planted = try outcome.adding([DataElement(.convolutionKernel, .sh, harmless)])
      #expect(try known.places(in: planted.parsed(), Array(planted)).isEmpty, "\(harmless)")
    }
  }

  @Test func aDateThatWasNotMoved() throws {
    let options = DeidentificationOptions.with { $0.dates = .modified }
    let original = SampleSlice([(.studyDate, .da, "20240301")]).data()
    var known = KnownIdentifiers(options: options)
    known.add(original: try original.parsed())
    let outcome = try Deidentifier(key: testKey, options: options).deidentify(original).data
    #expect(try known.places(in: outcome.parsed(), Array(outcome)).isEmpty)
    let unmoved = try outcome.adding([DataElement(.studyDate, .da, "20240301")])
    #expect(try known.places(in: unmoved.parsed(), Array(unmoved)) == [.studyDate])
  }

  @Test func amongPixelsByWhatIsKnown() throws {
    var data = try clean()
    data.replaceSubrange(data.count - 32..<data.count - 16, with: Data(Planting.text.utf8))
    #expect(try found(data).knowing)
  }

  @Test func inFilesThatAreNoDICOM() throws {
    let folder = try TemporaryFolder()
    try Data("a note on \(Planting.text)".utf8).write(to: folder.url.appendingPathComponent("note.txt"))
    let findings = try DeidentificationCheck(known: Self.known).findings(in: folder.url)
    #expect(findings.map(\.problem) == [.unreadable, .knownIdentifier])
  }
}
