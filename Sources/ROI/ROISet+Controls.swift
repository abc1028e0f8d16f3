public import Annotation
import DICOM
import Foundation
import GRDB
public import Study

// The ROIs of negative controls: the same slices, seen differently on purpose.

extension ROISet {
  /// How many pixels around the contour are filled with it: the tumour's edge is blurred, and drawn by hand.
  public static let blankingMargin = 2
  /// How wide the ring is, in pixels, whose median fills the tumour.
  public static let blankingRing = 5

  /// Which pixels of the crop of entry `index` lie inside of its contour.
  ///
  /// - Throws: `StudyError` where the study's table holds a contour that is none.
  public func tumourMask(_ index: Int) throws -> PixelMask {
    var values = [Bool](repeating: false, count: boxSize * boxSize)
    for polygon in try entries[index].contour {
      for (place, isInside) in polygon.mask(columns: boxSize, rows: boxSize).values.enumerated() where isInside {
        values[place] = true
      }
    }
    return PixelMask(columns: boxSize, rows: boxSize, values: values)
  }

  /// The ROIs without their tumours: what the contour encloses, and `blankingMargin` pixels around it, has the median of the
  /// `blankingRing` pixels around that; the window's centre where the tumour leaves no ring in the box.
  ///
  /// The window keeps the order of HU, so that the median is that of the HU in the window.
  /// - Throws: `StudyError` where a contour cannot be read, or the study's folder not be written.
  public func withoutTumours(in study: StudyFolder) throws -> ROISet {
    try derived(in: study) { index in
      let tumour = try tumourMask(index).widened(by: Self.blankingMargin)
      let surroundings = tumour.widened(by: Self.blankingRing)
      return withCrop(index) { crop in
        let ring = crop.indices.filter { surroundings.values[$0] && !tumour.values[$0] }.map { crop[$0] }.sorted()
        let fill = ring.isEmpty ? 0.5 : (ring[(ring.count - 1) / 2] + ring[ring.count / 2]) / 2
        return (zip(crop, tumour.values).map { $1 ? fill : $0 }, entries[index].outline)
      }
    }
  }

  /// The ROIs cut anew with each box up to `pixels` off its place, in columns and in rows, drawn evenly by `seed`.
  ///
  /// - Throws: `StudyError` where a slice cannot be read by now, or the study's folder not be written.
  public func shifted(upTo pixels: Int, seed: UInt64, in study: StudyFolder) throws -> ROISet {
    let settings = try study.readProtocol()
    let (candidates, places) = try study.read { database in
      (
        try ROIPlan(settings, database).candidates,
        try ROIRecord.order(Column("ordinal")).fetchAll(database).map { [$0.sliceId, $0.lesionId] }
      )
    }
    let byPlace = Dictionary(candidates.map { ([$0.sliceId, $0.lesionId], $0) }) { first, _ in first }
    let cutter = ROICutter(ROISettings(settings.roi))
    return try derived(in: study) { index in
      guard places.indices.contains(index), let candidate = byPlace[places[index]] else {
        throw StudyError(.file, "the ROIs have changed meanwhile; start again")
      }
      // A stream of its own for each ROI: 0 deals the folds, 1 shuffles labels.
      var generator = DeterministicGenerator(seed: seed, stream: 1 << 32 | UInt64(index))
      let shift = SIMD2(
        Int.random(in: -pixels...pixels, using: &generator), Int.random(in: -pixels...pixels, using: &generator))
      do {
        let image = try DICOMFile.image(at: study.url.appendingPathComponent(candidate.path), frame: candidate.frame)
        let crop = try cutter.cut(image, around: candidate.polygons(), pixelSize: candidate.pixelSize, shift: shift)
        return (crop.values, JSONText.encode(crop.polygons))
      } catch let error as DICOMError {
        // The file's name is no part of a reason.
        throw StudyError(.file, "slice \(index + 1) cannot be cut anew: \(error.problem)")
      }
    }
  }

  /// The entries with the crops and outlines that `make` gives by number, in a mapped file that has no name any more.
  private func derived(
    in study: StudyFolder, _ make: @Sendable (Int) throws -> (crop: [Float], outline: String)
  ) throws -> ROISet {
    var entries = entries
    let url = study.roiFolder.appendingPathComponent(CropFile.derivedName)
    let writer = try AtomicFile.Writer(url)
    for start in stride(from: 0, to: entries.count, by: 256) {
      let indices = Array(start..<min(start + 256, entries.count))
      let made = ParallelMap.run(indices, chunk: 8) { index in Result { try make(index) } }
      for (index, result) in zip(indices, made) {
        let (crop, outline) = try result.get()
        try writer.append(crop.withUnsafeBytes { Data($0) })
        entries[index].outline = outline
      }
    }
    try writer.finish()
    // The mapping outlives the name, and nothing is left behind.
    defer { unlink(url.path) }
    guard let crops = try? Data(contentsOf: url, options: .alwaysMapped) else {
      throw StudyError(.file, "\(url.lastPathComponent) was written but cannot be read; is the disk failing?")
    }
    return ROISet(entries, boxSize: boxSize, crops: crops)
  }
}

extension PixelMask {
  /// The mask with all pixels that are at most `distance` columns and rows away from one inside.
  func widened(by distance: Int) -> PixelMask {
    var along = values
    for index in values.indices where values[index] {
      let start = index - index % columns
      for place in max(index - distance, start)...min(index + distance, start + columns - 1) { along[place] = true }
    }
    var result = along
    for index in along.indices where along[index] {
      let column = index % columns
      for row in max(index / columns - distance, 0)...min(index / columns + distance, rows - 1) {
        result[row * columns + column] = true
      }
    }
    return PixelMask(columns: columns, rows: rows, values: result)
  }
}
