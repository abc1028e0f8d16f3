import Testing

@testable import Clinical

@Suite struct ClinicalCellTests {
  @Test(arguments: [
    nil, "", " ", "-", "--", "'--", "?", "NA", "n/a", "N.A.", "NaN", "null", "unknown", "[Unknown]", "unk", "missing",
    "not available", "[Not Available]", "[not applicable]", "not_applicable", "Not Reported",
  ])
  func nothingIsKnown(_ cell: String?) {
    #expect(ClinicalCell(cell).text == nil && ClinicalCell(cell).value == nil && ClinicalCell(cell).number == nil)
    #expect(!ClinicalCell(cell).isNone)
  }

  @Test func noneIsAnAnswerButNoValue() {
    let cell = ClinicalCell(" None ")
    #expect(cell.text == "None" && cell.isNone && cell.value == nil && cell.number == nil)
  }

  @Test(arguments: ["no", "0", "absent", "Nadir", "G2", "clear cell", "unknown primary", "none seen"])
  func allElseIsSomething(_ cell: String) {
    #expect(ClinicalCell(" \(cell)\t").text == cell && ClinicalCell(cell).value == cell)
  }

  @Test func aNumberHasAPointOrAComma() {
    #expect(
      ClinicalCell("39,9").number == 39.9 && ClinicalCell(" 4e1 ").number == 40 && ClinicalCell("-1").number == -1)
    for text in ["large", "inf", "1.2.3", "4 cm"] { #expect(ClinicalCell(text).number == nil, "\(text)") }
  }
}
