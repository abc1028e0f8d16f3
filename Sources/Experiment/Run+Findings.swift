public import Foundation
public import Study

// What is found out about a finished run, in files of its folder: controls, explanations, a choice by inner folds.

extension Run {
  /// A negative control of a run: the same training with something wrong on purpose.
  ///
  /// `controls.json` is an array of these.
  public struct Control: Codable, Equatable, Sendable {
    /// What was made wrong, as a word: the name of the control's files.
    public var name: String
    /// The folder of the control under `runs/`; empty where there is none.
    public var run: String
    /// The control's name for a reader.
    public var title: String
    /// What was done and what the result must be, in sentences.
    public var meaning: String
    /// The control's predictions, a file like `predictions.csv`, relative to the run's folder.
    public var predictions: String

    /// Makes a control from its parts.
    public init(name: String, run: String, title: String, meaning: String, predictions: String) {
      self.name = name
      self.run = run
      self.title = title
      self.meaning = meaning
      self.predictions = predictions
    }
  }

  /// `explanations.json`: where the networks looked, over all slices, each explained by the network that held it out.
  public struct Explanations: Codable, Equatable, Sendable {
    /// The share of each map's sum that lies inside the contour, 0...1.
    public struct EnergyInside: Codable, Equatable, Sendable {
      /// The mean over the slices; nil where no slice has a share.
      public var mean: Double?
      /// The standard deviation over the slices; nil for fewer than two.
      public var sd: Double?
      /// The number of slices with a map that is not zero throughout, and a contour.
      public var n: Int

      /// Makes a summary from its parts.
      public init(mean: Double?, sd: Double?, n: Int) {
        self.mean = mean
        self.sd = sd
        self.n = n
      }
    }

    /// How alike the maps are to those of a network whose trained stages have random weights.
    public struct Randomisation: Codable, Equatable, Sendable {
      /// The mean of Spearman's rank correlation over the slices, -1...1; nil where no slice has one.
      public var correlation: Double?
      /// The number of slices with a correlation: neither map is constant.
      public var n: Int

      /// Makes a summary from its parts.
      public init(correlation: Double?, n: Int) {
        self.correlation = correlation
        self.n = n
      }
    }

    /// A slice of the gallery.
    public struct Example: Codable, Equatable, Sendable {
      /// What it is an example of.
      public enum Group: String, Codable, CaseIterable, Sendable {
        /// Called right, far from the threshold.
        case surestRight
        /// Called wrong, far from the threshold.
        case surestWrong
        /// Nearest to the threshold.
        case leastSure
      }

      /// What it is an example of.
      public var group: Group
      /// The patient's code.
      public var patient: String
      /// The lesion's name.
      public var lesion: String
      /// The slice's UID, as in `Prediction`.
      public var slice: String
      /// The truth.
      public var label: GradeClass
      /// The predicted probability of high grade.
      public var probability: Double
      /// The share of the map's sum that lies inside the contour; nil where the map is zero throughout.
      public var energyInside: Double?
      /// The picture, relative to the run's folder.
      public var image: String

      /// Makes an example of a prediction.
      public init(group: Group, _ prediction: Prediction, energyInside: Double?, image: String) {
        self.group = group
        patient = prediction.patient
        lesion = prediction.lesion
        slice = prediction.slice
        label = prediction.label
        probability = prediction.probability
        self.energyInside = energyInside
        self.image = image
      }
    }

    /// The method that made the maps.
    public var method: String
    /// The stage whose output they show.
    public var layer: String
    /// The share of the maps inside the contour.
    public var energyInside: EnergyInside
    /// The mean share of the box that the contour covers, 0...1: what a map that says nothing has inside; nil where it is unknown.
    public var contourShare: Double?
    /// The sanity check.
    public var randomisation: Randomisation
    /// The examples, group by group.
    public var gallery: [Example]

    /// Makes a result from its parts.
    public init(
      method: String, layer: String, energyInside: EnergyInside, contourShare: Double?, randomisation: Randomisation,
      gallery: [Example]
    ) {
      self.method = method
      self.layer = layer
      self.energyInside = energyInside
      self.contourShare = contourShare
      self.randomisation = randomisation
      self.gallery = gallery
    }
  }

  /// `nested.json`: how each fold's network was trained, chosen without the patients that the fold holds out.
  public struct NestedChoice: Codable, Equatable, Sendable {
    /// A way to train that is open to choice.
    public struct Variant: Codable, Hashable, Sendable {
      /// The name of the protocol; nil for the run's own.
      public var protocolName: String?
      /// Examples per step; 0 where the learner takes no steps.
      public var batchSize: Int

      /// Makes a variant from its parts.
      public init(protocolName: String? = nil, batchSize: Int) {
        self.protocolName = protocolName
        self.batchSize = batchSize
      }

      /// What tables call it.
      public var title: String {
        [protocolName, batchSize > 0 ? "batch size \(batchSize)" : nil].compactMap { $0 }.joined(separator: ", ")
      }
    }

    /// A variant and what it gave.
    public struct Candidate: Codable, Equatable, Sendable {
      /// The variant.
      public var variant: Variant
      /// The value of the criterion; nil where it is undefined.
      public var auc: Double?

      /// Makes a candidate from its parts.
      public init(variant: Variant, auc: Double?) {
        self.variant = variant
        self.auc = auc
      }
    }

    /// The choice for one fold.
    public struct Choice: Codable, Equatable, Sendable {
      /// The outer fold, from 0.
      public var fold: Int
      /// How its network was trained.
      public var variant: Variant
      /// What each variant gave in the inner cross-validation.
      public var inner: [Candidate]

      /// Makes a choice from its parts.
      public init(fold: Int, variant: Variant, inner: [Candidate]) {
        self.fold = fold
        self.variant = variant
        self.inner = inner
      }
    }

    /// What was chosen by, in words.
    public var criterion: String
    /// The number of inner folds.
    public var innerFolds: Int
    /// The choices, fold by fold.
    public var choices: [Choice]
    /// The criterion on the outer folds' predictions: the nested estimate.
    public var auc: Double?
    /// The best of all variants on the same folds; nil where the study has not a run of each.
    public var sweepBest: Candidate?
    /// How optimistic that best value is: `sweepBest` minus `auc`.
    public var optimism: Double?

    /// Makes a result from its parts.
    public init(
      criterion: String, innerFolds: Int, choices: [Choice], auc: Double?, sweepBest: Candidate?
    ) {
      self.criterion = criterion
      self.innerFolds = innerFolds
      self.choices = choices
      self.auc = auc
      self.sweepBest = sweepBest
      optimism = auc.flatMap { auc in sweepBest?.auc.map { $0 - auc } }
    }

    /// All that was open to choice, in the order in which it was tried.
    public var variants: [Variant] {
      var seen = Set<Variant>()
      return choices.flatMap(\.inner).map(\.variant).filter { seen.insert($0).inserted }
    }

    /// Whether networks of several protocols were open to choice.
    public var isAmongProtocols: Bool { Set(variants.map(\.protocolName)).count > 1 }
  }

  /// The negative controls, an array of `Control`.
  public var controlsFile: URL { url.appendingPathComponent("controls.json") }
  /// The explanations.
  public var explanationsFile: URL { url.appendingPathComponent("explanations.json") }
  /// The choice by inner folds.
  public var nestedFile: URL { url.appendingPathComponent("nested.json") }
}
