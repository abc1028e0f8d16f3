import DICOM

/// What a PACS answered to a query.
public struct Matches<Found: Sendable>: Sendable {
  /// What it found, each once.
  public var found: [Found]
  /// How many of its matches cannot be used: they have no valid UID, or are not what the standard says.
  public var unusable: Int
  /// How many of its matches were not asked for, such as those of another patient's ID; they are left out.
  public var unasked: Int

  /// States what was found, and how much was not.
  public init(_ found: [Found], unusable: Int = 0, unasked: Int = 0) {
    self.found = found
    self.unusable = unusable
    self.unasked = unasked
  }

  /// Makes values of a PACS's matches, each of them once by `id`; nil in `matches` is what could not be read.
  init(
    _ matches: [[DICOMTag: String]?], id: (Found) -> String, make: ([DICOMTag: String]) -> Found?
  ) {
    var seen: Set<String> = []
    let all = matches.map { $0.flatMap(make) }
    self.init(all.compactMap(\.self).filter { seen.insert(id($0)).inserted }, unusable: all.count { $0 == nil })
  }

  /// Leaves out what was not asked for.
  func filter(_ isAskedFor: (Found) -> Bool) -> Matches {
    let kept = found.filter(isAskedFor)
    return Matches(kept, unusable: unusable, unasked: unasked + found.count - kept.count)
  }

  /// What is said where a PACS answers with more matches than are taken.
  static func tooMany(_ limit: Int, _ service: String) -> PACSError {
    PACSError(.malformed, "\(service): the PACS answers with more than \(limit) matches.")
  }
}
