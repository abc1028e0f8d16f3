public import ArgumentParser
import Deidentification
import Foundation
import Support

struct Deidentify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "De-identify DICOM files, or check that no identifiers are left in them.",
    discussion: """
      Follows the Basic Application Level Confidentiality Profile of DICOM PS3.15 Annex E, in every sequence, with the \
      options given; --list-kept prints what they keep. Pixels are not changed: images that may show text are refused. \
      With --check nothing is written, and the exit code is 1 if something is found. With --originals, every byte is also \
      searched for the names, numbers and dates of the original files.

      The key gives each patient the same pseudonym in every later run. Keep a copy of it, separate from the images. It \
      belongs to the output folder: the file FOLDER.key-id next to that folder identifies the key.
      """)

  @Argument(help: "A folder with DICOM files, at any depth.", completion: .directory, transform: PathArgument.folder)
  var folder: String?

  @Option(help: "The folder to write to.", completion: .directory, transform: PathArgument.outputFolder)
  var to: String?

  @Flag(help: "Look for identifiers that are left, and change nothing.")
  var check = false

  @Option(
    help: "With --check: the folder with the original files, whose names, numbers and dates are searched for.",
    completion: .directory, transform: PathArgument.folder)
  var originals: String?

  @Option(
    help: "With --check: a text file with names or numbers to search for, one per line.", completion: .file(),
    transform: PathArgument.file)
  var known: String?

  @Flag(help: "List the attributes that the other options keep, and what is kept of each.")
  var listKept = false

  @Option(
    help: "The key file (default: the folder's own key in ~/.config/renalgrade/keys).",
    transform: PathArgument.outputFile)
  var key: String?

  @Option(
    help: "The JSON file to write the audit to: how each attribute was treated, by exam.",
    transform: PathArgument.outputFile)
  var audit: String?

  @OptionGroup var retained: DeidentificationFlags

  func validate() throws {
    guard [to != nil, check, listKept].count(where: { $0 }) == 1 else {
      throw ValidationError("Give one of --to FOLDER, --check and --list-kept.")
    }
    guard listKept || folder != nil else { throw ValidationError("Give the folder with the DICOM files.") }
    guard check || originals == nil && known == nil else {
      throw ValidationError("--originals and --known need --check.")
    }
  }

  func run() throws {
    if listKept { print(KeptAttributes(retained.options)) }
    guard let folder = folder.map({ URL(fileURLWithPath: $0) }) else { return }
    if let to { try deidentify(folder, to: URL(fileURLWithPath: to)) }
    if check { try runCheck(folder) }
  }

  private func deidentify(_ folder: URL, to destination: URL) throws {
    let project = try ProjectKey.open(
      key.map { URL(fileURLWithPath: $0) }, for: destination, makesIfMissing: true)
    let bar = ProgressBar("De-identifying")
    let summary = try FolderDeidentification.run(
      folder, to: destination, with: Deidentifier(key: project.key, options: retained.options)
    ) { bar.show(done: $0, of: $1) }
    bar.finish()
    print(
      "\(summary.files) files of \(summary.exams.count) exams; \(summary.setAside.count) set aside. "
        + "Key: \(project.url.path)")
    if let notice = project.notice { print("Note: \(notice)") }
    for line in Self.lines(ofUnreadable: summary.unreadable) { print(line) }
    if !summary.withoutPatientID.isEmpty {
      print("Note: \(summary.withoutPatientID.count) exams have no PatientID; each is treated as a separate patient.")
    }
    for (reason, places) in summary.reasons {
      let shown = places.prefix(3).joined(separator: ", ")
      let more = places.count > 3 ? " and \(places.count - 3) more" : ""
      print("Set aside, \(places.count == 1 ? "1 file" : "\(places.count) files"): \(reason). Where: \(shown)\(more).")
    }
    if let audit {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try AtomicFile.write(encoder.encode(summary), to: URL(fileURLWithPath: audit))
    }
    guard summary.files > 0 else {
      print("Nothing was written.")
      throw ExitCode.failure
    }
  }

  /// What is said of attributes that would have stayed, had their values been readable.
  static func lines(ofUnreadable unreadable: [(attribute: String, count: Int)]) -> [String] {
    unreadable.map { attribute, count in
      "Removed, because the standard does not allow the value there: \(attribute), in \(count) "
        + "\(count == 1 ? "place" : "places")."
    }
  }

  private func runCheck(_ folder: URL) throws {
    var identifiers = KnownIdentifiers(options: retained.options)
    if let known {
      let text = try String(contentsOf: URL(fileURLWithPath: known), encoding: .utf8)
      for line in text.split(whereSeparator: \.isNewline) { identifiers.add(text: String(line)) }
    }
    if let originals {
      let reading = ProgressBar("Reading the originals")
      try identifiers.add(originals: URL(fileURLWithPath: originals)) { reading.show(done: $0, of: $1) }
      reading.finish()
    }
    let bar = ProgressBar("Checking")
    let check = DeidentificationCheck(options: retained.options, known: identifiers)
    let findings = try check.findings(in: folder) { bar.show(done: $0, of: $1) }
    bar.finish()
    for reason in identifiers.doubts { print("Note: \(reason)") }
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
  @Option(help: "How to treat dates: removed, modified (shifted by one offset per patient) or full (kept).")
  var dates = DeidentificationOptions.Dates.removed

  @Flag(help: "Keep sex, age (up to 90), height and weight.")
  var keepPatientCharacteristics = false

  @Flag(help: "Keep the scanner's serial number and station name.")
  var keepDeviceIdentity = false

  @Flag(help: "Keep the hospital's name and address.")
  var keepInstitution = false

  @Flag(name: .customLong("keep-uids"), help: "Keep UIDs instead of replacing them.")
  var keepUIDs = false

  @Flag(help: "Keep the private attributes of CT that PS3.15 lists as safe.")
  var keepSafePrivate = false

  @Flag(help: "Keep those words of descriptions that say what was scanned and how.")
  var keepDescriptorWords = false

  @Flag(help: "Keep text attributes that PS3.15 does not list.")
  var keepUnlistedText = false

  @Flag(help: "Admit images that may show text; use only after someone has inspected them.")
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
