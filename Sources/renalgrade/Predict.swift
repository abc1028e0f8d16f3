import Analysis
import ArgumentParser
import Experiment
import Foundation
import Report
import Study
import Training

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predict one exam with the models of a finished run.",
    discussion: """
      The exam needs no study: its DICOM files and contours are read and not changed. The prediction is the mean of the \
      probabilities of the folds' models; the run's protocol states what a probability is of (a slice, a lesion or the \
      patient), how these are combined, and which probability means high grade.

      A run on columns of the pathology table needs their values (--value); a run on these alone needs no images.

      Research use only: RenalGrade is not a medical device.
      """)

  @Argument(
    help: ArgumentHelp("The folder of a finished run: runs/<id> of a study.", valueName: "run"), completion: .directory,
    transform: PathArgument.folder)
  var runFolder: String

  @Option(
    help: "A folder with the exam's DICOM files, at any depth, or a zip archive of one.", completion: .file(),
    transform: PathArgument.fileOrFolder)
  var dicom: String?

  @Option(
    help: "The exam's contours, a JSON export of MD.ai.", completion: .file(extensions: ["json"]),
    transform: PathArgument.file)
  var contours: String?

  @Option(
    help: ArgumentHelp(
      "What the pathology table would state of the patient, such as size_mm=41; repeat it for each column.",
      valueName: "column=value"))
  var value: [ColumnValue] = []

  @Option(help: "The folds whose models are used, such as 1,3.")
  var folds = FoldChoice.all

  @Option(
    help: "Also write the prediction to this file, as JSON.", completion: .file(extensions: ["json"]),
    transform: PathArgument.outputFile)
  var json: String?

  @Option(
    help: "The backbone's weights, for a run of the learner nearestNeighbours: a .pth or .safetensors file.",
    completion: .file(), transform: PathArgument.file)
  var weights: String?

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (dicom == nil) == (contours == nil) else {
      throw ValidationError(
        "--dicom and --contours must be given together: an exam's images are predicted where they are outlined")
    }
    guard dicom != nil || !value.isEmpty else {
      throw ValidationError("give the exam: its images (--dicom and --contours), values of columns (--value), or both")
    }
    let columns = value.map(\.column)
    if let twice = columns.first(where: { column in columns.count { $0 == column } > 1 }) {
      throw ValidationError("--value states \(twice) more than once")
    }
  }

  func run() throws {
    compute.apply()
    let options = NetworkLearner.Options(
      weightsFile: weights.map { URL(fileURLWithPath: $0) }, store: .standard, usesGPU: !compute.cpu)
    let prediction = try ExamPrediction(
      Run.open(at: URL(fileURLWithPath: runFolder)), learners: .all(options), folds: folds.indices)
    var images: ExamImages?
    if let dicom, let contours {
      images = ExamImages(dicom: URL(fileURLWithPath: dicom), contours: URL(fileURLWithPath: contours))
    }
    let scores = try prediction.scores(
      images, values: Dictionary(value.map { ($0.column, $0.value) }) { first, _ in first })
    let result = ExamResult(
      scores, runID: prediction.run.id, settings: prediction.settings, manifest: prediction.manifest,
      predictions: prediction.predictions)
    if let json { try result.write(to: URL(fileURLWithPath: json)) }
    print(result.text)
  }
}

/// `column=value`.
struct ColumnValue: ExpressibleByArgument {
  let column: String
  let value: String

  init?(argument: String) {
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
    column = argument[..<sign].trimmingCharacters(in: .whitespaces)
    value = argument[argument.index(after: sign)...].trimmingCharacters(in: .whitespaces)
    guard !column.isEmpty else { return nil }
  }
}

/// `all`, or numbers from 1 with commas between them.
enum FoldChoice: ExpressibleByArgument {
  case all
  case some([Int])

  init?(argument: String) {
    if argument == "all" {
      self = .all
      return
    }
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0.map { $0 >= 1 } ?? false }) else { return nil }
    self = .some(numbers.compactMap { $0 })
  }

  var defaultValueDescription: String { "all" }

  /// The folds from 0; nil means all.
  var indices: [Int]? {
    switch self {
    case .all: nil
    case .some(let numbers): numbers.map { $0 - 1 }
    }
  }
}
