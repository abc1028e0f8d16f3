import DICOM
import Foundation
import TestSupport
import Testing

@testable import PACS

struct QueryTests {
  @Test func aQueryStatesWhatToMatch() throws {
    let query = StudyQuery(patientID: "A 1", firstDate: "20240101", modality: "CT")
    #expect(
      try query.matching() == [.patientID: "A 1", .studyDate: "20240101-", DICOMTag(rawValue: 0x0008_0061): "CT"])
    #expect(try StudyQuery(lastDate: "20241231").matching() == [.studyDate: "-20241231"])
  }

  /// Each of these would match more than itself, or is no such identifier.
  @Test(arguments: [
    StudyQuery(), StudyQuery(patientID: "*"), StudyQuery(patientID: "A?"), StudyQuery(patientID: #"A\B"#),
    StudyQuery(patientID: ""), StudyQuery(patientID: " A"), StudyQuery(patientID: "A\nB"),
    StudyQuery(patientID: String(repeating: "1", count: 65)), StudyQuery(accessionNumber: "12345678901234567"),
    StudyQuery(studyInstanceUID: "1.2.x"), StudyQuery(studyInstanceUID: #"1.2\1.3"#),
    StudyQuery(firstDate: "2024-01-01"),
    StudyQuery(lastDate: "20241301"),
  ]) func whatWouldMatchMoreIsRefused(query: StudyQuery) {
    let error = #expect(throws: PACSError.self) { try query.matching() }
    #expect(error?.kind == .invalidRequest)
  }

  @Test func answersAreReadFromJSON() throws {
    let json = #"""
      [{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00080061":{"vr":"CS","Value":["MR","CT"]},
        "00100010":{"vr":"PN","Value":[{"Alphabetic":"X"}]},"00201208":{"vr":"IS","Value":[12]},"00080050":{"vr":"SH"},
        "00080020":{"vr":"DA","Value":[null]}},{}]
      """#
    let sets = try DICOMJSON.dataSets(Data(json.utf8))
    let study = try #require(sets[0].flatMap { FoundStudy($0) })
    #expect(study.modalities == ["CT", "MR"] && study.instanceCount == 12 && study.accessionNumber == "")
    #expect(sets[1].map { FoundStudy($0) == nil } == true)
    #expect(throws: PACSError.self) { try DICOMJSON.dataSets(Data("{}".utf8)) }
  }

  // MARK: Lists

  static func read(_ text: String, kind: RetrievalRequest.Kind? = nil) throws -> [RetrievalRequest] {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("list.csv")
    try text.write(to: url, atomically: true, encoding: .utf8)
    return try RetrievalRequest.read(url, kind: kind)
  }

  @Test func aTableIsReadByItsMostSpecificColumn() throws {
    let requests = try Self.read("study_uid;patient_id;note\n1.2.3;P1;\n;P2;x\n;P2;again\n")
    #expect(requests.map(\.kind) == [.study, .patient] && requests.map(\.value) == ["1.2.3", "P2"])
    #expect(requests.map(\.description) == ["list.csv:2", "list.csv:3"])
    var dumped = ""
    dump(requests, to: &dumped)
    #expect(!dumped.contains("P2") && !dumped.contains("1.2.3"))
  }

  @Test func aTextHasOneIdentifierALine() throws {
    let requests = try Self.read("\u{FEFF}# ours\nA1\n\n  A2 \nA1\n", kind: .accession)
    #expect(requests.map(\.value) == ["A1", "A2"] && requests.map(\.source) == ["list.csv:2", "list.csv:4"])
  }

  @Test(arguments: [
    ("name\nx\n", "list.csv:1"), ("patient_id,x\n,1\n", "list.csv:2"), ("patient_id\nSECRET*\n", "list.csv:2"),
    ("patient_id\n", "lists nothing"),
  ]) func listsThatAreNone(text: String, place: String) {
    let error = #expect(throws: PACSError.self) { try Self.read(text) }
    #expect(error?.kind == .invalidRequest && error?.description.contains(place) == true)
    #expect(error?.description.contains("SECRET") == false)
  }
}

struct ReceivedInstanceTests {
  @Test func fileMetaInformationIsPutBefore() throws {
    let file = try Samples.slice(number: 1).encoded()
    let read = try ReceivedInstance(parsing: file)
    let length = Int(file[140]) | Int(file[141]) << 8
    let received = try file.dropFirst(144 + length).withUnsafeBytes {
      try ReceivedInstance(
        dataSet: $0, sopClass: read.sopClassUID, sopInstance: read.sopInstanceUID,
        transferSyntax: read.transferSyntaxUID)
    }
    #expect(received.digest == read.digest && received.transferSyntaxUID == read.transferSyntaxUID)
    #expect(received.patientID == "PAT-1" && received.sopClassUID == DICOMUID.ctImageStorage)
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("a.dcm")
    try received.data.write(to: url)
    #expect(try DICOMFile.image(at: url).values == Samples.slice(number: 1).storedValues.map(Float.init))
  }

  @Test func whatIsCutOffOrUnnamedIsRefused() throws {
    let file = try Samples.slice(number: 1).encoded()
    for length in [0, 100, 132, 300, 700, file.count - 1] {
      let error = #expect(throws: PACSError.self) { try ReceivedInstance(parsing: file.prefix(length)) }
      #expect(error?.kind == .badInstance, "\(length)")
    }
    var nameless = Samples.slice(number: 1)
    nameless.elements[.studyInstanceUID] = ""
    let data = try nameless.encoded()
    #expect(throws: PACSError.self) { try ReceivedInstance(parsing: data) }
    let announced = file.dropFirst(132).withUnsafeBytes { bytes in
      #expect(throws: PACSError.self) {
        try ReceivedInstance(
          dataSet: bytes, sopClass: DICOMUID.ctImageStorage, sopInstance: "1.2.9", transferSyntax: "1.2.840.10008.1.2.1"
        )
      }
    }
    #expect(announced?.kind == .badInstance)
  }
}
