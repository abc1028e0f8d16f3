extension FeatureMatrix {
  /// Some of the rows, in the order given.
  public func rows(_ places: [Int]) -> FeatureMatrix {
    FeatureMatrix(names: names, rowCount: places.count, values: places.flatMap(row))
  }

  /// Some of the columns, in the order given.
  public func columns(_ places: [Int]) -> FeatureMatrix {
    FeatureMatrix(
      names: places.map { names[$0] }, rowCount: rowCount,
      values: (0..<rowCount).flatMap { row in places.map { self[row, $0] } })
  }

  /// The columns of these names, in their order.
  ///
  /// - Throws: `ClassifierError` where one is not there.
  func columns(named chosen: [String]) throws(ClassifierError) -> FeatureMatrix {
    if chosen == names { return self }
    let places = Dictionary(zip(names, names.indices)) { first, _ in first }
    var found: [Int] = []
    for name in chosen {
      guard let place = places[name] else {
        throw ClassifierError("the table lacks the column \(name), which the model was fitted with")
      }
      found.append(place)
    }
    return columns(found)
  }

  /// The table with some columns after its own.
  func appending(_ columns: [(name: String, values: [Double])]) -> FeatureMatrix {
    guard !columns.isEmpty else { return self }
    return FeatureMatrix(
      names: names + columns.map(\.name), rowCount: rowCount,
      values: (0..<rowCount).flatMap { row in Array(self.row(row)) + columns.map { $0.values[row] } })
  }

  /// The table with each value changed by its column.
  func mapped(_ change: (_ value: Double, _ column: Int) -> Double) -> FeatureMatrix {
    let width = columnCount
    return FeatureMatrix(
      names: names, rowCount: rowCount, values: values.enumerated().map { change($1, $0 % width) })
  }
}
