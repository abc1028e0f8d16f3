import Annotation
import Foundation
import Support

/// What the server answers to whom.
struct Routes: Sendable {
  let desk: AnnotationDesk
  let sessions: Sessions
  let gate: RequestGuard
  let opened: @Sendable (String) -> Void
  let images: SliceImages

  init(desk: AnnotationDesk, sessions: Sessions, gate: RequestGuard, opened: @escaping @Sendable (String) -> Void) {
    (self.desk, self.sessions, self.gate, self.opened) = (desk, sessions, gate, opened)
    images = SliceImages(folder: desk.study.url)
  }

  /// Refuses by the head alone: nobody's body is read but those who may send one.
  func refusal(of request: WebRequest) -> WebResponse? {
    if let refusal = gate.refusal(of: request) { return refusal }
    guard !isPublic(request) else {
      let length = request.field("content-length").flatMap { Int($0) } ?? 0
      return length > 4096 ? .refusal(413, "a name and a password have at most 4096 bytes") : nil
    }
    return session(of: request) == nil
      ? .refusal(401, "sign in: the page's address is used up or its session has ended") : nil
  }

  func answer(to request: WebRequest) -> WebResponse {
    do throws(DeskError) {
      return try isPublic(request) ? openAnswer(request) : answer(request)
    } catch {
      return .refusal(error)
    }
  }

  private func isPublic(_ request: WebRequest) -> Bool {
    switch request.method {
    case .get: request.path == "/" || request.path.hasPrefix("/assets/")
    case .post: request.path == "/api/session"
    }
  }

  private func session(of request: WebRequest) -> Sessions.Session? {
    sessions.session(authorization: request.field("authorization"))
  }

  private func openAnswer(_ request: WebRequest) throws(DeskError) -> WebResponse {
    if request.method == .post { return try signIn(request) }
    let name = request.path == "/" ? "index.html" : String(request.path.dropFirst("/assets/".count))
    return Assets.answers[name] ?? .refusal(404, "there is no such file")
  }

  private struct SignIn: Decodable {
    var token: String?
    var reader: String?
    var password: String?
  }

  private struct SignedIn: Encodable {
    var authorization: String
    var study: String
    var reader: String
    var role: String
  }

  private func signIn(_ request: WebRequest) throws(DeskError) -> WebResponse {
    let given: SignIn = try decoded(request)
    let study = try desk.identity()
    do throws(Sessions.Refusal) {
      let (token, session): (String, Sessions.Session)
      if let oneTime = given.token {
        (token, session) = try sessions.signIn(token: oneTime)
        opened(session.reader)
      } else {
        let known = given.reader.flatMap { try? desk.reader($0) }
        (token, session) = try sessions.signIn(
          known.map { Sessions.Session(reader: $0.id, role: $0.role) }, password: given.password ?? "",
          stored: known?.password, client: request.client)
      }
      return .json(SignedIn(authorization: token, study: study, reader: session.reader, role: session.role.rawValue))
    } catch {
      switch error {
      case .token:
        return .refusal(401, "this address was used already; take the latest that the terminal shows, or sign in")
      case .password: return .refusal(401, "the name or the password is wrong")
      case .wait(let seconds):
        var answer = WebResponse.refusal(429, "wait \(seconds) s after a wrong password, then try again")
        answer.fields.append(("Retry-After", String(seconds)))
        return answer
      }
    }
  }

  /// Answers those who have signed in; who they are, the session alone says.
  private func answer(_ request: WebRequest) throws(DeskError) -> WebResponse {
    guard let session = session(of: request) else { return .refusal(401, "sign in") }
    let parts = request.parts
    guard parts.first == "api", parts.count >= 2 else { throw .noSuchCase }
    let rest = Array(parts.dropFirst(2))
    return switch parts[1] {
    case "worklist", "cases":
      session.role == .reader
        ? try readerAnswer(request, session.reader, rest) : .refusal(403, "only readers have a worklist")
    case "adjudication":
      session.role == .adjudicator
        ? try adjudicationAnswer(request, session.reader, rest) : .refusal(403, "only adjudicators see disagreements")
    default: .refusal(404, "there is nothing at this address")
    }
  }

  /// The body as JSON of a kind.
  func decoded<Value: Decodable>(_ request: WebRequest) throws(DeskError) -> Value {
    do { return try JSONDecoder().decode(Value.self, from: request.body) } catch {
      throw .refused("the body is not what is asked for here: \(Self.reason(error))", edit: nil)
    }
  }

  /// What is wrong with JSON, without repeating what it holds.
  private static func reason(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    return switch error as? DecodingError {
    case .keyNotFound(let key, let context): "\(key.stringValue) is missing in \"\(place(context))\""
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "\"\(place(context))\" has the wrong kind of value, or is not JSON"
    default: "it is not JSON"
    }
  }
}

extension WebResponse {
  /// The desk's refusal.
  static func refusal(_ error: DeskError) -> WebResponse {
    struct Conflict: Encodable {
      var revision: Int
      var objects: [AnnotationObject]
      var message: String
    }
    struct Refused: Encodable {
      var message: String
      var edit: String?
      var warnings: [ProfileWarning]?
    }
    return switch error {
    case .noSuchCase: .refusal(404, error.message)
    case .conflict(let revision, let objects):
      .json(Conflict(revision: revision, objects: objects, message: error.message), status: 409)
    case .refused(_, let edit): .json(Refused(message: error.message, edit: edit), status: 422)
    case .unconfirmed(_, let warnings): .json(Refused(message: error.message, warnings: warnings), status: 422)
    case .locked: .refusal(423, error.message)
    case .failed: .refusal(500, error.message)
    }
  }
}
