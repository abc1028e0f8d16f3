import Foundation
import Support

/// What one patient of the virtual hospital is to be, and how badly the records are kept.
struct HospitalPlan: Sendable {
  /// How an exam's times were recorded.
  enum Timing: String, CaseIterable, Sendable {
    case right, missing, absurd, misleading, frozen
  }

  /// How a series was described.
  enum Text: String, CaseIterable, Sendable {
    case right, wrong
    case contrastOnly = "contrast only"
    case nothing
  }

  let number: Int
  let exclusion: HospitalTruth.Exclusion?
  let isHigh: Bool
  let hasTwoLesions: Bool
  let phases: [ContrastPhase]
  let timing: Timing
  /// Seconds since midnight when the injection starts.
  let injection: Int
  let extras: [HospitalTruth.SeriesKind]
  /// The record's own draws go on from here.
  var generator: DeterministicGenerator

  /// Of 120 patients, so many are left out for each reason; the shares are our own choice.
  private static let exclusionsIn120: [(HospitalTruth.Exclusion, Int)] = [
    (.otherSubtype, 16), (.higherStage, 8), (.spread, 10), (.priorSurgery, 6), (.gradeUnknown, 6), (.phaseMissing, 8),
    (.noRecord, 2),
  ]

  /// The plans of all patients.
  static func all(_ settings: HospitalSettings) -> [HospitalPlan] {
    var reasons = exclusionsIn120.flatMap { reason, count in
      [HospitalTruth.Exclusion?](repeating: reason, count: max(1, (count * settings.patients + 60) / 120))
    }
    reasons = Array(reasons.prefix(settings.patients))
    reasons += [HospitalTruth.Exclusion?](repeating: nil, count: settings.patients - reasons.count)
    var generator = DeterministicGenerator(seed: settings.seed, stream: 2)
    return reasons.shuffled(using: &generator).enumerated().map { HospitalPlan(number: $0, $1, settings.seed) }
  }

  private init(number: Int, _ exclusion: HospitalTruth.Exclusion?, _ seed: UInt64) {
    var generator = DeterministicGenerator(seed: seed, stream: 1_000_000 + UInt64(number))
    self.number = number
    self.exclusion = exclusion
    isHigh = generator.chance(0.29)
    hasTwoLesions = generator.chance(0.12)
    let lacksContrast = generator.chance(0.4)
    var phases = ContrastPhase.allCases.filter { $0 != .preContrast && generator.chance(0.75) }
    if phases.isEmpty { phases = [.portalVenous] }
    if exclusion != .phaseMissing {
      phases.insert(.preContrast, at: 0)
    } else if lacksContrast {
      phases = [.preContrast]
    }
    self.phases = phases
    let draw = generator.uniform(0, 1)
    timing = draw < 0.5 ? .right : draw < 0.7 ? .missing : draw < 0.82 ? .absurd : draw < 0.9 ? .misleading : .frozen
    // Some exams pass midnight.
    injection = generator.chance(0.1) ? 86_390 - Int(generator.uniform(0, 200)) : Int(generator.uniform(20_000, 70_000))
    extras = HospitalTruth.SeriesKind.allCases.filter { kind in
      switch kind {
      case .phase: false
      case .localizer: generator.chance(0.8)
      case .doseSheet: generator.chance(0.5)
      case .reformat: generator.chance(0.4)
      default: generator.chance(0.15)
      }
    }
    self.generator = generator
  }

  // MARK: Words

  private static let right: [ContrastPhase: [String]] = [
    .preContrast: ["ABD W/O", "NON CON 2.5", "Non-Contrast Abd", "PRE", "AX UNENHANCED", "ABD C-", "KIDNEY NATIVE"],
    .lateArterial: ["ART", "LATE ARTERIAL", "CORTICOMEDULLARY", "CM PHASE", "ARTERIAL 40S", "ABD ART 2.5"],
    .portalVenous: ["PV", "PORTAL VENOUS", "NEPHROGRAPHIC", "VENOUS 80 SEC", "NEPHRO 2.5", "PORT VEN"],
    .delayed: ["DELAY 5 MIN", "DELAYED", "EXCRETORY", "DLY", "EXCR PHASE", "DELAY"],
  ]
  private static let contrastOnly = ["POST", "ABD C+", "W CONTRAST", "POST CONTRAST AX"]
  private static let nothing = ["ABDOMEN", "AX 2.5", "RENAL PROTOCOL", "STD", ""]

