import Experiment
import Foundation
import Study
import TestSupport
import Testing

/// A copy of a study of twelve virtual patients that RenalGrade 0.1 made, with a cross-validation, its controls and a nested run.
///
/// Its protocol and its runs are of version 1; slices, pictures and checkpoints are left out.
struct OlderStudy {
  let folder: TemporaryFolder
  let url: URL
  var study: StudyFolder { get throws { try StudyFolder(at: url) } }

  init() throws {
    folder = try TemporaryFolder()
    url = folder.url.appendingPathComponent("study")
    let fixture = try #require(Bundle.module.url(forResource: "Fixtures/study-0.1", withExtension: nil))
    try FileManager.default.copyItem(at: fixture, to: url)
  }

  func run(_ name: String) throws -> Run { try Run.open(name, in: study) }
}
