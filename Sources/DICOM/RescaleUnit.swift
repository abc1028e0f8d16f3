/// What RescaleType says of the numbers that rescaling gives (PS3.3 section C.11.1.1.2).
enum RescaleUnit {
  /// Whether they are HU, by the defined terms or by what writers put in their place.
  ///
  /// `US` is "unspecified", which CT scanners write for HU; `HU_MOD` are HU of a modified image.
  static func isHounsfield(_ type: String) -> Bool {
    words.contains(String(type.uppercased().unicodeScalars.filter(letters.contains).map(Character.init)))
  }

  private static let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZÉ".unicodeScalars)

  /// Capitals alone: `hu`, `H.U.` and `Hounsfield Unit(s)` are the same word; the latter also in German, French, Italian,
  /// Spanish and Portuguese.
  private static let words: Set<String> = [
    "HU", "US", "HUMOD", "HUS", "HOUNSFIELD", "HOUNSFIELDS", "HOUNSFIELDUNIT", "HOUNSFIELDUNITS", "HOUNSFIELDUNITHU",
    "HOUNSFIELDUNITSHU", "HUHOUNSFIELDUNIT", "HUHOUNSFIELDUNITS", "HOUNDSFIELD", "HOUNDSFIELDUNIT", "HOUNDSFIELDUNITS",
    "CTNUMBER", "CTNUMBERS", "HE", "HOUNSFIELDEINHEIT", "HOUNSFIELDEINHEITEN", "UH", "UNITÉHOUNSFIELD",
    "UNITÉSHOUNSFIELD", "UNITEHOUNSFIELD", "UNITESHOUNSFIELD", "UNITAHOUNSFIELD",
    "UNIDADHOUNSFIELD", "UNIDADESHOUNSFIELD", "UNIDADEHOUNSFIELD", "UNSPECIFIED",
  ]
}
