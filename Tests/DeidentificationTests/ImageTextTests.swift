import DICOM
import Foundation
import Testing

@testable import Deidentification

/// Images that may show text are refused, with the sign that gave them away.
struct ImageTextTests {
  static let conversionType = DICOMTag(rawValue: 0x0008_0064)

  @Test(arguments: [
    (DICOMTag.burnedInAnnotation, ValueRepresentation.cs, "YES", "burned-in"),
    (.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.7", "secondary capture"),
    (.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.88.67", "structured report"),
    (.sopClassUID, .ui, "1.2.840.10008.5.1.4.1.1.104.1", "document"),
    (.modality, .cs, "US", "ultrasound"),
    (.imageType, .cs, #"DERIVED\SECONDARY\SCREEN SAVE"#, "screen save"),
    (.imageType, .cs, #"DERIVED\SECONDARY\OTHER\CT_SOM7 PROT"#, "dose report"),
    (.imageType, .cs, #"DERIVED\SECONDARY\DOSE_INFO"#, "dose report"),
    (.seriesDescription, .lo, "Patient Protocol", "dose report"),
    (.seriesDescription, .lo, "GE Dose Report 1", "dose report"),
    (Self.conversionType, .cs, "WSD", "secondary capture"),
  ])
  func isRefused(tag: DICOMTag, vr: ValueRepresentation, value: String, reason: String) throws {
    let data = SampleSlice([(tag, vr, value)]).data()
    let refusal = try #require(throws: DeidentificationRefusal.self) {
      try Deidentifier(key: testKey).deidentify(data, name: "shot.dcm")
    }
    #expect(refusal.tag == tag)
    #expect(refusal.reason.contains(reason))
    #expect(refusal.description.hasPrefix("shot.dcm: it may show"))
    let admitting = Deidentifier(key: testKey, options: .with { $0.admitsImagesWithText = true })
    #expect(throws: Never.self) { try admitting.deidentify(data) }
  }

  @Test(arguments: [
    (DICOMTag.burnedInAnnotation, ValueRepresentation.cs, "NO"),
    (.imageType, .cs, #"DERIVED\SECONDARY\MPR"#),
    (.imageType, .cs, #"ORIGINAL\PRIMARY\AXIAL\CT_SOM7 SPI"#),
    (.imageType, .cs, #"ORIGINAL\PRIMARY\LOCALIZER"#),
    (.seriesDescription, .lo, "Low dose abdomen"),
  ])
  func isTaken(tag: DICOMTag, vr: ValueRepresentation, value: String) throws {
    #expect(throws: Never.self) { try Deidentifier(key: testKey).deidentify(SampleSlice([(tag, vr, value)]).data()) }
  }

  @Test func colourAndOverlaysInPixels() throws {
    var colour = SampleSlice()
    colour.elements.removeAll { $0.tag == .samplesPerPixel }
    colour.elements.append(DataElement(.samplesPerPixel, .us, .bytes([3, 0])))
    let refusal = try #require(throws: DeidentificationRefusal.self) {
      try Deidentifier(key: testKey).deidentify(colour.data())
    }
    #expect(refusal.tag == .samplesPerPixel)
    let position = DICOMTag(rawValue: 0x6000_0102)
    let embedded = SampleSlice().adding(DataElement(position, .us, .bytes([12, 0])))
    #expect(throws: DeidentificationRefusal.self) { try Deidentifier(key: testKey).deidentify(embedded.data()) }
    let apart = SampleSlice().adding(DataElement(position, .us, .bytes([0, 0])))
    #expect(throws: Never.self) { try Deidentifier(key: testKey).deidentify(apart.data()) }
  }
}
