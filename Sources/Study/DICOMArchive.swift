internal import CArchive
import Foundation

/// A zip archive of DICOM files, unpacked into a scratch folder for an import.
///
/// Names in the archive never become paths: each file gets a number, so that none can be written anywhere else. An archive
/// that is damaged or encrypted anywhere is refused whole. Memory is that of one block, whatever the sizes.
struct DICOMArchive {
  /// The files with their paths in the archive, in the archive's order.
  let files: [(url: URL, path: String)]

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
    guard let archive = archive_read_new() else { throw StudyError(.file, "there is no memory left") }
    defer { archive_read_free(archive) }
    func refused(_ reason: String, _ advice: String) -> StudyError {
      StudyError(.file, "\(url.path) \(reason). Nothing of it was imported; \(advice)")
    }
    func damaged() -> StudyError {
      let reason = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
      return refused("is no whole zip archive (\(reason))", "fetch it again, or give a folder")
    }
    archive_read_support_format_zip(archive)
    guard archive_read_open_filename(archive, url.path, 1 << 16) == ARCHIVE_OK else { throw damaged() }
    var files: [(url: URL, path: String)] = []
    var entry: OpaquePointer?
    var status = archive_read_next_header(archive, &entry)
    while status == ARCHIVE_OK || status == ARCHIVE_WARN {
      guard archive_entry_is_encrypted(entry) == 0 else {
        throw refused("is encrypted", "unpack it with its password, then import the folder")
      }
      if archive_entry_filetype(entry) == S_IFREG, let path = Self.path(of: entry, number: files.count + 1) {
        let file = scratch.appendingPathComponent("\(files.count + 1)")
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.cannotWrite(scratch, errno) }
        defer { close(descriptor) }
        guard archive_read_data_into_fd(archive, descriptor) == ARCHIVE_OK else {
          let number = archive_errno(archive)
          throw [ENOSPC, EDQUOT, EIO, EFBIG].contains(number) ? Self.cannotWrite(scratch, number) : damaged()
        }
        files.append((file, path))
      }
      status = archive_read_next_header(archive, &entry)
    }
    guard status == ARCHIVE_EOF else { throw damaged() }
    self.files = files
  }

  /// What remarks call the entry: its name without what leads out of the archive; nil where it is passed over.
  private static func path(of entry: OpaquePointer?, number: Int) -> String? {
    // Where the name is in no encoding that is known, the number stands for it.
    guard let name = archive_entry_pathname_utf8(entry) else { return "entry \(number)" }
    let parts = String(cString: name).split { $0 == "/" || $0 == "\\" }.filter { $0 != "." && $0 != ".." }
    guard let last = parts.last, !DICOMScan.isPassedOver(String(last)),
      !parts.contains(where: { $0.hasPrefix(".") || $0 == "__MACOSX" })
    else { return nil }
    return parts.joined(separator: "/")
  }

  private static func cannotWrite(_ scratch: URL, _ number: Int32) -> StudyError {
    StudyError(
      .file,
      "cannot unpack into \(scratch.deletingLastPathComponent().path): \(String(cString: strerror(number))). The study is "
        + "as it was; make room or fix the permissions, then import again.")
  }
}
