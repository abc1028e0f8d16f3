/// What a retrieval did, and what it could not do.
public struct RetrievalSummary: Sendable, CustomStringConvertible {
  /// Something that was not retrieved, and why.
  ///
  /// It is tried again when the retrieval is repeated.
  public struct Failure: Hashable, Sendable, CustomStringConvertible {
    /// Where, without any identifier: `list.csv:12, study 1, series 3`.
    public let place: String
    /// Why.
    public let reason: String

    /// Place and reason in one line.
    public var description: String { "\(place): \(reason)" }
  }

  /// The studies that were found.
  public var studies = 0
  /// The series that were found and are wanted.
  public var series = 0
  /// Those that are complete now.
  public var completeSeries = 0
  /// Those that were complete before.
  public var seriesFromBefore = 0
  /// The instances that were stored.
  public var instances = 0
  /// The instances that were sent though they had been stored before.
  public var repeatedInstances = 0
  /// The bytes that were stored.
  public var bytes = 0
  /// What failed, in the order of the list.
  public var failures: [Failure] = []
  /// Why the retrieval stopped before its end, if it did.
  public var stopped: PACSError?

  /// Whether everything that the list asks for is there.
  public var isComplete: Bool { stopped == nil && failures.isEmpty && completeSeries == series }

  /// The places of the failures by reason, in the order in which the reasons first appear.
  public var failuresByReason: [(reason: String, places: [String])] {
    failures.reduce(into: []) { groups, failure in
      if let known = groups.firstIndex(where: { $0.reason == failure.reason }) {
        groups[known].places.append(failure.place)
      } else {
        groups.append((failure.reason, [failure.place]))
      }
    }
  }

  /// The counts in a sentence or two.
  public var description: String {
    "\(completeSeries) of \(series) series in \(studies) studies are complete, \(seriesFromBefore) of them from earlier runs;  "
      + "\(instances) instances (\(bytes / 1_000_000) MB) were stored; \(failures.count) failures."
  }
}

/// How far a retrieval is.
public struct RetrievalProgress: Equatable, Sendable, CustomStringConvertible {
  /// The lines of the list that were looked up, and all of them.
  public var requestsDone = 0, requestCount = 0
  /// The series that are done, whether complete or failed, and all of them.
  public var seriesDone = 0, seriesCount = 0
  /// The instances that were stored.
  public var instances = 0
  /// The bytes that were stored.
  public var bytes = 0

  /// The part of the series that is done, 0...1.
  public var fraction: Double { seriesCount > 0 ? Double(seriesDone) / Double(seriesCount) : 0 }

  /// What is done, for a progress bar.
  public var description: String {
    seriesCount > 0
      ? "\(seriesDone)/\(seriesCount) series, \(instances) instances, \(bytes / 1_000_000) MB"
      : "looking up \(requestsDone)/\(requestCount)"
  }
}
