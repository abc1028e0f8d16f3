import Foundation
import TestSupport
import Testing

/// The subcommands that work on no study.
@Suite struct ToolTests {
  @Test func doctorSaysWhatThereIs() throws {
    let report = try CommandLineTool.succeed("doctor")
    for subject in ["libtorch: 2.", "GPU:", "DCMTK: DCMTK 3.", "gnuplot:", "weights of resnet50:", "memory:", "disk:"] {
      #expect(report.contains(subject), "\(subject)")
    }
    let lame = try CommandLineTool.run(["doctor"], environment: ["DCMDICTPATH": "/nowhere/dicom.dic"])
    #expect(lame.status == 1)
    #expect(lame.output.contains("MISSING DCMTK"))
  }

  @Test func weightsAreListedAndADamagedFileIsNotVerified() throws {
    let folder = try TemporaryFolder()
    let cache = ["RENALGRADE_WEIGHTS": folder.url.path]
    let listed = try CommandLineTool.run(["weights", "list"], environment: cache)
    for name in ["resnet50-19c8e357.pth", "resnet18-f37072fd.pth", "efficientnet-lite0-57934424.pth"] {
      #expect(listed.output.contains(name))
    }
    try Data("not weights".utf8).write(to: folder.url.appendingPathComponent("resnet18-f37072fd.pth"))
    #expect(try CommandLineTool.run(["weights", "list"], environment: cache).output.contains("DAMAGED"))
    let message = try CommandLineTool.fail("weights", "verify", "resnet18", environment: cache)
    #expect(message.contains("SHA-256"))
    #expect(try CommandLineTool.fail("weights", "get", "resnet51").contains("resnet50"))
  }

  @Test func phantomRefusesAFolderThatHoldsSomething() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: folder.url.appendingPathComponent("mine.txt"))
    #expect(try CommandLineTool.fail("phantom", folder.url.path).contains("empty"))
    #expect(try CommandLineTool.fail("phantom", folder.url.path + "/new", "--signal", "-1").contains("signal"))
  }

  @Test func helpNamesEverySubcommandAndTheLimits() throws {
    let help = try CommandLineTool.succeed("--help")
    for name in [
      "init", "pacs", "deidentify", "deidentify-table", "import", "cohort", "status", "rois", "crossvalidate", "sweep",
      "nested", "controls", "verify", "explain", "report", "compare", "predict", "weights", "phantom", "doctor",
    ] {
      #expect(help.contains("  \(name) "), "\(name)")
    }
    #expect(help.contains("not a medical device"))
  }
}

/// What CONTRIBUTING.md says of the house.
@Suite struct HouseTests {
  @Test func theDiagramIsThatOfPackageSwiftAndEveryRoomImportsOnlyRoomsAboveIt() throws {
    let result = try CommandLineTool.shell("scripts/rooms --check")
    #expect(result.status == 0, "\(result.error)")
  }

  /// The code in the rooms' articles is compiled and run: it stands word for word in `ArticleTests.swift` of the room.
  @Test(arguments: ["DICOM", "Evaluation", "Experiment", "Analysis"])
  func theCodeOfTheArticlesIsThatOfTests(_ room: String) throws {
    func lines(_ path: String) throws -> [String] {
      try String(contentsOf: protocolsFolder.appendingPathComponent("../\(path)").standardizedFileURL, encoding: .utf8)
        .components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let tested = try lines("Tests/\(room)Tests/ArticleTests.swift")
    let pieces = try lines("Sources/\(room)/\(room).docc/\(room).md").split(
      separator: "```swift", omittingEmptySubsequences: false
    )
    .dropFirst().map { Array($0.prefix { $0 != "```" }) }
    #expect(!pieces.isEmpty)
    for piece in pieces {
      let isTested = tested.indices.contains { Array(tested[$0...].prefix(piece.count)) == piece }
      #expect(isTested, "\(piece.joined(separator: "\n"))")
    }
  }
}
