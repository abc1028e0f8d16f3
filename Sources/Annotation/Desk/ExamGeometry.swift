import DICOM
import Foundation
import Imaging
import Study
import Support

/// Where slices lie in the patient, read from the headers of their files once.
final class ExamGeometry: Sendable {
  private struct Place {
    let position: SIMD3<Double>
    let across: SIMD3<Double>
    let down: SIMD3<Double>
  }

  private let folder: URL
  /// By slice; nil in it where the file does not say.
  private let known = Locked<[Int64: Place?]>([:])

  init(folder: URL) { self.folder = folder }

  /// The series of an exam as a page shows them.
  func series(of exam: ExamPlaces) -> [CaseDetail.SeriesDetail] {
    let unread = known.withLock { known in
      exam.series.flatMap { $0 }.filter { known[$0.sliceId] == nil }
    }
    let files = Dictionary(grouping: unread, by: \.path).sorted { $0.key < $1.key }
    let folder = folder
    let places = ParallelMap.run(files, chunk: 8) { path, slices in
      let frames = (try? DICOMFile.attributes(of: StudyFolder.file(path, in: folder))) ?? []
      return slices.map { slice in
        (slice.sliceId, frames.indices.contains(slice.frame) ? Self.place(frames[slice.frame]) : nil)
      }
    }
    let all = known.withLock { known in
      for (slice, place) in places.flatMap({ $0 }) { known.updateValue(place, forKey: slice) }
      return known
    }
    return exam.series.enumerated().compactMap { number, slices in
      guard let first = slices.first else { return nil }
      let located = slices.compactMap { all[$0.sliceId] ?? nil }
      // Slices that do not lie parallel, or of which some have no place, make no stack.
      let reference = located.count == slices.count ? located.first : nil
      let isStack = reference.map { reference in
        located.allSatisfy { ($0.across - reference.across).length < 0.01 && ($0.down - reference.down).length < 0.01 }
      }
      let stack = isStack == true ? reference : nil
      return CaseDetail.SeriesDetail(
        series: number, phase: exam.phases[number]?.name, columns: first.columns, rows: first.rows,
        rowSpacing: first.rowSpacing, columnSpacing: first.columnSpacing, across: stack?.across, down: stack?.down,
        slices: slices.enumerated().map { number, slice in
          let position = stack == nil ? nil : (all[slice.sliceId] ?? nil)?.position
          return CaseDetail.SliceDetail(
            slice: number, position: position,
            height: stack.flatMap { stack in position.map { $0.dot(stack.across.cross(stack.down)) } })
        })
    }
  }

  private static func place(_ header: CTAttributes) -> Place? {
    guard let position = header.imagePosition, let across = header.rowDirection, let down = header.columnDirection
    else { return nil }
    return Place(position: position, across: across, down: down)
  }
}
