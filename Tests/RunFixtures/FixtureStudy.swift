public import Experiment
public import Foundation
public import Study
public import Support
public import TestSupport

/// A study with runs whose predictions are drawn at random, in a folder of its own.
public struct FixtureStudy {
  /// The folder, which goes with the fixture.
  public let temporary: TemporaryFolder
  /// The study.
  public let study: StudyFolder
  /// What random numbers are drawn from.
  public var generator: DeterministicGenerator

  /// The protocols that come with the program.
  public static let protocols = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Protocols")

  /// A picture of 700 x 1600 pixels with vertical bars, as a montage of many patients is.
  public static let png =
    Data(
      base64Encoded:
        "iVBORw0KGgoAAAANSUhEUgAAArwAAAZAAQAAAACz3qyfAAAB/0lEQVR42u3MMQ0AAAjAsPk3DSpIOJr+bbqRWCwWi8VisVgsFovF"
        + "YrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwW"
        + "i8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFY"
        + "LBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8Vi"
        + "sVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaL"
        + "xWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgs"
        + "FovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKxWCwWi8VisVgsFovFYrFYLBaLxWKx"
        + "WCwWi8VisVgsFovFYrFYLBaLxeKv8QLQmf0AP5pkhQAAAABJRU5ErkJggg==") ?? Data()

  /// A picture as `montage.svg` is: 700 x 1600 pixels, with an image in it and what it shows in words.
  public static let svg = Data(
    ("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"700\" "
      + "height=\"1600\"><title>Crops</title><desc>Crops of A &amp; B.</desc><image width=\"700\" height=\"1600\" "
      + "xlink:href=\"data:image/png;base64,\(png.base64EncodedString())\"/></svg>").utf8)

  /// Makes a study by one of the protocols that come with the program.
  public init(seed: UInt64 = 1, protocolName: String = "preset") throws {
    temporary = try TemporaryFolder()
    let source = Self.protocols.appendingPathComponent("\(protocolName).yaml")
    // Codes may be shown, so that the tests see how they are.
    let yaml = try String(contentsOf: source, encoding: .utf8)
      .replacingOccurrences(of: "patientIDs: identifiers", with: "patientIDs: codes")
    let file = temporary.url.appendingPathComponent("protocol-source.yaml")
    try yaml.write(to: file, atomically: true, encoding: .utf8)
    study = try StudyFolder.create(at: temporary.url.appendingPathComponent("study"), protocolSource: file)
    generator = DeterministicGenerator(seed: seed)
  }

  /// Patients from `case-01` on with one or two lesions of two to six slices each; the first third is high grade.
  public mutating func predictions(patients: Int, signal: Double = 0.25, code: (Int) -> String = Self.code)
    -> [Prediction]
  {
    var result: [Prediction] = []
    for patient in 0..<patients {
      let isHigh = patient < (patients + 2) / 3
      for lesion in 1...(patient % 5 == 0 ? 2 : 1) {
        let centre = (isHigh ? 0.5 + signal / 2 : 0.5 - signal / 2) + Double.random(in: -0.3...0.3, using: &generator)
        for slice in 1...Int.random(in: 2...6, using: &generator) {
          let noise = Double.random(in: -0.12...0.12, using: &generator)
          result.append(
            Prediction(
              patient: code(patient), lesion: "L\(lesion)", slice: "1.2.3.\(patient).\(lesion).\(slice)",
              fold: patient % 5,
              label: isHigh && lesion == 1 ? .high : .low, probability: min(0.999, max(0.001, centre + noise))))
        }
      }
    }
    return result
  }

