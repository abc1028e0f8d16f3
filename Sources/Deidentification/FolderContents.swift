import DICOM
import Foundation

/// The files of a folder.
enum FolderContents {
  /// The paths below `folder` of all files and links, hidden ones too, sorted.
  static func files(below folder: URL) throws(DICOMError) -> [String] {
    let subpaths: [String]
    do {
      subpaths = try FileManager.default.subpathsOfDirectory(atPath: folder.resolvingSymlinksInPath().path)
    } catch {
      throw DICOMError(
        .unreadable, file: folder.lastPathComponent, "the folder cannot be listed: \(error.localizedDescription)",
        advice: "Check its name and permissions")
    }
    return subpaths.filter { path in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(path).path)
      return attributes?[.type] as? FileAttributeType != .typeDirectory
    }.sorted()
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