  /// A description of a series of `phase`.
  mutating func describe(_ phase: ContrastPhase) -> (text: String, kind: Text) {
    let draw = generator.uniform(0, 1)
    let kind: Text = draw < 0.5 ? .right : draw < 0.65 ? .wrong : draw < 0.8 ? .contrastOnly : .nothing
    switch kind {
    case .right: return (pick(Self.right[phase] ?? []), kind)
    case .wrong: return (pick(ContrastPhase.allCases.filter { $0 != phase }.flatMap { Self.right[$0] ?? [] }), kind)
    case .contrastOnly where phase != .preContrast: return (pick(Self.contrastOnly), kind)
    case .contrastOnly, .nothing: return (pick(Self.nothing), .nothing)
    }
  }

  mutating func pick(_ words: [String]) -> String { words[Int(generator.next() % UInt64(max(1, words.count)))] }

  // MARK: Times

  /// AcquisitionTime and ContrastBolusStartTime of a phase as the header states them; empty where it does not.
  func times(_ phase: ContrastPhase) -> (acquisition: String, bolus: String) {
    let delay = phase == .preContrast ? -150 : phase.delay
    let acquisition = clock(injection + delay)
    return switch timing {
    case .right: (acquisition, phase == .preContrast ? "" : clock(injection))
    case .missing: (acquisition, "")
    case .absurd: (acquisition, clock(injection - 3 * 3600))
    // The time of the contrast's preparation, ten minutes before.
    case .misleading: (acquisition, clock(injection - 600))
    case .frozen: (clock(injection), clock(injection))
    }
  }

  private func clock(_ seconds: Int) -> String {
    let time = (seconds + 86_400) % 86_400
    return String(format: "%02d%02d%02d", time / 3600, time / 60 % 60, time % 60)
  }

  // MARK: Clinical record

  static let columns = [
    "patient", "lesion", "grade", "subtype", "stage", "procedure", "laterality", "size_cm", "surgery_date",
    "prior_surgery_date", "metastasis", "local_invasion", "sex", "age", "source",
  ]
  /// The day of every scan.
  static let scanDate = "20000301"

  /// The clinical table's rows of the patient.
  mutating func rows(of patient: VirtualPatient) -> [[String]] {
    guard exclusion != .noRecord else { return [] }
    let hasMetastasis = exclusion == .spread && generator.chance(0.5)
    let prior = exclusion == .priorSurgery ? "1998-05-12" : pick(["", "", "none"])
    return patient.lesions.map { lesion in
      let centimetres = (Double(lesion.tumour.traits.diameter) * 10).rounded() / 100
      let stage = centimetres <= 4 ? pick(["pT1a", "T1a", "1a"]) : pick(["pT1b", "T1b", "1b", "T1b N0 M0"])
      let grade = "\(lesion.grade.rawValue)"
      return [
        patient.id, lesion.name,
        exclusion == .gradeUnknown ? pick(["", "NA", "unknown"]) : pick([grade, "G\(grade)", "Fuhrman \(grade)"]),
        exclusion == .otherSubtype
          ? pick(["papillary", "chromophobe", "Oncocytoma", "angiomyolipoma"])
          : pick(["ccRCC", "Clear cell", "clear-cell RCC", "CLEAR CELL"]),
        exclusion == .higherStage ? pick(["pT2a", "T3a", "3", "IV"]) : stage, lesion.procedure,
        lesion.tumour.side.rawValue, "\(centimetres)", pick(["2000-03-20", "20000415", "2000-06-01"]), prior,
        exclusion == .spread && hasMetastasis ? "yes" : pick(["no", "0", "none"]),
        exclusion == .spread && !hasMetastasis ? "yes" : pick(["no", "No", "absent"]), patient.sex, "\(patient.age)",
        CohortFiles.notice,
      ]
    }
  }
}
