/// Figures of two readings' measurements whose intervals respect that patients may have several lesions.
///
/// Where each cluster (patient) has one measured thing, intervals are those of the textbooks; where one has several, they are
/// percentiles over draws of whole clusters.
extension Agreement {
  /// The mean of values with its interval over draws of clusters.
  ///
  /// - Parameters:
  ///   - values: the values.
  ///   - clusters: the cluster of each.
  ///   - samples: how many draws.
  /// - Returns: the mean and its percentile interval.
  /// - Throws: `NotEstimable` where there is no value, one is not finite, the lists differ in length, or there is no interval.
  public static func mean(_ values: [Double], clusters: [String], samples: Int = 2000) throws(NotEstimable) -> Estimate
  {
    guard clusters.count == values.count else { throw .differentCases }
    _ = try mean(values)
    return try estimate(clusters: clusters, samples: samples) { places in
      places.reduce(0) { $0 + values[$1] } / Double(places.count)
    }
  }

  /// The mean alone; throws where there is no value, or one is not finite.
  public static func mean(_ values: [Double]) throws(NotEstimable) -> Double {
    guard !values.isEmpty else { throw .noCases }
    let odd = values.count { !$0.isFinite }
    guard odd == 0 else { throw .notFinite(odd) }
    return values.reduce(0, +) / Double(values.count)
  }

  /// What Bland and Altman state of two measurements of each thing.
  public enum Limit: CaseIterable, Sendable {
    /// The mean of second less first.
    case bias
    /// The limits of agreement.
    case lower, upper
  }

  /// The bias or a limit of agreement of two measurements of the same things.
  ///
  /// - Parameters:
  ///   - limit: which of them.
  ///   - first: the first measurement of each thing.
  ///   - second: the second.
  ///   - clusters: the cluster of each thing.
  ///   - samples: how many draws, where there are any.
  /// - Returns: the value with its interval.
  /// - Throws: `NotEstimable` as `BlandAltman` does, or where there is no interval.
  public static func limit(
    _ limit: Limit, _ first: [Double], _ second: [Double], clusters: [String], samples: Int = 2000
  ) throws(NotEstimable) -> Estimate {
    guard clusters.count == first.count else { throw .differentCases }
    let own = try BlandAltman(first, second)[limit]
    guard Set(clusters).count < clusters.count else { return own }
    return try estimate(clusters: clusters, samples: samples) { places throws(NotEstimable) in
      try BlandAltman(places.map { first[$0] }, places.map { second[$0] })[limit].value ?? .nan
    }
  }

  /// An intraclass correlation of a single measurement.
  ///
  /// - Parameters:
  ///   - form: which of the correlations.
  ///   - table: a row for each thing and a column for each reader.
  ///   - clusters: the cluster of each thing.
  ///   - samples: how many draws, where there are any.
  /// - Returns: the correlation with its interval.
  /// - Throws: `NotEstimable` as `IntraclassCorrelation` does, or where there is no interval.
  public static func correlation(
    _ form: IntraclassCorrelation.Form, _ table: [[Double]], clusters: [String], samples: Int = 2000
  ) throws(NotEstimable) -> Estimate {
    guard clusters.count == table.count else { throw .differentCases }
    let own = try IntraclassCorrelation(table)
    guard Set(clusters).count < clusters.count else {
      return Estimate(value: own.value(form), interval: try own.interval(form))
    }
    return try estimate(clusters: clusters, samples: samples) { places throws(NotEstimable) in
      try IntraclassCorrelation(places.map { table[$0] }).value(form)
    }
  }
}

extension BlandAltman {
  /// The bias or one of the limits.
  subscript(_ limit: Agreement.Limit) -> Estimate {
    switch limit {
    case .bias: bias
    case .lower: lower
    case .upper: upper
    }
  }
}