  /// The lesions of `predictions` with a size that rises with the grade by `signal` mm, a sex, and the patient's number as age.
  public mutating func lesions(_ predictions: [Prediction], signal: Double = 20) -> [RunLesion] {
    var lesions: [String: RunLesion] = [:]
    for row in predictions {
      let key = "\(row.patient) \(row.lesion)"
      guard lesions[key] == nil, let grade = Grade(rawValue: row.label == .high ? 3 : 2) else { continue }
      let size = Double.random(in: 20...80, using: &generator) + (row.label == .high ? signal : 0)
      lesions[key] = RunLesion(
        patient: row.patient, lesion: row.lesion, grade: grade,
        attributes: [
          "sizeMM": String(format: "%.1f", size),
          "sex": row.patient.utf8.reduce(0) { $0 + Int($1) } % 2 == 0 ? "F" : "M",
          "age": "\(row.patient.suffix(2))",
        ])
    }
    return lesions.values.sorted { ($0.patient, $0.lesion) < ($1.patient, $1.lesion) }
  }

  /// The code of a patient, counted from 0.
  public static func code(_ patient: Int) -> String { String(format: "case-%02d", patient + 1) }

  /// Writes a run as `crossvalidate` does.
  public mutating func run(
    _ predictions: [Prediction], batchSize: Int = 16, epochs: Int = 8, manifest: Run.Manifest? = nil,
    lesions: [RunLesion]? = nil, _ configure: (inout StudyProtocol) -> Void = { _ in }
  ) throws -> Run {
    var settings = try study.readProtocol()
    settings.training?.batchSize = batchSize
    configure(&settings)
    let run = try Run.create(in: study, name: "\(settings.name)-batch\(batchSize)")
    try AtomicFile.write(settings.yaml, to: run.protocolFile)
    let heldOut = (0..<5).map { fold in Set(predictions.filter { $0.fold == fold }.map(\.patient)).sorted() }
    try AtomicFile.writeJSON(["heldOut": heldOut], to: run.foldsFile)
    var epochLog: [Run.Epoch] = []
    for fold in 0..<(epochs > 0 ? 5 : 0) {
      for epoch in 1...epochs {
        let wobble = Double.random(in: -0.03...0.03, using: &generator)
        let loss = 0.25 + 0.45 * exp(-Double(epoch) / 3) + wobble
        epochLog.append(
          Run.Epoch(
            fold: fold, epoch: epoch, loss: loss, heldOutLoss: 0.42 + 0.3 * exp(-Double(epoch) / 3) + 3 * wobble,
            imagesPerSecond: 40, seconds: 3))
      }
    }
    if !epochLog.isEmpty { try EpochLog(run.logFile).replace(by: epochLog) }
    var standard = Run.Manifest(
      learner: .init(
        learner: "network",
        network: .init(
          backbone: "efficientnet-lite0", weights: String(repeating: "9f86d081", count: 8), frozenThrough: nil,
          trainedParameters: 0)),
      notes: ["The protocol asks for resnet50, but its weights are not here; efficientnet-lite0 was trained instead."],
      synthetic: true)
    standard.program = "0.1.0"
    standard.protocolHash = Data(try settings.yaml.utf8).sha256
    standard.seeds = .init(folds: 1, training: 1)
    standard.duration = 412
    standard.hardware = Hardware(threads: 2, processor: "a processor", libtorch: "2.15.0")
    try AtomicFile.writeJSON(manifest ?? standard, to: run.manifestFile)
    if let lesions { try AtomicFile.writeJSON(lesions, to: run.lesionsFile) }
    try PredictionTable.write(predictions, to: run.predictionsFile)
    try Baselines.write(for: run)
    return run
  }

  /// Two runs of the same patients, the second with the scores pulled apart by class.
  public mutating func pairOfRuns() throws -> [Run] {
    let predictions = predictions(patients: 40, signal: 0.1)
    var better = predictions
    for index in better.indices {
      better[index].probability += better[index].label == .high ? 0.2 : -0.2
      better[index].probability = min(0.999, max(0.001, better[index].probability))
    }
    // The order of the rows is not that of the first run.
    return [try run(predictions), try run(better.reversed())]
  }
}
