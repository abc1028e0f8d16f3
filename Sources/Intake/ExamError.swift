import Annotation
import Foundation
import Study

/// Why an exam cannot be predicted: what was expected, what was found, and what to do.
public struct ExamError: Error, CustomStringConvertible, Equatable, Sendable {
  /// One or more sentences for the person at the terminal.
  public let description: String

  init(noContours export: MDAIExport, in name: String, _ settings: StudyProtocol.Annotation) {
    let labels = settings.lesionLabels.isEmpty ? "any label" : settings.lesionLabels.joined(separator: ", ")
    description =
      "\(name) has no outline of a lesion (polygon or freeform) under \(labels), the run's annotation.lesionLabels; it has "
      + "\(export.skipped.count) other annotations"
      + (export.skipped.first.map { " (the first: \($0.reason))" } ?? "")
      + ". Outline the lesion under that label."
  }

  init(noSlices scan: DICOMScan) {
    description =
      "the folder contains no readable CT slice"
      + (scan.failures.first.map { "; not readable: \(scan.failures.count) (the first: \($0.reason))" } ?? "")
      + ". Give the folder with the exam's DICOM files."
  }

  init(noMatch export: MDAIExport, _ scan: DICOMScan) {
    description =
      "none of the \(export.contours.count) outlines refers to one of the \(scan.frames.count) CT slices in the folder: they "
      + "reference other SOP instances and other exams. Give the folder and the export of the same exam, not de-identified "
      + "separately."
  }

  init(exams: Int) {
    description =
      "the folder contains outlined slices of \(exams) exams; a prediction is for one exam. Give the folder of a single exam."
  }

  init(excluding entries: [SetAside]) {
    description =
      "the exam cannot be predicted; a study would also exclude its patient. "
      + SetAside.sentences(entries).joined(separator: " ")
  }
}

extension SetAside {
  /// The entries' reasons as sentences, each once, without what may name a file, a UID or a patient.
  static func sentences(_ entries: [SetAside]) -> [String] {
    var counts: [String: Int] = [:]
    var order: [(subject: String, reason: String)] = []
    for entry in entries {
      let subject =
        switch entry.stage {
        case .dicom: "The images"
        case .contours: "An outline"
        case .rois where entry.subject.hasPrefix("series "): "A series"
        case .pathology, .cohort, .rois: entry.subject.prefix(1).uppercased() + entry.subject.dropFirst()
        }
      counts["\(subject)\n\(entry.reason)", default: 0] += 1
      if counts["\(subject)\n\(entry.reason)"] == 1 { order.append((subject, entry.reason)) }
    }
    return order.map { subject, reason in
      let count = counts["\(subject)\n\(reason)"] ?? 1
      return "\(subject)\(count > 1 ? " (\(count) times)" : ""): \(reason)."
    }
  }
}
