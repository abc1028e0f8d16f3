/// What is wrong with a DICOM file: where, what was expected and found, and what to do.
///
/// It never quotes a value that could name a patient.
public struct DICOMError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The kind of failure, for a caller that reacts to one of them.
  public enum Kind: Equatable, Sendable {
    /// The file is not DICOM.
    case notDICOM
    /// The file ends before its contents do.
    case truncated
    /// The file is DICOM, but not a CT image.
    case notCT
    /// The file may be valid, but this program does not support its contents.
    case unsupported
    /// The file contradicts itself or the standard.
    case invalid
    /// The file cannot be opened.
    case unreadable
    /// A file cannot be made.
    case cannotWrite
  }

  /// The kind of failure.
  public let kind: Kind
  /// The name of the file, without its folders.
  public let file: String
  /// The attribute at fault, where there is one.
  public let tag: DICOMTag?
  /// What is wrong and what to do, without the name of the file, which may name a patient.
  public let problem: String

  /// One or more sentences for the person at the terminal: the file and the problem.
  public var description: String { "\(file): \(problem)" }

  /// Makes an error from its parts.
  ///
  /// `problem` is the part of a sentence that follows the file's name, `advice` a sentence without its full stop.
  public init(
    _ kind: Kind, file: String, tag: DICOMTag? = nil, _ problem: String, expected: String? = nil, found: String? = nil,
    advice: String? = nil
  ) {
    self.kind = kind
    self.file = file
    self.tag = tag
    // The system's messages quote the name: The file “CT1.dcm” couldn’t be opened.
    var text = problem.replacing(" “\(file)”", with: "")
    if let tag { text += " [\(tag)]" }
    if let expected { text += "; expected \(expected)" }
    if let found { text += expected == nil ? "; found \(found)" : ", found \(found)" }
    if let advice { text += ". \(advice)" }
    self.problem = text
  }
}
