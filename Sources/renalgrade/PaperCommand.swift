import ArgumentParser
import Foundation
import Report

struct PaperCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paper",
    abstract: "Show what the paper's printed numbers imply, and where they contradict one another.",
    discussion: "This command needs no study: it concerns only the paper.")

  @Option(help: "Also write an HTML page to this file.", completion: .file(), transform: PathArgument.outputFile)
  var html: String?

  func run() throws {
    for line in PaperReport.lines { print(line) }
    guard let html else { return }
    let file = URL(fileURLWithPath: html)
    try PaperReport.write(to: file)
    print("\nPage: \(file.path)")
  }
}
