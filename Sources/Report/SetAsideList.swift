import Foundation
import Study

/// What a run's study had set aside, as the report lists it.
struct SetAsideList {
  /// Nil where the run has not recorded it.
  let entries: [SetAside]?
  let patientIDs: StudyProtocol.Pathology.PatientIDs

  /// Entries beyond this number are not shown.
  static let shownCount = 300

  var html: [HTML] {
    guard let entries else {
      return [
        .p(
          "This run has no record of what was set aside; `renalgrade status` lists what the study sets aside today."
        )
      ]
    }
    guard !entries.isEmpty else { return [.p("Nothing was set aside with a reason.")] }
    let shown = entries.prefix(Self.shownCount)
    // Where IDs may name a person, so may the names of files and folders.
    let mayName = patientIDs == .identifiers
    let rows = shown.map { entry in
      [
        HTML(text: entry.stage.rawValue), HTML(text: entry.patientCode ?? "–"),
        HTML(text: entry.excludes ? "excluded" : "remark"),
        HTML(text: mayName ? Withheld.names(in: entry) : "\(entry.subject): \(entry.reason)"),
      ]
    }
    let excluded = Set(entries.filter(\.excludes).compactMap(\.patientCode)).count
    var summary =
      "\(Format.count(entries.count, "entry", plural: "entries")) in the study's list when the run was made; "
      + "\(Format.count(excluded, "patient")) excluded."
    if shown.count < entries.count { summary += " The first \(shown.count) are shown." }
    if mayName {
      summary +=
        " Names of files and DICOM UIDs are withheld here (…), since they may name people; `renalgrade status` "
      summary += "lists them."
    }
    return [
      .p(HTML(text: summary)),
      HTMLTable(
        caption: "What was set aside or remarked on, and why",
        columns: ["Step", "Patient", "Consequence", "Reason"], rows: rows, isNumeric: false
      ).html,
    ]
  }
}

/// Removes what may identify a person from a sentence.
enum Withheld {
  /// The reason of `entry` with its subject, what looks like a file's name and every DICOM UID replaced by "…".
  static func names(in entry: SetAside) -> String {
    var reason = entry.reason
    // Names with spaces in them are known from the subject alone.
    for name in [entry.subject, URL(fileURLWithPath: entry.subject).lastPathComponent] where mayName(name) {
      reason = reason.replacingOccurrences(of: name, with: "…")
    }
    return names(in: reason)
  }

  /// `text` with every quotation and word that may name a person replaced by "…"; punctuation around a word stays.
  static func names(in text: String) -> String {
    var text = text
    for quotation in [#""[^"]*""#, "`[^`]*`", "“[^”]*”", "«[^»]*»"] {
      for found in text.matches(quotation) where mayName(found) {
        text = text.replacingOccurrences(of: found, with: "…")
      }
    }
    for word in text.matches(#"\S+"#) {
      let core = word.trimmingCharacters(in: CharacterSet(charactersIn: ".,;:()[]{}<>\"'`“”‘’«»"))
      if mayName(core) { text = text.replacingOccurrences(of: core, with: "…") }
    }
    return text
  }

  /// Whether `text` holds a path, a file's name, or a DICOM UID.
  private static func mayName(_ text: String) -> Bool {
    text.contains("/") || text.contains("\\")
      || !text.matches(#"(?i)\.(\#(extensions))(?![a-z0-9])"#).isEmpty || !text.matches(#"\d+(\.\d+){3,}"#).isEmpty
  }

  /// Those of images, tables, documents and archives.
  private static let extensions = [
    "dcm", "dicom", "ima", "img", "hdr", "nii", "nrrd", "nhdr", "mha", "mhd", "seg", "raw", "dat", "bin", "sr",
    "png", "jpe?g", "jp2", "j2k", "tiff?", "bmp", "gif", "webp", "h5", "hdf5", "npy", "npz",
    "json", "jsonl", "csv", "tsv", "txt", "xml", "ya?ml", "html?", "md", "log", "sqlite", "db", "bak", "tmp",
    "pdf", "docx?", "xlsx?", "odt", "ods", "rtf", "pptx?", "zip", "tar", "tgz", "gz", "bz2", "xz", "7z", "rar",
  ].joined(separator: "|")
}

extension String {
  /// What `pattern` matches, from left to right.
  fileprivate func matches(_ pattern: String) -> [String] {
    var found: [String] = []
    var rest = startIndex..<endIndex
    while let range = range(of: pattern, options: .regularExpression, range: rest), !range.isEmpty {
      found.append(String(self[range]))
      rest = range.upperBound..<endIndex
    }
    return found
  }
}
