import Experiment
import Foundation
import Support
import Torch

/// The frozen stages' output for every ROI and orientation, in one memory-mapped file of the study.
///
/// With its stages frozen, the output for a slice is a constant: computed once, it serves every epoch, fold, batch size and
/// later run. The file's name is a hash of all that the output depends on, so a change of slices, weights, cut or number
/// type makes another file and never a stale hit; the file ends with the SHA-256 of its contents.
struct FeatureStore: Sendable {
  /// What the stored values depend on; its hash names the file.
  struct Key {
    private let identity: CanonicalEncoding

    /// Names what they depend on.
    init(_ fields: (inout CanonicalEncoding) -> Void) {
      var encoding = CanonicalEncoding(of: "features", version: 2)
      fields(&encoding)
      identity = encoding
    }

    var fileName: String { identity.digest.prefix(32) + ".features" }
  }

  /// How many ROIs one pass of the frozen stages takes; fixed, so that the values do not depend on the batch size in use.
  private static let passSize = 8

  private let values: Data
  private let layout: Layout

  /// The place of each entry: ROIs in order, each as it is and, where flips are wanted, mirrored.
  private struct Layout: Sendable {
    let roiCount: Int
    let orientations: Int
    /// Channels, rows, columns; of a volume channels, planes, rows, columns.
    let shape: [Int]
    let dtype: DType

    var entryBytes: Int { shape.reduce(dtype.size, *) }
    var byteCount: Int { roiCount * orientations * entryBytes }

    func offset(of sample: Sample) -> Int {
      (sample.index * orientations + (sample.isFlipped ? orientations - 1 : 0)) * entryBytes
    }
  }

  /// Opens the store of `key` in `folder`, computing it first where it is not there or damaged.
  ///
  /// All stores in the folder together take at most `budget` bytes: the ones least recently used make room. `shape` is
  /// that of one entry, its channels first; `compute` gives the frozen stages' output for some samples, N x that shape, and is
  /// asked by `sides.count` threads at once.
  /// - Throws: `StudyError` where the file cannot be written; what `compute` throws.
  init(
    in folder: URL, key: Key, budget: Int = .max, roiCount: Int, withFlips: Bool, shape: [Int], dtype: DType,
    sides: SideBySide, compute: @Sendable ([Sample]) throws -> Tensor, progress: (Int, Int) -> Void
  ) throws {
    layout = Layout(roiCount: roiCount, orientations: withFlips ? 2 : 1, shape: shape, dtype: dtype)
    let url = folder.appendingPathComponent(key.fileName)
    if let values = Self.open(url, byteCount: layout.byteCount) {
      self.values = values
      CachedFiles.markUsed(url)
      return
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StudyError(.file, "cannot make the folder \(folder.path): \(error.localizedDescription)")
    }
    AtomicFile.removeAbandoned(in: folder)
    CachedFiles.makeRoom(in: folder, pathExtension: url.pathExtension, for: layout.byteCount, budget: budget)
    let writer = try AtomicFile.Writer(url)
    var hash = SHA256()
    let passes = stride(from: 0, to: roiCount, by: Self.passSize).map { $0..<min($0 + Self.passSize, roiCount) }
    for start in stride(from: 0, to: passes.count, by: sides.count) {
      let group = passes[start..<min(start + sides.count, passes.count)]
      for chunk in try sides.map(Array(group), { try Self.entries(of: $0, withFlips, dtype, compute) }) {
        hash.update(data: chunk)
        try writer.append(chunk)
      }
      progress(group.last?.upperBound ?? roiCount, roiCount)
    }
    try writer.append(Data(hash.finalize()))
    try writer.finish()
    guard let values = Self.open(url, byteCount: layout.byteCount) else {
      throw StudyError(.file, "\(url.lastPathComponent) was written but reads differently; is the disk failing?")
    }
    self.values = values
  }

  /// The bytes of some ROIs' entries.
  private static func entries(
    of rois: Range<Int>, _ withFlips: Bool, _ dtype: DType, _ compute: ([Sample]) throws -> Tensor
  ) throws -> Data {
    let samples = rois.flatMap { index in
      (withFlips ? [false, true] : [false]).map { Sample(index: index, isFlipped: $0) }
    }
    let output = try compute(samples).to(dtype)
    return try output.permuted([0] + Array(2..<output.shape.count) + [1]).data()
  }

  /// The bytes that one store takes.
  static func byteCount(roiCount: Int, withFlips: Bool, shape: [Int], dtype: DType) -> Int {
    Layout(roiCount: roiCount, orientations: withFlips ? 2 : 1, shape: shape, dtype: dtype).byteCount
  }

  private static func open(_ url: URL, byteCount: Int) -> Data? {
    guard let data = try? Data(contentsOf: url, options: .alwaysMapped),
      data.count == byteCount + SHA256.byteCount
    else { return nil }
    let values = data.prefix(byteCount)
    var hash = SHA256()
    values.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 1 << 20, bytes.count)])
        hash.update(data: part)
        MappedPages.release(part)
      }
    }
    return Data(hash.finalize()) == data.suffix(SHA256.byteCount) ? values : nil
  }

  /// The entries of some samples on a device, N x an entry's shape, channels-last.
  func batch(_ samples: [Sample], on device: Device) throws -> Tensor {
    let (channels, places) = (layout.shape[0], Array(layout.shape.dropFirst()))
    return try values.withUnsafeBytes { bytes in
      let parts = samples.map { sample in
        let offset = layout.offset(of: sample)
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + layout.entryBytes])
      }
      defer { parts.forEach(MappedPages.release) }
      // Stored with channels innermost: the permuted view is a channels-last tensor as it stands.
      return try Tensor(
        joining: parts, shape: [samples.count] + places + [channels], dtype: layout.dtype, device: device
      ).permuted([0, places.count + 1] + Array(1...places.count))
    }
  }
}
