public import Evaluation
public import Study

/// How far the readers of a study agree on the outlines of its lesions.
public struct ReadingAgreement: Codable, Equatable, Sendable {
  /// Whose reading it is, and whether it is the first.
  public struct Reading: Codable, Hashable, Sendable {
    /// The reader's id.
    public let reader: String
    /// 1 for the first time, 2 for a hidden repeat.
    public let occasion: Int

    /// What tables call it.
    public var name: String { occasion == 1 ? reader : "\(reader), repeat \(occasion - 1)" }
  }

  /// One lesion that two readings outlined on the same series.
  public struct Lesion: Codable, Equatable, Sendable {
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// The series' contrast phase; nil where it is not known.
    public let phase: Phase?
    /// The two readings.
    public let first, second: Reading
    /// Twice the common voxels by the sum of both readings' voxels.
    public let dice: Double?
    /// The common voxels by those of either reading.
    public let jaccard: Double?
    /// The 95th percentile of the distances of both surfaces to the other, pooled, in mm.
    public let hausdorff95: Double?
    /// The mean of the distances of both surfaces to the other, pooled, in mm.
    public let meanSurfaceDistance: Double?
    /// By reading: the volume in mm3.
    public let volumes: [Double]
    /// By reading: the longest diameter within a slice, in mm.
    public let diameters: [Double]
    /// By reading: the mean HU; nil where it encloses no voxel.
    public let meanHU: [Double?]
    /// Why a value is missing.
    public let note: String?
  }

  /// A quantity that two readings measured.
  public struct Measure: Codable, Equatable, Sendable {
    /// Its name, such as "Volume".
    public let name: String
    /// Its unit.
    public let unit: String
    /// The mean of the second reading's value less the first's.
    public let bias: Stated
    /// The limits of agreement.
    public let lowerLimit, upperLimit: Stated
    /// The intraclass correlation of a single reading: absolute agreement of random readers, and consistency of fixed ones.
    public let icc21, icc31: Stated
    /// How many lesions have both values.
    public let lesions: Int
  }

  /// Two readings on all lesions that both outlined.
  public struct Pair: Codable, Equatable, Sendable {
    /// The two readings.
    public let first, second: Reading
    /// How many patients and lesions both outlined on the same series.
    public let patients, lesions: Int
    /// The means over the lesions.
    public let dice, jaccard, hausdorff95, meanSurfaceDistance: Stated
    /// The medians over the lesions; nil where there is no value.
    public let medianDice, medianHausdorff95: Double?
    /// Volume, longest diameter and mean HU.
    public let measures: [Measure]
    /// Cohen's kappa of the phase that each outlined (that with most slices), over the lesions that both outlined on some series.
    public let phase: Stated

    /// Whether one reader read twice.
    public var isOneReader: Bool { first.reader == second.reader }
  }

  /// A lesion that takes no part in a comparison.
  public struct Listed: Codable, Equatable, Sendable {
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// Who outlined it.
    public let readings: [Reading]
    /// Why it is not compared, in a sentence without its full stop.
    public let reason: String
  }

  /// A reading against the consensus of all.
  public struct Consensus: Codable, Equatable, Sendable {
    /// The reading.
    public let reading: Reading
    /// The number of lesions.
    public let lesions: Int
    /// The mean Dice coefficient with the majority's outline.
    public let diceWithMajority: Stated
    /// The mean sensitivity and specificity by STAPLE.
    public let sensitivity, specificity: Stated
  }

  /// A lesion for a picture.
  public struct Pictured: Codable, Equatable, Sendable {
    /// `best`, `median` or `worst`.
    public let place: String
    /// The patient's code.
    public let patient: String
    /// The lesion's name.
    public let lesion: String
    /// The series' DICOM UID.
    public let series: String
    /// The mean Dice coefficient of its pairs of readings.
    public let dice: Double
  }

  /// All readings, by reader and occasion.
  public let readings: [Reading]
  /// Each two readings with a common lesion: of different readers first.
  public let pairs: [Pair]
  /// Lesion by lesion and pair by pair.
  public let lesions: [Lesion]
  /// Each reading against the consensus.
  public let consensus: [Consensus]
  /// Lesions with one reading, and those whose readings lie on different series.
  public let single: [Listed]
  /// Lesions whose readings could not be read.
  public let failed: [Listed]
  /// The lesions on which the readers agree most, as usual, and least.
  public let pictured: [Pictured]
}
