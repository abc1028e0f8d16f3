/// Keeps the columns whose variance over the training rows is above a limit; with 0, those that are not constant.
struct VarianceFilter: PipelineStep {
  /// In the squared unit of the column, before scaling.
  let limit: Double

  var methods: String {
    limit == 0
      ? "features that did not vary were excluded" : "features with a variance of \(limit) or less were excluded"
  }

  func fit(_ training: TrainingRows) throws(ClassifierError) -> FittedStep {
    let matrix = training.matrix
    let kept = (0..<matrix.columnCount).filter { column in
      let values = matrix.column(column)
      return values.contains { $0 != values[0] } && variance(values) > limit
    }
    guard !kept.isEmpty else {
      throw ClassifierError("no feature has a variance above \(limit) in the training rows: lower varianceLimit")
    }
    return .columns(kept.map { matrix.names[$0] })
  }
}
