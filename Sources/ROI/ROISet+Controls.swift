import Annotation
import DICOM
import Foundation
import GRDB
public import Imaging
public import Study
import Support

// The ROIs of negative controls: the same slices, seen differently on purpose.

extension ROISet {
  /// How many pixels around the contour are blanked with it: the tumour's edge is blurred, and drawn by hand.
  public static let blankingMargin = 2

  /// Which pixels of the crop of entry `index` lie inside of its contour.
  ///
  /// - Throws: `StudyError` where the study's table holds a contour that is none.
  public func tumourMask(_ index: Int) throws -> PixelMask {
    PolygonRegion(try entries[index].contour).unionMask(columns: boxSize, rows: boxSize)
  }

  /// The ROIs without their tumours: in every box the same disc about its centre, large enough for each tumour and
  /// `blankingMargin` pixels around it, has the value of the window's centre.
  ///
  /// One disc for all, so that neither the size nor the shape of a tumour can be told from what is blank.
  /// - Throws: `StudyError` where a contour cannot be read, or the study's folder not be written.
  public func withoutTumours(in study: StudyFolder) throws -> ROISet {
    let disc = try tumourDisc()
    return try derived(in: study) { index in
      let crops = withStack(index) { stack in
        stack.enumerated().map { disc.values[$0 % disc.values.count] ? 0.5 : $1 }
      }
      return (crops, entries[index].outline)
    }
  }

  /// The pixels of a box that belong to the tumour of at least one entry's size, as a disc about the box's centre.
  public func tumourDisc() throws -> PixelMask {
    let centre = SIMD2(repeating: Double(boxSize - 1) / 2)
    func distance(_ point: SIMD2<Double>) -> Double { ((point - centre) * (point - centre)).sum().squareRoot() }
    let farthest = try entries.flatMap { try $0.contour }.flatMap(\.vertices).map(distance).max() ?? 0
    let radius = farthest + Double(Self.blankingMargin)
    let values = (0..<boxSize * boxSize).map { place in
      distance(SIMD2(Double(place % boxSize), Double(place / boxSize))) <= radius
    }
    return PixelMask(columns: boxSize, rows: boxSize, values: values)
  }

  /// The ROIs cut again with each box up to `pixels` off its place, in columns and in rows, drawn evenly by `seed`.
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
    let byPlace = Dictionary(candidates.map { ([$0.place.sliceId, $0.lesionId], $0) }) { first, _ in first }
    let cutter = ROICutter(ROISettings(settings.roi))
    return try derived(in: study) { index in
      guard places.indices.contains(index), let candidate = byPlace[places[index]] else {
        throw StudyError(.file, "the ROIs have changed in the meantime; start again")
      }
      // A stream of its own for each ROI, beside those of the epochs, which leave the highest bit alone.
      var generator = DeterministicGenerator(seed: seed, stream: 1 << 63 | 1 << 32 | UInt64(index))
      let shift = SIMD2(
        Int.random(in: -pixels...pixels, using: &generator), Int.random(in: -pixels...pixels, using: &generator))
      do throws(ROIPlan.Refusal) {
        let crop = try candidate.cut(in: study.url, cutter, shift: shift).crop
        let stack = try NeighbouringSlices(candidate).stack(around: crop, in: study.url, cutter, shift: shift)
        return (stack.values, JSONText.encode(crop.polygons))
      } catch {
        throw StudyError(.file, "slice \(index + 1) cannot be cut again: \(error.reason)")
      }
    }
  }

  /// The entries with the crops (with their neighbours) and outlines that `make` gives by number, in a mapped file that has no name any more.
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
    return ROISet(entries, boxSize: boxSize, neighbours: neighbours, crops: crops)
  }
}
