/// Compressed pixel data, with nothing in it but its frames (PS3.5 section A.4).
///
/// What else fragments, offset tables and their delimiter can carry is left out: fragments that no frame needs, bytes behind
/// a frame's end, comments within it, and an offset table that is not one.
package struct EncapsulatedPixels: Sendable {
  /// The fragments unchanged where nothing had to be removed, otherwise rewritten: one per frame.
  package let fragments: DataElement.Fragments
  /// How many bytes were left out, or overwritten within frames.
  package let cutByteCount: Int
  /// Whether the frames could be followed; nothing is left out of a video, whose frames are not told apart.
  package let isFollowed: Bool
  /// What an extended offset table would say of `fragments`: where each frame begins, and its length.
  private let frames: [(offset: Int, count: Int)]

  /// The compressed pixel data of a file in memory; nil where it has none.
  ///
  /// - Throws: `DICOMError` where a frame ends before its image does.
  package init?(_ file: DataSet) throws(DICOMError) {
    guard case .fragments(let found)? = file.element(.pixelData)?.value else { return nil }
    let syntax = file.transferSyntax
    isFollowed = !TransferSyntax.isVideo(syntax)
    let pieces = found.items.dropFirst()
    guard isFollowed else {
      (fragments, cutByteCount, frames) = (found, 0, [])
      return
    }
    let codestreams = try Self.codestreams(file, pieces, Self.segmentByteCount(file, syntax))
    let table = found.items.first.map { Array(file.bytes[$0]) } ?? []
    let cut = codestreams.reduce(0) { $0 + $1.codestream.cutByteCount }
    let used = codestreams.reduce(0) { $0 + $1.pieces.count }
    let starts = codestreams.map { ($0.pieces.first?.lowerBound ?? 0) - (pieces.first?.lowerBound ?? 0) }
    let delimiter = file.bytes[found.range].suffix(4).count { $0 != 0 }
    let isSound = table.isEmpty || table == Self.table(starts)
    if cut == 0, used == pieces.count, isSound, delimiter == 0 {
      fragments = found
      cutByteCount = 0
      frames = codestreams.map { codestream in
        (
          (codestream.pieces.first?.lowerBound ?? 0) - (pieces.first?.lowerBound ?? 0),
          codestream.pieces.reduce(0) { $0 + $1.count }
        )
      }
    } else {
      let bytes = codestreams.map(\.codestream.bytes)
      var rewritten = found
      rewritten.rewritten = Self.written(bytes, hasTable: !table.isEmpty)
      fragments = rewritten
      let unused = pieces.dropFirst(used).reduce(0) { $0 + $1.count }
      let surplus = isSound ? 0 : max(1, table.count - 4 * bytes.count)
      cutByteCount = max(1, cut + unused + surplus + delimiter)
      frames = []
    }
  }

  /// Whether an extended offset table, or that of the lengths, says what is true of the fragments (PS3.3 section C.7.6.3.1.8).
  package func confirms(_ tag: DICOMTag, _ value: ArraySlice<UInt8>) -> Bool {
    let numbers = frames.map { tag.rawValue == 0x7FE0_0001 ? $0.offset : $0.count }
    let stored = numbers.flatMap { number in (0..<8).map { UInt8(number >> (8 * $0) & 0xFF) } }
    return !frames.isEmpty && value.elementsEqual(stored)
  }

  // MARK: Frames

  private typealias Frame = (codestream: Codestream, pieces: ArraySlice<Range<Int>>)

  private static func codestreams(
    _ file: DataSet, _ pieces: ArraySlice<Range<Int>>, _ segmentByteCount: Int?
  ) throws(DICOMError) -> [Frame] {
    let count = max(file.integer(.numberOfFrames) ?? 1, 1)
    var frames: [Frame] = []
    var rest = pieces
    // Trying the end of each fragment is quick for all but files that are built to make it slow.
    var budget = 64 * max(file.bytes.count, 1 << 16)
    while frames.count < count {
      // One fragment a frame is the rule; a single frame may have any number of them.
      let found = count == 1 ? frame(of: rest, file, segmentByteCount) : next(rest, file, segmentByteCount, &budget)
      guard let found else {
        throw DICOMError(
          .invalid, file: file.name, tag: .pixelData, "a compressed frame cannot be followed to its end",
          expected: "\(count) frames", found: "\(frames.count) complete ones", advice: "Fetch it from its source again")
      }
      frames.append(found)
      rest = rest.dropFirst(found.pieces.count)
    }
    return frames
  }

  /// The frame that all of these fragments make, of which it may need the first alone.
  private static func frame(
    of pieces: ArraySlice<Range<Int>>, _ file: DataSet, _ segmentByteCount: Int?
  ) -> Frame? {
    let joined = pieces.reduce(into: [UInt8]()) { $0 += file.bytes[$1] }
    guard let codestream = Codestream(joined, rleSegmentByteCount: segmentByteCount) else { return nil }
    return (codestream, pieces)
  }

  /// The first frame of several: of as many fragments as it takes to its end.
  private static func next(
    _ pieces: ArraySlice<Range<Int>>, _ file: DataSet, _ segmentByteCount: Int?, _ budget: inout Int
  ) -> Frame? {
    var bytes: [UInt8] = []
    for (index, piece) in pieces.enumerated() {
      bytes += file.bytes[piece]
      budget -= bytes.count
      guard budget > 0 else { return nil }
      if let codestream = Codestream(bytes, rleSegmentByteCount: segmentByteCount) {
        return (codestream, pieces.prefix(index + 1))
      }
    }
    return nil
  }

  /// How many bytes an RLE segment decodes to; nil for another syntax.
  private static func segmentByteCount(_ file: DataSet, _ syntax: String) -> Int? {
    guard syntax == TransferSyntax.rle else { return nil }
    let (count, isTooMuch) = (file.integer(.rows) ?? 0).multipliedReportingOverflow(by: file.integer(.columns) ?? 0)
    return isTooMuch ? 0 : count
  }

  // MARK: Writing

  /// A basic offset table.
  private static func table(_ starts: [Int]) -> [UInt8] {
    starts.flatMap { start in (0..<4).map { UInt8(start >> (8 * $0) & 0xFF) } }
  }

  /// Offset table, one fragment per frame, and the delimiter.
  private static func written(_ frames: [[UInt8]], hasTable: Bool) -> [UInt8] {
    var starts: [Int] = []
    var items: [UInt8] = []
    for frame in frames {
      starts.append(items.count)
      let length = frame.count + frame.count % 2
      items += [0xFE, 0xFF, 0x00, 0xE0] + table([length]) + frame
      if length > frame.count { items.append(0) }
    }
    let table = hasTable && items.count <= Int(UInt32.max) ? table(starts) : []
    return [0xFE, 0xFF, 0x00, 0xE0] + Self.table([table.count]) + table + items
      + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
  }
}
