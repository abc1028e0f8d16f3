import Support

/// Retrieves what a list asks for: looks it up, pulls series in parallel, continues where an earlier one stopped.
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
      try await commit()
    } catch {
      // What was stored counts, whatever stopped the rest; a disk that is full may prevent even that.
      try? await commit()
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
        try await requireAlive(after: error)
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
    let matches = try await client.studies(request.query)
    if matches.unusable > 0 {
      tally.fail([index], "\(request)", "\(matches.unusable) of the PACS's matches have no valid StudyInstanceUID")
    }
    let studies = matches.found.sorted { ($0.date, $0.studyInstanceUID) < ($1.date, $1.studyInstanceUID) }
    guard !studies.isEmpty else {
      guard matches.unusable == 0 else { return [] }
      let others =
        matches.unasked == 0
        ? "" : "; it answered with \(matches.unasked) others: check capital letters and leading zeros in the list"
      throw PACSError(.malformed, "the PACS has no study of this \(request.kind.rawValue)\(others)")
    }
    var wanted: [Wanted] = []
    var isWhole = true
    for (studyIndex, study) in studies.enumerated() {
      let place = "\(request), study \(studyIndex + 1)"
      do {
        let (series, trouble) = try await series(of: study)
        for reason in trouble { tally.fail([index, studyIndex], place, reason) }
        isWhole = isWhole && trouble.isEmpty
        wanted += series.enumerated().map { seriesIndex, series in
          Wanted(
            series: series, patientID: study.patientID, place: "\(place), series \(seriesIndex + 1)",
            order: [index, studyIndex, seriesIndex])
        }
      } catch let error as PACSError where !error.stopsAll {
        try await requireAlive(after: error)
        tally.fail([index, studyIndex], place, error.description)
        isWhole = false
      }
    }
    guard !wanted.isEmpty || !isWhole else {
      throw PACSError(
        .malformed, "none of its \(studies.count) studies has a series of modality \(settings.modality ?? "")")
    }
    return wanted
  }

  /// The series of a study that are wanted, and why others may be missing.
  private func series(of study: FoundStudy) async throws -> ([FoundSeries], trouble: [String]) {
    let all = try await client.series(ofStudy: study.studyInstanceUID)
    let wanted = all.found.filter { settings.modality == nil || $0.modality == settings.modality }
      .sorted { ($0.number ?? .max, $0.seriesInstanceUID) < ($1.number ?? .max, $1.seriesInstanceUID) }
    let nameless = settings.modality == nil ? 0 : all.found.count { $0.modality.isEmpty }
    var trouble: [String] = []
    if all.unusable > 0 { trouble.append("\(all.unusable) of its series have no valid SeriesInstanceUID") }
    if nameless > 0 { trouble.append("\(nameless) of its series state no modality and are not pulled") }
    return (wanted, trouble)
  }

  /// Throws where the PACS itself has gone; one that still answers has trouble with one request alone.
  private func requireAlive(after error: PACSError) async throws {
    guard error.mayMeanGone else { return }
    do {
      try await client.echo()
    } catch let gone as PACSError where gone.mayMeanGone {
      throw PACSError(
        .gone,
        "The PACS does not answer: \(gone.description) What was received is kept: repeat the command when the PACS is available again."
      )
    } catch is PACSError {
      // It answers, if only that it does not answer this.
    }
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
        let hasBrought = intake.stored > storedBefore
        failed = hasBrought ? 1 : failed + 1
        guard error.isTransient || (error.kind == .tooSlow && hasBrought), failed < client.retry.attempts else {
          try await requireAlive(after: error)
          return tally.fail(wanted.order, wanted.place, error.description)
        }
        try await client.retry.pause(afterFailures: failed, error)
      }
    }
  }

  /// Pulls what is missing, and finds out whether the series is whole.
  private func pullOnce(_ wanted: Wanted, _ intake: Intake, _ tally: RetrievalTally) async throws {
    let matches = try await client.instances(of: wanted.series)
    let (announced, stated) = (matches.found, max(wanted.series.instanceCount ?? 1, 1))
    let missing = journal.missing(of: announced, in: wanted.series.seriesInstanceUID)
    if announced.isEmpty || !missing.isEmpty {
      let isFresh = missing.count == announced.count
      intake.begin(expecting: isFresh ? max(announced.count, min(stated, 200_000)) : missing.count)
      try await client.pull(wanted.series, only: isFresh ? nil : missing) { try intake.take($0) }
    }
    let rest = journal.missing(of: announced, in: wanted.series.seriesInstanceUID).count
    guard intake.bad == 0 else { return try await commit() }
    guard rest == 0, max(announced.count, intake.stored) >= stated else {
      throw PACSError(
        .interrupted,
        rest > 0
          ? "the PACS did not send \(rest) of \(announced.count) instances"
          : "the PACS sent fewer instances than the \(stated) that it announced")
    }
    guard matches.unusable == 0 else {
      try await commit()
      throw PACSError(.malformed, "\(matches.unusable) of its instances are listed without a valid SOPInstanceUID")
    }
    journal.complete(wanted.series.seriesInstanceUID, instances: announced.count)
    try await commit()
    tally.complete(fromBefore: false)
  }

  /// Forces what was stored to disk, and notes it.
  private func commit() async throws { try await onOwnThread { [journal, sink] in try journal.commit(sink) } }

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
