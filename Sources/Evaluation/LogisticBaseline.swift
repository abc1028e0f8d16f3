/// What simple predictors (tumour size, age, ...) reach by logistic regression: the baseline that a network should
/// exceed.
///
/// Standardising and fitting see the training cases of a fold only; each case is predicted by the fold that holds it out.
public struct LogisticBaseline: Equatable, Sendable {
  /// What one fold's training cases gave.
  public struct Model: Codable, Equatable, Sendable {
    /// Of each predictor in the training cases.
    public let means: [Double]
    /// Of each predictor in the training cases, with n as divisor; 1 for a constant one.
    public let deviations: [Double]
    /// The intercept, then one for each standardised predictor.
    public let coefficients: [Double]

    /// Fits `labels` to the standardised `rows`; throws as `LogisticRegression` does.
    public init(rows: [[Double]], labels: [Bool], ridge: Double = 0) throws(NotEstimable) {
      let places = rows.first?.indices ?? 0..<0
      let means = places.map { place in Aggregate.mean(rows.map { $0[place] }) }
      let deviations = places.map { place in
        let deviation = Aggregate.mean(rows.map { ($0[place] - means[place]) * ($0[place] - means[place]) })
          .squareRoot()
        return deviation > 1e-12 * abs(means[place]) ? deviation : 1
      }
      let fit = try LogisticRegression(
        rows: rows.map { Self.standardised($0, means, deviations) }, targets: labels.map { $0 ? 1 : 0 }, ridge: ridge)
      (self.means, self.deviations, coefficients) = (means, deviations, fit.coefficients)
    }

    /// Reads a model whose numbers belong together.
    ///
    /// - Throws: `DecodingError` where they do not.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      means = try container.decode([Double].self, forKey: .means)
      deviations = try container.decode([Double].self, forKey: .deviations)
      coefficients = try container.decode([Double].self, forKey: .coefficients)
      guard deviations.count == means.count, coefficients.count == means.count + 1 else {
        throw DecodingError.dataCorruptedError(
          forKey: .coefficients, in: container,
          debugDescription: "expected as many deviations as means, and one coefficient more")
      }
    }

    /// The probability that a case with these predictors, as many as there are means, is positive.
    public func probability(_ row: [Double]) -> Double {
      let standardised = Self.standardised(row, means, deviations)
      return LogisticRegression.probability(
        logit: coefficients[0] + zip(coefficients.dropFirst(), standardised).reduce(0) { $0 + $1.0 * $1.1 })
    }

    private static func standardised(_ row: [Double], _ means: [Double], _ deviations: [Double]) -> [Double] {
      row.indices.map { (row[$0] - means[$0]) / deviations[$0] }
    }
  }

  /// One model per fold, in the order of the folds' numbers.
  public let models: [Model]
  /// Of each case, by the model that was not trained on it.
  public let probabilities: [Double]

  /// Cross-validates on given folds.
  ///
  /// - Parameters:
  ///   - rows: The predictors of each case, equally many.
  ///   - labels: True for high grade.
  ///   - folds: The number of the fold that holds each case out. All cases of one patient must share it.
  ///   - ridge: See `LogisticRegression`; it acts on standardised predictors.
  /// - Throws: Where the lists differ in length, a predictor isn't finite, there are fewer than two folds, or the training part
  ///   of a fold has no fit: `inFold` with the fold's number.
  public init(rows: [[Double]], labels: [Bool], folds: [Int], ridge: Double = 0) throws(NotEstimable) {
    guard rows.count == labels.count, folds.count == labels.count else { throw .differentCases }
    guard !rows.isEmpty else { throw .noCases }
    guard Set(rows.map(\.count)).count == 1 else {
      throw .badSetting("every case needs the same number of predictors, found \(Set(rows.map(\.count)).sorted())")
    }
    let odd = rows.count { !$0.allSatisfy(\.isFinite) }
    guard odd == 0 else { throw .notFinite(odd) }
    let numbers = Set(folds).sorted()
    guard numbers.count > 1 else { throw .badSetting("at least two folds are needed, found \(numbers.count)") }
    var models: [Model] = []
    var probabilities = [Double](repeating: .nan, count: rows.count)
    for fold in numbers {
      let training = folds.indices.filter { folds[$0] != fold }
      let model: Model
      do throws(NotEstimable) {
        model = try Model(rows: training.map { rows[$0] }, labels: training.map { labels[$0] }, ridge: ridge)
      } catch {
        throw .inFold(fold, error)
      }
      for index in folds.indices where folds[index] == fold { probabilities[index] = model.probability(rows[index]) }
      models.append(model)
    }
    (self.models, self.probabilities) = (models, probabilities)
  }
}
