import DICOM
import Foundation
import Study
import Support

/// Reads slices for the page, several at once, and keeps the latest.
final class SliceImages: Sendable {
  /// A slice as it is sent.
  struct Image: Sendable {
    /// Little-endian Int16, row by row.
    let bytes: Data
    let slope: Double
    let intercept: Double
  }

  private struct Key: Hashable {
    let path: String
    let frame: Int
  }

  private struct Kept {
    var images: [Key: Image] = [:]
    /// The least recently used first.
    var order: [Key] = []
  }

  /// Some 32 MiB of slices with 512 x 512 pixels.
  private static let limit = 64
  /// How many slices are read ahead in the direction of scrolling.
  private static let ahead = 3

  private let folder: URL
  private let kept = Locked(Kept())
  /// The slice that was asked for last in each series.
  private let latest = Locked<[Int64: Int]>([:])
  private let permits = DispatchSemaphore(value: ProcessInfo.processInfo.activeProcessorCount)
  private let background = DispatchQueue(label: "slices ahead", qos: .utility)

  /// - Parameter folder: the study's.
  init(folder: URL) { self.folder = folder }

  /// The slice at `place`; nil where `isCancelled` says that nobody waits for it any more.
  ///
  /// - Throws: `StudyError` of kind `.file` where it cannot be read, or cannot be sent without loss.
  func image(_ place: SlicePlace, isCancelled: @Sendable () -> Bool) throws(StudyError) -> Image? {
    let key = Key(path: place.path, frame: place.frame)
    if let image = recall(key) { return image }
    permits.wait()
    defer { permits.signal() }
    // Meanwhile the reader may have scrolled on, or the slice was read ahead.
    if isCancelled() { return nil }
    if let image = recall(key) { return image }
    let image = try read(place)
    keep(image, key)
    return image
  }

  /// Reads the slices that follow in the direction of scrolling, where `slice` stands beside the one before it.
  ///
  /// `place` gives the slice of a number in the series; nil where there is none.
  func readAhead(of slice: Int, inSeries series: Int64, _ place: @escaping @Sendable (Int) -> SlicePlace?) {
    let step = latest.withLock { latest in
      let former = latest.updateValue(slice, forKey: series)
      return former.map { slice - $0 } ?? 0
    }
    guard abs(step) == 1 else { return }
    background.async { [self] in
      for distance in 1...Self.ahead {
        // A failure is told when the slice is asked for.
        guard latest.withLock({ $0[series] }) == slice, let next = place(slice + distance * step),
          (try? image(next, isCancelled: { false })) != nil
        else { return }
      }
    }
  }

  private func recall(_ key: Key) -> Image? {
    kept.withLock { kept in
      guard let image = kept.images[key] else { return nil }
      kept.order.removeAll { $0 == key }
      kept.order.append(key)
      return image
    }
  }

  private func keep(_ image: Image, _ key: Key) {
    kept.withLock { kept in
      if kept.images.updateValue(image, forKey: key) == nil { kept.order.append(key) }
      if kept.order.count > Self.limit { kept.images.removeValue(forKey: kept.order.removeFirst()) }
    }
  }

  private func read(_ place: SlicePlace) throws(StudyError) -> Image {
    let image: CTImage
    do { image = try DICOMFile.image(at: StudyFolder.file(place.path, in: folder), frame: place.frame) } catch {
      throw StudyError(.file, "the slice cannot be read: \(error.problem)")
    }
    guard let values = image.int16Values() else {
      throw StudyError(.file, "the slice's HU cannot be sent in 16 bits without loss, so it is not shown")
    }
    let bytes = values.values.map(\.littleEndian).withUnsafeBytes { Data($0) }
    return Image(bytes: bytes, slope: values.slope, intercept: values.intercept)
  }
}
