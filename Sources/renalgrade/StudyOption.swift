import ArgumentParser
import Foundation
import Study

/// The study that a subcommand works on.
struct StudyOption: ParsableArguments {
  @Argument(help: "The study's folder.", completion: .directory)
  var study: String

  var url: URL { URL(fileURLWithPath: study) }

  /// Opens the study.
  func open() throws -> StudyFolder { try StudyFolder(at: url) }

  /// Opens the study and runs `body` while no other process changes it.
  func locked(_ body: (StudyFolder) async throws -> Void) async throws {
    let folder = try open()
    try await folder.locked { try await body(folder) }
  }
}
