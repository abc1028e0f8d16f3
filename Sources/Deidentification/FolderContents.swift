import DICOM
import Foundation
import Support

/// The files of a folder.
enum FolderContents {
  /// A file, or what is listed in place of one: a link to a folder, or a folder that cannot be listed.
  struct File {
    /// Its path from the folder on, as it can be printed.
    let path: String
    /// Whether it is a link.
    let isLink: Bool
    /// Its place, in the bytes of the file system: a name need not be UTF-8, and no `URL` can hold one that is not.
    private let place: [CChar]

    fileprivate init(_ place: [UInt8], _ path: String, isLink: Bool) {
      self.place = place.map(CChar.init(bitPattern:)) + [0]
      (self.path, self.isLink) = (path, isLink)
    }

    /// Its last name.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Its bytes.
    ///
    /// - Throws: `DICOMError` where it cannot be read.
    func data() throws(DICOMError) -> Data {
      var status = stat()
      let descriptor = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      defer { if descriptor >= 0 { close(descriptor) } }
      guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
        throw failure(String(cString: strerror(errno)), "Check its permissions")
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw failure("it is a folder or a device", "Remove it, or check its permissions")
      }
      do {
        return try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
      } catch {
        throw failure(error.localizedDescription, "Copy it again")
      }
    }

    private func failure(_ reason: String, _ advice: String) -> DICOMError {
      DICOMError(.unreadable, file: name, "the file cannot be read: \(reason)", advice: advice)
    }
  }

  /// All files and links below `folder`, hidden ones too, in the order of their paths; links are not followed.
  static func files(below folder: URL) throws(DICOMError) -> [File] {
    let root = folder.resolvingSymlinksInPath()
    guard let first = names(in: Array(root.path.utf8)) else {
      throw DICOMError(
        .unreadable, file: folder.lastPathComponent, "the folder cannot be listed: \(String(cString: strerror(errno)))",
        advice: "Check its name and permissions")
    }
    var files: [File] = []
    var pending = [(place: Array(root.path.utf8), path: "", names: first)]
    while let (place, path, names) = pending.popLast() {
      for (name, type) in names {
        let below = place + [UInt8(ascii: "/")] + name
        let text = (path.isEmpty ? "" : path + "/") + FileName.text(name)
        if type == S_IFDIR, let names = self.names(in: below) {
          pending.append((below, text, names))
        } else {
          files.append(File(below, text, isLink: type == S_IFLNK))
        }
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  /// The names in a folder and the types of what they name; nil where it cannot be listed.
  private static func names(in place: [UInt8]) -> [(name: [UInt8], type: mode_t)]? {
    guard let directory = opendir(place.map(CChar.init(bitPattern:)) + [0]) else { return nil }
    defer { closedir(directory) }
    var names: [(name: [UInt8], type: mode_t)] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name != [0x2E], name != [0x2E, 0x2E] else { continue }
      var status = stat()
      let isKnown =
        fstatat(dirfd(directory), name.map(CChar.init(bitPattern:)) + [0], &status, AT_SYMLINK_NOFOLLOW) == 0
      names.append((name, isKnown ? status.st_mode & S_IFMT : 0))
    }
    return names
  }

  /// Whether one path is the other or lies below it, links followed, though neither need exist yet.
  static func lies(_ url: URL, in folder: URL) -> Bool {
    (resolved(url).path + "/").hasPrefix(resolved(folder).path + "/")
  }

  private static func resolved(_ url: URL) -> URL {
    let url = url.standardizedFileURL
    guard !FileManager.default.fileExists(atPath: url.path), url.path != "/" else {
      return url.resolvingSymlinksInPath().standardizedFileURL
    }
    return resolved(url.deletingLastPathComponent()).appendingPathComponent(url.lastPathComponent)
  }
}
