import Testing

@testable import Study

@Suite struct GradeTests {
  @Test(arguments: [
    ("1", 1), ("G3", 3), ("Fuhrman 4", 4), ("II", 2), ("grade 3", 3), ("2.0", 2), ("WHO/ISUP grade 4", 4), ("5", nil),
    ("0", nil), ("", nil), ("high", nil), ("2.5", nil), ("nan", nil), ("1e9", nil),
  ]) func gradesAreReadAsPathologyWritesThem(text: String, expected: Int?) {
    #expect(Grade(text: text)?.rawValue == expected)
  }

  @Test func theClassFollowsFromTheGrade() {
    #expect((1...4).compactMap { Grade(rawValue: $0)?.gradeClass } == [.low, .low, .high, .high])
  }
}
