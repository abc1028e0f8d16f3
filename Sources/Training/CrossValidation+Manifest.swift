import Backbones
import Foundation
import ROI
import Study
import Torch

extension CrossValidation {
  /// What produced the run, as a reader wants to know it.
  func manifest(duration: Double, isResumed: Bool) throws -> Run.Manifest {
    let entries = rois.entries
    let network = initial.network
    var facts: [Run.Manifest.Fact] = [
      .init("RenalGrade", renalGradeVersion),
      .init("date", ISO8601DateFormatter().string(from: Date())),
      .init("patients", "\(labels.patients.count) (\(labels.patients.values.count { $0 == .high }) high grade)"),
      .init("lesions", "\(Set(entries.map { [$0.patient, $0.lesion] }).count)"),
      .init("slices", "\(entries.count)"),
      .init("backbone", initial.backbone),
      .init("weights (SHA-256)", initial.weightsHash ?? "none: trained from scratch"),
      .init("frozen through", initial.frozenThrough ?? "nothing"),
      .init("trained parameters", "\(network.trainedParameterCount)"),
      .init("ROIs", rois.fileName),
      .init("cohort (SHA-256)", cohortHash),
      .init("protocol (SHA-256)", Data(try settings.yaml.utf8).sha256),
      .init("seeds", "folds \(settings.folds.seed), training \(settings.training.seed)"),
      .init("libtorch", LibTorch.version),
      .init("device", "\(device), \(LibTorch.cpuCapability), \(LibTorch.threadCount) threads"),
      .init("processor", Self.processor),
      .init("duration", String(format: "%.0f s", duration) + (isResumed ? " since it was resumed" : "")),
    ]
    var notes = initial.notes
    if let seed = options.shuffleLabelsSeed {
      facts.append(.init("labels", "shuffled among patients, seed \(seed)"))
      notes.append(
        "The classes were shuffled among the patients (seed \(seed)): a negative control, whose AUC must not differ from 0.5."
      )
    }
    return Run.Manifest(facts: facts, notes: notes, synthetic: try study.isSynthetic())
  }

  private static var processor: String {
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}
