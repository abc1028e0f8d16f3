import DICOM
import Testing

@testable import Deidentification

@Suite struct TableDeidentificationTests {
  static let columns: [(column: String, treatment: TableDeidentification.Treatment)] = [
    ("patient", .patient), ("surgery", .date), ("age", .age), ("series", .uid), ("subtype", .kept),
  ]
  static let row = [
    "patient": "MRN-1", "surgery": "2001-12-31", "age": "91", "series": "1.2.3", "subtype": "ccRCC", "name": "Miller",
  ]

  static func table(_ dates: DeidentificationOptions.Dates = .modified) -> TableDeidentification {
    TableDeidentification(key: testKey, dates: dates, columns: columns)
  }

  @Test func rowsFindTheirScans() throws {
    let (rows, losses) = Self.table().rows([Self.row])
    let scan = try Deidentifier(key: testKey, options: .study).deidentify(
      SampleSlice([
        (.patientID, .lo, "MRN-1"), (.studyDate, .da, "20011231"), (.seriesInstanceUID, .ui, "1.2.3"),
      ]).data())
    let headers = try DataSet(original: scan.data, name: "scan")
    let day = Array(try #require(headers.characters(.studyDate)))
    let dashed = [String(day[0..<4]), String(day[4..<6]), String(day[6..<8])].joined(separator: "-")
    #expect(rows == [[scan.pseudonym, dashed, "90", scan.seriesInstanceUID, "ccRCC"]])
    #expect(losses.isEmpty && !rows.joined().contains { $0.contains("Miller") || $0.contains("MRN") })
  }

  @Test(
    arguments: [
      "2001-12-31", "2001/12/31", "20011231", "31.12.2001", "2001-12-31 10:15", "2001-12-31T10:15", "31 Dec 2001",
      "12/31/2001", "Dec 31, 2001", "31-DEC-2001", "2001年12月31日",
    ])
  func aDayOfAnyFormIsMoved(day: String) throws {
    var row = Self.row
    row["surgery"] = day
    let moved = try #require(Self.table().rows([row]).rows.first)[1]
    let number = try #require(Int(moved.replacing("-", with: "")))
    let back = DateShift(days: -testKey.dateOffset(.init(id: Array("MRN-1".utf8), issuer: []))).moved(day: number)
    #expect(moved.count == 10 && moved != "2001-12-31" && back == "2001-12-31")
    #expect(Self.table(.full).rows([row]).rows.first?[1] == day)
  }

  @Test(arguments: [
    "03/04/2001", "2001-13-01", "spring 2001", "2001-12/31", "0001-01-01", "2001", "31.12.01", "1900-01-01",
  ])
  func aTextThatIsNoDayIsLost(text: String) {
    var row = Self.row
    row["surgery"] = text
    let (rows, losses) = Self.table().rows([row])
    #expect(rows.first?[1] == "" && losses.map(\.column) == ["surgery"] && losses.allSatisfy { !$0.reason.isEmpty })
  }

  @Test func whatCannotBeReadIsLostAndTold() {
    let odd = Self.row.merging(["age": "old", "series": "x y"]) { $1 }
    let (rows, losses) = Self.table().rows([odd])
    #expect(rows.count == 1 && rows[0][2] == "" && rows[0][3] == "")
    #expect(
      losses == [
        .init(row: 0, column: "age", reason: "not a number of years"),
        .init(row: 0, column: "series", reason: "not a UID"),
      ])
    let removed = Self.table(.removed)
    #expect(removed.header == ["patient", "age", "series", "subtype"])
    #expect(removed.rows([Self.row]).rows.first?.count == 4)
  }

  @Test(arguments: ["", " ", "NA", "n/a", "unknown", "?", "-"])
  func aRowOfNobodyIsNamed(patient: String) {
    let blank = Self.row.mapValues { _ in "" }
    let rows = [Self.row, Self.row.merging(["patient": patient]) { $1 }, blank]
    #expect(Self.table().rowsWithoutPatient(rows) == [1])
    #expect(Self.table().rows(rows).rows.count == 1)
  }

  @Test func wordsForNothingStay() {
    let (rows, losses) = Self.table().rows([Self.row.merging(["surgery": "None", "age": "unknown"]) { $1 }])
    #expect(rows.first.map { Array($0[1...2]) } == ["None", "unknown"] && losses.isEmpty)
  }

  @Test func twoIssuersPatientsAreTwo() {
    let other = TableDeidentification(key: testKey, issuer: "B", dates: .removed, columns: Self.columns)
    #expect(other.rows([Self.row]).rows != Self.table(.removed).rows([Self.row]).rows)
  }
}
