import Foundation
import Study
import Support

/// The files below a folder, whatever they are called and however they are linked.
///
/// Links are followed after everything else, so that a file is known by its own path. A folder is read once, however many
/// links lead to it; links that are not followed are listed. Hidden files and DICOMDIR are ignored.
struct FolderListing {
  /// What is not read, and why.
  typealias Failure = DICOMScan.Failure

  /// The files in the order of their paths, which are seen from the folder and can be printed.
  let files: [(url: URL, path: String)]
  /// What cannot be read, in the order of the paths.
  let failures: [Failure]

  /// Lists the files below `folder`.
  ///
  /// - Parameters:
  ///   - folder: is searched at any depth.
  ///   - aliases: a folder to be made where a name is not UTF-8, which no `URL` can hold: links in it lead there. Nil lists
  ///     such names as failures.
  /// - Throws: `StudyError` of kind `.file` where the folder itself cannot be read.
  init(_ folder: URL, aliases: URL?) throws(StudyError) {
    let root = folder.standardizedFileURL.resolvingSymlinksInPath()
    var status = stat()
    guard stat(root.path, &status) == 0 else {
      throw StudyError(.file, "the folder \(folder.path) cannot be read: \(String(cString: strerror(errno)))")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw StudyError(.file, "\(folder.path) cannot be read: it is neither a folder nor a file")
    }
    guard let directory = opendir(root.path) else {
      throw StudyError(.file, "the folder \(folder.path) cannot be read: \(String(cString: strerror(errno)))")
    }
    closedir(directory)
    var search = Search(aliases: aliases)
    search.read(root, "")
    search.followLinks()
    files = search.files.sorted { $0.path < $1.path }
    failures = search.failures.sorted { $0.relativePath < $1.relativePath }
  }
}

/// One pass over a folder.
private struct Search {
  let aliases: URL?
  var files: [(url: URL, path: String)] = []
  var failures: [FolderListing.Failure] = []
  private var links: [(url: URL, folder: URL, path: String)] = []
  /// The folders that were read, by the bytes of their real paths.
  private var visited: Set<[UInt8]> = []
  private var aliasCount = 0

  init(aliases: URL?) { self.aliases = aliases }

  /// Reads a folder and all below it but what links lead to; `path` is what remarks call it.
  mutating func read(_ folder: URL, _ path: String) {
    var pending = [(url: folder, path: path)]
    while let folder = pending.popLast() {
      guard let real = Self.realPath(folder.url), let names = Self.names(in: folder.url) else {
        fail(folder.path, "cannot be read; check its permissions")
        continue
      }
      guard visited.insert(real).inserted else { continue }
      var seen: Set<String> = []
      for name in names where name.first != UInt8(ascii: ".") {
        let text = FileName.text(name)
        let path = folder.path.isEmpty ? text : "\(folder.path)/\(text)"
        // Two names may differ in nothing that is seen: composed and decomposed letters, say.
        guard seen.insert(text).inserted else {
          fail(path, "another entry of this folder has a name that looks the same; rename one of them")
          continue
        }
        guard let url = url(of: name, in: folder.url) else {
          fail(path, "its name is not UTF-8, and no link to it can be made; rename it")
          continue
        }
        var status = stat()
        guard Self.status(of: name, in: folder.url, &status) else {
          fail(path, "cannot be read; check its permissions")
          continue
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: add(url, path)
        case S_IFDIR: pending.append((url, path))
        case S_IFLNK: links.append((url, folder.url, path))
        default: fail(path, "it is a pipe, socket or device")
        }
      }
    }
  }

  /// Follows the links that were met, and those that are met behind them.
  mutating func followLinks() {
    while !links.isEmpty {
      let found = links.sorted { $0.path < $1.path }
      links = []
      for link in found { follow(link.url, in: link.folder, link.path) }
    }
  }

  private mutating func follow(_ link: URL, in folder: URL, _ path: String) {
    var status = stat()
    guard stat(link.path, &status) == 0 else {
      fail(
        path,
        errno == ELOOP
          ? "it is part of a circle of links"
          : "it is a link to something that is missing or cannot be read; check the target of the link")
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: add(link, path)
    case S_IFDIR:
      guard let target = Self.realPath(link), let place = Self.realPath(folder) else {
        fail(path, "cannot be read; check its permissions")
        return
      }
      if place.starts(with: target + (target.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")])) || place == target {
        fail(path, "it is a link to a folder that contains it, and is not followed")
      } else if visited.contains(target) {
        fail(path, "it is a link to a folder that has already been read, and is not followed")
      } else {
        read(link, path)
      }
    default: fail(path, "it is a link to a pipe, socket or device")
    }
  }

  private mutating func add(_ url: URL, _ path: String) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if !DICOMScan.isPassedOver(name) { files.append((url, path)) }
  }

  private mutating func fail(_ path: String, _ reason: String) {
    failures.append(.init(relativePath: path, reason: reason))
  }

  /// The entry's place or, where its name is not UTF-8, that of a link to it.
  private mutating func url(of name: [UInt8], in folder: URL) -> URL? {
    if let text = String(validating: name, as: UTF8.self) {
      return URL(fileURLWithPath: "\(folder.path)/\(text)", isDirectory: false)
    }
    guard let aliases else { return nil }
    let alias = aliases.appendingPathComponent("\(aliasCount)")
    do {
      try FileManager.default.createDirectory(at: aliases, withIntermediateDirectories: true)
    } catch {
      return nil
    }
    let isMade = Self.withPath(of: name, in: folder) { symlink($0, alias.path) == 0 }
    aliasCount += 1
    return isMade ? alias : nil
  }

  /// The names in a folder, without `.` and `..`, in the order of their bytes; nil where it cannot be read.
  private static func names(in folder: URL) -> [[UInt8]]? {
    guard let directory = opendir(folder.path) else { return nil }
    defer { closedir(directory) }
    var names: [[UInt8]] = []
    errno = 0
    while let entry = readdir(directory) {
      // The entry may be shorter than its type, so that no copy of it is made.
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
      let start = UnsafeRawPointer(entry) + offset
      let name = Array(UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
      if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { return nil }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private static func status(of name: [UInt8], in folder: URL, _ status: inout stat) -> Bool {
    withPath(of: name, in: folder) { lstat($0, &status) == 0 }
  }

  private static func withPath<T>(of name: [UInt8], in folder: URL, _ body: (UnsafePointer<CChar>) -> T) -> T {
    let path = (Array(folder.path.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
    return path.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map(body) ?? "".withCString(body)
    }
  }

  private static func realPath(_ url: URL) -> [UInt8]? {
    guard let path = realpath(url.path, nil) else { return nil }
    defer { free(path) }
    return Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
  }
}
