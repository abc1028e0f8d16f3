import Support

/// Takes in the instances of one series: checks each, stores what is new, sets aside what is wrong.
final class Intake: Sendable {
  private struct Counts {
    var stored = 0
    /// How many more deliveries an answer may have.
    var left = 0
    /// By position in the series as it was sent, so that a repeated pull repeats no message.
    var bad: Set<String> = []
  }

  private let wanted: Retrieval.Wanted
  private let sink: any InstanceSink
  private let journal: RetrievalJournal
  private let commitInterval: Int
  private let tally: RetrievalTally
  private let counts = Locked(Counts())

  init(
    _ wanted: Retrieval.Wanted, sink: any InstanceSink, journal: RetrievalJournal, commitInterval: Int,
    _ tally: RetrievalTally
  ) {
    self.wanted = wanted
    self.sink = sink
    self.journal = journal
    self.commitInterval = commitInterval
    self.tally = tally
  }

  /// How many instances were stored.
  var stored: Int { counts.withLock { $0.stored } }

  /// How many kinds of trouble there were with instances.
  var bad: Int { counts.withLock { $0.bad.count } }

  /// Begins an answer that is to bring so many instances, and may bring some more.
  func begin(expecting instances: Int) { counts.withLock { $0.left = 2 * instances + 1000 } }

  /// Takes one delivery; throws what must stop the retrieval.
  func take(_ delivery: Result<ReceivedInstance, PACSError>) throws {
    try Task.checkCancellation()
    let isTooMuch = counts.withLock { counts in
      counts.left -= 1
      return counts.left < 0
    }
    guard !isTooMuch else {
      throw PACSError(.malformed, "the PACS sends far more instances than it announced for the series")
    }
    switch delivery {
    case .failure(let error): setAside("an instance is unusable: \(error.description)")
    case .success(let instance):
      guard instance.studyInstanceUID == wanted.series.studyInstanceUID,
        instance.seriesInstanceUID == wanted.series.seriesInstanceUID
      else { return setAside("an instance belongs to a study or series that was not requested") }
      guard instance.patientID == wanted.patientID else {
        return setAside("an instance belongs to a different patient than the PACS's index states")
      }
      try takeWhole(instance)
    }
  }

  private func takeWhole(_ instance: ReceivedInstance) throws {
    switch journal.claim(instance) {
    case .same: tally.repeated()
    case .different: setAside("an instance differs from the one received before with the same SOPInstanceUID")
    case .otherPatient: setAside("an instance's SOPInstanceUID was received before under another patient")
    case .new:
      do {
        try sink.store(instance)
      } catch {
        journal.release(instance)
        if let refusal = error as? InstanceRefusal { return setAside("an instance was refused: \(refusal)") }
        throw error as? PACSError ?? PACSError(.storage, "a received instance cannot be stored: \(error)")
      }
      let waiting = journal.record(instance)
      counts.withLock { $0.stored += 1 }
      tally.stored(bytes: instance.data.count)
      if waiting >= commitInterval { try journal.commit(sink) }
    }
  }

  private func setAside(_ reason: String) {
    guard counts.withLock({ $0.bad.insert(reason).inserted }) else { return }
    tally.fail(wanted.order, wanted.place, reason)
  }
}

/// Counts what a retrieval does, for its summary and its progress.
final class RetrievalTally: Sendable {
  private struct State {
    var summary = RetrievalSummary()
    var progress = RetrievalProgress()
    var failures: [(order: [Int], failure: RetrievalSummary.Failure)] = []
  }

  private let state = Locked(State())
  private let report: @Sendable (RetrievalProgress) -> Void

  init(requestCount: Int, _ report: @escaping @Sendable (RetrievalProgress) -> Void) {
    self.report = report
    state.withLock { $0.progress.requestCount = requestCount }
  }

  var summary: RetrievalSummary {
    state.withLock { state in
      var summary = state.summary
      summary.failures = state.failures.sorted { $0.order.lexicographicallyPrecedes($1.order) }.map(\.failure)
      return summary
    }
  }

  func requestDone() { change { $0.progress.requestsDone += 1 } }
  func seriesDone() { change { $0.progress.seriesDone += 1 } }
  func repeated() { change { $0.summary.repeatedInstances += 1 } }
  func stop(_ error: PACSError) { change { $0.summary.stopped = error } }

  func wanted(series: Int, studies: Int) {
    change {
      $0.summary.series = series
      $0.summary.studies = studies
      $0.progress.seriesCount = series
    }
  }

  func complete(fromBefore: Bool) {
    change {
      $0.summary.completeSeries += 1
      if fromBefore { $0.summary.seriesFromBefore += 1 }
    }
  }

  func stored(bytes: Int) {
    change {
      $0.summary.instances += 1
      $0.summary.bytes += bytes
      $0.progress.instances += 1
      $0.progress.bytes += bytes
    }
  }

  func fail(_ order: [Int], _ place: String, _ reason: String) {
    change { $0.failures.append((order, RetrievalSummary.Failure(place: place, reason: reason))) }
  }

  private func change(_ body: (inout State) -> Void) {
    let progress = state.withLock { state in
      body(&state)
      return state.progress
    }
    report(progress)
  }
}
