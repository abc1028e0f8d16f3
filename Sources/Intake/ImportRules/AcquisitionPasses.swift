import DICOM

/// Parts several passes of the scanner that lie under one series UID, such as two phases whose positions interleave.
///
/// They are distinguished by AcquisitionNumber, AcquisitionTime, or runs of InstanceNumber along the body, tried in
/// this order.
/// Two to four groups that cover the same part of the body, each of them a stack of its own, are passes; groups that
/// cannot be separated cleanly are a mixture, which excludes the patient. Groups side by side are slabs of one series.
enum AcquisitionPasses {
  /// One series to be.
  struct Pass {
    let seriesInstanceUID: String
    let slices: [ImportPlan.PlannedSlice]

    var subject: String { "series \(seriesInstanceUID)" }
  }

  /// More images of one place than an exam has phases are no phases.
  private static let mostPasses = 4
  /// A pass takes less time from slice to slice, the next phase more until it begins: in seconds.
  private static let pause = 10.0

  /// The passes, the first in time with the series' own UID; the whole stack where it is one, and none where it is a mixture.
  static func parted(
    _ slices: [ImportPlan.PlannedSlice], of stack: SliceStack, _ findings: inout ImportFindings
  ) -> [Pass] {
    let whole = [Pass(seriesInstanceUID: stack.seriesInstanceUID, slices: slices)]
    let headers = slices.map(\.attributes)
    guard headers.allSatisfy({ $0.imagePosition != nil }), SeriesGeometry.kinds(of: headers).count == 1,
      let heights = heights(headers)
    else { return whole }
    var isContested = false
    for (name, groups) in groupings(headers, heights) {
      guard let groups, (2...mostPasses).contains(groups.count), overlap(groups, heights) else { continue }
      if groups.allSatisfy({ isStack($0.map { headers[$0] }) }) {
        let passes = groups.sorted { isEarlier($0, $1, headers) }
        let counts = passes.map { "\($0.count)" }.joined(separator: ", ")
        findings.remark(
          on: stack.patientID, subject: stack.subject,
          reason:
            "\(groups.count) passes of the scanner under one series UID, distinguished by \(name): they are read as "
            + "\(groups.count) series of \(counts) slices")
        return passes.enumerated().map { number, pass in
          Pass(
            seriesInstanceUID: number == 0
              ? stack.seriesInstanceUID
              : DICOMUID.make(from: "pass \(number + 1) of series \(stack.seriesInstanceUID)"),
            slices: pass.map { slices[$0] })
        }
      }
      isContested = isContested || name != .instanceNumber
    }
    // What doubles positions is told by the geometry.
    let isTold = SeriesGeometry(headers).defects.contains { $0.isMixture || $0.isTimeSeries }
    guard isContested, !isTold else { return whole }
    findings.add(
      .init(
        patientID: stack.patientID, excludes: true, subject: stack.subject,
        reason:
          "slices of several acquisitions are interleaved and cannot be separated reliably; these are two series "
          + "under one UID"))
    return []
  }

  private enum Grouping: String, CustomStringConvertible {
    case acquisitionNumber = "AcquisitionNumber"
    case acquisitionTime = "AcquisitionTime"
    case instanceNumber = "the order of InstanceNumber"

    var description: String { rawValue }
  }

  private static func groupings(
    _ headers: [CTAttributes], _ heights: [Double]
  ) -> [(name: Grouping, groups: [[Int]]?)] {
    [
      (.acquisitionNumber, byAcquisitionNumber(headers)), (.acquisitionTime, byAcquisitionTime(headers)),
      (.instanceNumber, byInstanceNumber(headers, heights)),
    ]
  }

  private static func heights(_ headers: [CTAttributes]) -> [Double]? {
    guard let row = headers.first?.rowDirection, let column = headers.first?.columnDirection else { return nil }
    let normal = SIMD3(
      row.y * column.z - row.z * column.y, row.z * column.x - row.x * column.z, row.x * column.y - row.y * column.x)
    return headers.map { (($0.imagePosition ?? .zero) * normal).sum() }
  }

  private static func byAcquisitionNumber(_ headers: [CTAttributes]) -> [[Int]]? {
    guard headers.allSatisfy({ $0.acquisitionNumber != nil }) else { return nil }
    return Array(Dictionary(grouping: headers.indices) { headers[$0].acquisitionNumber }.values)
  }

