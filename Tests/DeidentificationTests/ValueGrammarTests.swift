import DICOM
import Testing

@testable import Deidentification

@Suite("Values as their VR says")
struct ValueGrammarTests {
  @Test(
    "A decimal string is plausible where each of its values is a number",
    arguments: [
      ("120", true), ("-12.5", true), ("1.25e+01", true), ("+.5", true), ("5.", true), ("0,8", true), ("1,024", true),
      (" 0.75\\0.5 ", true), ("", true), ("1\\\\2", true), ("1E3", true),
      ("MILLER", false), ("1.2.3", false), ("1,2,3", false), ("1.234,5", false), ("e5", false), ("1e", false),
      ("1e5.5", false), ("+-5", false), ("0x10", false), ("nan", false), ("inf", false), ("1 2", false), (",", false),
      ("1e999", false), ("19450508-1234567890123456789012345", false), ("123456789012345678901234567890123", false),
    ] as [(String, Bool)])
  func decimals(_ text: String, _ isPlausible: Bool) {
    #expect(ValueRepresentation.ds.isPlausible(Array(text.utf8)[...]) == isPlausible)
    #expect(ValueRepresentation.is.isPlausible(Array(text.utf8)[...]) == isPlausible)
  }
}
