import ArgumentParser
import Foundation

/// Checks of the files and folders that are named on the command line, made before anything is read or written.
///
/// Each gives the path back as it is; the error is a sentence, which ArgumentParser puts behind the option's name.
enum PathArgument {
  /// A file to read; a pipe will do.
  static func file(_ path: String) throws -> String {
    if try isFolder(path, "file") { throw ValidationError("it is a folder; give a file") }
    return path
  }

  /// A folder to read.
  static func folder(_ path: String) throws -> String {
    guard try isFolder(path, "folder") else { throw ValidationError("it is a file; give a folder") }
    return path
  }

  /// A file or a folder to read.
  static func fileOrFolder(_ path: String) throws -> String {
    _ = try isFolder(path, "file or folder")
    return path
  }

  /// A file to write, or one to be made where it is absent.
  static func outputFile(_ path: String) throws -> String {
    if (try? isFolder(path, "")) == true { throw ValidationError("it is a folder; give a file") }
    return path
  }

  /// A folder to write to, made where it is absent.
  static func outputFolder(_ path: String) throws -> String {
    if (try? isFolder(path, "")) == false { throw ValidationError("it is a file; give a folder") }
    return path
  }

  private static func isFolder(_ path: String, _ kind: String) throws -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else {
      let reason = errno == ENOENT ? "there is no such \(kind)" : String(cString: strerror(errno))
      throw ValidationError("it cannot be read: \(reason)")
    }
    return status.st_mode & S_IFMT == S_IFDIR
  }
}
