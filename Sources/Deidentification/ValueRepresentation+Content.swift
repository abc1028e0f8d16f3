import DICOM

/// What de-identification has to know of each VR: what may hide in a value, and what may stand in its place.
extension ValueRepresentation {
  /// What the value can hold, seen by one who looks for a person in it.
  enum Content {
    /// Words that somebody typed.
    case text
    /// A person's name.
    case name
    /// A date, a time, an age, a title or an address in a network: written by a rule, and telling.
    case telling
    /// A number, a coded word or a tag, which its own characters can be checked for.
    case coded
    /// A unique identifier.
    case uid
    /// Bytes of which nothing is known.
    case bytes
    /// Items.
    case sequence
  }

  /// What the value can hold.
  var content: Content {
    switch self {
    case .lo, .lt, .sh, .st, .uc, .ut: .text
    case .pn: .name
    case .ae, .as, .da, .dt, .tm, .ur: .telling
    case .at, .cs, .ds, .fd, .fl, .is, .sl, .ss, .sv, .ul, .us, .uv: .coded
    case .ui: .uid
    case .ob, .od, .of, .ol, .ov, .ow, .un: .bytes
    case .sq: .sequence
    }
  }

  /// A value that says nothing and is valid, for attributes that must have one.
  var dummy: [UInt8] {
    let text =
      switch self {
      case .ae, .lo, .lt, .pn, .sh, .st, .uc, .ut, .cs: "REMOVED"
      case .as: "000Y"
      case .da: "19000101"
      case .dt: "19000101000000"
      case .tm: "000000"
      case .ds, .is: "0"
      case .ur: "about:blank"
      case .ui: "2.25.0"
      default: ""
      }
    return text.isEmpty ? [UInt8](repeating: 0, count: size) : Array(text.utf8)
  }

  /// The dummy as it stands in a file, at an even length.
  var paddedDummy: [UInt8] { dummy.count % 2 == 0 ? dummy : dummy + [padding] }

  /// The size of one value in bytes, where all have the same; 0 for sequences, 2 for bytes.
  private var size: Int {
    switch self {
    case .at, .fl, .sl, .ul: 4
    case .fd, .sv, .uv: 8
    case .sq: 0
    default: 2
    }
  }

  /// Whether the value has only characters that the VR allows; where it has others, it may be anything.
  ///
  /// Tolerant of what scanners write: lower case in coded words, spaces around numbers, dates as in ACR-NEMA. Binary
  /// numbers are implausible where eight bytes and more are all characters, or ten in a row are: some other value in their
  /// place, such as a whole sequence.
  func isPlausible(_ value: ArraySlice<UInt8>) -> Bool {
    if let allowed = Self.allowedBytes[self] { return value.allSatisfy { allowed[Int($0)] } }
    guard content == .coded, value.count >= 8 else { return true }
    let characters = value.trimmingPadding()
    var (run, longest) = (0, 0)
    for byte in characters {
      run = (0x20...0x7E).contains(byte) ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest < 10 && (characters.count < 6 || longest < characters.count)
  }

  /// Which bytes may stand in a value, besides padding and the backslash between values.
  private static let allowedBytes: [ValueRepresentation: [Bool]] = {
    let digits = "0123456789"
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    let allowed: [ValueRepresentation: String] = [
      .as: digits + "DWMY", .cs: digits + letters + "_-./", .da: digits + ".", .ds: digits + "+-.eE",
      .dt: digits + ".+-", .is: digits + "+-", .tm: digits + ".:", .ui: digits + ".",
    ]
    return allowed.mapValues { characters in
      let bytes = Set((characters + " \0\\").utf8)
      return (UInt8(0)...255).map(bytes.contains)
    }
  }()
}
