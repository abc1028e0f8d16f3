extension StudyProtocol {
  /// Who is in the study: how the clinical table is read, which series count, and the rules in their order.
  public struct Cohort: Codable, Equatable, Sendable {
    /// How grades were given.
    public enum GradeSystem: String, Codable, Sendable {
      /// Fuhrman et al. 1982.
      case fuhrman = "Fuhrman"
      /// WHO/ISUP 2016.
      case isup = "WHO/ISUP"
    }

    /// The system of the grades in the table.
    public var gradeSystem: GradeSystem
    /// The clinical table's column mapping; null for what it does not have.
    public var columns: Columns
    /// Which series may stand for a phase.
    public var series: Series
    /// The rules, applied one after the other: a patient leaves at the first that fails.
    public var rules: [Rule]

    /// The headers of the clinical table's columns; patient, lesion and grade are those of `pathology`.
    public struct Columns: Codable, Equatable, Sendable {
      /// The unit of the size column.
      public enum SizeUnit: String, Codable, Sendable {
        /// Millimetres.
        case millimetres = "mm"
        /// Centimetres.
        case centimetres = "cm"
      }

      /// The histological subtype.
      public var subtype: String?
      /// The stage: `T1a`, `pT1b`, `1`, `I`.
      public var stage: String?
      /// The procedure that gave the pathology.
      public var procedure: String?
      /// The tumour's side.
      public var laterality: String?
      /// The tumour's largest diameter.
      public var size: String?
      /// The unit of the size column.
      public var sizeUnit: SizeUnit
      /// The date of the scan; null takes that of the images.
      public var scanDate: String?
    }

    /// Which series may stand for a phase.
    public struct Series: Codable, Equatable, Sendable {
      /// The distance of slices in mm that is preferred among series of one phase.
      public var preferredSpacing: Double
      /// Series with slices farther apart, in mm, are set aside.
      public var maximumSpacing: Double
      /// Series that cover less of the body, in mm, are set aside.
      public var minimumExtent: Double
      /// Series that cover less than this share of what the exam's series cover as a rule are set aside, 0...1.
      public var minimumCoverage: Double

      /// Makes rules from their numbers.
      public init(
        preferredSpacing: Double = 2.5, maximumSpacing: Double = 10, minimumExtent: Double = 50,
        minimumCoverage: Double = 0.5
      ) {
        self.preferredSpacing = preferredSpacing
        self.maximumSpacing = maximumSpacing
        self.minimumExtent = minimumExtent
        self.minimumCoverage = minimumCoverage
      }
    }

    /// One rule: a name and exactly one condition.
    ///
    /// Conditions on a lesion's columns must hold for each of a patient's lesions, or for one of them: patients stay whole.
    public struct Rule: Codable, Equatable, Sendable {
      /// What happens where the table says nothing.
      public enum Missing: String, Codable, Sendable {
        /// The patient leaves as unknown.
        case exclude
        /// The patient stays.
        case accept
      }

      /// Which of a patient's lesions the condition must hold for.
      public enum Lesions: String, Codable, Sendable {
        /// Each of them.
        case all
        /// At least one.
        case any
      }

      /// The rule's name, as the flow diagram shows it.
      public var name: String
      /// What happens where the table says nothing.
      public var missing: Missing
      /// Which lesions the condition must hold for; all where it is not stated.
      public var lesions: Lesions?
      /// The column that `equals` and `differs` compare: a name of `columns`, or a header of the table.
      public var column: String?
      /// Condition: the column says one of these, whatever its case, blanks and punctuation.
      public var equals: [String]?
      /// Condition: the column says none of these.
      public var differs: [String]?
      /// Condition: the stage is one of these; `1` takes 1a and 1b too.
      public var stage: [String]?
      /// Condition: these columns say no.
      public var absent: [String]?
      /// Condition: the scan is not after the date in any of these columns.
      public var scannedBefore: [String]?
      /// Condition: from each of these lists the patient has at least one phase, all in one exam.
      public var phases: [[Phase]]?
      /// Condition: the grade is 1, 2, 3 or 4.
      public var gradeKnown: Bool?

      /// How many conditions the rule states; one is right.
      var conditionCount: Int {
        [
          equals != nil, differs != nil, stage != nil, absent != nil, scannedBefore != nil, phases != nil,
          gradeKnown != nil,
        ]
        .count { $0 }
      }

      /// Makes a rule without a condition, for one to be set.
      public init(name: String, missing: Missing = .exclude) {
        self.name = name
        self.missing = missing
      }
    }
  }
}

/// A part of the protocol of which some keys may be left out.
protocol HasOptionalKeys {
  static var optionalKeys: Set<String> { get }
}

extension StudyProtocol: HasOptionalKeys {
  /// Protocols that train no network, select nobody, ask no further questions, or compute no radiomic features, need not say so.
  static let optionalKeys: Set = ["network", "training", "sweep", "cohort", "subgroups", "baselines", "radiomics"]
}

extension StudyProtocol.Annotation: HasOptionalKeys {
  static let optionalKeys: Set = ["repeats", "washoutDays"]
}

extension StudyProtocol.Cohort.Rule: HasOptionalKeys {
  static let optionalKeys: Set = [
    "lesions", "column", "equals", "differs", "stage", "absent", "scannedBefore", "phases", "gradeKnown",
  ]
}
