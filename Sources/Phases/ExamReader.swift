import DICOM
import Foundation
import GRDB
import Study

/// The files of one exam's series, as the study holds them.
struct ExamFiles: Sendable {
  struct SeriesFiles: Sendable {
    let id: Int64
    let uid: String
    let slices: [SliceRecord]
  }

  let patientCode: String
  let uid: String
  let series: [SeriesFiles]

  static func all(_ database: Database) throws -> [ExamFiles] {
    let codes = Dictionary(
      try Patient.fetchAll(database).map { ($0.id, $0.code) }, uniquingKeysWith: { first, _ in first })
    let slices = Dictionary(grouping: try SliceRecord.order(Column("ordinal")).fetchAll(database), by: \.seriesId)
    let series = Dictionary(grouping: try Series.order(Column("id")).fetchAll(database), by: \.examId)
    return try Exam.order(Column("id")).fetchAll(database).compactMap { exam in
      guard let id = exam.id, let code = codes[exam.patientId] else { return nil }
      let files = (series[id] ?? []).compactMap { series in
        series.id.map { SeriesFiles(id: $0, uid: series.seriesInstanceUID, slices: slices[$0] ?? []) }
      }
      return ExamFiles(patientCode: code, uid: exam.studyInstanceUID, series: files)
    }
  }
}

/// Reads one exam: headers, a sample of slices, phases, choice.
struct ExamReader: Sendable {
  /// The study's folder; nil where slices have absolute paths.
  let folder: URL?
  let rules: StudyProtocol.Cohort.Series
  let overrides: PhaseOverrides

  /// A series with what was read of it.
  private struct Content {
    let files: ExamFiles.SeriesFiles
    /// Headers with the slices' records, in their order.
    let headers: [(record: SliceRecord, attributes: CTAttributes)]
    var profile: SeriesProfile?
    var slices: [CoarseSlice] = []
    var flaw: (flaw: SeriesFlaw, reason: String)?
  }

  private func file(_ record: SliceRecord) -> URL {
    StudyFolder.file(record.path, in: folder)
  }

  func read(_ exam: ExamFiles) -> [SeriesReading] {
    var contents = exam.series.map(readHeaders)
    // Pixels are costly: only what the headers leave is looked at.
    flag(&contents)
    let heights = sampleHeights(contents)
    for index in contents.indices where contents[index].flaw == nil { readSample(&contents[index], heights) }
    flag(&contents)
    let chosen = contents.indices.filter { contents[$0].flaw == nil }
    let known = chosen.map { findings(of: contents[$0]) }
    let decisions = ExamPhases.decide(known) {
      PhasePixels.softTissueShift(contents[chosen[$0]].slices, contents[chosen[$1]].slices)
    }
    var fates: [Int: SeriesFate] = [:]
    for phase in Phase.allCases {
      let members = zip(chosen, decisions).filter { $1.phase == phase }.map(\.0)
      let choice = SeriesChoice.fates(
        of: members.compactMap { contents[$0].profile }, preferredSpacing: rules.preferredSpacing)
      for (member, fate) in zip(members, choice) { fates[member] = fate }
    }
    let decisionOf = Dictionary(uniqueKeysWithValues: zip(chosen, decisions))
    return contents.enumerated().map { index, content in
      let first = content.headers.first?.attributes
      let flaw = content.flaw ?? (.unreadable, "none of its slices can be read")
      return SeriesReading(
        patientCode: exam.patientCode, examUID: exam.uid, date: first?.acquisitionDate, uid: content.files.uid,
        number: first?.seriesNumber, description: first?.seriesDescription,
        fate: fates[index] ?? .setAside(flaw.flaw, reason: flaw.reason), decision: decisionOf[index],
        seriesId: content.files.id)
    }
  }

  private func readHeaders(_ files: ExamFiles.SeriesFiles) -> Content {
    var frames: [String: [CTAttributes]] = [:]
    let headers = files.slices.compactMap { record -> (SliceRecord, CTAttributes)? in
      if frames[record.path] == nil {
        frames[record.path] = (try? DICOMFile.attributes(of: file(record))) ?? []
      }
      guard let headers = frames[record.path], headers.indices.contains(record.frame) else { return nil }
      return (record, headers[record.frame])
    }
    return Content(files: files, headers: headers, profile: SeriesProfile(headers.map(\.1)))
  }

  private func flag(_ contents: inout [Content]) {
    let described = contents.indices.filter { contents[$0].profile != nil }
    let flaws = SeriesTriage.flaws(of: described.compactMap { contents[$0].profile }, rules: rules)
    for (index, flaw) in zip(described, flaws) { contents[index].flaw = contents[index].flaw ?? flaw }
    for index in contents.indices where contents[index].profile == nil {
      contents[index].flaw = (.unreadable, "none of its slices can be read")
    }
  }

  /// Heights over the part that all series share, so that their slices can be compared; of the longest where they share none.
  private func sampleHeights(_ contents: [Content]) -> [Double] {
    let ranges = contents.filter { $0.flaw == nil }.compactMap { $0.profile?.range }
    guard let longest = ranges.max(by: { $0.upperBound - $0.lowerBound < $1.upperBound - $1.lowerBound }) else {
      return []
    }
    let low = ranges.map(\.lowerBound).max() ?? 0
    let high = ranges.map(\.upperBound).min() ?? 0
    let range = high - low > rules.minimumExtent / 2 ? low...high : longest
    let step = (range.upperBound - range.lowerBound) / Double(StudyPhases.sampleSize)
    return (0..<StudyPhases.sampleSize).map { range.lowerBound + (Double($0) + 0.5) * step }
  }

  /// Reads the slices nearest to the heights.
  private func readSample(_ content: inout Content, _ heights: [Double]) {
    guard let normal = content.profile?.normal else { return }
    let places = content.headers.map { ($0.attributes.imagePosition ?? .zero) * normal }.map { $0.sum() }
    var taken: Set<Int> = []
    for height in heights {
      guard let nearest = places.indices.min(by: { abs(places[$0] - height) < abs(places[$1] - height) }) else {
        continue
      }
      taken.insert(nearest)
    }
    var hashes: [Int: String] = [:]
    var values = StoredValueSample()
    for index in taken.sorted() {
      let (record, attributes) = content.headers[index]
      guard let image = try? DICOMFile.image(at: file(record), frame: record.frame)
      else { continue }
      hashes[Int((places[index] * 100).rounded())] = image.pixelHash
      values.add(image)
      if let slice = CoarseSlice(image, attributes) { content.slices.append(slice) }
    }
    content.profile = SeriesProfile(content.headers.map(\.attributes), pixelHashes: hashes)
    if hashes.isEmpty {
      content.flaw = (.unreadable, "the pixels of none of its slices can be read")
    } else if let reason = values.reasonAgainstCT {
      content.flaw = (.noCT, reason)
    }
  }

  private func findings(of content: Content) -> SeriesFindings {
    var findings = SeriesFindings()
    // The first in time: slices are ordered along the body.
    let first = content.headers.map(\.attributes).min { ($0.acquisitionTime ?? "~") < ($1.acquisitionTime ?? "~") }
    findings.description = first?.seriesDescription
    findings.protocolName = first?.protocolName
    findings.acquisitionTime = first?.acquisitionTime
    findings.contrastStartTime = first?.contrastStartTime
    findings.contrastAgent = first?.contrastAgent
    findings.override = overrides.phase(ofSeries: content.files.uid, description: first?.seriesDescription)
    if !content.slices.isEmpty { findings.pixels = PhasePixels(content.slices) }
    return findings
  }
}
