import Foundation
import Experiment
import Study

/// The paragraphs on the network, its training and its evaluation.
extension MethodsText {
  var network: [String] {
    let own = manifest.learner.methods
    guard let asked = settings.network, own.isEmpty || manifest.learner.network != nil else { return own }
    let trained = manifest.learner.network
    let backbone = trained?.backbone ?? asked.backbone
    let frozen = trained.map { $0.frozenThrough ?? "nothing" } ?? asked.frozenThrough ?? "nothing"
    var sentences: [String] = []
    switch asked.initialisation {
    case .imagenet:
      let hash = trained?.weights.map { " (SHA-256 \($0))" } ?? ""
      sentences.append("The network was \(backbone), initialised with weights learnt on ImageNet\(hash).")
      if let replaced = trained?.replaced ?? (backbone == asked.backbone ? nil : asked.backbone) {
        sentences.append("It was used instead of \(replaced), whose weights were unavailable.")
      }
      sentences.append("Its last layer was replaced by one with two outputs, low and high grade.")
      sentences.append(
        frozen == "nothing"
          ? "All layers were trained."
          : "The stages up to and including \(frozen) were frozen, with the statistics of their batch normalisation fixed; "
            + "the later ones were trained.")
    case .scratch:
      sentences.append(
        "The network was \(backbone) with two outputs, low and high grade, initialised at random; all layers were trained."
      )
    }
    if let count = trained?.trainedParameters, count > 0 {
      sentences.append("\(Self.grouped(count)) parameters were trained.")
    }
    return sentences + own
  }

  var training: [String] {
    guard let training = settings.training else { return ["No network was trained."] }
    func text(_ value: Double) -> String { Decimal(string: "\(value)")?.description ?? "\(value)" }
    let optimiser = training.weightDecay > 0 && training.decay == .decoupled ? "AdamW" : "Adam"
    let decay =
      switch (training.weightDecay, training.decay) {
      case (0, _): "without weight decay"
      case (let strength, .coupled): "with a weight decay of \(text(strength)) added to the gradient (L2 penalty)"
      case (let strength, .decoupled): "with a decoupled weight decay of \(text(strength))"
      }
    let weight = training.highGradeWeight
    let precision =
      switch training.precision {
      case .float32: "Computation was in single precision."
      case .bfloat16: "Convolutions and matrix products were in bfloat16, weights and sums in single precision."
      case .automatic:
        "Convolutions and matrix products were in bfloat16 where the hardware supports it, and in single precision otherwise."
      }
    let isOfSlices = manifest.examples == .slice
    let batches =
      nested == nil ? Format.count(training.batchSize, isOfSlices ? "slice" : "lesion") : "a size chosen for each fold"
    let subject = nested?.isAmongProtocols == true ? "By the study's own protocol, a network" : "Each network"
    return [
      "\(subject) was trained for \(Format.count(training.epochs, "epoch")) in batches of \(batches) by \(optimiser) (learning rate \(text(training.learningRate)), β1 "
        + "\(text(training.beta1)), β2 \(text(training.beta2)), ε \(text(training.epsilon))) \(decay).",
      weight == 1
        ? "The loss was the cross-entropy."
        : "The loss was the cross-entropy, weighted by \(text(weight)) for high grade and 1 for low grade.",
      training.flipProbability == 0
        ? "Slices were not augmented."
        : "As augmentation, \(isOfSlices ? "each slice was" : "all slices of a lesion together were") flipped from left to right with a "
          + "probability of \(text(training.flipProbability)).",
      precision,
      "The number of epochs was fixed beforehand and the network after the last one was used: held-out \(isOfSlices ? "slices" : "lesions") were not used to choose an epoch"
        + (nested == nil ? " or a setting." : "."),
      nested.map(Self.choice) ?? "",
    ]
  }

  /// How the training of each fold was chosen.
  private static func choice(_ nested: Run.NestedChoice) -> String {
    "For each fold, one of \(list(nested.variants.map(\.title), "or")) was chosen: that with the highest "
      + "\(nested.criterion) in a \(nested.innerFolds)-fold cross-validation among the patients of the other folds. "
      + "No patient took part in choosing the network that predicts them."
  }

