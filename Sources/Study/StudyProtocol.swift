/// The whole experiment as one YAML file; every key must be stated, so that there are no hidden defaults.
///
/// The file states the version of its layout. A file without one is of version 1, which knew slices and networks alone; it is
/// upgraded when it is read.
public struct StudyProtocol: Codable, Equatable, Sendable {
  /// The version of the layout that this program writes.
  public static let currentVersion = 2

  /// The version of the layout.
  public var version: Int
  /// A short name for tables and folders.
  public var name: String
  /// What the experiment is, in a sentence.
  public var title: String
  /// How patients and lesions are read from the pathology table.
  public var pathology: Pathology
  /// Which contours count, and how they are read.
  public var annotation: Annotation
  /// How a slice and its contour become what the network sees.
  public var roi: ROI
  /// What is learnt from and predicted.
  public var inputs: Inputs
  /// How patients are split.
  public var folds: Folds
  /// Which learner is fitted, and the settings that it alone has.
  public var model: Model
  /// The backbone, its weights and its cut; nil where the learner has no network.
  public var network: Network?
  /// The optimiser and its schedule; nil where the learner trains no network.
  public var training: Training?
  /// What `renalgrade sweep` varies; nil where there is nothing to vary.
  public var sweep: Sweep?
  /// How probabilities become results.
  public var evaluation: Evaluation
  /// Who is in the study; nil takes all whom the pathology table grades.
  public var cohort: Cohort?
  /// Subgroups of patients that the report evaluates separately; nil for none.
  public var subgroups: [Subgroup]?
  /// The simple baselines that the model is compared with; nil compares it with the majority class and the size of the
  /// tumour's outline.
  public var baselines: Baselines?
  /// The radiomic features of each lesion; nil computes none.
  public var radiomics: Radiomics?

  /// The pathology table's column mapping.
  public struct Pathology: Codable, Equatable, Sendable {
    /// Whether patient IDs in the files may appear in results.
    public enum PatientIDs: String, Codable, Sendable {
      /// They are pseudonyms already, and are used as the patients' codes.
      case codes
      /// They could identify a person: the study gives each patient a code of its own.
      case identifiers
    }

    /// The header of the column with the patient's ID, equal to the DICOM PatientID.
    public var patientColumn: String
    /// The header of the column with the lesion's name; null where every patient has one lesion.
    public var lesionColumn: String?
    /// The header of the column with the grade.
    public var gradeColumn: String
    /// Whether patient IDs in the files may appear in results.
    public var patientIDs: PatientIDs
  }

  /// Which contours count, and how they are read.
  public struct Annotation: Codable, Equatable, Sendable {
    /// What an integer coordinate means.
    public enum IntegerCoordinate: String, Codable, Sendable {
      /// The centre of the pixel with that index.
      case pixelCentre
      /// The top-left corner of the pixel with that index.
      case pixelCorner
    }

    /// The names (or ids) of the labels that mean "lesion", `Tumor` also for "Tumor 2"; an empty list takes every polygon.
    public var lesionLabels: [String]
    /// The readers in order of preference; an empty list takes the first reader of each lesion by id.
    public var readers: [String]
    /// What an integer coordinate means.
    public var integerCoordinate: IntegerCoordinate
    /// The share of its cases that a reader gets once more, hidden among the others, 0 to 1; nil is 0.
    public var repeats: Double?
    /// How many days after the end of a first reading it is repeated at the earliest; nil is `usualWashoutDays`.
    public var washoutDays: Double?

    /// The days after which a reading is repeated where the protocol does not say: four weeks.
    public static let usualWashoutDays = 28.0
  }

  /// How a slice and its contour become what the network sees.
  public struct ROI: Codable, Equatable, Sendable {
    /// The window's centre in HU.
    public var windowCentre: Double
    /// The window's width in HU.
    public var windowWidth: Double
    /// The box's side in pixels.
    public var boxSize: Int
    /// The side in pixels that the network takes.
    public var outputSize: Int
    /// The value outside of the image in HU.
    public var outsideHU: Double
    /// The pixel size in mm that slices are resampled to; null leaves them as they are.
    public var resampleTo: Double?
    /// How many slices of a lesion are used at most, evenly spread over its extent; null uses all.
    public var maximumSlicesPerLesion: Int?
  }

