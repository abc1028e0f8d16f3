import ArgumentParser
import Foundation
import PACS

struct PACSCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pacs", abstract: "Query a PACS, find studies, and pull CT series, de-identified on the way.",
    subcommands: [Echo.self, Find.self, Pull.self])

  struct Echo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check that the PACS answers and accepts the connection.")

    @OptionGroup var connection: PACSConnection

    func run() async throws {
      try await connection.client().echo()
      print("The PACS answers.")
    }
  }

  struct Find: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List studies, one per line. The list contains patient identifiers: do not store or share it.")

    @OptionGroup var connection: PACSConnection

    @Option(help: "The patient's ID.")
    var patient: String?

    @Option(help: "The accession number.")
    var accession: String?

    @Option(help: "The study's UID.")
    var study: String?

    @Option(help: "The first date, YYYYMMDD.")
    var from: String?

    @Option(help: "The last date, YYYYMMDD.")
    var until: String?

    @Option(help: "A modality that the study contains.")
    var modality = "CT"

    func run() async throws {
      let query = StudyQuery(
        patientID: patient, accessionNumber: accession, studyInstanceUID: study, firstDate: from, lastDate: until,
        modality: modality)
      let matches = try await connection.client().studies(query)
      for study in matches.found.sorted(by: { ($0.date, $0.studyInstanceUID) < ($1.date, $1.studyInstanceUID) }) {
        let instances = study.instanceCount.map { "\($0)" } ?? ""
        let fields = [study.date, study.patientID, study.accessionNumber, study.modalities.joined(separator: "+")]
        print((fields + [instances, study.studyInstanceUID]).joined(separator: "\t"))
      }
      if matches.found.isEmpty { print("No study matches.") }
      guard matches.unusable == 0 else {
        throw PACSError(.malformed, "\(matches.unusable) more matches have no valid StudyInstanceUID.")
      }
    }
  }
}
