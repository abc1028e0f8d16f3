import Backbones
import Foundation
import ROI
import Study
import Support
import Torch

extension CrossValidation {
  /// What produced the run, as a reader wants to know it.
  func manifest(duration: Double, isResumed: Bool) throws -> Run.Manifest {
    let entries = zip(rois.entries, split.folds).filter { $1 != nil }.map(\.0)
    let network = initial.network
    let patients = Set(entries.map(\.patient))
    var facts: [Run.Manifest.Fact] = [
      .init("RenalGrade", renalGradeVersion),
      .init("date", ISO8601DateFormatter().string(from: Date())),
      .init("patients", "\(patients.count) (\(patients.count { labels.patients[$0] == .high }) high grade)"),
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
      .init("device", "\(device), \(LibTorch.cpuCapability), \(threads) thread\(threads == 1 ? "" : "s")"),
      .init("processor", LibTorch.hardware(of: .cpu)),
      .init("duration", String(format: "%.0f s", duration) + (isResumed ? " since it was resumed" : "")),
    ]
    var notes = initial.notes
    if device != .cpu { facts.append(.init("GPU", LibTorch.hardware(of: device))) }
    if let seed = options.shuffleLabelsSeed {
      facts.append(.init("labels", "shuffled among patients, seed \(seed)"))
      notes.append(
        "The classes were shuffled among the patients (seed \(seed)): a negative control, whose AUC must not differ from 0.5."
      )
    }
    if let members {
      facts.append(.init(Run.Manifest.choicesFact, members.map(\.variant.title).joined(separator: "; ")))
      if members.contains(where: { $0.variant.protocolName != nil }) {
        notes.append(
          "The folds' networks were trained by different protocols (\(Run.Manifest.choicesFact) below): backbone, weights and trained "
            + "parameters are stated for the study's own.")
      }
    }
    if let control {
      facts.append(.init("negative control", control.title(in: self)))
      notes.append("This is a negative control and no result. " + control.meaning(in: self))
    }
    return Run.Manifest(facts: facts, notes: notes, synthetic: try study.isSynthetic())
  }

  /// The first of the facts that make an experiment in which a run differs from this one; nil where it is the same.
  func difference(from other: Run.Manifest) throws -> String? {
    let own = try manifest(duration: 0, isResumed: false)
    return Run.Manifest.identity.first { own[$0] != other[$0] }
  }
}
