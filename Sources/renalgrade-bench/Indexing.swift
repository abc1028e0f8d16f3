import ArgumentParser
import Foundation
import Intake
import Study

/// Times reading the headers of a folder's files.
struct Indexing: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index", abstract: "Time series indexing: the headers of all DICOM files of a folder.")

  @Argument(help: "The folder.")
  var folder: String

  @Option(help: "Repetitions after the first, which warms up.")
  var repetitions = 5

  func run() throws {
    var times: [Double] = []
    var count = 0
    for _ in 0...repetitions {
      times.append(
        try seconds {
          let scan = try DICOMScan(URL(fileURLWithPath: folder))
          guard scan.failures.isEmpty else { throw ValidationError("\(scan.failures.count) files could not be read") }
          count = scan.frames.count
        })
    }
    try Measurement(seconds: Array(times.dropFirst()), items: Double(count)).print()
  }
}
