import Annotation
import DICOM
import Dispatch
public import Foundation
import Study
import Support
import Synchronization

/// A cohort of virtual patients with ccRCC: CT series as DICOM, contours as MD.ai exports them, and pathology.
///
/// It proves engines and statistics, never medicine; every file says that it is synthetic.
public struct PhantomCohort: Sendable {
  /// What the cohort is made from.
  public let settings: PhantomSettings

  /// What `write` made.
  public struct Summary: Equatable, Sendable {
    /// Patients.
    public var patients = 0
    /// Tumours.
    public var lesions = 0
    /// DICOM files.
    public var images = 0
    /// Contours in `mdai.json`.
    public var contours = 0
  }

  /// Makes a cohort from its settings.
  ///
  /// - Throws: `PhantomError` where the settings allow no cohort.
  public init(_ settings: PhantomSettings = PhantomSettings()) throws(PhantomError) {
    try settings.validate()
    self.settings = settings
  }

  /// Whether each patient, by number, has a high-grade tumour; the classes are mixed by the seed.
  var isHighGrade: [Bool] {
    var generator = DeterministicGenerator(seed: settings.seed, stream: 0)
    let classes =
      [Bool](repeating: false, count: settings.lowGradePatients)
      + [Bool](repeating: true, count: settings.highGradePatients)
    return classes.shuffled(using: &generator)
  }

  /// Writes `dicom/<patient>/<phase>/<number>.dcm`, `mdai.json`, `pathology.csv` and `README.txt` below `folder`.
  ///
  /// Patients are made on all cores, one at a time on each (some 20 MB per core). The same settings give the same bytes.
  /// - Parameters:
  ///   - folder: is made; it must hold nothing yet.
  ///   - progress: is told the numbers of finished and of all patients, from any thread.
  /// - Returns: how much was made.
  /// - Throws: `PhantomError` where the folder is not empty or a file cannot be written.
  @discardableResult
  public func write(
    to folder: URL, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(PhantomError) -> Summary {
    let files = CohortFiles(folder: folder, settings: settings)
    try files.prepare()
    let classes = isHighGrade
    let scanner = Scanner(seed: settings.seed)
    let results = Mutex<[Int: Result<PatientFiles, PhantomError>]>([:])
    DispatchQueue.concurrentPerform(iterations: classes.count) { number in
      guard results.withLock({ !$0.values.contains(where: \.isFailure) }) else { return }
      let result = Result { () throws(PhantomError) in
        try files.write(VirtualPatient(number: number, isHigh: classes[number], settings), scanner)
      }
      let done = results.withLock { results in
        results[number] = result
        return results.count
      }
      progress?(done, classes.count)
    }
    let written = try results.withLock { $0 }.sorted { $0.key < $1.key }
      .map { (_, result) throws(PhantomError) in try result.get() }
    try files.finish(written)
    return Summary(
      patients: written.count, lesions: written.reduce(0) { $0 + $1.rows.count },
      images: written.reduce(0) { $0 + $1.imageCount }, contours: written.reduce(0) { $0 + $1.contours.count })
  }
}

extension Result {
  fileprivate var isFailure: Bool {
    if case .failure = self { true } else { false }
  }
}
