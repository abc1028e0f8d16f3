/// What de-identification keeps beyond the Basic Application Level Confidentiality Profile (PS3.15 section E.2), which
/// keeps the least.
///
/// Each is an option of PS3.15 section E.3, except where it says otherwise.
public struct DeidentificationOptions: Codable, Equatable, Sendable {
  /// What becomes of dates and times.
  public enum Dates: String, Codable, CaseIterable, Sendable {
    /// They are removed.
    case removed
    /// Dates are moved by one offset per patient, so that intervals stay true; times of day stay (section E.3.6).
    case modified
    /// They stay (section E.3.6), which identifies an exam to whoever sees the hospital's schedule.
    case full
  }

  /// What becomes of dates and times.
  public var dates = Dates.removed
  /// Whether sex, age, size and weight stay (section E.3.5); ages over 89 become 90.
  public var retainsPatientCharacteristics = false
  /// Whether serial numbers and station names stay (section E.3.2).
  public var retainsDeviceIdentity = false
  /// Whether the hospital's name and address stay (section E.3.3).
  public var retainsInstitutionIdentity = false
  /// Whether UIDs stay (section E.3.9); otherwise each is replaced by one that the key and the old one give.
  public var retainsUIDs = false
  /// Whether the private attributes that PS3.15 Table E.3.10-1 lists for CT, all numbers, stay (section E.3.10).
  public var retainsSafePrivate = false
  /// Whether descriptions keep those of their words that say what was scanned and how (section E.3.4).
  public var cleansDescriptors = false
  /// Whether text attributes that neither PS3.15 nor this program knows to be harmless stay, as PS3.15 has it.
  ///
  /// PS3.15 removes what it lists. The Basic Profile here removes any other text, date, address or bytes too, unless a
  /// short list of CT's attributes has it.
  public var retainsUnlistedText = false
  /// Whether images pass that may show text in their pixels, as somebody has looked at them.
  public var admitsImagesWithText = false

  /// The Basic Profile and nothing else.
  public static let basic = DeidentificationOptions()

  /// What a study of contrast phases needs: intervals, patient characteristics and the words of descriptions.
  public static let study: DeidentificationOptions = {
    var options = DeidentificationOptions()
    options.dates = .modified
    options.retainsPatientCharacteristics = true
    options.cleansDescriptors = true
    return options
  }()

  /// The Basic Profile and nothing else.
  public init() {}

  /// The codes of what was done, from PS3.16 CID 7050.
  var methodCodes: [(code: String, meaning: String)] {
    var codes = [("113100", "Basic Application Confidentiality Profile")]
    if cleansDescriptors { codes.append(("113105", "Clean Descriptors Option")) }
    switch dates {
    case .removed: break
    case .full: codes.append(("113106", "Retain Longitudinal Temporal Information Full Dates Option"))
    case .modified: codes.append(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))
    }
    if retainsPatientCharacteristics { codes.append(("113108", "Retain Patient Characteristics Option")) }
    if retainsDeviceIdentity { codes.append(("113109", "Retain Device Identity Option")) }
    if retainsUIDs { codes.append(("113110", "Retain UIDs Option")) }
    if retainsSafePrivate { codes.append(("113111", "Retain Safe Private Option")) }
    if retainsInstitutionIdentity { codes.append(("113112", "Retain Institution Identity Option")) }
    return codes
  }
}
