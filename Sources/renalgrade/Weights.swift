import ArgumentParser
import Backbones
import Foundation

struct Weights: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List, download and verify published weights.", subcommands: [List.self, Get.self, Verify.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the published weights, and show which are on this machine.")

    func run() {
      for status in WeightsStore.standard.list() {
        let entry = status.entry
        let place = status.url.map { status.isVerified ? "verified: \($0.path)" : "DAMAGED: \($0.path)" } ?? "not here"
        print("\(entry.backbone)  \(entry.file)  [\(entry.licence); \(entry.origin)]\n    \(place)")
      }
    }
  }

  struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Download weights into the cache; an interrupted download continues where it stopped.")

    @OptionGroup var selection: WeightsSelection

    func run() async throws {
      let entry = try selection.entry()
      let bar = ProgressBar(entry.file)
      let url = try await WeightsStore.standard.get(entry) { received, expected in
        bar.show(done: received, of: expected ?? received)
      }
      bar.finish()
      print("\(entry.file) is verified: \(url.path)")
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that the weights on this machine are identical to those published.")

    @OptionGroup var selection: WeightsSelection

    func run() throws {
      let entry = try selection.entry()
      print("\(entry.file) is verified: \(try WeightsStore.standard.verify(entry).path)")
    }
  }
}

/// The weights that a subcommand is about.
struct WeightsSelection: ParsableArguments {
  @Argument(help: "A backbone, such as resnet50, or a file name from `renalgrade weights list`.")
  var name: String

  /// The catalogue's entry: the file of that name, or the preferred one of the backbone.
  func entry() throws -> WeightsEntry {
    if let entry = WeightsCatalogue.entry(file: name) ?? WeightsCatalogue.entries(for: name).first { return entry }
    let names = Backbone.names.filter { !WeightsCatalogue.entries(for: $0).isEmpty }.joined(separator: ", ")
    throw ValidationError("There are no published weights for \(name); the backbones with weights are \(names).")
  }
}
