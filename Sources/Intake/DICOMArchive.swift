internal import CArchive
import Foundation
import Study
import Support

/// A zip archive of DICOM files, unpacked into a scratch folder for an import.
///
/// Names in the archive never become paths: each file gets a number, so that none can be written anywhere else. An archive
/// that is damaged or encrypted anywhere is refused whole. Memory is that of one block, whatever the sizes.
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
    guard let archive = archive_read_new() else { throw StudyError(.file, "there is no memory left") }
    defer { archive_read_free(archive) }
    func refused(_ reason: String, _ advice: String) -> StudyError {
      StudyError(.file, "\(url.path) \(reason). Nothing of it was imported; \(advice)")
    }
    func damaged() -> StudyError {
      let reason = archive_error_string(archive).map { String(cString: $0) } ?? "no reason given"
      return refused("is no whole zip archive (\(reason))", "fetch it again, or give a folder")
    }
    // Only by the table at the end: an archive that was cut off has none.
    archive_read_support_format_zip_seekable(archive)
    // libarchive gives names in the thread's locale, and none where it has no characters for them.
    let unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
    let former = unicode.flatMap { uselocale($0) }
    defer {
      if let former { uselocale(former) }
      if let unicode { freelocale(unicode) }
    }
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

  /// What remarks call the entry: its name without what leads out of the archive; nil where it is passed over.
  private static func path(of entry: OpaquePointer?, number: Int) -> String? {
    guard let bytes = archive_entry_pathname(entry) else { return "entry \(number)" }
    // Read as Latin-1, names of unknown encoding stay apart from one another.
    let name =
      String(validatingCString: bytes) ?? String(
        bytes: UnsafeRawBufferPointer(start: bytes, count: strlen(bytes)), encoding: .isoLatin1)
      ?? "entry \(number)"
    let parts = name.split { $0 == "/" || $0 == "\\" }.filter { $0 != "." && $0 != ".." }
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
