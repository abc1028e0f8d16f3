import Support

extension StudyProtocol {
  /// Parts of the patients that are looked at on their own.
  public struct Subgroup: Codable, Equatable, Sendable {
    /// A column of the pathology table, or one of `RunLesion.imageColumns`: `phase`, `scanner`, `contour_mm`.
    public var column: String
    /// What the report calls it; the column's name where it is not stated.
    public var name: String?
    /// Where a number is cut into ranges, rising; nil makes each value a part.
    ///
    /// A range holds its lower limit.
    public var cuts: [Double]?

    /// Makes a question from its parts.
    public init(column: String, name: String? = nil, cuts: [Double]? = nil) {
      self.column = column
      self.name = name
      self.cuts = cuts
    }
  }

  /// What the network has to beat, besides calling everyone by the more frequent class.
  public struct Baselines: Codable, Equatable, Sendable {
    /// The column with the tumour's size; nil takes that of its outline, `contour_mm`.
    public var size: String?
    /// The columns of clinical variables, taken together; words count as categories.
    public var clinical: [String]?

    /// Makes baselines from their columns.
    public init(size: String? = nil, clinical: [String]? = nil) {
      self.size = size
      self.clinical = clinical
    }

    var columns: [String] { [size].compactMap { $0 } + (clinical ?? []) }
  }

  /// The columns that the model and the report's questions need, each once.
  public var questionedColumns: [String] {
    // Those of a stack's member are named `NAME.columns`.
    let settings = (model.settings ?? [:]).filter { $0.key == "columns" || $0.key.hasSuffix(".columns") }
    let ofModel = settings.values.flatMap { value -> [String] in
      switch value {
      case .text(let column): [column]
      case .texts(let columns): columns
      default: []
      }
    }
    return Set(ofModel + (subgroups ?? []).map(\.column) + (baselines?.columns ?? [])).sorted()
  }
}

extension StudyProtocol.Evaluation: HasOptionalKeys {
  static let optionalKeys: Set = ["topK", "thresholdRule", "targetSensitivity"]
}

extension StudyProtocol.Subgroup: HasOptionalKeys {
  static let optionalKeys: Set = ["name", "cuts"]
}

extension StudyProtocol.Baselines: HasOptionalKeys {
  static let optionalKeys: Set = ["size", "clinical"]
}

extension StudyProtocol {
  /// Checks what the report is to ask, by a function that throws where something does not hold, with the key's path and what
  /// it must be.
  func validateQuestions(
    _ require: (_ holds: Bool, _ path: [String], _ expected: String) throws(StudyError) -> Void
  ) throws(StudyError) {
    let hasCount = evaluation.aggregation == .topK
    try require(
      (evaluation.topK != nil) == hasCount, ["evaluation", hasCount ? "aggregation" : "topK"],
      hasCount ? "topK together with evaluation.topK, the number of slices" : "omitted: the aggregation is not topK")
    try require((evaluation.topK ?? 1) >= 1, ["evaluation", "topK"], "1 or more slices")
    let hasTarget = evaluation.thresholdRule == .fixedSensitivity
    try require(
      (evaluation.targetSensitivity != nil) == hasTarget,
      ["evaluation", hasTarget ? "thresholdRule" : "targetSensitivity"],
      hasTarget
        ? "fixedSensitivity together with evaluation.targetSensitivity"
        : "omitted: the thresholdRule is not fixedSensitivity")
    let target = evaluation.targetSensitivity ?? 1
    try require(target > 0 && target <= 1, ["evaluation", "targetSensitivity"], "above 0 and at most 1")
    let columns = (subgroups ?? []).map(\.column)
    for (index, subgroup) in (subgroups ?? []).enumerated() {
      let path = ["subgroups", "\(index)"]
      try require(
        !subgroup.column.isEmpty, path + ["column"], "a column of the pathology table, phase, scanner or contour_mm")
      try require(
        !columns[..<index].contains(subgroup.column), path + ["column"], "listed only once: \"\(subgroup.column)\"")
      guard let cuts = subgroup.cuts else { continue }
      let isRising = zip(cuts, cuts.dropFirst()).allSatisfy { $0 < $1 }
      try require(
        !cuts.isEmpty && isRising && cuts.allSatisfy(\.isFinite), path + ["cuts"], "one or more increasing numbers")
    }
    guard let baselines else { return }
    try require(
      !baselines.columns.isEmpty, ["baselines"],
      "omitted, or contain `size` (a column) or `clinical` (a list of columns)")
    let clinical = baselines.clinical ?? []
    try require(
      baselines.clinical == nil || !clinical.isEmpty, ["baselines", "clinical"], "one or more columns, or omitted")
    try require(
      !baselines.columns.contains(""), ["baselines"], "columns of the pathology table, not empty names")
    try require(Set(clinical).count == clinical.count, ["baselines", "clinical"], "columns, each named once")
  }
}
