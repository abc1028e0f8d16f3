import Annotation

/// Where two readers disagree, and the consensus; readers have no names here.
extension Routes {
  private struct Disagreements: Encodable { var cases: [AdjudicationCase] }

  func adjudicationAnswer(
    _ request: WebRequest, _ adjudicator: String, _ parts: [Substring]
  ) throws(DeskError) -> WebResponse {
    let name = parts.first.map(String.init) ?? ""
    switch (request.method, parts.count, parts.count > 1 ? parts[1] : "") {
    case (.get, 0, _): return .json(Disagreements(cases: try desk.disagreements(for: adjudicator)))
    case (.get, 1, _): return .json(try desk.disagreement(name, by: adjudicator))
    case (.get, 2, "profile"): return .json(try desk.consensusProfile(case: name, by: adjudicator))
    case (.get, 5, "series") where parts[3] == "slices":
      guard let series = Int(parts[2]), let slice = Int(parts[4]) else { throw .noSuchCase }
      return try image(request, slice) { (number) throws(DeskError) in
        try desk.adjudicationSlice(
          number, ofSeries: series, case: name, by: adjudicator, numbering: request.numbering)
      }
    case (.post, 2, "edits"):
      let body: Edits = try decoded(request)
      return .json(
        try desk.saveConsensus(
          body.edits, case: name, by: adjudicator, base: body.base, window: body.window, numbering: body.numbering))
    case (.post, 2, "proposals"):
      let body: ProposalRequest = try decoded(request)
      return .json(
        try desk.consensusProposals(case: name, by: adjudicator, lesion: body.lesion, series: body.series))
    case (.post, 2, "state"):
      let body: StateChange = try decoded(request)
      return .json(
        try desk.setConsensusState(
          body.state, case: name, by: adjudicator, base: body.base, confirmed: body.confirmed ?? []))
    default: return .refusal(404, "there is nothing at this address")
    }
  }
}
