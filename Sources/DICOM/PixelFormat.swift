internal import CDICOM

/// How a data set stores its pixels: the Image Pixel module, PS3.3 section C.7.6.3.
struct PixelFormat {
  /// The attribute that holds the pixels.
  var attribute: DICOMTag { element.tag }
  let columns: Int
  let rows: Int
  let samples: Int
  let frameCount: Int
  let photometricInterpretation: String
  let bitsAllocated: Int
  let bitsStored: Int
  let highBit: Int
  let isSigned: Bool
  /// Whether native colour is stored plane by plane.
  let isPlanar: Bool
  private let element: DataElement
  private let isBigEndian: Bool

  /// Each frame takes hundreds of bytes of header in memory, however few pixels it has.
  private static let mostFrames = 100_000

  /// Reads the module and checks that as much pixel data is there as it promises.
  ///
  /// - Throws: `DICOMError` where the module is incomplete, or pixel data is absent or too short.
  init(_ dataSet: DataSet) throws(DICOMError) {
    func required(_ tag: DICOMTag, _ range: ClosedRange<Int>) throws(DICOMError) -> Int {
      let value = dataSet.integer(tag)
      guard let value, range.contains(value) else {
        throw DICOMError(
          .invalid, file: dataSet.name, tag: tag, "the image cannot be read",
          expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
          found: value.map { "\($0)" } ?? "nothing")
      }
      return value
    }
    let candidates: [DICOMTag] = [.pixelData, .floatPixelData, .doubleFloatPixelData]
    let found = candidates.lazy.compactMap { dataSet.element($0) }.first
    guard let found else {
      throw DICOMError(
        .truncated, file: dataSet.name, tag: .pixelData, "the file has no pixel data",
        advice: "If it should hold an image, it was cut off; fetch it from its source again")
    }
    element = found
    isBigEndian = dataSet.encoding.isBigEndian
    rows = try required(.rows, 1...65535)
    columns = try required(.columns, 1...65535)
    samples = dataSet.text(.samplesPerPixel) == nil ? 1 : try required(.samplesPerPixel, 1...4)
    frameCount = dataSet.text(.numberOfFrames) == nil ? 1 : try required(.numberOfFrames, 1...Self.mostFrames)
    photometricInterpretation = dataSet.text(.photometricInterpretation) ?? ""
    bitsAllocated = try required(.bitsAllocated, 1...64)
    let isInteger = found.tag == .pixelData
    bitsStored = isInteger ? try required(.bitsStored, 1...bitsAllocated) : bitsAllocated
    highBit = dataSet.integer(.highBit) ?? bitsStored - 1
    isSigned =
      isInteger && dataSet.text(.pixelRepresentation) != nil ? try required(.pixelRepresentation, 0...1) == 1 : false
    isPlanar = samples > 1 && dataSet.integer(.planarConfiguration) == 1
    guard bitsAllocated == 1 || [8, 16, 32].contains(bitsAllocated) || (bitsAllocated == 64 && !isInteger) else {
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .bitsAllocated, "the image cannot be read", expected: "1, 8, 16 or 32",
        found: "\(bitsAllocated)")
    }
    try requireEnough(dataSet.name)
  }

  /// The fragments of compressed pixel data; nil where it is native.
  private var fragments: DataElement.Fragments? {
    if case .fragments(let fragments) = element.value { fragments } else { nil }
  }
  /// The bytes of native pixel data.
  private var byteCount: Int {
    switch element.value {
    case .source(let range): range.count
    case .bytes(let bytes): bytes.count
    case .items, .fragments: 0
    }
  }
  /// Whether native YBR_FULL_422 shares each pair of chroma samples between two pixels.
  private var isSubsampled: Bool { photometricInterpretation == "YBR_FULL_422" && samples == 3 && fragments == nil }
  private var sampleCount: Int { columns * rows * samples }
  private var frameBits: Int { isSubsampled ? columns * rows * 2 * bitsAllocated : sampleCount * bitsAllocated }

  private func requireEnough(_ name: String) throws(DICOMError) {
    if let fragments {
      // The first item is the offset table.
      let count = max(fragments.items.count - 1, 0)
      guard count >= frameCount else {
        throw DataSet.truncated(name, "\(count) fragments of pixel data for \(frameCount) frames")
      }
    } else {
      let (bits, isTooMuch) = frameBits.multipliedReportingOverflow(by: frameCount)
      guard !isTooMuch, (bits + 7) / 8 <= byteCount else {
        throw DataSet.truncated(name, "\(byteCount) bytes of pixel data, fewer than the image needs")
      }
    }
  }

  // MARK: Frames

  /// The stored values of a frame, row by row, the samples of a pixel together.
  func values(of frame: Int, in dataSet: DataSet) throws(DICOMError) -> StoredPixels.Values {
    if attribute != .pixelData { return .reals(try reals(frame, dataSet)) }
    let stored = try integers(of: frame, in: dataSet)
    let values = stored.map(0..<stored.count) { $0 }
    if fragments != nil { return .integers(values) }
    return .integers(isSubsampled ? expandChroma(values) : pixelwise(values))
  }

  /// The integers of a frame, native colour in the file's order.
  ///
  /// Bits above BitsStored are dropped, and its highest bit is the sign. A codestream of JPEG 2000 or JPEG-LS states its own
  /// precision, which then takes the place of BitsStored.
  func integers(of frame: Int, in dataSet: DataSet) throws(DICOMError) -> StoredIntegers {
    try require(frame, dataSet)
    guard let fragments else { return try native(frame, dataSet) }
    return try decoded(frame, fragments, dataSet)
  }

  private func require(_ frame: Int, _ dataSet: DataSet) throws(DICOMError) {
    guard frame >= 0, frame < frameCount else {
      throw DICOMError(
        .invalid, file: dataSet.name, tag: .numberOfFrames, "there is no frame \(frame)",
        found: "\(frameCount) frames, numbered from 0")
    }
  }

  private func decoded(
    _ frame: Int, _ fragments: DataElement.Fragments, _ dataSet: DataSet
  ) throws(DICOMError) -> StoredIntegers {
    guard bitsAllocated % 8 == 0 else {
      throw DICOMError(
        .unsupported, file: dataSet.name, tag: .bitsAllocated, "compressed pixel data of 1 bit",
        found: "\(bitsAllocated)")
    }
    let layout = cd_frame_layout(
      columns: UInt32(columns), rows: UInt32(rows), samples: UInt32(samples), bits_allocated: UInt32(bitsAllocated),
      bits_stored: UInt32(bitsStored), is_signed: isSigned)
    let (bytes, precision) = try dataSet.decodeFrame(
      frame, of: frameCount, in: fragments, layout, photometricInterpretation)
    return StoredIntegers(
      bytes: bytes, firstBit: 0, count: sampleCount, bitsAllocated: bitsAllocated, validBits: precision ?? bitsStored,
      isSigned: isSigned)
  }

  private func native(_ frame: Int, _ dataSet: DataSet) throws(DICOMError) -> StoredIntegers {
    // Single bits, and big-endian bytes in 16-bit words, need not begin a frame at a byte or word.
    let firstBit = frame * frameBits
    let first = firstBit / 16 * 2
    let last = min((firstBit + frameBits + 15) / 16 * 2, byteCount)
    var bytes = try dataSet.bytes(first..<last, of: element)
    if isBigEndian {
      let isWords = bitsAllocated <= 8 && element.vr != .ob
      reverse(&bytes, every: isWords ? 2 : bitsAllocated / 8)
    }
    return StoredIntegers(
      bytes: bytes, firstBit: firstBit - first * 8, count: frameBits / bitsAllocated, bitsAllocated: bitsAllocated,
      validBits: bitsStored, isSigned: isSigned)
  }

  private func reals(_ frame: Int, _ dataSet: DataSet) throws(DICOMError) -> [Double] {
    try require(frame, dataSet)
    let count = frameBits / 8
    var bytes = try dataSet.bytes(frame * count..<(frame + 1) * count, of: element)
    if isBigEndian { reverse(&bytes, every: bitsAllocated / 8) }
    return bytes.withUnsafeBytes { raw in
      (0..<sampleCount).map { index in
        bitsAllocated == 32
          ? Double(Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self).littleEndian))
          : Double(bitPattern: raw.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self).littleEndian)
      }
    }
  }

  private func reverse(_ bytes: inout [UInt8], every width: Int) {
    guard width > 1 else { return }
    for start in stride(from: 0, through: bytes.count - width, by: width) {
      bytes[start..<start + width].reverse()
    }
  }

  private func pixelwise(_ values: [Int]) -> [Int] {
    guard isPlanar else { return values }
    let count = columns * rows
    return (0..<count * samples).map { values[$0 % samples * count + $0 / samples] }
  }

  /// Y1 Y2 B R -> Y1 B R, Y2 B R: PS3.3 section C.7.6.3.1.2.
  private func expandChroma(_ values: [Int]) -> [Int] {
    var pixels: [Int] = []
    pixels.reserveCapacity(values.count / 2 * 3)
    for start in stride(from: 0, through: values.count - 4, by: 4) {
      for luma in values[start...start + 1] { pixels += [luma, values[start + 2], values[start + 3]] }
    }
    return pixels
  }
}
