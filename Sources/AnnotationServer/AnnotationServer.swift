public import Annotation
import CMicroHTTPD
import Foundation
public import Support

/// The server of the page on which readers outline lesions, for one study.
///
/// A reader signs in and gets a token; every further request carries it, and gets what that reader may see.
public final class AnnotationServer: Sendable {
  /// Where the server listens, and to whom.
  public struct Settings: Sendable {
    /// An address of this machine, in numbers.
    public var address = "127.0.0.1"
    /// 0 for any that is free.
    public var port: UInt16 = 0
    /// The certificate; nil only on the loopback address.
    public var tls: TLSIdentity?
    /// How long the arrival of one request may take.
    var arrival = Duration.seconds(60)

    /// Settings of a server that only this machine can reach.
    public init() {}
  }

  /// The version of libmicrohttpd, and whether it can serve TLS.
  public static var library: (version: String, hasTLS: Bool) {
    (String(cString: MHD_get_version()), MHD_is_feature_supported(.FEATURE_TLS) == .YES)
  }

  private let server: WebServer
  private let sessions: Sessions
  private let settings: Settings

  /// Starts to serve.
  ///
  /// - Parameters:
  ///   - desk: the study's readings.
  ///   - settings: where it listens.
  ///   - opened: called when a one-time token was used, with the reader's name.
  /// - Throws: `StudyError` of kind `.file` where the address cannot be used, or others can reach it and there is no certificate.
  public init(
    _ desk: AnnotationDesk, _ settings: Settings = Settings(), opened: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(StudyError) {
    guard settings.tls != nil || ["127.0.0.1", "::1"].contains(settings.address) else {
      throw StudyError(
        .file,
        "\(settings.address) can be reached from other machines: give --certificate and --key, so that TLS "
          + "protects what is sent")
    }
    let sessions = try Sessions()
    (self.sessions, self.settings) = (sessions, settings)
    // The guard knows the port, which the system may choose: nothing is served before.
    let routes = Locked<Routes?>(nil)
    var web = WebServer.Settings(address: settings.address, port: settings.port, tls: settings.tls)
    (web.fields, web.arrival) = (RequestGuard.fields, settings.arrival)
    server = try WebServer(
      web,
      WebServer.Handler(
        refuse: { request in routes.withLock { $0 }?.refusal(of: request) ?? nil },
        answer: { request in routes.withLock { $0 }?.answer(to: request) ?? .refusal(503, "not ready; try again") }))
    let gate = RequestGuard(port: server.port, tls: settings.tls)
    routes.withLock { $0 = Routes(desk: desk, sessions: sessions, gate: gate, opened: opened) }
  }

  /// The port that is listened on.
  public var port: Int { Int(server.port) }

  /// The page's address without a token, for readers with a password.
  ///
  public var address: String {
    let name = settings.address
    return "\(settings.tls == nil ? "http" : "https")://\(name.contains(":") ? "[\(name)]" : name):\(port)/"
  }

  /// An address that opens the page once for a reader; the token is in its fragment, which browsers send to nobody.
  public func addressOnce(reader: String, role: Reader.Role) -> String {
    "\(address)#token=\(sessions.oneTimeToken(for: .init(reader: reader, role: role)))"
  }

  /// Stops when the answers in progress are sent.
  public func stop() { server.stop() }
}
