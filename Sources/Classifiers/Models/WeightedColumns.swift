/// Some standardised columns, as they are and with each row multiplied by its weight.
struct WeightedColumns {
  private let columns: StandardisedColumns
  private let chosen: [Int]
  /// The weighted values, one chosen column after the other.
  private let weighted: [Double]
  /// The weighted sum of squares of each chosen column.
  let curvatures: [Double]

  init(_ columns: StandardisedColumns, _ chosen: [Int], _ weights: [Double]) {
    let count = columns.rowCount
    var weighted = Array(repeating: 0.0, count: count * chosen.count)
    var curvatures: [Double] = []
    columns.values.withUnsafeBufferPointer { values in
      weighted.withUnsafeMutableBufferPointer { weighted in
        for (place, column) in chosen.enumerated() {
          var sum = 0.0
          for row in 0..<count {
            let value = values[column * count + row]
            weighted[place * count + row] = weights[row] * value
            sum += weights[row] * value * value
          }
          curvatures.append(sum)
        }
      }
    }
    self.columns = columns
    self.chosen = chosen
    self.weighted = weighted
    self.curvatures = curvatures
  }

  /// The inner product of a chosen column with a vector.
  func product(_ place: Int, _ vector: [Double]) -> Double {
    let count = columns.rowCount
    return columns.values.withUnsafeBufferPointer { values in
      vector.withUnsafeBufferPointer { vector in
        guard let values = values.baseAddress, let vector = vector.baseAddress else { return 0 }
        return dot(values + chosen[place] * count, vector, count: count)
      }
    }
  }

  /// Subtracts a multiple of a chosen column's weighted values.
  func subtract(_ factor: Double, _ place: Int, from vector: inout [Double]) {
    let first = place * columns.rowCount
    weighted.withUnsafeBufferPointer { weighted in
      vector.withUnsafeMutableBufferPointer { vector in
        for row in vector.indices { vector[row] -= factor * weighted[first + row] }
      }
    }
  }

  /// Adds a multiple of a chosen column's values.
  func add(_ factor: Double, _ place: Int, to vector: inout [Double]) {
    let first = chosen[place] * columns.rowCount
    columns.values.withUnsafeBufferPointer { values in
      vector.withUnsafeMutableBufferPointer { vector in
        for row in vector.indices { vector[row] += factor * values[first + row] }
      }
    }
  }
}
