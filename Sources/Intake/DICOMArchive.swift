import Archives
import Foundation
import Study
import Support

/// A zip archive of DICOM files, unpacked into a scratch folder for an import.
///
/// Names in the archive never become paths: each file gets a number, so that none can be written anywhere else. An archive
/// that is damaged or encrypted anywhere, or takes more room than its limits allow, is refused whole.
struct DICOMArchive {
  /// How much may be unpacked.
  struct Limits {
    /// The most that an archive may take, as a multiple of its own size: a CT packs to half of its size, and empty images
    /// to a hundredth.
    var ratio = 100
    /// Archives that take less are no danger, whatever their ratio (bytes).
    var harmless = 1 << 30
    /// What the disk must have left when everything is unpacked (bytes).
    var reserve = 64 << 20
    /// How many bytes are free on the disk with that folder; nil where the system does not say.
    var freeBytes: (URL) -> Int? = { folder in
      var status = statvfs()
      guard statvfs(folder.path, &status) == 0 else { return nil }
      let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
      return free.overflow ? .max : Int(clamping: free.partialValue)
    }
  }

  /// The files with their paths below the folder that was packed, in the order of the paths.
  let files: [(url: URL, path: String)]
  /// The name of the folder that was packed, the archive's own where there are several.
  let rootName: String

  /// Unpacks the archive at `url` into the new folder `scratch`, which is the caller's to remove.
  ///
  /// Directories, links, hidden files and DICOMDIR are passed over, as in a folder. `progress` is told how many files are
  /// unpacked, and how many there are.
  /// - Throws: `StudyError` of kind `.file`; `scratch` then holds a part.
  init(
    _ url: URL, unpackedInto scratch: URL, limits: Limits = Limits(), progress: ((Int, Int) -> Void)? = nil
  ) throws(StudyError) {
    do {
      try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(scratch.path): \(error.localizedDescription)")
    }
    var files: [(url: URL, path: String)] = []
    do throws(ArchiveError) {
      let stated = try Self.stated(url)
      let limit = try Self.limit(url, stated.bytes, scratch, limits)
      var occurrences: [String: Int] = [:]
      let archive = try ArchiveReader(url, .zip, limit: limit)
      while let member = try archive.next() {
        let number = files.count + 1
        guard let path = Self.path(of: member, number) else { continue }
        let file = scratch.appendingPathComponent("\(number)")
        try archive.unpack(to: file, permissions: 0o600)
        // A zip archive may hold several files of one name, none of which is to vanish.
        let occurrence = occurrences[path, default: 0] + 1
        occurrences[path] = occurrence
        files.append((file, occurrence == 1 ? path : "\(path) (number \(occurrence) of this name)"))
        progress?(files.count, stated.files)
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
      rootName = url.deletingPathExtension().lastPathComponent.printable()
    }
  }

  /// How many files the archive says that it holds, and their bytes.
  private static func stated(_ url: URL) throws(ArchiveError) -> (files: Int, bytes: Int) {
    let archive = try ArchiveReader(url, .zip)
    var (files, bytes, entries) = (0, 0, 0)
    while let member = try archive.next() {
      entries += 1
      guard path(of: member, entries) != nil else { continue }
      files += 1
      let sum = bytes.addingReportingOverflow(member.size)
      bytes = sum.overflow ? .max : sum.partialValue
    }
    return (files, bytes)
  }

  /// How many bytes may be unpacked, whatever the archive states.
  private static func limit(
    _ url: URL, _ stated: Int, _ scratch: URL, _ limits: Limits
  ) throws(ArchiveError) -> Int {
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    let times = size.multipliedReportingOverflow(by: limits.ratio)
    let largest = max(limits.harmless, times.overflow ? .max : times.partialValue)
    guard stated <= largest else {
      throw ArchiveError(
        .tooLarge, "its files take \(megabytes(stated)), more than \(limits.ratio) times the archive's own size")
    }
    guard let free = limits.freeBytes(scratch) else { return largest }
    let room = max(0, free - limits.reserve)
    guard stated <= room else {
      throw ArchiveError(
        .cannotWrite,
        "its files take \(megabytes(stated)), and \(megabytes(free)) are free, of which "
          + "\(megabytes(limits.reserve)) are reserved")
    }
    return min(largest, room)
  }

  private static func megabytes(_ bytes: Int) -> String { "\((bytes >> 20) + (bytes & 0xFFFFF == 0 ? 0 : 1)) MiB" }

  /// What remarks call a member: its name without what leads out of the archive; nil where it is passed over.
  private static func path(of member: ArchiveReader.Member, _ number: Int) -> String? {
    guard member.isFile else { return nil }
    let name = member.nameBytes ?? Array("entry \(number)".utf8)
    // Windows writes the other slash; no byte of a character in UTF-8 is one.
    let parts = name.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.map(FileName.text)
      .filter { $0 != "." && $0 != ".." }
    guard let last = parts.last, !DICOMScan.isPassedOver(last),
      !parts.contains(where: { $0.hasPrefix(".") || $0 == "__MACOSX" })
    else { return nil }
    return parts.joined(separator: "/")
  }

  private static func refused(_ url: URL, _ scratch: URL, _ error: ArchiveError) -> StudyError {
    let (reason, advice) =
      switch error.kind {
      case .cannotWrite:
        (
          "cannot be unpacked into \(scratch.deletingLastPathComponent().path) (\(error.description))",
          "make room or fix the permissions, then import again"
        )
      case .damaged: ("is not a complete zip archive (\(error.description))", "download it again, or give a folder")
      case .encrypted: ("is encrypted", "unpack it with the password, then import the folder")
      case .tooLarge:
        ("is not plausible (\(error.description))", "check its origin, or unpack it and give the folder")
      }
    return StudyError(.file, "\(url.path) \(reason). Nothing of it was imported; \(advice)")
  }
}
