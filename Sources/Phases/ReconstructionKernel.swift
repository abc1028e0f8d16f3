/// How sharp a reconstruction is, as its ConvolutionKernel names it.
///
/// The vendors' own names, as their conformance statements and manuals list them.
public enum ReconstructionKernel: String, Codable, Sendable {
  /// For soft tissue.
  case soft
  /// For bone or lung: its noise drowns enhancement.
  case sharp
  /// A name that no rule recognises, or no name.
  case unknown

  /// Reads a ConvolutionKernel; of several values the first is used.
  public init(_ kernel: String?) {
    let first = kernel?.split(separator: "\\").first ?? ""
    let name = first.uppercased().filter { $0.isLetter || $0.isNumber }
    let letters = String(name.prefix(while: \.isLetter))
    let number = Int(name.dropFirst(letters.count).prefix(while: \.isNumber))
    switch (letters, number) {
    case ("STANDARD", _), ("STND", _), ("STD", _), ("SOFT", _), ("DETAIL", _), ("CHST", _), ("CHEST", _): self = .soft
    case ("BONE", _), ("BONEPLUS", _), ("BONEPL", _), ("LUNG", _), ("EDGE", _), ("ULTRA", _), ("HDBONE", _):
      self = .sharp
    // Canon and Toshiba: FC01...FC19 body, FC20... head, from FC30 bone, from FC50 lung, from FC80 high resolution.
    case ("FC", let number?): self = number < 30 ? .soft : .sharp
    // Siemens: B30f, Br40d, Bl57, I31f; the number grows with sharpness.
    case ("B", let number?), ("I", let number?), ("BR", let number?), ("BF", let number?), ("BL", let number?),
      ("BV", let number?), ("HR", let number?), ("QR", let number?), ("J", let number?), ("U", let number?):
      self = number < 50 ? .soft : .sharp
    // Philips.
    case ("A", nil), ("B", nil), ("C", nil), ("CB", nil), ("UA", nil), ("UB", nil): self = .soft
    case ("D", nil), ("E", nil), ("L", nil), ("YC", nil), ("YD", nil), ("YE", nil): self = .sharp
    default: self = .unknown
    }
  }
}
