import Clinical
import Study
import Support

/// The values of an exam's columns as a person states them, in place of a row of the pathology table.
enum ExamValues {
  /// Checks that each value means something to the models, by what their training examples had.
  ///
  /// - Parameters:
  ///   - values: by column.
  ///   - columns: by fold, the columns of its model.
  /// - Returns: the values, words spelt as the models know them.
  /// - Throws: `StudyError` of kind `.run` that names the column, what is expected and what was found.
  static func checked(
    _ values: [String: String], _ columns: [[ColumnEncoding]]
  ) throws(StudyError) -> [String: String] {
    var checked: [String: String] = [:]
    for (column, text) in values.sorted(by: { $0.key < $1.key }) {
      let encodings = columns.joined().filter { $0.column == column }
      guard !encodings.isEmpty else {
        let names = Self.names(columns)
        throw StudyError(
          .run,
          "the run's models do not use the column \(column); "
            + (names.isEmpty ? "they use no column of a table" : "they use \(names.joined(separator: ", "))"))
      }
      checked[column] = try understood(text, column, encodings)
    }
    return checked
  }

  /// The columns that the models use, each once.
  static func names(_ columns: [[ColumnEncoding]]) -> [String] { Set(columns.joined().map(\.column)).sorted() }

  private static func understood(
    _ text: String, _ column: String, _ encodings: [ColumnEncoding]
  ) throws(StudyError) -> String {
    let cell = ClinicalCell(text)
    guard let value = cell.text else {
      throw StudyError(
        .run, "the value of \(column) says nothing, found \"\(text)\"; state it, or leave out a value that is not known"
      )
    }
    let words = Set(encodings.flatMap(\.categories)).sorted()
    if encodings.contains(where: \.categories.isEmpty) {
      guard cell.number != nil else {
        throw StudyError(.run, "the value of \(column) must be a number, as in the run's patients, found \"\(text)\"")
      }
      return value
    }
    let spelt = words.contains(value) ? [value] : words.filter { $0.lowercased() == value.lowercased() }
    guard spelt.count == 1 else {
      throw StudyError(
        .run,
        "the value of \(column) must be one of the words of the run's patients (\(words.joined(separator: ", "))), found \"\(text)\""
      )
    }
    return spelt[0]
  }
}
