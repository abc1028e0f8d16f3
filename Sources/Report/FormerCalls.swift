public import Foundation
public import Study

extension RunReport {
  /// As `write(_:)`; the study is not needed.
  @discardableResult
  public static func write(_ run: Run, of study: StudyFolder) throws(StudyError) -> RunMetrics { try write(run) }
}

extension SweepReport {
  /// As `write(_:to:)`; the study is not needed.
  public static func write(_ runs: [Run], of study: StudyFolder, to folder: URL) throws(StudyError) {
    try write(runs, to: folder)
  }
}
