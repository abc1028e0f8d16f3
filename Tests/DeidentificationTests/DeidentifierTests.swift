import DICOM
import Foundation
import TestSupport
import Testing

@testable import Deidentification

/// Who becomes whom, which dates and identifiers come out, and what is stated about it.
struct DeidentifierTests {
  private func deidentified(
    _ slice: SampleSlice, _ options: DeidentificationOptions = .basic, _ key: PseudonymKey = testKey
  ) throws -> DeidentifiedFile {
    try Deidentifier(key: key, options: options).deidentify(slice.data())
  }

  @Test func onePatientHasOnePseudonym() throws {
    let first = try deidentified(SampleSlice())
    let second = try deidentified(SampleSlice([(.sopInstanceUID, .ui, "1.2.3.2"), (.patientID, .lo, "12345 ")]))
    let other = try deidentified(SampleSlice([(.patientID, .lo, "12346")]))
    let elsewhere = try deidentified(SampleSlice([(.issuerOfPatientID, .lo, "ELSEWHERE")]))
    #expect(first.pseudonym == second.pseudonym)
    #expect(first.pseudonym == testKey.pseudonym(patientID: "12345", issuer: ""))
    #expect(Set([first, other, elsewhere].map(\.pseudonym)).count == 3)
    #expect(PseudonymKey.isPseudonym(first.pseudonym))
    #expect(try first.data.text(0x0010_0010) == first.pseudonym)
    #expect(try first.data.text(0x0010_0020) == first.pseudonym)
  }

  @Test func anotherKeyGivesAnotherEverything() throws {
    let key = PseudonymKey()
    let (ours, theirs) = try (deidentified(SampleSlice(), .study), deidentified(SampleSlice(), .study, key))
    #expect(ours.pseudonym != theirs.pseudonym)
    #expect(ours.sopInstanceUID != theirs.sopInstanceUID)
    #expect(ours.studyInstanceUID != theirs.studyInstanceUID)
    #expect(key.fingerprint != testKey.fingerprint)
    #expect(testKey.fingerprint == PseudonymKey(bytes: Array(UInt8(0)..<32))?.fingerprint)
    // Offsets are the patients', not the key's alone.
    let offsets = (0..<50).map { testKey.dateOffset(PseudonymKey.Patient(id: [UInt8($0)], issuer: [])) }
    #expect(Set(offsets).count > 40)
    #expect(offsets.allSatisfy { (1...3650).contains($0) })
  }

  @Test func patientsOfUndecodableIDsAreTold() throws {
    let first = SampleSlice().adding(DataElement(.issuerOfPatientID, .lo, .bytes([0xC4, 0x41])))
    let second = SampleSlice().adding(DataElement(.issuerOfPatientID, .lo, .bytes([0xD6, 0x41])))
    #expect(try deidentified(first).pseudonym != deidentified(second).pseudonym)
  }

