import Foundation
import Support
import Testing

@testable import AnnotationServer

/// Who is signed in, and for how long.
struct SessionsTests {
  private let anna = Sessions.Session(reader: "anna", role: .reader)

  @Test func aOneTimeTokenSignsInOnce() throws {
    let sessions = try Sessions()
    let token = sessions.oneTimeToken(for: anna)
    #expect(throws: Sessions.Refusal.token) { try sessions.signIn(token: token + "0") }
    let signedIn = try sessions.signIn(token: token)
    #expect(signedIn.session == anna && signedIn.token != token)
    #expect(throws: Sessions.Refusal.token) { try sessions.signIn(token: token) }
    #expect(sessions.session(authorization: "Bearer \(signedIn.token)") == anna)
    for wrong in [nil, signedIn.token, "Bearer ", "Bearer \(token)", "bearer \(signedIn.token)"] {
      #expect(sessions.session(authorization: wrong) == nil)
    }
  }

  @Test func afterAWrongPasswordTheClientMustWait() throws {
    let clock = Locked(ContinuousClock.now)
    let sessions = try Sessions { clock.withLock { $0 } }
    let stored = try PasswordHash.make("correct horse battery")
    func signIn(_ password: String, _ stored: String?, client: String = "192.0.2.1") throws {
      _ = try sessions.signIn(anna, password: password, stored: stored, client: client)
    }
    #expect(throws: Sessions.Refusal.password) { try signIn("wrong", stored) }
    // Even the right password waits; another client does not.
    #expect(throws: Sessions.Refusal.wait(2)) { try signIn("correct horse battery", stored) }
    try signIn("correct horse battery", stored, client: "192.0.2.2")
    clock.withLock { $0 += .seconds(1) }
    #expect(throws: Sessions.Refusal.password) { try signIn("", nil) }
    #expect(throws: Sessions.Refusal.wait(3)) { try signIn("correct horse battery", stored) }
    clock.withLock { $0 += .seconds(2) }
    try signIn("correct horse battery", stored)
  }

  @Test func aSessionEndsWhenItIsNotUsed() throws {
    let clock = Locked(ContinuousClock.now)
    let sessions = try Sessions { clock.withLock { $0 } }
    let token = try sessions.signIn(token: sessions.oneTimeToken(for: anna)).token
    clock.withLock { $0 += .seconds(11 * 3600) }
    #expect(sessions.session(authorization: "Bearer \(token)") == anna)
    clock.withLock { $0 += .seconds(13 * 3600) }
    #expect(sessions.session(authorization: "Bearer \(token)") == nil)
  }
}
