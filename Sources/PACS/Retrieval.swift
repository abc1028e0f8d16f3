import Support

/// Retrieves what a list asks for: looks it up, pulls series in parallel, goes on where an earlier one stopped.
public struct Retrieval: Sendable {
  /// How a retrieval works.
  public struct Settings: Sendable {
    /// The modality of the series that are pulled; nil: all.
    public var modality: String? = "CT"
    /// How many series are pulled at once.
    public var parallelism = 4
    /// After how many instances the journal is written, besides after each series.
    public var commitInterval = 256

    /// The usual settings.
    public init() {}
  }

  private let client: any PACSClient
  private let sink: any InstanceSink
  private let journal: RetrievalJournal
  private let settings: Settings
  private let progress: @Sendable (RetrievalProgress) -> Void

  /// Makes a retrieval; `progress` is called from several threads, after each step and each instance.
  public init(
    from client: some PACSClient, into sink: some InstanceSink, journal: RetrievalJournal,
    settings: Settings = Settings(),
    progress: @escaping @Sendable (RetrievalProgress) -> Void = { _ in }
  ) {
    self.client = client
    self.sink = sink
    self.journal = journal
    self.settings = settings
    self.progress = progress
  }

  /// Runs to the end, or until something happens that would make all the rest fail too; `stopped` then says what.
  ///
  /// - Throws: `CancellationError` alone; what was stored until then is in the journal.
  public func run(_ requests: [RetrievalRequest]) async throws -> RetrievalSummary {
    let tally = RetrievalTally(requestCount: requests.count, progress)
    do {
      let wanted = try await lookUp(requests, tally)
      try await inParallel(wanted) { try await pull($0, tally) }
      try journal.commit(sink)
    } catch {
      // What was stored counts, whatever stopped the rest; a disk that is full may prevent even that.
      try? journal.commit(sink)
      if Task.isCancelled || error is CancellationError { throw CancellationError() }
      tally.stop(error as? PACSError ?? PACSError(.storage, "\(error)"))
    }
    return tally.summary
  }

  /// A series, and how messages call it.
  struct Wanted: Sendable {
    let series: FoundSeries
    let patientID: String
    let place: String
    let order: [Int]
  }

  // MARK: Looking up

  private func lookUp(_ requests: [RetrievalRequest], _ tally: RetrievalTally) async throws -> [Wanted] {
    let found = Locked<[Wanted]>([])
    try await inParallel(Array(requests.enumerated())) { index, request in
      do {
        let wanted = try await lookUp(request, index, tally)
        found.withLock { $0 += wanted }
      } catch let error as PACSError where !error.stopsAll {
        tally.fail([index], "\(request)", error.description)
      }
      tally.requestDone()
    }
    var seen: Set<String> = []
    let wanted = found.withLock { $0 }.sorted { $0.order.lexicographicallyPrecedes($1.order) }
      .filter { seen.insert($0.series.seriesInstanceUID).inserted }
    tally.wanted(series: wanted.count, studies: Set(wanted.map(\.series.studyInstanceUID)).count)
    return wanted
  }

  private func lookUp(_ request: RetrievalRequest, _ index: Int, _ tally: RetrievalTally) async throws -> [Wanted] {
    let studies = try await client.studies(request.query)
      .sorted { ($0.date, $0.studyInstanceUID) < ($1.date, $1.studyInstanceUID) }
    guard !studies.isEmpty else {
      throw PACSError(.malformed, "the PACS has no study of this \(request.kind.rawValue)")
    }
    var wanted: [Wanted] = []
    for (studyIndex, study) in studies.enumerated() {
      let all = try await client.series(ofStudy: study.studyInstanceUID)
      let ours = all.filter { settings.modality == nil || $0.modality == settings.modality }
        .sorted { ($0.number ?? .max, $0.seriesInstanceUID) < ($1.number ?? .max, $1.seriesInstanceUID) }
      wanted += ours.enumerated().map { seriesIndex, series in
        Wanted(
          series: series, patientID: study.patientID,
          place: "\(request), study \(studyIndex + 1), series \(seriesIndex + 1)",
          order: [index, studyIndex, seriesIndex])
      }
    }
    guard !wanted.isEmpty else {
      throw PACSError(
        .malformed, "none of its \(studies.count) studies has a series of modality \(settings.modality ?? "")")
    }
    return wanted
  }

  // MARK: Pulling

  private func pull(_ wanted: Wanted, _ tally: RetrievalTally) async throws {
    defer { tally.seriesDone() }
    let series = wanted.series
    guard !journal.isComplete(series.seriesInstanceUID) else { return tally.complete(fromBefore: true) }
    let intake = Intake(wanted, sink: sink, journal: journal, commitInterval: settings.commitInterval, tally)
    var failed = 0
    while true {
      let storedBefore = intake.stored
      do {
        try await pullOnce(wanted, intake, tally)
        return
      } catch let error as PACSError where !error.stopsAll {
        // An attempt that brought something is no failed one: a long series may need many short connections.
        failed = intake.stored > storedBefore ? 1 : failed + 1
        guard error.isTransient, failed < client.retry.attempts else {
          return tally.fail(wanted.order, wanted.place, error.description)
        }
        try await client.retry.pause(afterFailures: failed, error)
      }
    }
  }

  /// Pulls what is missing, and finds out whether the series is whole.
  private func pullOnce(_ wanted: Wanted, _ intake: Intake, _ tally: RetrievalTally) async throws {
    let announced = try await client.instances(of: wanted.series)
    let missing = journal.missing(of: announced, in: wanted.series.seriesInstanceUID)
    if announced.isEmpty || !missing.isEmpty {
      let isFresh = missing.count == announced.count
      try await client.pull(wanted.series, only: isFresh ? nil : missing) { try intake.take($0) }
    }
    let rest = journal.missing(of: announced, in: wanted.series.seriesInstanceUID).count
    guard intake.bad == 0 else {
      try journal.commit(sink)
      return
    }
    guard rest == 0, max(announced.count, intake.stored) >= wanted.series.instanceCount ?? 1 else {
      throw PACSError(
        .interrupted,
        rest > 0
          ? "the PACS did not send \(rest) of \(announced.count) instances"
          : "the PACS sent fewer instances than the \(wanted.series.instanceCount ?? 1) that it announced")
    }
    journal.complete(wanted.series.seriesInstanceUID, instances: announced.count)
    try journal.commit(sink)
    tally.complete(fromBefore: false)
  }

  private func inParallel<Item: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Item) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, item) in items.enumerated() {
        if index >= max(1, settings.parallelism) { try await group.next() }
        group.addTask { try await work(item) }
      }
      try await group.waitForAll()
    }
  }
}
