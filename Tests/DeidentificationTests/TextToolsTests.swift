import DICOM
import Foundation
import Testing

@testable import Deidentification

/// Words and dates by themselves.
struct TextToolsTests {
  @Test(arguments: [
    ("Abdomen Portal Venous 5 mm", "Abdomen Portal Venous 5mm"),
    ("ARTERIAL 1.25MM B30f", "ARTERIAL 1.25MM B30f"),
    ("w/o contrast Miller Anna 12.03.1947", "w/o contrast"),
    ("MILLER/ANNA", ""),
    ("AXIAL-THIN_2.5mm", "AXIAL THIN 2.5mm"),
    ("ABD/PEL W/O 300 4711", "ABD/PEL W/O"),
    ("Nierenübersicht nativ", "nativ"),
    ("Omnipaque 350", "Omnipaque"),
    ("2.5mm-Miller", "2.5mm"),
    (#"Late\Miller\delayed"#, #"Late\\delayed"#),
    ("", ""),
  ])
  func descriptions(text: String, cleaned: String) { #expect(DescriptorCleaner.clean(text) == cleaned) }

  @Test(arguments: [
    ("20240301", 1, "20240229"), ("20230301", 1, "20230228"), ("20240101", 1, "20231231"),
    ("20000229", 366, "19990228"), ("20240301101500.5+0100", 1, "20240229101500.5+0100"),
    ("2024.03.01", 1, "20240229"), (#"20240301\20240302"#, 1, #"20240229\20240301"#), ("20240301 ", 0, "20240301"),
  ])
  func dates(text: String, days: Int, moved: String) { #expect(DateShift(days: days).moved(text) == moved) }

  @Test(arguments: [
    "20230229", "20241301", "202403", "Miller", "20240301-20240302", "0000", "2024030", "20240301101500.5.5",
  ])
  func noDates(text: String) { #expect(DateShift(days: 1).moved(text) == nil) }

  @Test func zones() {
    #expect(DateShift(days: 1).moved("+0100", .sh) == "+0100")
    #expect(DateShift(days: 1).moved("Miller", .sh) == nil)
    #expect(DateShift(days: 1).moved("20240301", .lo) == nil)
  }

  @Test func numbersThatAreWords() {
    #expect(!ValueRepresentation.fd.isPlausible(Array("MillerAn".utf8)[...]))
    #expect(!ValueRepresentation.us.isPlausible(Array("Miller^Anna\0".utf8)[...]))
    #expect(ValueRepresentation.us.isPlausible([0, 2]))
    #expect(ValueRepresentation.fd.isPlausible([0, 0, 0, 0, 0, 0, 0xF0, 0x3F]))
    #expect(!ValueRepresentation.ds.isPlausible(Array("12 years".utf8)[...]))
  }

  @Test func datesAgreeWithFoundation() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    let formatter = DateFormatter()
    formatter.calendar = calendar
    formatter.timeZone = calendar.timeZone
    formatter.dateFormat = "yyyyMMdd"
    let start = try #require(formatter.date(from: "19990101"))
    for day in stride(from: 0, to: 12_000, by: 7) {
      let date = try #require(calendar.date(byAdding: .day, value: day, to: start))
      let earlier = try #require(calendar.date(byAdding: .day, value: -1234, to: date))
      #expect(DateShift(days: 1234).moved(formatter.string(from: date)) == formatter.string(from: earlier))
    }
  }

  @Test func tablesAreWhole() {
    #expect(ProfileTable.entries.count == 652)
    #expect(ProfileTable.safePrivate.count == 13)
    #expect(ProfileTable.retained.count == 29)
    #expect(ProfileTable.codingSchemes.count == 11)
  }
}