  /// How patients are split.
  public struct Folds: Codable, Equatable, Sendable {
    /// How many folds.
    public var count: Int
    /// The seed of the assignment.
    public var seed: UInt64
  }

  /// The backbone, its weights and its cut.
  public struct Network: Codable, Equatable, Sendable {
    /// Where training starts from.
    public enum Initialisation: String, Codable, Sendable {
      /// Weights learnt on ImageNet: transfer learning.
      case imagenet
      /// Random weights: every stage is trained, whatever `frozenThrough` says.
      case scratch
    }

    /// What is used instead where the ImageNet weights cannot be had.
    public struct Substitute: Codable, Equatable, Sendable {
      /// The substitute backbone's name in the registry.
      public var backbone: String
      /// Its last frozen stage.
      public var frozenThrough: String
    }

    /// The backbone's name in the registry, such as `resnet50`.
    public var backbone: String
    /// Where training starts from.
    public var initialisation: Initialisation
    /// The last frozen stage, such as `layer2`; null trains all.
    public var frozenThrough: String?
    /// What is used instead where the ImageNet weights cannot be had; null makes that an error.
    public var substitute: Substitute?
  }

  /// The optimiser and its schedule.
  public struct Training: Codable, Equatable, Sendable {
    /// How weight decay enters.
    public enum Decay: String, Codable, Sendable {
      /// Added to the gradient: Adam with L2, as PyTorch 1.1 had it.
      case coupled
      /// Subtracted from the weights: AdamW.
      case decoupled
    }

    /// The number type of the forward and backward pass.
    public enum Precision: String, Codable, Sendable {
      /// bfloat16 where the processor or GPU is faster in it, float32 elsewhere; a run's own protocol says which it was.
      case automatic
      /// IEEE single precision throughout.
      case float32
      /// Matrix products and convolutions in bfloat16; weights and sums in float32.
      case bfloat16
    }

    /// How often every training slice is seen.
    public var epochs: Int
    /// Slices per step.
    public var batchSize: Int
    /// The step size.
    public var learningRate: Double
    /// The decay rate of the first moment (the paper's "momentum").
    public var beta1: Double
    /// The decay rate of the second moment.
    public var beta2: Double
    /// The term that keeps the division finite.
    public var epsilon: Double
    /// The weight decay's strength.
    public var weightDecay: Double
    /// How weight decay enters.
    public var decay: Decay
    /// The weight of the high-grade class in the cross-entropy; the low-grade class has 1.
    public var highGradeWeight: Double
    /// The probability that a training slice is flipped left to right.
    public var flipProbability: Double
    /// The number type of the forward and backward pass.
    public var precision: Precision
    /// The seed of shuffling, flipping and fresh weights.
    public var seed: UInt64
  }

  /// What `renalgrade sweep` varies.
  public struct Sweep: Codable, Equatable, Sendable {
    /// The batch sizes, on the same folds and seeds.
    public var batchSizes: [Int]
  }

  /// How probabilities become results.
  public struct Evaluation: Codable, Equatable, Sendable {
    /// How a lesion's or patient's probability follows from its slices'.
    public enum Aggregation: String, Codable, Sendable {
      /// The mean of the slices.
      case mean
      /// The highest slice.
      case maximum
      /// One minus the product of the complements.
      case noisyOr
      /// The mean of the `topK` highest slices.
      case topK
    }

    /// How the threshold is chosen.
    public enum ThresholdRule: String, Codable, Sendable, CaseIterable {
      /// It is `threshold`.
      case fixed
      /// The greatest sensitivity + specificity in the other folds.
      case youden
      /// The highest threshold that has `targetSensitivity` in the other folds.
      case fixedSensitivity
    }

    /// The probability from which a case is called high grade; with a rule other than `fixed`, used where that finds
    /// none.
    public var threshold: Double
    /// How a lesion's or patient's probability follows from its slices'.
    public var aggregation: Aggregation
    /// How many slices count, with the aggregation `topK` and only there; 1 or more.
    public var topK: Int?
    /// How the threshold is chosen; nil is `fixed`.
    public var thresholdRule: ThresholdRule?
    /// The sensitivity to reach, with the rule `fixedSensitivity` and only there; above 0, at most 1.
    public var targetSensitivity: Double?
  }
}
