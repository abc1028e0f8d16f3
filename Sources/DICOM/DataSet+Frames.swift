internal import CDICOM
internal import Support

/// Pixel data, frame by frame.
extension DataSet {
  /// Bytes of an uncompressed value, in the file's byte order.
  ///
  /// - Throws: `DICOMError` where it has fewer.
  func bytes(_ range: Range<Int>, of element: DataElement) throws(DICOMError) -> [UInt8] {
    switch element.value {
    case .source(let source) where range.upperBound <= source.count:
      return try bytes.bytes(source.lowerBound + range.lowerBound..<source.lowerBound + range.upperBound)
    case .bytes(let bytes) where range.upperBound <= bytes.count: return Array(bytes[range])
    default: throw Self.truncated(name, "the pixel data ends before the frame")
    }
  }

  /// A compressed frame, decoded: little endian, colour by pixel; and the codestream's precision where it states one that
  /// takes precedence over BitsStored.
  func decodeFrame(
    _ frame: Int, of frameCount: Int, in fragments: DataElement.Fragments, _ layout: cd_frame_layout,
    _ photometricInterpretation: String
  ) throws(DICOMError) -> (bytes: [UInt8], precision: Int?) {
    let codestream = try codestream(of: frame, of: frameCount, in: fragments.items)
    do throws(DecoderProcess.Failure) {
      return try FrameDecoder(
        transferSyntax: transferSyntax, photometricInterpretation: photometricInterpretation, layout: layout
      ).decode(codestream)
    } catch {
      throw pixelError(error.status ?? CD_FAILED, error.description)
    }
  }

  /// The codestream of one frame, its fragments joined: PS3.5 section A.4.
  private func codestream(
    of frame: Int, of frameCount: Int, in items: [Range<Int>]
  ) throws(DICOMError) -> [UInt8] {
    let fragments = items.dropFirst()
    guard let first = fragments.first else { throw undecodable("the pixel data has no fragment") }
    if frameCount == 1 { return try joined(fragments) }
    if fragments.count == frameCount { return try bytes.bytes(fragments[fragments.startIndex + frame]) }
    guard fragments.count > frameCount else { throw Self.truncated(name, "there are fewer fragments than frames") }
    let table = try bytes.bytes(items[0])
    if table.count / 4 == frameCount {
      let offsets = (0..<frameCount).map { index in
        (0..<4).reduce(0) { $0 | Int(table[4 * index + $1]) << (8 * $1) }
      }
      let end = frame + 1 < frameCount ? offsets[frame + 1] : Int.max
      return try joined(
        fragments.filter { offsets[frame]..<max(offsets[frame], end) ~= $0.lowerBound - first.lowerBound })
    }
    var current: [Range<Int>] = []
    var number = 0
    for fragment in fragments {
      current.append(fragment)
      guard try endsCodestream(fragment) else { continue }
      if number == frame { return try joined(current[...]) }
      number += 1
      current = []
    }
    guard number == frame else {
      throw DICOMError(
        .unsupported, file: name, tag: .pixelData, "it is unknown where the frames begin among the fragments",
        found: "transfer syntax \(transferSyntax)", advice: Self.conversion)
    }
    return try joined(current[...])
  }

  private func joined(_ fragments: some Sequence<Range<Int>>) throws(DICOMError) -> [UInt8] {
    var codestream: [UInt8] = []
    for fragment in fragments { codestream += try bytes.bytes(fragment) }
    return codestream
  }

  /// JPEG, JPEG-LS and JPEG 2000 all end with FFD9, which at most a padding byte follows.
  private func endsCodestream(_ fragment: Range<Int>) throws(DICOMError) -> Bool {
    let last = try bytes.bytes(fragment.suffix(3))
    return last.count == 3 && (last.suffix(2) == [0xFF, 0xD9] || last.prefix(2) == [0xFF, 0xD9])
  }

  /// How many bytes of native pixel data the header asks for; nil where it does not say, or too many to be true.
  package var statedPixelByteCount: Int? {
    var bits = max(integer(.numberOfFrames) ?? 1, 1)
    for factor in [integer(.rows), integer(.columns), integer(.bitsAllocated), integer(.samplesPerPixel) ?? 1] {
      guard let factor, factor >= 0 else { return nil }
      let (product, isTooMuch) = bits.multipliedReportingOverflow(by: factor)
      guard !isTooMuch else { return nil }
      bits = product
    }
    return bits / 8 + (bits % 8 > 0 ? 1 : 0)
  }

  /// How many bytes of native pixel data there are; nil where there are none, or they are compressed.
  package var nativePixelByteCount: Int? {
    switch element(.pixelData)?.value {
    case .source(let range): range.count
    case .bytes(let bytes): bytes.count
    case .items, .fragments, nil: nil
    }
  }

  /// Whether there is native pixel data, but the header's numbers tell no size of its image.
  package var hasUncountablePixels: Bool {
    nativePixelByteCount != nil && element(.rows) != nil && element(.columns) != nil && element(.bitsAllocated) != nil
      && (statedPixelByteCount == nil || hasUnreadableFrameCount)
  }

  /// Whether a number of frames is stated that cannot be read, or be true.
  private var hasUnreadableFrameCount: Bool {
    !(characters(.numberOfFrames) ?? "").isEmpty && integer(.numberOfFrames) == nil
  }

  // MARK: Errors

  private static let conversion = "Convert the file to another transfer syntax, for instance with dcmconv or gdcmconv"

  private func pixelError(_ status: Int, _ message: String) -> DICOMError {
    switch status {
    case CD_TRUNCATED: Self.truncated(name, message)
    case CD_UNSUPPORTED:
      DICOMError(
        .unsupported, file: name, tag: .pixelData, message, found: "transfer syntax \(transferSyntax)",
        advice: Self.conversion)
    default: undecodable(message)
    }
  }

  private func undecodable(_ message: String) -> DICOMError {
    DICOMError(
      .invalid, file: name, tag: .pixelData, "the pixel data cannot be decoded: \(message)",
      advice: "The file is damaged; fetch it from its source again")
  }
}
