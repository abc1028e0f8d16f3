/// The workers of one thread, each kept from one fit to the next.
struct Workers {
  private var byKey: [String: Any] = [:]

  /// Does something with a worker of a learner; where that throws, the worker is let go of.
  mutating func use<Prepared: PreparedLearner, Result>(
    for prepared: Prepared, _ body: (inout Prepared.Worker) throws -> Result
  ) throws -> Result {
    let key = prepared.workerKey
    var worker = try byKey.removeValue(forKey: key) as? Prepared.Worker ?? prepared.makeWorker()
    let result = try body(&worker)
    byKey[key] = worker
    return result
  }
}
