public import DICOM
public import Foundation
import Support

/// De-identifies the DICOM files of a folder into another.
public enum FolderDeidentification {
  /// What a folder gave.
  public struct Summary: Codable, Equatable, Sendable {
    /// A file that was not taken, and why.
    public struct SetAside: Codable, Equatable, Sendable {
      /// The path below the folder; what looks like a person in it is written as x and #.
      public let place: String
      /// What is wrong with the file, and what to do.
      public let reason: String
    }

    /// The number of files that were written.
    public fileprivate(set) var files = 0
    /// What became of the elements, by the exam's new StudyInstanceUID.
    public fileprivate(set) var exams: [String: DeidentificationAudit] = [:]
    /// The pseudonyms of exams that had no PatientID, each standing for a patient of its own.
    public fileprivate(set) var withoutPatientID: Set<String> = []
    /// Files that were not taken.
    public fileprivate(set) var setAside: [SetAside] = []

    /// Attributes that would have stayed, had their values been readable, and in how many places.
    public var unreadable: [(attribute: String, count: Int)] {
      exams.values.reduce(into: DeidentificationAudit()) { $0.add($1) }.unreadable
    }

    /// Each reason why files were not taken, with their places: that of most files first.
    public var reasons: [(reason: String, places: [String])] {
      Dictionary(grouping: setAside, by: \.reason).map { ($0.key, $0.value.map(\.place)) }
        .sorted { ($1.1.count, $0.0) < ($0.1.count, $1.0) }
    }
  }

  /// De-identifies every DICOM file below `source` into
  /// `destination/<pseudonym>/<StudyInstanceUID>/<SeriesInstanceUID>/<SOPInstanceUID>.dcm`.
  ///
  /// The same source and key give the same files again; what an interrupted run left unfinished is removed first. `progress` is told how many files are done, and of how many.
  /// - Throws: `DICOMError` where the source cannot be listed, nothing can be written, or one folder lies in the other.
  public static func run(
    _ source: URL, to destination: URL, with deidentifier: Deidentifier, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(DICOMError) -> Summary {
    try requireApart(source, destination)
    AtomicFile.removeAbandoned(in: destination)
    let files = try FolderContents.files(below: source)
    var summary = Summary()
    var written: Set<String> = []
    for (index, file) in files.enumerated() {
      do {
        let result = try deidentifier.deidentify(file.data(), name: file.name)
        try write(result, below: destination, &written)
        summary.files += 1
        summary.exams[result.studyInstanceUID, default: DeidentificationAudit()].add(result.audit)
        if result.lacksPatientID { summary.withoutPatientID.insert(result.pseudonym) }
      } catch let error as DICOMError where error.kind == .cannotWrite {
        // The next file would fare no better.
        throw error
      } catch {
        let place = file.path.split(separator: "/").map { SuspiciousName.masked(String($0), known: []).text }
        summary.setAside.append(
          Summary.SetAside(place: place.joined(separator: "/"), reason: reason(error)))
      }
      progress(index + 1, files.count)
    }
    return summary
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as DICOMError: error.problem
    case let error as DeidentificationRefusal: error.problem
    default: "the file cannot be de-identified"
    }
  }

  private static func write(
    _ result: DeidentifiedFile, below destination: URL, _ written: inout Set<String>
  ) throws(DICOMError) {
    let name = result.sopInstanceUID + ".dcm"
    guard written.insert(result.sopInstanceUID).inserted else {
      throw DICOMError(
        .invalid, file: name, tag: .sopInstanceUID, "another file of the folder has the same identifier",
        advice: "Remove one of the two")
    }
    let folder = [result.pseudonym, result.studyInstanceUID, result.seriesInstanceUID].filter { !$0.isEmpty }
      .reduce(destination) { $0.appendingPathComponent($1) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw DICOMError(
        .cannotWrite, file: name, "its folder cannot be made: \(error.localizedDescription)",
        advice: "Check the folder and the free disk space")
    }
    try Deidentifier.write(result.data, to: folder.appendingPathComponent(name))
  }

  private static func requireApart(_ source: URL, _ destination: URL) throws(DICOMError) {
    guard !FolderContents.lies(source, in: destination), !FolderContents.lies(destination, in: source) else {
      throw DICOMError(
        .cannotWrite, file: destination.lastPathComponent, "one folder is inside the other",
        advice: "Give a folder outside of the originals")
    }
  }
}
