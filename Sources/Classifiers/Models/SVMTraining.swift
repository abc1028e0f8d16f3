internal import CLibSVM
internal import Foundation

/// One call of libsvm's training, with the memory that it needs.
final class SVMTraining {
  private let labels: [Bool]
  private let width: Int
  /// The rows one after the other, each ended by a node of index -1, as libsvm wants them.
  private let nodes: UnsafeMutableBufferPointer<svm_node>
  private let rows: UnsafeMutableBufferPointer<UnsafeMutablePointer<svm_node>?>
  private let targets: UnsafeMutableBufferPointer<Double>

  init(_ matrix: FeatureMatrix, labels: [Bool]) {
    self.labels = labels
    width = matrix.columnCount + 1
    nodes = .allocate(capacity: matrix.rowCount * width)
    rows = .allocate(capacity: matrix.rowCount)
    targets = .allocate(capacity: matrix.rowCount)
    for row in 0..<matrix.rowCount {
      for (column, value) in matrix.row(row).enumerated() {
        nodes.initializeElement(at: row * width + column, to: svm_node(index: Int32(column + 1), value: value))
      }
      nodes.initializeElement(at: row * width + width - 1, to: svm_node(index: -1, value: 0))
      rows.initializeElement(at: row, to: nodes.baseAddress.map { $0 + row * width })
      targets.initializeElement(at: row, to: labels[row] ? 1 : -1)
    }
  }

  deinit {
    nodes.deallocate()
    rows.deallocate()
    targets.deallocate()
  }

  /// Where a thread keeps the steps that libsvm said it took.
  private static let stepsKey = "libsvm's steps"

  /// libsvm prints its progress unless it is told where to; the number of steps is said nowhere else.
  private static let listening: Void = svm_set_print_string_function { message in
    guard let message, let steps = String(cString: message).range(of: "#iter = ") else { return }
    let digits = String(cString: message)[steps.upperBound...].prefix { $0.isNumber }
    Thread.current.threadDictionary[SVMTraining.stepsKey] = Int(digits)
  }

  /// Fits, and copies what was found out of libsvm's memory.
  ///
  /// - Throws: `ClassifierError` where libsvm refuses the parameters, gives up, or finds no finite solution.
  func run(
    kernel: SupportVectorMachine.Kernel, cost: Double, weights: (low: Double, high: Double), tolerance: Double
  ) throws(ClassifierError) -> (support: [(row: Int, coefficient: Double)], offset: Double) {
    _ = Self.listening
    // libsvm is given raw pointers, which do not keep the rows alive.
    defer { withExtendedLifetime(self) {} }
    let classes = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 2)
    let classWeights = UnsafeMutableBufferPointer<Double>.allocate(capacity: 2)
    defer {
      classes.deallocate()
      classWeights.deallocate()
    }
    _ = classes.initialize(from: [-1, 1])
    _ = classWeights.initialize(from: [weights.low, weights.high])

    var parameter = svm_parameter()
    parameter.svm_type = Int32(C_SVC)
    switch kernel {
    case .linear: parameter.kernel_type = Int32(LINEAR)
    case .radial(let gamma):
      parameter.kernel_type = Int32(RBF)
      parameter.gamma = gamma
    }
    parameter.cache_size = 100
    parameter.eps = tolerance
    parameter.C = cost
    parameter.nr_weight = 2
    parameter.weight_label = classes.baseAddress
    parameter.weight = classWeights.baseAddress
    parameter.shrinking = 1
    parameter.probability = 0

    var problem = svm_problem(l: Int32(labels.count), y: targets.baseAddress, x: rows.baseAddress)
    if let refusal = svm_check_parameter(&problem, &parameter) {
      throw ClassifierError("libsvm refuses the hyperparameters: \(String(cString: refusal))")
    }
    Thread.current.threadDictionary[Self.stepsKey] = nil
    var model = svm_train(&problem, &parameter)
    defer { svm_free_and_destroy_model(&model) }
    guard let fitted = model?.pointee, fitted.nr_class == 2, let coefficients = fitted.sv_coef[0],
      let indices = fitted.sv_indices, let rho = fitted.rho, let order = fitted.label
    else { throw ClassifierError("libsvm returned no model of two classes") }
    // libsvm ends after so many steps as if it had found the solution.
    guard let steps = Thread.current.threadDictionary[Self.stepsKey] as? Int,
      steps < max(10_000_000, 100 * labels.count)
    else {
      throw ClassifierError(
        "the support vector machine did not converge at a cost of \(cost): choose a lower one, or scale the features")
    }
    // The first class that libsvm met has positive decision values.
    let sign: Double = order[0] == 1 ? 1 : -1
    let support = (0..<Int(fitted.l)).map { (row: Int(indices[$0]) - 1, coefficient: sign * coefficients[$0]) }
    let offset = -sign * rho[0]
    guard offset.isFinite, support.allSatisfy({ $0.coefficient.isFinite }) else {
      throw ClassifierError("the support vector machine has no finite solution: scale the features first")
    }
    return (support, offset)
  }
}
