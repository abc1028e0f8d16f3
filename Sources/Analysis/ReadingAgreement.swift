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

  /// How far the surfaces of two readings lie apart, in mm, by three definitions (`SurfaceDistances`).
  public struct Surfaces: Codable, Equatable, Sendable {
    /// The 95th percentile of the distances of both directions, pooled (MedPy).
    public let hausdorff95: Double
    /// The greater of both directions' 95th percentiles (MONAI).
    public let hausdorff95Greater: Double
    /// The greater of both directions' 95th percentiles by area (surface-distance).
    public let hausdorff95ByArea: Double
    /// The mean of the distances of both directions, pooled (MedPy, MONAI).
    public let mean: Double
    /// The means by area from the first surface to the second and back (surface-distance).
    public let meansByArea: [Double]
    /// Whether both lie on one slice, and are compared within it.
    public let isWithinSlice: Bool
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
    /// How far the surfaces lie apart; nil where a reading encloses no voxel.
    public let surfaces: Surfaces?
    /// By reading: the volume in mm3.
    public let volumes: [Double]
    /// By reading: the longest distance between two corners of the outlines of one slice, in mm.
    public let diameters: [Double]
    /// By reading: the longest diameter that the reader drew, in mm; nil where none was drawn.
    public let drawnDiameters: [Double?]
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

  /// What two readings said of the same lesions.
  public struct Categories: Codable, Equatable, Sendable {
    /// How often a category was given.
    public struct Share: Codable, Equatable, Sendable {
      /// The category.
      public let category: String
      /// Its share of the first reading's and of the second's lesions: kappas of rare categories are low however well readers agree.
      public let first, second: Double
    }

    /// What was asked, such as "Lesion present".
    public let name: String
    /// How many lesions both answered, and how many alike.
    public let lesions, alike: Int
    /// Cohen's kappa, unweighted.
    public let kappa: Stated
    /// The prevalence of each category.
    public let shares: [Share]
  }

  /// Two readings on all lesions that both outlined.
  public struct Pair: Codable, Equatable, Sendable {
    /// The two readings.
    public let first, second: Reading
    /// How many patients and lesions both outlined on the same series.
    public let patients, lesions: Int
    /// The means over the lesions.
    public let dice, jaccard, hausdorff95, hausdorff95Greater, hausdorff95ByArea, meanSurfaceDistance: Stated
    /// The medians over the lesions; nil where there is no value.
    public let medianDice, medianHausdorff95: Double?
    /// Volume, longest diameters and mean HU.
    public let measures: [Measure]
    /// The phase that each outlined (that with most slices), and what readings on the page said of pathology's lesions: whether they can be
    /// assessed, and are present.
    public let categories: [Categories]

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

  /// What several readers said of the same lesions.
  public struct Overall: Codable, Equatable, Sendable {
    /// What was asked.
    public let name: String
    /// How many readers answered, and how many lesions at least two of them.
    public let readers, lesions: Int
    /// Krippendorff's alpha of all answers, nominal.
    public let alpha: Stated
    /// How many lesions all readers answered.
    public let complete: Int
    /// Fleiss' kappa of these.
    public let kappa: Stated
  }

  /// A lesion that a reader outlined and pathology does not list.
  public struct Unlisted: Codable, Equatable, Sendable {
    /// The patient's code.
    public let patient: String
    /// The reader's name for it.
    public let lesion: String
    /// Who outlined it.
    public let reading: Reading
    /// On how many slices.
    public let slices: Int
  }

  /// How far an adjudicator has come with the exams that two readers have finished.
  public struct Adjudicated: Codable, Equatable, Sendable {
    /// Exams with a finished consensus, with an unfinished one, and with none.
    public let finished, open, missing: Int
  }

  /// Readings that their reader has not finished.
  public struct Unfinished: Codable, Equatable, Sendable {
    /// The reading.
    public let reading: Reading
    /// Of how many exams.
    public let exams: Int
  }

  /// A first reading against the consensus of all readers' first readings.
  public struct Consensus: Codable, Equatable, Sendable {
    /// The reading.
    public let reading: Reading
    /// How many lesions have a consensus, and how many of them an estimate by STAPLE.
    public let lesions, lesionsWithSTAPLE: Int
    /// The mean Dice coefficients with the majority's outline and with STAPLE's.
    public let diceWithMajority, diceWithSTAPLE: Stated
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
  /// Each two readings that outlined a lesion on the same series, or answered the same question: of different readers first.
  public let pairs: [Pair]
  /// Lesion by lesion and pair by pair.
  public let lesions: [Lesion]
  /// Each first reading against the consensus.
  public let consensus: [Consensus]
  /// What more than two readers said of the same lesions; none where there are fewer.
  public let overall: [Overall]
  /// Lesions with one reading, and those whose readings lie on different series.
  public let single: [Listed]
  /// Lesions whose readings could not be read.
  public let failed: [Listed]
  /// Lesions that pathology does not list: they take no part, since their grade is not known.
  public let unlisted: [Unlisted]
  /// Readings that are not finished; what they hold takes part as it is now.
  public let unfinished: [Unfinished]
  /// How far adjudication has come; nil where nothing was adjudicated.
  public let adjudicated: Adjudicated?
  /// The lesions on which the readers agree most, as usual, and least.
  public let pictured: [Pictured]
}
