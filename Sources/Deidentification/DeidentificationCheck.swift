public import DICOM
public import Foundation

/// Looks through a folder for what could still identify a person: file names, and every header of every DICOM file.
public struct DeidentificationCheck: Sendable {
  /// What was found.
  public enum Problem: String, Codable, CaseIterable, Sendable {
    /// The profile would change the attribute, and its value is not one that de-identification gives.
    case attribute
    /// A person's name.
    case personName
    /// A private attribute that is not known to be harmless.
    case privateAttribute
    /// An overlay or a curve.
    case graphics
    /// A UID that is not made by de-identification.
    case uid
    /// The preamble holds something.
    case preamble
    /// Bytes after the data set, or beyond the image in its pixel data.
    case trailingBytes
    /// The file meta information names a sender or holds private information.
    case fileMeta
    /// The file does not state that the patient's identity was removed.
    case notStated
    /// The image may show text.
    case imageWithText
    /// The name of a file or folder looks like a number of a patient, a date or a name.
    case fileName
    /// A name, number or day of the originals, or one that was given, wherever it stands.
    case knownIdentifier
    /// A text that is written like a name, a day, a long number or an address.
    case suspiciousText
    /// The file is not DICOM, or cannot be read, so that nothing is known of it.
    case unreadable
  }

  /// One thing in one place.
  public struct Finding: Codable, Equatable, Sendable {
    /// What it is.
    public let problem: Problem
    /// The attribute, such as `(0010,0010) PatientName`, where there is one.
    public let attribute: String?
    /// The path below the folder; what looks like a person in it is written as x and #.
    public let place: String
  }

  private let options: DeidentificationOptions
  private let profile: ConfidentialityProfile
  private let known: KnownIdentifiers?
  private let suspicion: SuspiciousText

  /// Makes a check for files that were de-identified with these options; `known` is searched for besides.
  public init(options: DeidentificationOptions = .basic, known: KnownIdentifiers? = nil) {
    self.options = options
    self.known = known
    profile = ConfidentialityProfile(options)
    suspicion = SuspiciousText(options)
  }

  /// What is found in a folder, at any depth, in the order of the paths.
  ///
  /// `progress` is told how many files are done, and of how many.
  /// - Throws: `DICOMError` where the folder cannot be listed.
  public func findings(in folder: URL, progress: (Int, Int) -> Void = { _, _ in }) throws(DICOMError) -> [Finding] {
    let files = try FolderContents.files(below: folder)
    var findings: [Finding] = []
    for (index, file) in files.enumerated() {
      findings += self.findings(in: file)
      progress(index + 1, files.count)
    }
    return findings
  }

  private func findings(in entry: FolderContents.File) -> [Finding] {
    // Links are not followed: what they lead to is not in the folder.
    let data = entry.isLink ? nil : try? entry.data()
    let file = data.flatMap { try? DataSet(original: $0, name: "file") }
    let uids = file.map { Set($0.elements.filter { $0.vr == .ui }.compactMap($0.characters(of:))) } ?? []
    let names = entry.path.split(separator: "/").map { SuspiciousName.masked(String($0), known: uids) }
    let place = names.map(\.text).joined(separator: "/")
    var findings: [Finding] = []
    if names.contains(where: \.isSuspicious) {
      findings.append(Finding(problem: .fileName, attribute: nil, place: place))
    }
    guard let file else {
      let isKnown = data.map { known?.isFound(in: Array($0)) ?? false } ?? false
      let problems = [Problem.unreadable] + (isKnown ? [.knownIdentifier] : [])
      return findings + problems.map { Finding(problem: $0, attribute: nil, place: place) }
    }
    return findings
      + problems(in: file, data.map { Array($0) } ?? []).map {
        Finding(problem: $0, attribute: $1?.description, place: place)
      }
  }

  /// What is found in one file in memory: by the profile, and by a search that knows nothing of it.
  ///
  /// `data` is the whole file as it lies on disk; `file` has it inflated.
  func problems(in file: DataSet, _ data: [UInt8]) -> [(Problem, DICOMTag?)] {
    let places = known?.places(in: file, data) ?? []
    return problems(in: file) + places.map { (.knownIdentifier, $0) }
      + suspicion.tags(in: file).map { (.suspiciousText, $0) }
  }

  /// What the profile would not have left in a file.
  func problems(in file: DataSet) -> [(Problem, DICOMTag?)] {
    var problems: [(Problem, DICOMTag?)] = []
    if file.hasPreambleContent { problems.append((.preamble, nil)) }
    // Nothing tells which of the bytes are the image.
    if file.hasUncountablePixels { problems.append((.unreadable, .pixelData)) }
    if file.trailingByteCount > 0 { problems.append((.trailingBytes, nil)) }
    if file.excessPixelByteCount > 0 { problems.append((.trailingBytes, .pixelData)) }
    let pixels: EncapsulatedPixels?
    do throws(DICOMError) {
      pixels = try EncapsulatedPixels(file)
    } catch {
      pixels = nil
      problems.append((.unreadable, .pixelData))
    }
    if let pixels, pixels.cutByteCount > 0 { problems.append((.trailingBytes, .pixelData)) }
    for element in file.meta where !Self.harmlessMeta.contains(element.tag.rawValue) {
      problems.append((.fileMeta, element.tag))
    }
    let metaUID = file.characters(.mediaStorageSOPInstanceUID) ?? ""
    if !options.retainsUIDs, !Self.isMade(metaUID) { problems.append((.uid, .mediaStorageSOPInstanceUID)) }
    if file.characters(.patientIdentityRemoved) != "YES" {
      problems.append((.notStated, .patientIdentityRemoved))
    }
    if !options.admitsImagesWithText, let refusal = ImageText.refusal(of: file) {
      problems.append((.imageWithText, refusal.tag))
    }
    return problems + self.problems(in: file.elements, of: file)
  }

