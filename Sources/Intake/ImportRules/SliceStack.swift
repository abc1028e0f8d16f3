/// The frames of one series as the files have it, or of several that a rule joined.
struct SliceStack {
  let patientID: String
  let studyInstanceUID: String
  let seriesInstanceUID: String
  let frames: [DICOMScan.Frame]

  var subject: String { "series \(seriesInstanceUID)" }

  /// Nil where there are no frames; the series' UID is the first frame's, unless stated.
  init?(_ frames: [DICOMScan.Frame], seriesInstanceUID: String? = nil) {
    guard let first = frames.first?.identity else { return nil }
    patientID = first.patientID
    studyInstanceUID = first.studyInstanceUID
    self.seriesInstanceUID = seriesInstanceUID ?? first.seriesInstanceUID
    self.frames = frames
  }

  /// The series in the order of their UIDs.
  static func bySeries(_ frames: [DICOMScan.Frame]) -> [SliceStack] {
    Dictionary(grouping: frames, by: \.identity.seriesInstanceUID).sorted { $0.key < $1.key }
      .compactMap { SliceStack($1) }
  }
}
