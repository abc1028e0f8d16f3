import ArgumentParser
import Foundation
import Study

struct Init: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Make a new study from a protocol.")

  @OptionGroup var study: StudyOption

  @Option(
    name: .customLong("protocol"), help: "The YAML file that states the experiment, such as Protocols/paper.yaml.",
    completion: .file(), transform: PathArgument.file)
  var protocolFile: String

  func run() throws {
    let folder = try StudyFolder.create(at: study.url, protocolSource: URL(fileURLWithPath: protocolFile))
    print("Made the study \(folder.url.path). Its protocol is \(folder.protocolFile.path): edit it there.")
  }
}