  @Test func withoutPatientIDAnExamIsItsOwnPatient() throws {
    let first = try deidentified(SampleSlice([(.patientID, .lo, "")]))
    let second = try deidentified(SampleSlice([(.patientID, .lo, ""), (.studyInstanceUID, .ui, "1.2.4")]))
    #expect(first.lacksPatientID)
    #expect(try !deidentified(SampleSlice()).lacksPatientID)
    #expect(first.pseudonym != second.pseudonym)
    let error = try #require(throws: DICOMError.self) {
      try deidentified(SampleSlice([(.patientID, .lo, ""), (.studyInstanceUID, .ui, "")]))
    }
    #expect(error.tag == .patientID)
  }

  @Test func referencesFollowTheirUIDs() throws {
    let reference: (String) -> DataElement = { uid in
      let item = [
        DataElement(DICOMTag(rawValue: 0x0008_1150), .ui, DICOMUID.ctImageStorage),
        DataElement(DICOMTag(rawValue: 0x0008_1155), .ui, uid),
      ]
      // SourceImageSequence
      return DataElement(DICOMTag(rawValue: 0x0008_2112), .sq, .items([item]))
    }
    let first = try deidentified(SampleSlice())
    let second = try deidentified(SampleSlice([(.sopInstanceUID, .ui, "1.2.3.2")]).adding(reference("1.2.3.1")))
    let file = try second.data.parsed()
    let texts = leaves(file.elements).filter { !$0.path.isEmpty }.compactMap { file.characters(of: $0.element) }
    #expect(texts.contains(first.sopInstanceUID))
    #expect(texts.contains(DICOMUID.ctImageStorage))
    #expect(first.sopInstanceUID.hasPrefix("2.25."))
    #expect(first.sopInstanceUID.utf8.count <= 64)
    #expect(second.studyInstanceUID == first.studyInstanceUID)
    #expect(try second.data.text(0x0020_000E) == first.seriesInstanceUID)
    // A patient's number does not pass for one of DICOM's own UIDs.
    #expect(testKey.uid("1.2.840.10008.123456789").hasPrefix("2.25."))
    #expect(testKey.uid("1.2.840.10008.5.1.4.1.1.2") == "1.2.840.10008.5.1.4.1.1.2")
  }

  @Test func datesOfAPatientMoveTogether() throws {
    let dates: [(DICOMTag, ValueRepresentation, String)] = [
      (.studyDate, .da, "20240301"), (.acquisitionDate, .da, "20240228"), (.acquisitionTime, .tm, "101500.5"),
      (.patientBirthDate, .da, "19470317"),
    ]
    let options = DeidentificationOptions.with { $0.dates = .modified }
    let data = try deidentified(SampleSlice(dates), options).data
    let days = testKey.dateOffset(PseudonymKey.Patient(id: Array("12345".utf8), issuer: []))
    #expect(try data.text(0x0008_0020) == DateShift(days: days).moved("20240301"))
    #expect(try data.text(0x0008_0022) == DateShift(days: days + 2).moved("20240301"))
    #expect(try data.text(0x0008_0032) == "101500.5")
    #expect(try data.text(0x0010_0030) == nil)
    #expect(try data.text(0x0028_0303) == "MODIFIED")
  }

  @Test func patientCharacteristics() throws {
    let slice = SampleSlice([
      (.patientSex, .cs, "F"), (.patientAge, .as, "094Y"), (DICOMTag(rawValue: 0x0010_1030), .ds, "71.5"),
    ])
    let none = try deidentified(slice).data
    #expect(try [0x0010_0040, 0x0010_1010, 0x0010_1030].compactMap { try none.text($0) }.isEmpty)
    let data = try deidentified(slice, .with { $0.retainsPatientCharacteristics = true }).data
    #expect(try data.text(0x0010_0040) == "F")
    #expect(try data.text(0x0010_1010) == "090Y")
    #expect(try data.text(0x0010_1030) == "71.5")
    for age in ["089Y", "011M"] {
      let kept = try deidentified(SampleSlice([(.patientAge, .as, age)]), .study).data
      #expect(try kept.text(0x0010_1010) == age)
    }
    let odd = try deidentified(SampleSlice([(.patientAge, .as, "94")]), .study).data
    #expect(try odd.text(0x0010_1010) == nil)
  }

  @Test func statesWhatWasDone() throws {
    let data = try deidentified(SampleSlice([(.patientIdentityRemoved, .cs, "NO")]), .study).data
    #expect(try data.text(0x0012_0062) == "YES")
    #expect(try data.text(0x0012_0063) == #"RenalGrade\DICOM PS3.15 2026c Annex E"#)
    let file = try data.parsed()
    let codes = leaves(file.elements).filter { $0.path == [.deidentificationMethodCodeSequence] }
    #expect(
      codes.filter { $0.element.tag == .codeValue }.compactMap { file.characters(of: $0.element) }
        == ["113100", "113105", "113107", "113108"])
    #expect(file.meta.map(\.tag.rawValue) == [0x2_0000, 0x2_0001, 0x2_0002, 0x2_0003, 0x2_0010, 0x2_0012, 0x2_0013])
    #expect(file.characters(.mediaStorageSOPInstanceUID) == file.characters(.sopInstanceUID))
  }

  @Test func doneTwiceIsStillValid() throws {
    let deidentifier = Deidentifier(key: testKey, options: .study)
    let once = try deidentifier.deidentify(SampleSlice([(.seriesDescription, .lo, "Portal venous 5 mm")]).data())
    let twice = try deidentifier.deidentify(once.data)
    #expect(try twice.data.text(0x0008_103E) == "Portal venous 5mm")
    #expect(try DeidentificationCheck(options: .study).problems(in: twice.data.parsed()).isEmpty)
    #expect(twice.audit.count(.pixelData, .kept) == 1)
    let again = try deidentifier.deidentify(SampleSlice([(.seriesDescription, .lo, "Portal venous 5 mm")]).data())
    #expect(again.data == once.data)
  }

  @Test func unlistedTextGoesUnlessAsked() throws {
    let species = DICOMTag(rawValue: 0x0010_2201)
    let slice = SampleSlice([(species, .lo, "Homo sapiens"), (.manufacturer, .lo, "MAKER"), (.kvp, .ds, "120")])
    let strict = try deidentified(slice).data
    #expect(try strict.text(0x0010_2201) == nil)
    #expect(try strict.text(0x0008_0070) == "MAKER")
    #expect(try strict.text(0x0018_0060) == "120")
    #expect(try deidentified(slice, .with { $0.retainsUnlistedText = true }).data.text(0x0010_2201) == "Homo sapiens")
    // Numbers and coded words that are none may be anything.
    let odd = SampleSlice([(.kvp, .ds, "MILLER"), (.bodyPartExamined, .cs, "MILLER^ANNA")])
    let left = try deidentified(odd).data
    #expect(try left.text(0x0018_0060) == nil)
    #expect(try left.text(0x0018_0015) == nil)
    // An attribute of numbers whose stated VR makes it a text: the number stays, words go.
    #expect(try deidentified(SampleSlice([(.kvp, .lt, "120")])).data.text(0x0018_0060) == "120")
    #expect(try deidentified(SampleSlice([(.kvp, .lt, "Miller")])).data.text(0x0018_0060) == nil)
  }

  @Test func codesOfAHospitalLoseTheirMeaning() throws {
    func item(_ scheme: String) -> [DataElement] {
      [
        DataElement(.codeValue, .sh, "64033007"), DataElement(.codingSchemeDesignator, .sh, scheme),
        DataElement(.codeMeaning, .lo, "Kidney"),
      ]
    }
    // AnatomicRegionSequence
    let region = DataElement(DICOMTag(rawValue: 0x0008_2218), .sq, .items([item("SCT"), item("99HOSPITAL")]))
    let file = try deidentified(SampleSlice().adding(region)).data.parsed()
    let texts = leaves(file.elements).filter { $0.path == [region.tag] }.compactMap { file.characters(of: $0.element) }
    #expect(texts == ["64033007", "SCT", "Kidney"])
  }

  @Test func safePrivateNumbersStayIfAsked() throws {
    func element(_ tag: UInt32, _ vr: ValueRepresentation, _ text: String) -> DataElement {
      DataElement(DICOMTag(rawValue: tag), vr, text)
    }
    let slice = SampleSlice()
      .adding(element(0x0019_0012, .lo, "GEMS_ACQU_01")).adding(element(0x0019_1223, .ds, "39.37"))
      .adding(element(0x0019_1224, .ds, "Miller")).adding(element(0x0019_1201, .lo, "Miller"))
      .adding(element(0x0009_0010, .lo, "GEMS_IDEN_01")).adding(element(0x0009_1001, .lo, "Miller"))
    let none = try deidentified(slice).data.parsed()
    #expect(none.elements.filter(\.isPrivate).isEmpty)
    let kept = try deidentified(slice, .with { $0.retainsSafePrivate = true }).data
    #expect(try kept.parsed().elements.filter(\.isPrivate).map(\.tag.rawValue) == [0x0019_0012, 0x0019_1223])
    #expect(Planted.found(in: kept, marks: ["Miller"]).isEmpty)
  }

  @Test func auditCountsAndHoldsNoValue() throws {
    let result = try deidentified(
      SampleSlice([
        (.patientName, .pn, "Miller^Anna"), (.studyDate, .da, "20240301"), (.seriesDescription, .lo, "Anna"),
      ]))
    let data = try JSONEncoder().encode(result.audit)
    #expect(Planted.found(in: data, marks: ["Miller", "Anna", "20240301", "12345"]).isEmpty)
    #expect(try JSONDecoder().decode(DeidentificationAudit.self, from: data) == result.audit)
    #expect(result.audit.count(.patientName, .emptied) == 1)
    #expect(result.audit.count(.seriesDescription, .removed) == 1)
    #expect(result.audit.count(.studyInstanceUID, .mapped) == 1)
    #expect(result.audit.count(.rows, .kept) == 1)
    var sum = result.audit
    sum.add(result.audit)
    #expect(sum.files == 2)
    #expect(sum.count(.rows, .kept) == 2)
    let entry = try #require(sum.entries.first { $0.outcome == .emptied && $0.attribute.hasSuffix("PatientName") })
    #expect(entry.attribute == "(0010,0010) PatientName")
  }
}
