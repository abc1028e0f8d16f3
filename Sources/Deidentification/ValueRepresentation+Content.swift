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
}
