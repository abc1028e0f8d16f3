import Analysis
import ArgumentParser
import Experiment
import Foundation
import Report
import Study
import Training

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predict one exam with the networks of a finished run.",
    discussion: """
      The exam needs no study: its DICOM files and contours are read and not changed. The prediction is the mean of the \
      networks' probabilities; the run's protocol states how slices are combined and which probability means high grade.

      Research use only: RenalGrade is not a medical device.
      """)

  @Argument(
    help: ArgumentHelp("The folder of a finished run: runs/<id> of a study.", valueName: "run"), completion: .directory,
    transform: PathArgument.folder)
  var runFolder: String

  @Option(
    help: "A folder with the exam's DICOM files, at any depth, or a zip archive of one.", completion: .file(),
    transform: PathArgument.folderOrArchive)
  var dicom: String

  @Option(
    help: "The exam's contours, a JSON export of MD.ai.", completion: .file(extensions: ["json"]),
    transform: PathArgument.file)
  var contours: String

  @Option(help: "The folds whose networks are used, such as 1,3.")
  var folds = FoldChoice.all

  @Option(
    help: "Also write the prediction to this file, as JSON.", completion: .file(extensions: ["json"]),
    transform: PathArgument.outputFile)
  var json: String?

  @OptionGroup var compute: ComputeOptions

  func run() throws {
    compute.apply()
    let prediction = try ExamPrediction(
      Run.open(at: URL(fileURLWithPath: runFolder)), folds: folds.indices, usesGPU: !compute.cpu)
    let scores = try prediction.scores(
      dicom: URL(fileURLWithPath: dicom), contours: URL(fileURLWithPath: contours))
    let result = ExamResult(
      scores, runID: prediction.run.id, settings: prediction.settings, manifest: prediction.manifest,
      predictions: prediction.predictions)
    if let json { try result.write(to: URL(fileURLWithPath: json)) }
    print(result.text)
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
