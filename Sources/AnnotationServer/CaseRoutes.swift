import Annotation
import Foundation
import Study

/// A reader's own cases.
extension Routes {
  private struct Worklist: Encodable { var cases: [Case] }

  struct Edits: Decodable {
    var window: String
    var numbering: String
    var base: Int
    var edits: [Edit]
  }

  struct StateChange: Decodable {
    var base: Int
    var state: CaseState
    var confirmed: [String]?
  }

  struct ProposalRequest: Decodable {
    var lesion: String
    var series: Int
  }

  func readerAnswer(_ request: WebRequest, _ reader: String, _ parts: [Substring]) throws(DeskError) -> WebResponse {
    let name = parts.first.map(String.init) ?? ""
    switch (request.method, request.parts[1], parts.count, parts.count > 1 ? parts[1] : "") {
    case (.get, "worklist", 0, _): return .json(Worklist(cases: try desk.worklist(for: reader)))
    case (.get, "cases", 1, _): return .json(try desk.detail(of: name, reader: reader))
    case (.get, "cases", 5, "series") where parts[3] == "slices":
      guard let series = Int(parts[2]), let slice = Int(parts[4]) else { throw .noSuchCase }
      return try image(request, slice) { (number) throws(DeskError) in
        try desk.slice(number, ofSeries: series, case: name, reader: reader, numbering: request.numbering)
      }
    case (.post, "cases", 2, "edits"):
      let body: Edits = try decoded(request)
      return .json(
        try desk.save(
          body.edits, case: name, reader: reader, base: body.base, window: body.window, numbering: body.numbering))
    case (.post, "cases", 2, "state"):
      let body: StateChange = try decoded(request)
      return .json(
        try desk.setState(
          body.state, case: name, reader: reader, base: body.base, confirmed: body.confirmed ?? []))
    case (.get, "cases", 2, "profile"): return .json(try desk.profile(case: name, reader: reader))
    case (.post, "cases", 2, "proposals"):
      let body: ProposalRequest = try decoded(request)
      return .json(try desk.proposals(case: name, reader: reader, lesion: body.lesion, series: body.series))
    default: return .refusal(404, "there is nothing at this address")
    }
  }

  /// The pixels of a slice; `place` finds a slice of the series by its number.
  func image(
    _ request: WebRequest, _ slice: Int, _ place: @escaping @Sendable (Int) throws(DeskError) -> SlicePlace
  ) throws(DeskError) -> WebResponse {
    let asked = try place(slice)
    let image: SliceImages.Image?
    do { image = try images.image(asked, isCancelled: request.isCancelled) } catch { throw .failed(error.description) }
    // The client has gone: what is sent now, nobody reads.
    guard let image else { return .refusal(503, "the request was given up") }
    images.readAhead(of: slice, inSeries: asked.seriesId) { try? place($0) }
    var answer = WebResponse(type: "application/octet-stream", body: image.bytes)
    answer.fields = [("Rescale-Slope", "\(image.slope)"), ("Rescale-Intercept", "\(image.intercept)")]
    return answer
  }
}

extension WebRequest {
  /// Which numbers of slices the page has: `CaseDetail.numbering`.
  var numbering: String? { field("case-numbering") }
}
