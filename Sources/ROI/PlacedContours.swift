import Annotation
import DICOM
import Foundation
import Imaging
import Study

/// The contours of an export that lie on the slices of a folder, and which of them a network is to see.
struct PlacedContours {
  /// Whose a slice is.
  struct Exam: Hashable {
    let patientID: String
    let studyInstanceUID: String
  }

  /// One slice of a lesion, with the outlines of one reader.
  struct Candidate: Sendable {
    let lesion: String
    let frame: DICOMScan.Frame
    /// The slice's place in its series, from 0.
    let ordinal: Int
    let polygons: [Polygon]

    var slice: String {
      let uid = frame.attributes.sopInstanceUID
      return frame.frame == 0 ? uid : "\(uid)#\(frame.frame)"
    }
  }

  private struct Placed {
    let contour: Contour
    /// The index of the frame in the scan.
    let index: Int
    let polygon: Polygon
  }

  /// Sentences on what was left out.
  private(set) var remarks: [String] = []
  private let frames: [DICOMScan.Frame]
  private var placed: [Placed] = []
  /// Those whose slices are not there.
  private var absent: [Contour] = []

  /// Finds each contour's slice.
  init(_ contours: [Contour], on scan: DICOMScan, _ settings: StudyProtocol.Annotation) {
    frames = scan.frames
    let byInstance = Dictionary(grouping: frames.indices) { scan.frames[$0].attributes.sopInstanceUID }
    for contour in contours {
      // The same file may lie in the folder twice: the first one counts.
      var seen: Set<Int> = []
      let places = (byInstance[contour.sopInstanceUID] ?? []).filter { seen.insert(frames[$0].frame).inserted }
      guard !places.isEmpty else {
        absent.append(contour)
        continue
      }
      let named = contour.frame.map { frame in places.filter { frames[$0].frame == frame } } ?? places
      guard let index = named.first, named.count == 1 else {
        remarks.append(
          "An outline of \(contour.labelName) is left out: its file has \(places.count) frames, and it names none of them."
        )
        continue
      }
      let attributes = frames[index].attributes
      do throws(ContourError) {
        let polygon = try contour.polygon(
          columns: attributes.columns, rows: attributes.rows, settings.integerCoordinate)
        placed.append(Placed(contour: contour, index: index, polygon: polygon))
      } catch {
        remarks.append("An outline of \(contour.labelName) is left out: \(error).")
      }
    }
  }

  /// The exams that the contours' slices belong to.
  var exams: Set<Exam> {
    Set(
      placed.map {
        let attributes = frames[$0.index].attributes
        return Exam(patientID: attributes.patientID, studyInstanceUID: attributes.studyInstanceUID)
      })
  }

  /// Remarks on what the exam lacks: outlines that cannot be read, slices that are not there.
  mutating func note(missingFrom exam: Exam, _ export: MDAIExport, _ scan: DICOMScan) {
    remarks += export.skipped.filter { $0.isDamaged && $0.studyInstanceUID == exam.studyInstanceUID }
      .map { "An annotation is left out: \($0.reason)." }
    let count = absent.count { $0.studyInstanceUID == exam.studyInstanceUID }
    if count > 0 { remarks.append("\(count) of the exam's outlines lie on slices that are not in the folder.") }
    if let failure = scan.failures.first {
      remarks.append(
        "\(scan.failures.count) files of the folder are no CT that can be read; the first: \(failure.reason).")
    }
  }

  /// The slices to be seen, lesion by lesion; remarks on a lesion that none of the protocol's readers has outlined.
  mutating func candidates(_ settings: StudyProtocol) -> [Candidate] {
    let ordinals = ordinals()
    let lesions = Dictionary(grouping: placed) { $0.contour.labelName.lowercased() }.sorted { $0.key < $1.key }
    return lesions.flatMap { _, drawn -> [Candidate] in
      let name = drawn[0].contour.labelName
      let present = Set(drawn.map(\.contour.reader))
      let readers = settings.annotation.readers
      guard let reader = readers.isEmpty ? present.min() : readers.first(where: present.contains) else {
        remarks.append(
          "The lesion \(name) is left out: none of the protocol's readers (annotation.readers) outlined it.")
        return []
      }
      let slices = Dictionary(grouping: drawn.filter { $0.contour.reader == reader }, by: \.index)
        .map { index, drawn in
          Candidate(
            lesion: name, frame: frames[index], ordinal: ordinals[index] ?? 0, polygons: drawn.map(\.polygon))
        }
        .sorted {
          ($0.frame.attributes.seriesInstanceUID, $0.ordinal) < ($1.frame.attributes.seriesInstanceUID, $1.ordinal)
        }
      return ROIPlan.evenlySpread(slices, settings.roi.maximumSlicesPerLesion)
    }
  }

  /// The place of each outlined frame in its series.
  private func ordinals() -> [Int: Int] {
    let outlined = Set(placed.map { frames[$0.index].attributes.seriesInstanceUID })
    let series = Dictionary(
      grouping: frames.indices.filter { outlined.contains(frames[$0].attributes.seriesInstanceUID) }
    ) {
      frames[$0].attributes.seriesInstanceUID
    }
    var ordinals: [Int: Int] = [:]
    for members in series.values {
      for (ordinal, place) in SeriesGeometry(members.map { frames[$0].attributes }).order.enumerated() {
        ordinals[members[place]] = ordinal
      }
    }
    return ordinals
  }
}
