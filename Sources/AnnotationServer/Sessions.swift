import Annotation
import Foundation
import Support

/// Who may use the server, and under which tokens.
///
/// Tokens are kept as their SHA-256 only, so that how long a look-up takes says nothing about them.
final class Sessions: Sendable {
  /// A reader who has signed in.
  struct Session: Equatable, Sendable {
    let reader: String
    let role: Reader.Role
  }

  /// Why nobody was signed in.
  enum Refusal: Error, Equatable {
    /// The one-time token is unknown, or was used.
    case token
    /// There is no such reader, or the password is another.
    case password
    /// There were failures: the seconds until the next try.
    case wait(Int)
  }

  /// How long a session lasts from its last use.
  static let lifetime = Duration.seconds(12 * 3600)
  private static let limit = 1000

  private struct State {
    var oneTime: [[UInt8]: Session] = [:]
    var sessions: [[UInt8]: (session: Session, used: ContinuousClock.Instant)] = [:]
    var failures: [String: (count: Int, until: ContinuousClock.Instant)] = [:]
  }

  private let state = Locked(State())
  /// One password at a time is hashed: each takes 16 MiB.
  private let hashing = Locked(())
  private let now: @Sendable () -> ContinuousClock.Instant
  private let unknownReader: String

  /// - Throws: `StudyError` where no password can be hashed.
  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) throws(StudyError) {
    self.now = now
    // An unknown reader's password is compared with this, so that the answer takes as long.
    unknownReader = try PasswordHash.make([UInt8].random(count: 16).hexadecimal)
  }

  private static func key(_ token: String) -> [UInt8] { SHA256.hash(data: Data(token.utf8)) }
  private static func newToken() -> String { [UInt8].random(count: 32).hexadecimal }

  /// A token that signs `session`'s reader in once.
  func oneTimeToken(for session: Session) -> String {
    let token = Self.newToken()
    state.withLock { $0.oneTime[Self.key(token)] = session }
    return token
  }

  /// Exchanges a one-time token for a session's.
  func signIn(token: String) throws(Refusal) -> (token: String, session: Session) {
    guard let session = state.withLock({ $0.oneTime.removeValue(forKey: Self.key(token)) }) else { throw .token }
    return (begin(session), session)
  }

  /// Signs a reader in by the password.
  ///
  /// After a failure the client's next try must wait 1 s, then 2, 4 and so on, 60 at most. `stored` is the password as the study keeps
  /// it; nil for an unknown reader or one without.
  func signIn(
    _ session: Session?, password: String, stored: String?, client: String
  ) throws(Refusal) -> (token: String, session: Session) {
    // One after the other, so that tries made side by side do not escape the wait.
    try hashing.withLock { (_) throws(Refusal) in
      let wait = state.withLock { state in state.failures[client].map { now().duration(to: $0.until) } ?? .zero }
      guard wait <= .zero else { throw .wait(Int(wait.components.seconds) + 1) }
      let isRight = PasswordHash.matches(password, stored ?? unknownReader)
      guard isRight, stored != nil, let session else {
        state.withLock { state in
          if state.failures.count >= Self.limit { state.failures = state.failures.filter { $0.value.until > now() } }
          let count = (state.failures[client]?.count ?? 0) + 1
          state.failures[client] = (count, now() + .seconds(min(60, 1 << min(count - 1, 6))))
        }
        throw .password
      }
      state.withLock { _ = $0.failures.removeValue(forKey: client) }
      return (begin(session), session)
    }
  }

  private func begin(_ session: Session) -> String {
    let token = Self.newToken()
    state.withLock { state in
      state.sessions = state.sessions.filter { $0.value.used + Self.lifetime > now() }
      if state.sessions.count >= Self.limit, let oldest = state.sessions.min(by: { $0.value.used < $1.value.used }) {
        state.sessions.removeValue(forKey: oldest.key)
      }
      state.sessions[Self.key(token)] = (session, now())
    }
    return token
  }

  /// Whose session the field Authorization names; nil for none.
  func session(authorization: String?) -> Session? {
    guard let authorization, authorization.hasPrefix("Bearer ") else { return nil }
    let key = Self.key(String(authorization.dropFirst("Bearer ".count)))
    return state.withLock { state in
      guard let found = state.sessions[key] else { return nil }
      guard found.used + Self.lifetime > now() else {
        state.sessions.removeValue(forKey: key)
        return nil
      }
      state.sessions[key] = (found.session, now())
      return found.session
    }
  }
}
