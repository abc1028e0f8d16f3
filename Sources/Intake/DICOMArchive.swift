import Archives
import Foundation
import Study
import Support

/// A zip archive of DICOM files, unpacked into a scratch folder for an import.
///
/// Names in the archive never become paths: each file gets a number, so that none can be written anywhere else. An archive
/// that is damaged or encrypted anywhere is refused whole.
struct DICOMArchive {
  /// The files with their paths below the folder that was packed, in the order of the paths.
  let files: [(url: URL, path: String)]
  /// The name of the folder that was packed, the archive's own where there are several.
  let rootName: String

  /// Unpacks the archive at `url` into the new folder `scratch`, which is the caller's to remove.
  ///
  /// Directories, links, hidden files and DICOMDIR are passed over, as in a folder.
  /// - Throws: `StudyError` of kind `.file`; `scratch` then holds a part.
  init(_ url: URL, unpackedInto scratch: URL) throws(StudyError) {
    do {
      try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(scratch.path): \(error.localizedDescription)")
    }
    var files: [(url: URL, path: String)] = []
    do throws(ArchiveError) {
      let archive = try ArchiveReader(url, .zip)
      while let member = try archive.next() {
        let number = files.count + 1
        guard member.isFile, let path = Self.path(of: member.name ?? "entry \(number)") else { continue }
        let file = scratch.appendingPathComponent("\(number)")
        try archive.unpack(to: file, permissions: 0o600)
        files.append((file, path))
      }
    } catch {
      throw Self.refused(url, scratch, error)
    }
    // As in a folder: the codes of patients must not depend on how the files were packed.
    files.sort { $0.path < $1.path }
    // A folder is mostly packed with its own name before everything.
    let roots = Set(files.map { $0.path.split(separator: "/").dropLast().first })
    if roots.count == 1, let root = roots.first ?? nil {
      self.files = files.map { ($0.url, String($0.path.dropFirst(root.count + 1))) }
      rootName = String(root)
    } else {
      self.files = files
      rootName = url.deletingPathExtension().lastPathComponent
    }
  }

  /// What remarks call a member: its name without what leads out of the archive; nil where it is passed over.
  private static func path(of name: String) -> String? {
    let parts = name.split { $0 == "/" || $0 == "\\" }.filter { $0 != "." && $0 != ".." }
    guard let last = parts.last, !DICOMScan.isPassedOver(String(last)),
      !parts.contains(where: { $0.hasPrefix(".") || $0 == "__MACOSX" })
    else { return nil }
    return parts.joined(separator: "/")
  }

  private static func refused(_ url: URL, _ scratch: URL, _ error: ArchiveError) -> StudyError {
    let (reason, advice) =
      switch error.kind {
      case .cannotWrite:
        (
          "cannot be unpacked into \(scratch.deletingLastPathComponent().path) (\(error))",
          "make room or fix the permissions, then import again"
        )
      case .damaged: ("is no whole zip archive (\(error))", "fetch it again, or give a folder")
      case .encrypted: ("is encrypted", "unpack it with its password, then import the folder")
      case .tooLarge: ("cannot be what it says (\(error))", "ask where it comes from, or give a folder")
      }
    return StudyError(.file, "\(url.path) \(reason). Nothing of it was imported; \(advice)")
  }
}
