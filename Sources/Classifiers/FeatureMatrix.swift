/// A table of numbers: one row for each example, one named column for each feature.
///
/// NaN is a missing value.
public struct FeatureMatrix: Equatable, Sendable {
  /// The columns' names, each once.
  public let names: [String]
  /// The number of rows.
  public let rowCount: Int
  /// The values row by row.
  public private(set) var values: [Double]

  /// Makes a table from its rows' values.
  ///
  /// - Throws: `ClassifierError` where a row has another width than there are names, or a name occurs twice.
  public init(names: [String], rows: [[Double]]) throws(ClassifierError) {
    guard Set(names).count == names.count else { throw ClassifierError("a feature's name occurs twice") }
    if let odd = rows.first(where: { $0.count != names.count }) {
      throw ClassifierError("every row needs \(names.count) values, found \(odd.count)")
    }
    self.names = names
    rowCount = rows.count
    values = Array(rows.joined())
  }

  /// Takes what is known to be a table: each name once, and a value for each row and column.
  init(names: [String], rowCount: Int, values: [Double]) {
    self.names = names
    self.rowCount = rowCount
    self.values = values
  }

  /// The number of columns.
  public var columnCount: Int { names.count }

  /// The value of a row in a column.
  @inlinable
  public subscript(row: Int, column: Int) -> Double { values[row * columnCount + column] }

  /// A row's values.
  public func row(_ row: Int) -> ArraySlice<Double> { values[row * columnCount..<(row + 1) * columnCount] }

  /// A column's values.
  public func column(_ column: Int) -> [Double] { (0..<rowCount).map { self[$0, column] } }
}