  private static func byAcquisitionTime(_ headers: [CTAttributes]) -> [[Int]]? {
    let times = headers.map { $0.acquisitionTime.flatMap(DICOMTime.secondsOfDay) }
    guard !times.contains(nil) else { return nil }
    var groups: [[Int]] = []
    var last = -Double.infinity
    for (index, time) in times.enumerated().map({ ($0, $1 ?? 0) }).sorted(by: { ($0.1, $0.0) < ($1.1, $1.0) }) {
      if time - last > pause { groups.append([]) }
      groups[groups.count - 1].append(index)
      last = time
    }
    return groups
  }

  /// Runs of the numbers along which the position goes one way; nil where a run has no regular step.
  private static func byInstanceNumber(_ headers: [CTAttributes], _ heights: [Double]) -> [[Int]]? {
    let numbers = headers.compactMap(\.instanceNumber)
    guard numbers.count == headers.count, Set(numbers).count == numbers.count else { return nil }
    var groups: [[Int]] = []
    var direction: FloatingPointSign?
    for index in headers.indices.sorted(by: { numbers[$0] < numbers[$1] }) {
      guard let previous = groups.last?.last else {
        groups.append([index])
        continue
      }
      let sign = (heights[index] - heights[previous]).sign
      if direction == nil || direction == sign {
        groups[groups.count - 1].append(index)
        direction = sign
      } else {
        // The slice at which the direction turns begins the next run, where its steps are those of that one.
        let turn = turningSlice(of: groups[groups.count - 1], before: index, heights)
        if turn != nil { groups[groups.count - 1].removeLast() }
        groups.append([turn, index].compactMap { $0 })
        direction = turn == nil ? nil : sign
      }
    }
    let isRegular = groups.allSatisfy { $0.count > 2 && SeriesGeometry($0.map { headers[$0] }).hasEvenSteps }
    return isRegular ? groups : nil
  }

  /// The last slice of a run, where it lies off the run's own steps and one step of the same length before the next slice.
  private static func turningSlice(of run: [Int], before next: Int, _ heights: [Double]) -> Int? {
    guard run.count > 3, let last = run.last else { return nil }
    let own = abs(heights[run[1]] - heights[run[0]])
    let into = abs(heights[last] - heights[run[run.count - 2]])
    let onward = abs(heights[next] - heights[last])
    return abs(into - own) > 0.01 * own && abs(onward - own) <= 0.01 * own ? last : nil
  }

  /// Whether two of the groups cover the same part of the body: more than half of the shorter one's length.
  private static func overlap(_ groups: [[Int]], _ heights: [Double]) -> Bool {
    let ranges = groups.compactMap { group -> ClosedRange<Double>? in
      guard let low = group.map({ heights[$0] }).min(), let high = group.map({ heights[$0] }).max(), high > low else {
        return nil
      }
      return low...high
    }
    return ranges.indices.contains { first in
      ranges[..<first].contains { other in
        let common = min(ranges[first].upperBound, other.upperBound) - max(ranges[first].lowerBound, other.lowerBound)
        let shorter = min(
          ranges[first].upperBound - ranges[first].lowerBound, other.upperBound - other.lowerBound)
        return common > shorter / 2
      }
    }
  }

  /// Whether slices make up one stack: each position once, though some may be missing.
  private static func isStack(_ headers: [CTAttributes]) -> Bool {
    guard headers.count > 1 else { return false }
    return SeriesGeometry(headers).defects.allSatisfy { defect in
      switch defect {
      case .missingSlices, .sparse, .tilted: true
      default: false
      }
    }
  }

  private static func isEarlier(_ one: [Int], _ other: [Int], _ headers: [CTAttributes]) -> Bool {
    func key(_ group: [Int]) -> (Double, Int, Int) {
      let members = group.map { headers[$0] }
      return (
        members.compactMap { $0.acquisitionTime.flatMap(DICOMTime.secondsOfDay) }.min() ?? .infinity,
        members.compactMap(\.acquisitionNumber).min() ?? .max, members.compactMap(\.instanceNumber).min() ?? .max
      )
    }
    return key(one) < key(other)
  }
}
