import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Values that are not quite what their VR says: kept where they can be read, else named, never dropped in silence.
struct ReadableValuesTests {
  static let rotation = DICOMTag(rawValue: 0x0018_1140)
  static let scanOptions = DICOMTag(rawValue: 0x0018_0022)

  private func outcome(
    _ tag: DICOMTag, _ vr: ValueRepresentation, _ value: String, _ options: DeidentificationOptions = .basic
  ) throws -> (text: String?, vr: ValueRepresentation?, audit: DeidentificationAudit) {
    let result = try Deidentifier(key: testKey, options: options).deidentify(SampleSlice([(tag, vr, value)]).data())
    let file = try result.data.parsed()
    let problems = DeidentificationCheck(options: options).problems(in: file, Array(result.data))
    #expect(problems.isEmpty, "\(tag) \(value): \(problems)")
    return (file.characters(tag), file.element(tag)?.vr, result.audit)
  }

  @Test(arguments: [
    (DICOMTag.pixelSpacing, #"0,800\0,800"#), (.sliceThickness, "2,5"), (.imagePositionPatient, #"-25,00\-25,00\0,00"#),
    (.kvp, "1,2E+02"), (.rescaleIntercept, "-1024,0"), (.instanceNumber, "7.0"), (.seriesNumber, " 12 "),
    (.pixelSpacing, #" 0.8 \ 0.8 "#), (.sliceThickness, "+2.5e-01"),
  ])
  func numbersOfOtherHabitsStay(tag: DICOMTag, value: String) throws {
    let vr = try #require(DICOMDictionary.vr(of: tag))
    let (text, _, audit) = try outcome(tag, vr, value)
    #expect(text == value.trimmingCharacters(in: .whitespaces))
    #expect(audit.unreadable.isEmpty)
  }

  @Test(arguments: [
    (DICOMTag.pixelSpacing, ValueRepresentation.ut, #"0.8\0.8"#), (.sliceThickness, .lo, "2.5"), (.kvp, .st, "120"),
    (.seriesNumber, .sh, "3"), (Self.rotation, .lo, "CW"), (.imagePositionPatient, .lt, #"-25\-25\0"#),
    (.modality, .sh, "CT"), (.manufacturer, .cs, "MAKER"), (.studyInstanceUID, .lo, "1.2.3"),
  ])
  func anotherVRIsPutRight(tag: DICOMTag, vr: ValueRepresentation, value: String) throws {
    let (text, found, audit) = try outcome(tag, vr, value)
    #expect(text == (tag == .studyInstanceUID ? testKey.uid(value) : value))
    #expect(found == DICOMDictionary.vr(of: tag))
    #expect(audit.unreadable.isEmpty)
  }

  @Test func binaryNumbersInPlaceOfDecimalStay() throws {
    let spacing = DataElement(
      .pixelSpacing, .fd,
      .bytes(
        [0.8, 0.8].flatMap { number in
          withUnsafeBytes(of: (number as Double).bitPattern.littleEndian) { Array($0) }
        }))
    let data = try Deidentifier(key: testKey).deidentify(SampleSlice().adding(spacing).data()).data
    #expect(try data.parsed().numbers(.pixelSpacing) == [0.8, 0.8])
  }

  @Test(arguments: [
    (DICOMTag.pixelSpacing, ValueRepresentation.ds, #"0.8 mm\0.8"#), (.pixelSpacing, .ut, "0.8 by 0.8"),
    (.kvp, .ds, "12-03-1947"), (.sliceThickness, .ds, "2.5.5"), (.seriesNumber, .is, "Miller"),
    (Self.rotation, .cs, "MILLER"), (.imagePositionPatient, .ds, "1947.03.17"), (.kvp, .ds, "120\0Miller"),
  ])
  func whatCannotBeReadIsNamed(tag: DICOMTag, vr: ValueRepresentation, value: String) throws {
    let (text, _, audit) = try outcome(tag, vr, value)
    #expect(text == nil)
    #expect(audit.unreadable.map(\.attribute) == [tag.description])
    #expect(audit.count(tag, .unreadable) == 1)
  }

  static let codedStrings: [(tag: DICOMTag, value: String, kept: String?)] = [
    (DICOMTag.bodyPartExamined, "KIDNEY", "KIDNEY"), (.bodyPartExamined, "MILLER ANNA", nil),
    (.bodyPartExamined, "Abdomen", "Abdomen"), (.bodyPartExamined, "UPPER_ABDOMEN", "UPPER_ABDOMEN"),
    (Self.scanOptions, #"HELICAL MODE\MILLER\TILT"#, #"HELICAL MODE\\TILT"#), (Self.scanOptions, "ANNA", nil),
    (.imageType, #"ORIGINAL\PRIMARY\AXIAL\CT_SOM5 SPI"#, #"ORIGINAL\PRIMARY\AXIAL\CT_SOM5 SPI"#),
    (.imageType, #"ORIGINAL\PRIMARY\AXIAL\MILLER_ANNA"#, #"ORIGINAL\PRIMARY\AXIAL\"#),
    (.specificCharacterSet, #"ISO_IR 100\ISO 2022 IR 87"#, #"ISO_IR 100\ISO 2022 IR 87"#),
    (.specificCharacterSet, #"ISO_IR 100\MILLER"#, #"ISO_IR 100\"#),
    (.specificCharacterSet, #"\ISO 2022 IR 87"#, #"\ISO 2022 IR 87"#),
    (.patientPosition, "HFS", "HFS"), (.patientPosition, "SMITH", nil), (Self.rotation, "19470317", nil),
    (DICOMTag(rawValue: 0x0020_0020), #"L\PH"#, #"L\PH"#), (DICOMTag(rawValue: 0x0020_0020), #"L\ANNA"#, #"L\"#),
    (DICOMTag(rawValue: 0x0018_9323), "XYZ_EC", "XYZ_EC"), (.patientPosition, "HFS^MILLER", nil),
  ]

  @Test(arguments: codedStrings)
  func codedStringsKeepTheStandardsTerms(tag: DICOMTag, value: String, kept: String?) throws {
    #expect(try outcome(tag, .cs, value).text == kept)
  }

  static let ages: [(age: String, kept: String?)] = [
    ("089Y", "089Y"), ("090Y", "090Y"), ("093Y", "090Y"), ("101Y", "090Y"), (#"064Y\093Y"#, #"064Y\090Y"#),
    ("999M", "999M"), ("999W", "999W"), ("93", nil), ("93 Y", nil), ("old", nil),
  ]

  @Test(arguments: ages)
  func agesOver89BecomeOneGroup(age: String, kept: String?) throws {
    let options = DeidentificationOptions.with {
      $0.retainsPatientCharacteristics = true
      $0.retainsUnlistedText = true
    }
    // SelectorASValue is the other attribute of that VR; an age that came as a text is one all the same.
    for (tag, vr) in [
      (DICOMTag.patientAge, ValueRepresentation.as), (.patientAge, .sh), (DICOMTag(rawValue: 0x0072_005F), .as),
    ] {
      #expect(try outcome(tag, vr, age, options).text == kept, "\(tag) \(vr)")
    }
  }

  static let daysOfDevices: [(DICOMTag, ValueRepresentation, String)] = [
    (DICOMTag(rawValue: 0x0018_1200), .da, "20240301"), (DICOMTag(rawValue: 0x0018_1201), .tm, "101500"),
    (DICOMTag(rawValue: 0x0018_1202), .dt, "20240301101500"), (DICOMTag(rawValue: 0x0018_1204), .da, "20190105"),
    (DICOMTag(rawValue: 0x0018_1205), .da, "20200229"), (DICOMTag(rawValue: 0x0014_407E), .da, "20240229"),
    (DICOMTag(rawValue: 0x0018_700C), .da, "20240301"),
  ]

  @Test(arguments: DeidentificationOptions.Dates.allCases)
  func daysOfDevicesFollowTheChoiceOfDates(dates: DeidentificationOptions.Dates) throws {
    let serial = DICOMTag(rawValue: 0x0018_1000)
    let options = DeidentificationOptions.with {
      $0.retainsDeviceIdentity = true
      $0.dates = dates
    }
    let data = try Deidentifier(key: testKey, options: options).deidentify(
      SampleSlice(Self.daysOfDevices + [(serial, .lo, "SN-4711")]).data()
    ).data
    #expect(try data.text(serial.rawValue) == "SN-4711")
    let shift = DateShift(days: testKey.dateOffset(PseudonymKey.Patient(id: Array("12345".utf8), issuer: [])))
    for (tag, vr, value) in Self.daysOfDevices {
      let expected: String? =
        switch dates {
        case .removed: nil
        case .modified: vr == .tm ? value : shift.moved(value)
        case .full: value
        }
      #expect(try data.text(tag.rawValue) == expected, "\(tag)")
    }
  }
}
