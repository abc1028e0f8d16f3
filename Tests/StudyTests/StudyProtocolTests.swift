import Foundation
import Support
import TestSupport
import Testing

@testable import Study

@Suite struct StudyProtocolTests {
  let paper = protocolsFolder.appendingPathComponent("paper.yaml")

  @Test func paperStatesThePapersNumbers() throws {
    let study = try StudyProtocol(contentsOf: paper)
    #expect(study.training?.learningRate == 1e-5)
    #expect(study.training?.beta1 == 0.8)
    #expect(study.training?.weightDecay == 0.8)
    #expect(study.training?.decay == .coupled)
    #expect(study.training?.highGradeWeight == 2.5)
    #expect(study.sweep?.batchSizes == [4, 16, 64])
    #expect(study.folds.count == 5)
    #expect(study.network?.frozenThrough == "layer2")
    #expect((study.roi.windowCentre, study.roi.windowWidth) == (40, 400))
    #expect((study.roi.boxSize, study.roi.outputSize) == (128, 224))
  }

  @Test func everyCommittedProtocolIsValidAndSurvivesARoundTrip() throws {
    let files = try FileManager.default.contentsOfDirectory(at: protocolsFolder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "yaml" }
    #expect(files.count >= 3)
    for file in files {
      let study = try StudyProtocol(contentsOf: file)
      #expect(try StudyProtocol(yaml: study.yaml, name: "again") == study)
    }
  }

  @Test func numbersAreWrittenAsAPersonWritesThem() throws {
    let text = try StudyProtocol(contentsOf: paper).yaml
    for line in [
      "learningRate: 0.00001", "windowCentre: 40", "threshold: 0.5", "epsilon: 0.00000001", "resampleTo: null",
    ] {
      #expect(text.contains("\(line)\n"), "\(line)")
    }
  }

  private func message(_ change: (String) -> String) throws -> String {
    let text = try String(contentsOf: paper, encoding: .utf8)
    let changed = change(text)
    #expect(changed != text)
    let error = #expect(throws: StudyError.self) { try StudyProtocol(yaml: changed, name: "mine.yaml") }
    return error?.description ?? ""
  }

  private func line(of text: String) throws -> Int {
    let lines = try String(contentsOf: paper, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    return try #require(lines.firstIndex { $0.contains(text) }) + 1
  }

  @Test func aMisspeltKeyIsNamedWithItsLine() throws {
    let text = try message { $0.replacingOccurrences(of: "  learningRate:", with: "  learningrate:") }
    #expect(text.contains("learningRate"))
    #expect(text.contains("mine.yaml:"))
    let unknown = try message { $0.replacingOccurrences(of: "  boxSize: 128", with: "  boxSize: 128\n  boxsize: 64") }
    #expect(unknown.contains("mine.yaml:\(try line(of: "boxSize: 128") + 1): unknown key roi.boxsize"))
  }

  @Test(arguments: [
    ("roi", "resampleTo"), ("roi", "maximumSlicesPerLesion"), ("network", "substitute"), ("network", "frozenThrough"),
    ("pathology", "lesionColumn"), ("folds", "seed"),
  ]) func aMissingKeyIsNamedWithTheLineOfItsSection(section: String, key: String) throws {
    let text = try message { text in
      text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("  \(key):") }
        .joined(separator: "\n")
    }
    #expect(text.hasPrefix("mine.yaml:\(try line(of: "\(section):")): the key \(section).\(key) is missing"))
  }

  @Test(arguments: ["../escape", "a/b", "two words", "", ".hidden", "grün"]) func aNameMustFitAFoldersName(name: String)
    throws
  {
    let text = try message { $0.replacingOccurrences(of: "name: paper", with: "name: \"\(name)\"") }
    #expect(text.contains("mine.yaml:\(try line(of: "name: paper")): name must be letters, digits, -, _ and . only"))
  }

  @Test func whatLooksLikeANumberStaysText() throws {
    var study = try StudyProtocol(contentsOf: paper)
    study.name = "12"
    study.pathology.patientColumn = "null"
    study.pathology.gradeColumn = "yes: no"
    study.annotation.lesionLabels = ["1", ""]
    study.roi.resampleTo = 0.9765625
    #expect(try StudyProtocol(yaml: study.yaml, name: "again") == study)
  }

  @Test func aWrongTypeOrValueIsNamedWithItsLine() throws {
    let type = try message { $0.replacingOccurrences(of: "  epochs: 30", with: "  epochs: many") }
    #expect(type.contains("mine.yaml:\(try line(of: "epochs: 30")):"))
    #expect(type.contains("training.epochs"))
    let range = try message { $0.replacingOccurrences(of: "  beta1: 0.8", with: "  beta1: 1.5") }
    #expect(
      range.contains("mine.yaml:\(try line(of: "beta1: 0.8")): training.beta1 must be 0 or more and below 1, found 1.5")
    )
    let word = try message { $0.replacingOccurrences(of: "initialisation: imagenet", with: "initialisation: magic") }
    #expect(word.contains("network.initialisation"))
  }

  @Test func brokenYAMLNamesFileAndLine() throws {
    let text = try message { $0.replacingOccurrences(of: "folds:\n", with: "folds: [\n") }
    #expect(text.contains("mine.yaml"))
    #expect(text.contains("not valid YAML"))
    #expect(throws: StudyError.self) { try StudyProtocol(yaml: "", name: "empty.yaml") }
    #expect(throws: StudyError.self) {
      try StudyProtocol(contentsOf: protocolsFolder.appendingPathComponent("absent.yaml"))
    }
  }
}
