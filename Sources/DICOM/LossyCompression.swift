/// What tells that the pixels lost information when they were compressed (PS3.3 section C.7.6.1.1.5).
enum LossyCompression {
  /// The transfer syntaxes that cannot keep every pixel's value, by name.
  ///
  /// JPEG 2000, HTJ2K and JPEG XL have none of their own: their general syntaxes allow both.
  private static let syntaxes = [
    "1.2.840.10008.1.2.4.50": "JPEG Baseline", "1.2.840.10008.1.2.4.51": "JPEG Extended",
    "1.2.840.10008.1.2.4.81": "JPEG-LS Near-Lossless",
  ]

  /// The evidence in a few words; nil where nothing says that anything was lost.
  static func evidence(in dataSet: DataSet) -> String? {
    let ratios = dataSet.numbers(.lossyImageCompressionRatio)?.filter { $0 > 1 } ?? []
    if dataSet.text(.lossyImageCompression) == "01" {
      // Every compression adds its ratio to the list.
      let ratio = ratios.reduce(1, *)
      let ratioText = ratio > 1 && ratio < 1e4 ? ", at \((10 * ratio).rounded() / 10) to 1" : ""
      return "LossyImageCompression is 01\(ratioText)"
    }
    if let name = syntaxes[dataSet.transferSyntax] { return "the transfer syntax is \(name)" }
    let imageType = (dataSet.text(.imageType) ?? "").uppercased()
    return imageType.replacing("LOSSLESS", with: "").contains("LOSSY") ? "ImageType says so" : nil
  }
}
