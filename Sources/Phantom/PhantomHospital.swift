import DICOM
import Dispatch
public import Foundation
import Support
import Synchronization

/// A virtual hospital's archive: patients as a PACS and a clinical table would have them, and what is true of them.
///
/// Phases enhance as they should, but their names and times are missing or wrong; scouts, reformats, dose sheets and other
/// reconstructions lie among them; some patients should not be in the study. It proves engines, never medicine.
public struct PhantomHospital: Sendable {
  /// What the hospital is made from.
  public let settings: HospitalSettings

  /// Makes a hospital from its settings.
  ///
  /// - Throws: `PhantomError` where the settings allow none.
  public init(_ settings: HospitalSettings = HospitalSettings()) throws(PhantomError) {
    try settings.validate()
    self.settings = settings
  }

  /// Writes `dicom/<patient>/<series>/<number>.dcm`, `clinical.csv`, `truth.json` and `README.txt` below `folder`.
  ///
  /// Patients are made on all cores, one at a time on each. The same settings give the same bytes.
  /// - Parameters:
  ///   - folder: is made; it must hold nothing yet.
  ///   - progress: is told the numbers of finished and of all patients, from any thread.
  /// - Returns: what was planted.
  /// - Throws: `PhantomError` where the folder is not empty or a file cannot be written.
  @discardableResult
  public func write(
    to folder: URL, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(PhantomError) -> HospitalTruth {
    if let content = try? FileManager.default.contentsOfDirectory(atPath: folder.path), !content.isEmpty {
      throw PhantomError(
        description: "\(folder.path) is not empty; choose another folder, so that two hospitals are not mixed")
    }
    let plans = HospitalPlan.all(settings)
    let scanner = Scanner(seed: settings.seed)
    let results = Mutex<[Int: Result<HospitalPatient, PhantomError>]>([:])
    DispatchQueue.concurrentPerform(iterations: plans.count) { number in
      let result = Result { () throws(PhantomError) in
        var patient = HospitalPatient(plans[number], settings, folder)
        do {
          try patient.write(scanner)
        } catch {
          throw PhantomError(description: "cannot write a virtual patient below \(folder.path): \(error)")
        }
        return patient
      }
      let done = results.withLock { results in
        results[number] = result
        return results.count
      }
      progress?(done, plans.count)
    }
    let patients = try results.withLock { $0 }.sorted { $0.key < $1.key }
      .map { (_, result) throws(PhantomError) in try result.get() }
    var truth = HospitalTruth()
    truth.patients = patients.map(\.truth)
    truth.series = patients.flatMap(\.series)
    let lines = ([HospitalPlan.columns] + patients.flatMap(\.rows)).map { $0.map(\.csvCell).joined(separator: ",") }
    do {
      try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: folder.appendingPathComponent("clinical.csv"))
      try AtomicFile.writeJSON(truth, to: folder.appendingPathComponent("truth.json"))
      try AtomicFile.write(Self.readme, to: folder.appendingPathComponent("README.txt"))
    } catch {
      throw PhantomError(description: "cannot write the virtual hospital's tables: \(error)")
    }
    return truth
  }

  private static let readme = """
    SYNTHETIC DATA: virtual patients, not persons.

    Every image and record in this folder is computed. It serves to test software and proves nothing about medicine.

    dicom/         CT series as an archive might hold them: names and times of phases are missing or wrong on purpose
    clinical.csv   the clinical table
    truth.json     what was planted: the phase of each series, and why a patient should be left out

    """
}
