internal import CDICOM
internal import Support

/// Decodes the codestream of one frame: DCMTK's and OpenJPEG's codecs in another process, run-length encoding in this one.
struct FrameDecoder {
  let transferSyntax: String
  let photometricInterpretation: String
  let layout: cd_frame_layout

  private static let runLengthEncoding = "1.2.840.10008.1.2.5"
  /// The largest frame of however few bytes: one of 2,048 x 2,048 pixels of 16 bits thrice over.
  private static let largestBlankFrame = 24 << 20

  /// The frame, little endian, colour by pixel; and the codestream's precision where it states one.
  ///
  /// - Throws: `DecoderProcess.Failure` with the shim's status, or with none where the codestream ended the process.
  func decode(_ codestream: [UInt8]) throws(DecoderProcess.Failure) -> (bytes: [UInt8], precision: Int?) {
    // Each factor has at most 32 bits, and rows, columns and samples were checked by `PixelFormat`.
    let count = Int(layout.columns) * Int(layout.rows) * Int(layout.samples) * Int(layout.bits_allocated) / 8
    guard count <= Self.largestBlankFrame + 4 * codestream.count else {
      throw .init(
        status: CD_UNSUPPORTED,
        description: "a frame of \(count) bytes, but only \(codestream.count) bytes of compressed pixels")
    }
    // Our own decoder, which checks each offset, needs no process of its own.
    if transferSyntax == Self.runLengthEncoding { return (try decodeHere(codestream, count), nil) }
    return try DecoderPool.withProcess(orElse: { $0 }) { (process) throws(DecoderProcess.Failure) in
      let texts = "\(transferSyntax)\u{0}\(photometricInterpretation)\u{0}"
      let layout = withUnsafeBytes(of: layout) { Array($0) }
      let answer = try process.ask(.frame, inputSize: codestream.count, [Array(texts.utf8) + layout, codestream])
      guard answer.count == count else { throw .init(status: nil, description: "its contents contradict themselves") }
      return (try process.take(count), answer.detail > 0 ? answer.detail : nil)
    }
  }

  private func decodeHere(_ codestream: [UInt8], _ count: Int) throws(DecoderProcess.Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var precision: Int32 = 0
    let status = cd_decode_frame(
      transferSyntax, photometricInterpretation, codestream, codestream.count, layout, &bytes, count, &precision)
    guard Int(status) == CD_OK else {
      throw .init(status: Int(status), description: String(cString: cd_last_error()))
    }
    return bytes
  }
}
