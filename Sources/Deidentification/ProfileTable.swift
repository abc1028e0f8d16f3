import DICOM

/// The tables of PS3.15 Annex E, and this program's list of what stays besides; the files in `Data` hold them.
enum ProfileTable {
  /// A row of Table E.1-1.
  struct Entry: Sendable {
    let vr: ValueRepresentation?
    /// The codes by column: `X`, `Z/D`, `K`, ...
    let codes: [String: String]

    private var isTemporal: Bool { vr == .da || vr == .dt || vr == .tm }

    /// What becomes of the attribute: an option that keeps it goes before one that cleans it.
    func action(_ options: DeidentificationOptions) -> ConfidentialityProfile.Action {
      let columns = options.columns.filter { column in
        // The day of a calibration is that of an exam, or nearly: days follow the choice of dates alone.
        !codes[column, default: ""].isEmpty && (!isTemporal || DeidentificationOptions.dateColumns.contains(column))
      }
      if columns.contains(where: { codes[$0] == "K" }) { return .keep }
      if columns.contains("modified dates") {
        switch vr {
        // The one SH is TimezoneOffsetFromUTC.
        case .da, .dt, .sh: return .shift
        case .tm: return .keep
        default: break
        }
      }
      if columns.contains("descriptors") || columns.contains("patient"), vr?.content == .text { return .clean }
      switch codes["basic"] {
      case "U", "X/Z/U*": return vr == .sq ? .keep : .map
      case "D": return .replace
      case .some(let code) where code.contains("Z"): return .empty
      default: return .remove
      }
    }
  }

  /// A private attribute, whichever block its creator has reserved.
  struct PrivateAttribute: Hashable, Sendable {
    let creator: String
    let group: UInt32
    let element: UInt32
  }

  /// Table E.1-1, but for private attributes, curves and overlays, which it removes as groups.
  static let entries: [DICOMTag: Entry] = Dictionary(
    DataTable.rows(PackageResources.confidentiality_profile_csv).compactMap { row in
      tag(row).map { ($0, Entry(vr: ValueRepresentation(rawValue: row["vr", default: ""]), codes: row)) }
    }
  ) { first, _ in first }

  /// Attributes that stay as they are or cleaned, though nothing in their VR says that they are harmless.
  static let retained: [DICOMTag: ConfidentialityProfile.Action] = Dictionary(
    DataTable.rows(PackageResources.retained_attributes_csv).compactMap { row in
      tag(row).map { ($0, row["action"] == "C" ? .clean : .keep) }
    }
  ) { first, _ in first }

  /// The private attributes of CT in Table E.3.10-1.
  static let safePrivate: [PrivateAttribute: ValueRepresentation] = Dictionary(
    DataTable.rows(PackageResources.safe_private_csv).compactMap { row in
      guard let creator = row["creator"], let group = row["group"].flatMap({ UInt32($0, radix: 16) }),
        let element = row["element"].flatMap({ UInt32($0, radix: 16) }),
        let vr = row["vr"].flatMap(ValueRepresentation.init(rawValue:))
      else { return nil }
      return (PrivateAttribute(creator: creator, group: group, element: element), vr)
    }
  ) { first, _ in first }

  /// Coding schemes of published terminologies, whose meanings name no person.
  static let codingSchemes = Set(DataTable.lines(PackageResources.coding_schemes_txt))

  private static func tag(_ row: [String: String]) -> DICOMTag? {
    row["tag"].flatMap { UInt32($0, radix: 16) }.map(DICOMTag.init(rawValue:))
  }
}

extension DeidentificationOptions {
  fileprivate static let dateColumns: Set<String> = ["modified dates", "full dates"]

  /// The columns of Table E.1-1 that count.
  fileprivate var columns: [String] {
    var columns: [String] = []
    if retainsUIDs { columns.append("uids") }
    if retainsDeviceIdentity { columns.append("device") }
    if retainsInstitutionIdentity { columns.append("institution") }
    if retainsPatientCharacteristics { columns.append("patient") }
    switch dates {
    case .removed: break
    case .modified: columns.append("modified dates")
    case .full: columns.append("full dates")
    }
    if cleansDescriptors { columns.append("descriptors") }
    return columns
  }
}