  var validation: [String] {
    let folds = settings.folds
    var sentences = [
      "\(Format.heading(Self.spelled(folds.count)))-fold cross-validation was carried out at the level of patients, stratified "
        + "by grade class (seed \(folds.seed)): all \(content.hasSlices ? "lesions, exams and slices" : "that is known") of a patient "
        + "\(content.hasSlices ? "were" : "was") in one fold, so that each patient was predicted once, by a \(content.model) that had not "
        + "seen the patient.",
      "The program checked that no patient, exam, slice or image was on both sides of a split.",
      "No ensemble was used: each probability comes from one \(content.model).",
    ]
    if let seed = manifest.shuffledBy {
      sentences.append(
        "For a negative control, the classes were shuffled among patients (seed \(seed)): these values are not a result."
      )
    }
    return sentences
  }

  var statistics: [String] {
    let evaluation = settings.evaluation
    let aggregate =
      switch evaluation.aggregation {
      case .mean: "the mean of the probabilities of its slices"
      case .maximum: "the highest probability among its slices"
      case .noisyOr: "one minus the product of the complements of its slices' probabilities"
      case .topK: "the mean of its \(evaluation.topK ?? 1) highest slices' probabilities"
      }
    return [
      content.levels.count > 1
        ? "The probability of a lesion or patient was \(aggregate)."
        : "Each patient had one probability.",
      "Results are given for \(Self.list(content.levels.map(\.plural))), from the pooled out-of-fold predictions and fold by fold.",
      threshold,
      "The area under the ROC curve (AUC) is the Mann-Whitney statistic, with a 95% confidence interval on the "
        + "logit scale by DeLong's variance (Obuchowski's where patients have several cases) and Student's t; rates "
        + "have Wilson's 95% confidence intervals, at the effective sample size where patients have several cases.",
    ] + comparisons
  }

  /// How a probability becomes a class.
  var threshold: String {
    let evaluation = settings.evaluation
    let others = "in the other folds' out-of-fold predictions, never in the fold that it was applied to"
    switch evaluation.thresholdRule ?? .fixed {
    case .fixed:
      let origin = content.protocolIsUnchanged == true ? "fixed before the run" : "as the protocol states it"
      return
        "A case was called high grade at a probability of \(Format.number(evaluation.threshold)) or more, \(origin)."
    case .youden:
      return
        "A case was called high grade at or above the probability with the greatest sum of sensitivity and specificity \(others)."
    case .fixedSensitivity:
      return "A case was called high grade at or above the highest probability with a sensitivity of at least "
        + "\(Format.number(evaluation.targetSensitivity)) \(others)."
    }
  }

  /// What the protocol asks for in addition to the estimates.
  private var comparisons: [String] {
    let subgroups = (settings.subgroups ?? []).map { $0.name ?? $0.column }
    var sentences: [String] = []
    if !subgroups.isEmpty {
      sentences.append(
        "Subgroups by \(Self.list(subgroups)) were stated in the protocol; differences between them were tested with Holm's correction."
      )
    }
    let size = settings.baselines?.size == nil ? "the extent of the tumour's outline alone" : "tumour size alone"
    let clinical =
      settings.baselines?.clinical.map {
        ["logistic regression on \(Self.list($0)) in the same folds, both ranked within the folds"]
      } ?? []
    sentences.append(
      "The \(content.model) was compared with \(Self.list(["\(size), larger standing for high grade"] + clinical + ["the majority class"]))."
    )
    return sentences
  }

  var software: [String] {
    let versions = [("RenalGrade", manifest.program), ("libtorch", manifest.hardware?.libtorch)].compactMap {
      name, version in version.map { "\(name) \($0)" }
    }
    var sentences = [
      versions.isEmpty
        ? "The analysis was carried out with RenalGrade." : "The analysis was carried out with \(Self.list(versions))."
    ]
    guard let training = settings.training else { return sentences }
    if let hardware = manifest.hardware {
      sentences.append("Networks were trained on \(hardware.deviceText) (\(hardware.gpu ?? hardware.processor)).")
    }
    sentences.append(
      "The seed of shuffling, augmentation and fresh weights was \(training.seed); protocol, folds, predictions and "
        + "checkpoints are kept with their SHA-256.")
    return sentences
  }

  /// An integer with commas between thousands.
  static func grouped(_ count: Int) -> String {
    let digits = Array(String(count))
    return digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0, (digits.count - digit.offset) % 3 == 0 { text.append(",") }
      text.append(digit.element)
    }
  }

  /// A small number as a word.
  static func spelled(_ count: Int) -> String {
    let words = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    return (2...10).contains(count) ? words[count - 2] : "\(count)"
  }
}
