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

  /// The series of an exam as a page shows them, and in sentences why some are not linked to the others.
  func series(of exam: ExamPlaces) -> (series: [CaseDetail.SeriesDetail], remarks: [String]) {
    let known = places(of: exam)
    var remarks: [String] = []
    let details = exam.series.enumerated().compactMap { number, slices -> CaseDetail.SeriesDetail? in
      guard let first = slices.first else { return nil }
      let phase = exam.phases[number]?.name
      let (stack, fault) = stack(of: slices, known)
      if let fault {
        remarks.append(
          "\(phase ?? "Series \(number + 1)"): \(fault), so this series is not linked to the others, and has no reformats "
            + "and no volume.")
      }
      return CaseDetail.SeriesDetail(
        series: number, phase: phase, columns: first.columns, rows: first.rows, rowSpacing: first.rowSpacing,
        columnSpacing: first.columnSpacing, across: stack?.across, down: stack?.down,
        slices: slices.enumerated().map { number, slice in
          let position = stack == nil ? nil : (known[slice.sliceId] ?? nil)?.position
          return CaseDetail.SliceDetail(
            slice: number, position: position,
            height: stack.flatMap { stack in position.map { $0.dot(stack.across.cross(stack.down)) } })
        })
    }
    return (details, remarks)
  }

  /// What the headers say; files that cannot be read are absent, and are tried again the next time.
  private func places(of exam: ExamPlaces) -> [Int64: Place?] {
    let unread = known.withLock { known in
      exam.series.flatMap { $0 }.filter { known[$0.sliceId] == nil }
    }
    let files = Dictionary(grouping: unread, by: \.path).sorted { $0.key < $1.key }
    let folder = folder
    let read = ParallelMap.run(files, chunk: 8) { path, slices -> [(Int64, Place?)] in
      guard let frames = try? DICOMFile.attributes(of: StudyFolder.file(path, in: folder)) else { return [] }
      return slices.filter { frames.indices.contains($0.frame) }.map { ($0.sliceId, Self.place(frames[$0.frame])) }
    }
    return known.withLock { known in
      for (slice, place) in read.flatMap({ $0 }) { known.updateValue(place, forKey: slice) }
      return known
    }
  }

  /// The first slice's place where all lie parallel, or why they make no stack.
  private func stack(of slices: [SlicePlace], _ known: [Int64: Place?]) -> (Place?, fault: String?) {
    let places = slices.map { known[$0.sliceId] }
    func listed(_ numbers: [Int]) -> String {
      let first = numbers.prefix(3).map { "\($0 + 1)" }.joined(separator: ", ")
      return numbers.count == 1
        ? "slice \(first)" : "slices \(first)\(numbers.count > 3 ? " and \(numbers.count - 3) more" : "")"
    }
    let unreadable = places.indices.filter { places[$0] == nil }
    guard unreadable.isEmpty else { return (nil, "the headers of \(listed(unreadable)) cannot be read") }
    let located = places.map { $0 ?? nil }
    let unknown = located.indices.filter { located[$0] == nil }
    guard unknown.isEmpty, let reference = located.first ?? nil else {
      return (nil, "the position of \(listed(unknown)) is unknown")
    }
    let isParallel = located.compactMap { $0 }.allSatisfy {
      ($0.across - reference.across).length < 0.01 && ($0.down - reference.down).length < 0.01
    }
    return isParallel ? (reference, nil) : (nil, "its slices are not parallel")
  }

  private static func place(_ header: CTAttributes) -> Place? {
    guard let position = header.imagePosition, let across = header.rowDirection, let down = header.columnDirection
    else { return nil }
    return Place(position: position, across: across, down: down)
  }
}
