/// How an element's value is encoded (PS3.5 section 6.2).
package enum ValueRepresentation: String, CaseIterable, Sendable {
  case ae = "AE", `as` = "AS", at = "AT", cs = "CS", da = "DA", ds = "DS", dt = "DT", fd = "FD", fl = "FL", `is` = "IS"
  case lo = "LO", lt = "LT", ob = "OB", od = "OD", of = "OF", ol = "OL", ov = "OV", ow = "OW", pn = "PN", sh = "SH"
  case sl = "SL", sq = "SQ", ss = "SS", st = "ST", sv = "SV", tm = "TM", uc = "UC", ui = "UI", ul = "UL", un = "UN"
  case ur = "UR", us = "US", ut = "UT", uv = "UV"

  /// Reads the two letters as they stand in a file, the first in the upper byte; nil where they are no VR.
  package init?(letters: UInt16) {
    let (first, second) = (Int(letters >> 8) - 0x41, Int(letters & 0xFF) - 0x41)
    guard (0..<26).contains(first), (0..<26).contains(second), let vr = Self.byLetters[26 * first + second] else {
      return nil
    }
    self = vr
  }

  private static let byLetters: [ValueRepresentation?] = {
    var table = [ValueRepresentation?](repeating: nil, count: 26 * 26)
    for vr in allCases {
      let letters = vr.rawValue.utf8.map { Int($0) - 0x41 }
      table[26 * letters[0] + letters[1]] = vr
    }
    return table
  }()

  /// Whether explicit encodings give it two reserved bytes and a length of 32 bits (PS3.5 section 7.1.2).
  package var hasLongLength: Bool {
    switch self {
    case .ob, .od, .of, .ol, .ov, .ow, .sq, .sv, .uc, .un, .ur, .ut, .uv: true
    default: false
    }
  }

  /// Whether the value is characters, which are the same in every byte order.
  package var isCharacters: Bool {
    switch self {
    case .ae, .as, .cs, .da, .ds, .dt, .is, .lo, .lt, .pn, .sh, .st, .tm, .uc, .ui, .ur, .ut: true
    default: false
    }
  }

  /// Whether a backslash within the characters is one of the text, so that there is one value at most.
  package var isSingleText: Bool {
    switch self {
    case .lt, .st, .ur, .ut: true
    default: false
    }
  }

  /// What fills a value up to an even length.
  package var padding: UInt8 { isCharacters && self != .ui ? 0x20 : 0 }

  /// How numbers are stored in binary.
  package enum Number: Sendable {
    /// Whole numbers of so many bytes.
    case unsigned(Int)
    /// The same in two's complement.
    case signed(Int)
    /// Floating-point numbers of so many bytes.
    case real(Int)

    /// The size of one number in bytes.
    package var width: Int {
      switch self {
      case .unsigned(let width), .signed(let width), .real(let width): width
      }
    }
  }

  /// How the value's numbers are stored; nil where it is something else than binary numbers.
  package var number: Number? {
    switch self {
    case .us: .unsigned(2)
    case .ul: .unsigned(4)
    case .uv: .unsigned(8)
    case .ss: .signed(2)
    case .sl: .signed(4)
    case .sv: .signed(8)
    case .fl: .real(4)
    case .fd: .real(8)
    default: nil
    }
  }
}