  /// What PS3.10 section 7.1 requires, and the writer's name.
  private static let harmlessMeta: Set<UInt32> = [
    0x0002_0000, 0x0002_0001, 0x0002_0002, 0x0002_0003, 0x0002_0010, 0x0002_0012, 0x0002_0013,
  ]

  /// Whether each UID of a value is one that de-identification leaves or makes.
  private static func isMade(_ uids: String) -> Bool {
    uids.split(separator: "\\").allSatisfy { $0.hasPrefix("2.25.") || DICOMUID.isWellKnown($0) }
  }

  private func problems(
    in elements: [DataElement], of file: DataSet, isItem: Bool = false
  ) -> [(Problem, DICOMTag?)] {
    profile.decisions(for: elements, in: file, isItem: isItem).flatMap { element, action -> [(Problem, DICOMTag?)] in
      if case .items(let items) = element.value, action == .keep {
        return items.flatMap { problems(in: $0, of: file, isItem: true) }
      }
      guard let problem = problem(element, action, of: file) else { return [] }
      return [(problem, element.tag)]
    }
  }

  private func problem(
    _ element: DataElement, _ action: ConfidentialityProfile.Action, of file: DataSet
  ) -> Problem? {
    // Pixels are long, and no text.
    let text = element.vr.isCharacters ? file.characters(of: element) : nil
    let isEmpty: Bool
    switch element.value {
    case .items(let items): isEmpty = items.allSatisfy(\.isEmpty)
    case .fragments: isEmpty = false
    case .source, .bytes: isEmpty = element.vr.isCharacters ? text == nil : file.value(of: element).isEmpty
    }
    guard !isEmpty, !isOurs(element, text) else { return nil }
    switch action {
    case .keep: return text.map { KeptText.text($0, of: element) == $0 } ?? true ? nil : .attribute
    case .shift:
      // Whether a date was moved cannot be seen, but stated.
      let isStated = file.characters(.longitudinalTemporalInformationModified) == "MODIFIED"
      return isStated && text.flatMap { DateShift(days: 0).moved($0, element.vr) } != nil ? nil : .attribute
    case .clean: return text.map { DescriptorCleaner.clean($0) != $0 } ?? true ? .attribute : nil
    case .map:
      return text.map(Self.isMade) ?? false ? nil : .uid
    case .replace: return file.value(of: element).elementsEqual(element.vr.paddedDummy) ? nil : .attribute
    case .remove, .empty, .discard:
      if element.vr == .pn { return .personName }
      if element.isPrivate { return .privateAttribute }
      return (0x5000...0x60FF).contains(element.group) ? .graphics : .attribute
    }
  }

  /// Whether a value is one that de-identification has written in place of the patient's.
  private func isOurs(_ element: DataElement, _ text: String?) -> Bool {
    guard let text else { return false }
    switch element.tag {
    case .patientName, .patientID: return PseudonymKey.isPseudonym(text)
    case .deidentificationMethod: return true
    default: return false
    }
  }
}

/// Names of files and folders that tell more than they should.
enum SuspiciousName {
  /// The name, with letters and digits hidden where it is suspicious.
  ///
  /// UIDs of the file itself, `known`, and pseudonyms are not: they tell no more than the file does.
  static func masked(_ name: String, known: Set<String>) -> (text: String, isSuspicious: Bool) {
    let stem = name.hasSuffix(".dcm") ? String(name.dropLast(4)) : name
    guard !known.contains(stem), !PseudonymKey.isPseudonym(stem), isSuspicious(stem) else { return (name, false) }
    return (String(name.map { $0.isNumber ? "#" : $0.isLetter ? "x" : $0 }), true)
  }

  private static func isSuspicious(_ name: String) -> Bool {
    if name.contains("^") || name.contains(",") { return true }
    let runs = name.split { !$0.isNumber }
    if runs.contains(where: { $0.count >= 6 }) { return true }
    // 2004-01-31, 31.01.2004
    let separated = name.split { !($0.isNumber || "-._".contains($0)) }
    if separated.contains(where: { isDate($0.split { !$0.isNumber }.map(\.count)) }) { return true }
    // Two words with capitals: Miller_Anna.
    let words: [Substring] = name.split { !$0.isLetter }.filter { $0.count > 1 && $0.first?.isUppercase == true }
    return words.count > 1 && words.allSatisfy { $0.dropFirst().allSatisfy(\.isLowercase) } || hasCapitals(words)
  }

  private static func isDate(_ lengths: [Int]) -> Bool {
    lengths.count >= 3
      && lengths.indices.dropLast(2).contains { start in
        let three = Array(lengths[start..<start + 3])
        return three == [4, 2, 2] || three == [2, 2, 4]
      }
  }

  /// MILLER_ANNA: two words of capitals, none of which a scan is described with.
  private static func hasCapitals(_ words: [Substring]) -> Bool {
    let unknown = words.filter { $0.count > 2 && DescriptorCleaner.clean(String($0)).isEmpty }
    return unknown.count > 1 && unknown.allSatisfy { $0.allSatisfy(\.isUppercase) }
  }
}
