public import DICOM
public import Foundation
import Study
public import Support

/// What lies in a folder or a zip archive: the headers of its CT files, and what else was found there.
public struct DICOMScan: Sendable {
  /// One frame of one CT file; shared rather than copied, for a header is large and an import sorts it several times.
  public final class Frame: Sendable {
    /// The file.
    public let url: URL
    /// The file's path seen from the folder, which holds no patient's name that the user did not put there.
    public let relativePath: String
    /// The frame within the file, from 0.
    public let frame: Int
    /// The header.
    public let attributes: CTAttributes
    /// Whose the slice is, by the header or, where that is silent, by the folders.
    let identity: SliceIdentity

    init(url: URL, relativePath: String, frame: Int, attributes: CTAttributes, identity: SliceIdentity) {
      (self.url, self.relativePath, self.frame) = (url, relativePath, frame)
      (self.attributes, self.identity) = (attributes, identity)
    }
  }

  /// A file or folder that gave no CT frame.
  public struct Failure: Sendable {
    /// The path seen from the folder.
    public let relativePath: String
    /// The reason, without the name of the file.
    public let reason: String
  }

  /// The frames, in the order of their paths.
  public let frames: [Frame]
  /// What could not be read, in the order of the paths.
  public let failures: [Failure]

  /// Reads the headers of a folder, or of a zip archive that is unpacked for as long as `body` runs.
  ///
  /// - Parameters:
  ///   - source: the folder, which is searched at any depth, or the archive.
  ///   - scratch: the folder to unpack an archive into, or to reach files in whose names are not UTF-8; it is removed before
  ///     and afterwards.
  ///   - unpacking: called with the numbers of an archive's files that are unpacked and that are there.
  ///   - progress: called now and then with the numbers of files done and found.
  ///   - body: is given the headers.
  /// - Returns: what `body` returns.
  /// - Throws: `StudyError` of kind `.file` where the source cannot be read; what `body` throws.
  static func with<Output>(
    _ source: URL, scratch: URL, unpacking: ((Int, Int) -> Void)? = nil,
    progress: (@Sendable (Int, Int) -> Void)? = nil, _ body: (DICOMScan) throws(StudyError) -> Output
  ) throws(StudyError) -> Output {
    // What was left by a process that was killed.
    try? FileManager.default.removeItem(at: scratch)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let file = source.standardizedFileURL.resolvingSymlinksInPath()
    guard (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else {
      let listing = try FolderListing(source, aliases: scratch)
      return try body(DICOMScan(listing, rootName: Self.name(of: source), progress: progress))
    }
    let archive = try DICOMArchive(file, unpackedInto: scratch, progress: unpacking)
    return try body(DICOMScan(archive.files, rootName: archive.rootName, progress: progress))
  }

  /// Reads the headers of all files below `folder`, on all cores; those whose names are not UTF-8 are listed as failures.
  ///
  /// - Parameters:
  ///   - folder: is searched at any depth.
  ///   - progress: called now and then with the numbers of files done and found.
  /// - Throws: `StudyError` of kind `.file` where the folder itself cannot be read.
  public init(_ folder: URL, progress: (@Sendable (Int, Int) -> Void)? = nil) throws(StudyError) {
    self.init(try FolderListing(folder, aliases: nil), rootName: Self.name(of: folder), progress: progress)
  }

  private init(_ listing: FolderListing, rootName: String, progress: (@Sendable (Int, Int) -> Void)?) {
    self.init(listing.files, rootName: rootName, unreadable: listing.failures, progress: progress)
  }

  private static func name(of folder: URL) -> String { folder.standardizedFileURL.lastPathComponent.printable() }

  /// Reads the headers of the files, each given with its path below the folder `rootName`.
  private init(
    _ files: [(url: URL, path: String)], rootName: String, unreadable: [Failure] = [],
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) {
    let results = ParallelMap.run(files) { file -> Result<[CTAttributes], DICOMError> in
      do throws(DICOMError) {
        return .success(try DICOMFile.attributes(of: file.url))
      } catch {
        return .failure(error)
      }
    } progress: { done in
      progress?(done, files.count)
    }
    var frames: [Frame] = []
    var failures = unreadable
    for (file, result) in zip(files, results) {
      switch result {
      case .success(let attributes):
        for (index, frame) in attributes.enumerated() {
          frames.append(
            Frame(
              url: file.url, relativePath: file.path, frame: index, attributes: frame,
              identity: SliceIdentity(frame, path: file.path, rootName: rootName)))
        }
      case .failure(let error):
        failures.append(Failure(relativePath: file.path, reason: error.problem))
      }
    }
    self.frames = frames
    self.failures = failures.sorted { $0.relativePath < $1.relativePath }
  }

  private init(frames: [Frame], failures: [Failure]) {
    (self.frames, self.failures) = (frames, failures)
  }

  /// The same scan with those frames alone whose identity is asked for; what could not be read stays.
  func frames(where isIncluded: (SliceIdentity) -> Bool) -> DICOMScan {
    DICOMScan(frames: frames.filter { isIncluded($0.identity) }, failures: failures)
  }

  /// Whether a file of that name is no image: a DICOMDIR is the medium's table of contents.
  static func isPassedOver(_ name: String) -> Bool { name.uppercased() == "DICOMDIR" }
}
