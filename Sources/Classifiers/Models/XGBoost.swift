internal import CXGBoost
internal import Foundation

/// Turns xgboost's status into an error with the first line of its message; the rest is a stack trace.
private func check(_ status: Int32) throws(ClassifierError) {
  guard status != 0 else { return }
  let message = XGBGetLastError().map { String(cString: $0) } ?? ""
  throw ClassifierError("xgboost failed: \(message.split(separator: "\n").first ?? "no reason is given")")
}

/// Rows as xgboost holds them, in single precision.
final class XGBoostMatrix {
  fileprivate private(set) var handle: DMatrixHandle?

  init(_ matrix: FeatureMatrix, labels: [Bool]? = nil) throws(ClassifierError) {
    let values = matrix.values.map { Float($0) }
    try check(
      XGDMatrixCreateFromMat_omp(
        values, UInt64(matrix.rowCount), UInt64(matrix.columnCount), Float.nan, &handle, 1))
    if let labels {
      try check(
        XGDMatrixSetFloatInfo(handle, "label", labels.map { $0 ? Float(1) : 0 }, UInt64(labels.count)))
    }
  }

  deinit {
    if let handle { XGDMatrixFree(handle) }
  }
}

/// xgboost's model in xgboost's memory; it works in one thread.
final class XGBoostBooster {
  private var handle: BoosterHandle?

  private init(_ matrices: [DMatrixHandle?]) throws(ClassifierError) {
    try check(XGBoosterCreate(matrices, UInt64(matrices.count), &handle))
    try set("nthread", "1")
    try set("verbosity", "0")
  }

  convenience init(training: XGBoostMatrix) throws(ClassifierError) { try self.init([training.handle]) }

  convenience init(saved: Data) throws(ClassifierError) {
    try self.init([])
    let status = saved.withUnsafeBytes { XGBoosterLoadModelFromBuffer(handle, $0.baseAddress, UInt64($0.count)) }
    try check(status)
    // What was loaded may name other threads.
    try set("nthread", "1")
  }

  deinit {
    if let handle { XGBoosterFree(handle) }
  }

  func set(_ name: String, _ value: String) throws(ClassifierError) {
    try check(XGBoosterSetParam(handle, name, value))
  }

  /// Adds a tree.
  func update(_ round: Int, with data: XGBoostMatrix) throws(ClassifierError) {
    try check(XGBoosterUpdateOneIter(handle, Int32(round), data.handle))
  }

  func saved() throws(ClassifierError) -> Data {
    var count: UInt64 = 0
    var bytes: UnsafePointer<CChar>?
    try check(XGBoosterSaveModelToBuffer(handle, #"{"format": "ubj"}"#, &count, &bytes))
    guard let bytes, let count = Int(exactly: count) else { throw ClassifierError("xgboost saved no model") }
    return Data(bytes: bytes, count: count)
  }

  /// The probability of high grade of each row.
  func predictions(_ data: XGBoostMatrix) throws(ClassifierError) -> [Double] {
    var shape: UnsafePointer<UInt64>?
    var dimensions: UInt64 = 0
    var values: UnsafePointer<Float>?
    let configuration =
      #"{"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false}"#
    try check(XGBoosterPredictFromDMatrix(handle, data.handle, configuration, &shape, &dimensions, &values))
    guard dimensions == 1, let values, let shape, let count = Int(exactly: shape[0]) else {
      throw ClassifierError("xgboost must predict one number for each row, found \(dimensions) dimensions")
    }
    return UnsafeBufferPointer(start: values, count: count).map { Double($0) }
  }

  /// By column: its share of all gains; 0 everywhere where no tree has a split.
  func gains(of columnCount: Int) throws(ClassifierError) -> [Double] {
    var featureCount: UInt64 = 0
    var features: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    var dimensions: UInt64 = 0
    var shape: UnsafePointer<UInt64>?
    var values: UnsafePointer<Float>?
    try check(
      XGBoosterFeatureScore(
        handle, #"{"importance_type": "total_gain"}"#, &featureCount, &features, &dimensions, &shape, &values))
    var gains = Array(repeating: 0.0, count: columnCount)
    for index in 0..<(Int(exactly: featureCount) ?? 0) {
      // Without names, xgboost calls its columns f0, f1, ...
      guard let name = features?[index], let value = values?[index],
        let column = Int(String(cString: name).dropFirst()), gains.indices.contains(column)
      else { throw ClassifierError("xgboost named the gain of a column that does not exist") }
      gains[column] = Double(value)
    }
    let sum = gains.reduce(0, +)
    return sum > 0 ? gains.map { $0 / sum } : gains
  }
}
