public import ArgumentParser
import Deidentification
import Foundation

struct Deidentify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take persons out of DICOM files, or check that none is left.",
    discussion: """
      Follows the Basic Application Level Confidentiality Profile of DICOM PS3.15 Annex E, in every sequence, with the \
      options given. Pixels stay as they are: images that may show text are refused. With --check nothing is written; the \
      exit code is 1 where something is found.

      The key gives each patient the same pseudonym at every later run. Keep a copy of it, apart from the images.
      """)

  @Argument(help: "A folder with DICOM files, at any depth.", completion: .directory, transform: PathArgument.folder)
  var folder: String

  @Option(help: "The folder to write to.", completion: .directory, transform: PathArgument.outputFolder)
  var to: String?

  @Flag(help: "Look for what is left of persons, and change nothing.")
  var check = false

  @Option(
    help: "The key's file (default: ~/.config/renalgrade/keys/<name of the folder to write to>.key).",
    transform: PathArgument.outputFile)
  var key: String?

  @Option(help: "Where to write what became of each attribute, by exam, as JSON.", transform: PathArgument.outputFile)
  var audit: String?

  @OptionGroup var retained: DeidentificationFlags

  func validate() throws {
    guard check != (to != nil) else { throw ValidationError("Give either --to FOLDER or --check.") }
  }

  func run() throws {
    if let to { try deidentify(to: URL(fileURLWithPath: to)) } else { try runCheck() }
  }

  private func deidentify(to destination: URL) throws {
    let keyURL = key.map { URL(fileURLWithPath: $0) } ?? PseudonymKey.defaultURL(for: destination)
    let isNew = !FileManager.default.fileExists(atPath: destination.path)
    let key = try PseudonymKey.open(keyURL, outside: destination, makesIfMissing: isNew)
    let bar = ProgressBar("De-identifying")
    let summary = try FolderDeidentification.run(
      URL(fileURLWithPath: folder), to: destination, with: Deidentifier(key: key, options: retained.options)
    ) { bar.show(done: $0, of: $1) }
    bar.finish()
    print(
      "\(summary.files) files of \(summary.exams.count) exams; \(summary.setAside.count) set aside. Key: \(keyURL.path)"
    )
    if !summary.withoutPatientID.isEmpty {
      print("Note: \(summary.withoutPatientID.count) exams have no PatientID; each counts as a patient of its own.")
    }
    for (reason, places) in summary.reasons {
      let shown = places.prefix(3).joined(separator: ", ")
      let more = places.count > 3 ? " and \(places.count - 3) more" : ""
      print("Set aside, \(places.count == 1 ? "1 file" : "\(places.count) files"): \(reason). Where: \(shown)\(more).")
    }
    if let audit {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(summary).write(to: URL(fileURLWithPath: audit), options: .atomic)
    }
    guard summary.files > 0 else {
      print("Nothing was written.")
      throw ExitCode.failure
    }
  }

  private func runCheck() throws {
    let bar = ProgressBar("Checking")
    let findings = try DeidentificationCheck(options: retained.options).findings(in: URL(fileURLWithPath: folder)) {
      bar.show(done: $0, of: $1)
    }
    bar.finish()
    for finding in findings { print("\(finding.place): \(finding.problem.rawValue) \(finding.attribute ?? "")") }
    guard findings.isEmpty else {
      print("\(findings.count) findings.")
      throw ExitCode.failure
    }
    print("Nothing found.")
  }
}

/// What de-identification keeps.
struct DeidentificationFlags: ParsableArguments {
  @Option(help: "What becomes of dates: removed, modified (moved by one offset per patient) or full.")
  var dates = DeidentificationOptions.Dates.removed

  @Flag(help: "Keep sex, age (up to 90), size and weight.")
  var keepPatientCharacteristics = false

  @Flag(help: "Keep the scanner's serial number and station name.")
  var keepDeviceIdentity = false

  @Flag(help: "Keep the hospital's name and address.")
  var keepInstitution = false

  @Flag(name: .customLong("keep-uids"), help: "Keep UIDs instead of replacing them.")
  var keepUIDs = false

  @Flag(help: "Keep the private attributes of CT that PS3.15 lists as safe.")
  var keepSafePrivate = false

  @Flag(help: "Keep the words of descriptions that say what was scanned and how.")
  var keepDescriptorWords = false

  @Flag(help: "Keep text attributes that PS3.15 does not list.")
  var keepUnlistedText = false

  @Flag(help: "Admit images that may show text; only after somebody has looked at them.")
  var admitImagesWithText = false

  var options: DeidentificationOptions {
    var options = DeidentificationOptions.basic
    options.dates = dates
    options.retainsPatientCharacteristics = keepPatientCharacteristics
    options.retainsDeviceIdentity = keepDeviceIdentity
    options.retainsInstitutionIdentity = keepInstitution
    options.retainsUIDs = keepUIDs
    options.retainsSafePrivate = keepSafePrivate
    options.cleansDescriptors = keepDescriptorWords
    options.retainsUnlistedText = keepUnlistedText
    options.admitsImagesWithText = admitImagesWithText
    return options
  }
}

extension DeidentificationOptions.Dates: ExpressibleByArgument {}
