/// A PACS, by whichever protocol it is spoken to.
///
/// Every function throws `PACSError`, or `CancellationError` where the task was cancelled. Queries are repeated as `retry`
/// says; a pull is not, since its caller knows what arrived and what is still missing.
public protocol PACSClient: Sendable {
  /// How often queries are repeated, and pulls by `Retrieval`.
  var retry: RetryPolicy { get }

  /// Asks once whether the PACS answers and accepts the connection.
  func echo() async throws

  /// The studies that match, each once; those that the PACS adds though they do not match are left out and counted.
  func studies(_ query: StudyQuery) async throws -> Matches<FoundStudy>

  /// All series of a study.
  func series(ofStudy studyInstanceUID: String) async throws -> Matches<FoundSeries>

  /// The SOP instance UIDs of a series.
  func instances(of series: FoundSeries) async throws -> Matches<String>

  /// Pulls a series, or only some instances of it, one instance in memory at a time.
  ///
  /// `receive` is called for each instance, one after the other and on a thread on which it may wait for the disk, with the
  /// instance or with what is wrong with it. An error that it throws ends the pull and is thrown on.
  func pull(_ series: FoundSeries, only instances: [String]?, receive: @escaping InstanceReceiver) async throws
}

/// Takes what a PACS sent: a whole instance, or why it is none.
public typealias InstanceReceiver = @Sendable (Result<ReceivedInstance, PACSError>) throws -> Void
