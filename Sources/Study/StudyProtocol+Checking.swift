import Support

extension StudyProtocol {
  /// Checks every value, by the place of each key in `source`.
  func validate(_ source: ProtocolSource) throws(StudyError) {
    // The name becomes part of folders' names.
    try source.require(
      name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil, "name",
      expected: "letters, digits, -, _ and . only, the first one a letter or digit", found: "\"\(name)\"")
    try source.require(roi.windowWidth > 0, "roi", "windowWidth", expected: "above 0 HU", found: roi.windowWidth)
    try source.require(
      (8...512).contains(roi.boxSize), "roi", "boxSize", expected: "8 to 512 pixels", found: roi.boxSize)
    try source.require(
      (8...1024).contains(roi.outputSize), "roi", "outputSize", expected: "8 to 1024 pixels", found: roi.outputSize)
    if let size = roi.resampleTo {
      try source.require(size > 0.05 && size < 10, "roi", "resampleTo", expected: "0.05 to 10 mm, or null", found: size)
    }
    if let maximum = roi.maximumSlicesPerLesion {
      try source.require(maximum > 0, "roi", "maximumSlicesPerLesion", expected: "1 or more, or null", found: maximum)
    }
    if let share = annotation.repeats {
      try source.require((0...1).contains(share), "annotation", "repeats", expected: "0 to 1, or omitted", found: share)
    }
    if let days = annotation.washoutDays {
      try source.require(
        (0...3650).contains(days), "annotation", "washoutDays", expected: "0 to 3650 days, or omitted", found: days)
    }
    try source.require(folds.count >= 2, "folds", "count", expected: "2 or more", found: folds.count)
    try validateModel(source)
    try source.require(
      (0...1).contains(evaluation.threshold), "evaluation", "threshold", expected: "0 to 1", found: evaluation.threshold
    )
    if let cohort { try validate(cohort, source) }
    try radiomics?.validate { (holds, key, expected) throws(StudyError) in
      try source.require(holds, "radiomics", key, expected: expected)
    }
    try validateQuestions { (holds, path, expected) throws(StudyError) in
      try source.require(holds, at: path, expected: expected)
    }
  }
}

extension StudyProtocol {
  private func validateModel(_ source: ProtocolSource) throws(StudyError) {
    try source.require(
      version == Self.currentVersion, "version",
      expected: "\(Self.currentVersion), or omitted in a file of version 1", found: version)
    try source.require(
      !model.learner.isEmpty, "model", "learner", expected: "the name of a learner", found: "an empty name")
    try source.require(
      Set(inputs.phases).count == inputs.phases.count, "inputs", "phases", expected: "phases, each named once",
      found: inputs.phases.map(\.rawValue))
    if inputs.fusion == .early {
      try source.require(
        inputs.examples.hasSlices && (2...3).contains(inputs.phases.count), "inputs", "fusion",
        expected:
          "early only if inputs.examples is slice, bag or volume and inputs.phases names 2 or 3 phases, the channels of an image"
      )
    }
    if let dropout = inputs.phaseDropout {
      try source.require(
        inputs.fusion != nil && dropout >= 0 && dropout < 1, "inputs", "phaseDropout",
        expected: "omitted unless inputs.fusion is early or late, and 0 or more and below 1", found: dropout)
    }
    if inputs.fusion == .late {
      try source.require(
        [.bag, .volume].contains(inputs.examples) && inputs.phases.count >= 2, "inputs", "fusion",
        expected: "omitted unless inputs.examples is bag or volume and inputs.phases names at least 2 phases")
    }
    if let neighbours = inputs.neighbours {
      try source.require(
        neighbours == 1 && inputs.examples.hasSlices && inputs.fusion != .early, "inputs", "neighbours",
        expected: "omitted, or 1 where inputs.examples is slice, bag or volume and inputs.fusion is not early",
        found: neighbours)
    }
    if model.learner == Model.network {
      for (key, isThere) in [("network", network != nil), ("training", training != nil), ("sweep", sweep != nil)]
      where !isThere { throw source.missing(key, in: []) }
    }
    if let training { try validate(training, source) }
    if let sweep {
      try source.require(
        !sweep.batchSizes.isEmpty && sweep.batchSizes.allSatisfy { $0 >= 1 }, "sweep", "batchSizes",
        expected: "a list of sizes of 1 or more", found: sweep.batchSizes)
    }
  }

  private func validate(_ training: Training, _ source: ProtocolSource) throws(StudyError) {
    try source.require(training.epochs >= 1, "training", "epochs", expected: "1 or more", found: training.epochs)
    try source.require(
      training.batchSize >= 1, "training", "batchSize", expected: "1 or more", found: training.batchSize)
    try source.require(
      training.learningRate > 0, "training", "learningRate", expected: "above 0", found: training.learningRate)
    for (key, value) in [("beta1", training.beta1), ("beta2", training.beta2)] {
      try source.require(value >= 0 && value < 1, "training", key, expected: "0 or more and below 1", found: value)
    }
    try source.require(training.epsilon > 0, "training", "epsilon", expected: "above 0", found: training.epsilon)
    try source.require(
      training.weightDecay >= 0, "training", "weightDecay", expected: "0 or more", found: training.weightDecay)
    try source.require(
      training.highGradeWeight > 0, "training", "highGradeWeight", expected: "above 0", found: training.highGradeWeight)
    try source.require(
      (0...1).contains(training.flipProbability), "training", "flipProbability", expected: "0 to 1",
      found: training.flipProbability)
  }
}

extension StudyProtocol {
  private func validate(_ cohort: Cohort, _ source: ProtocolSource) throws(StudyError) {
    func require(_ holds: Bool, _ path: [String], _ expected: String) throws(StudyError) {
      try source.require(holds, at: ["cohort"] + path, expected: expected)
    }
    let series = cohort.series
    for (key, value) in [
      ("preferredSpacing", series.preferredSpacing), ("maximumSpacing", series.maximumSpacing),
      ("minimumExtent", series.minimumExtent),
    ] {
      try require(value > 0, ["series", key], "above 0 mm, found \(value)")
    }
    try require(
      (0...1).contains(series.minimumCoverage), ["series", "minimumCoverage"], "0 to 1, found \(series.minimumCoverage)"
    )
    let names = cohort.rules.map(\.name)
    for (index, rule) in cohort.rules.enumerated() {
      let path = ["rules", "\(index)"]
      try require(!rule.name.isEmpty, path + ["name"], "a few words")
      try require(!names[..<index].contains(rule.name), path + ["name"], "unique: \"\(rule.name)\"")
      try require(
        rule.conditionCount == 1, path,
        "one condition (equals, differs, stage, absent, scannedBefore, phases or gradeKnown), found \(rule.conditionCount)"
      )
      let comparesColumn = rule.equals != nil || rule.differs != nil
      try require(
        comparesColumn == (rule.column != nil), path,
        "a condition with `column` if and only if it is `equals` or `differs`")
      try require(rule.gradeKnown != false, path + ["gradeKnown"], "true, or omitted")
      try require(
        rule.phases?.contains(where: \.isEmpty) != true, path + ["phases"], "a list of lists, none of them empty")
    }
  }
}
