import Annotation
import AnnotationServer
import ArgumentParser
import Foundation
import Study
import Support

struct Annotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Outline lesions in the browser.",
    discussion: """
      Opens a page on which one reader outlines the study's lesions:

        renalgrade annotate my-study --reader anna

      The page can be opened from this machine alone, by the address that is printed. For a department, give each reader a password
      (it is asked for, or read from standard input), and listen with a certificate:

        renalgrade annotate my-study --add-reader anna
        renalgrade annotate my-study --listen 192.0.2.7 --port 8443 --certificate server.pem --key server.key

      Each finished edit is saved at once in the study's own tables, study.sqlite. Other commands can use the study meanwhile.
      Ctrl-C stops the server; nothing that the page showed as saved is lost.
      """)

  @OptionGroup var study: StudyOption

  @Option(help: "Who outlines on this machine (default: the user's name).")
  var reader: String?

  @Option(help: "What that person, or the one of --add-reader, may do: reader, adjudicator or owner.")
  var role = "reader"

  @Option(help: "Adds a person with a password, and does nothing else.")
  var addReader: String?

  @Option(help: "The port (default: the last one at which this study's page was served, or any that is free).")
  var port: UInt16?

  @Option(help: "This machine's address at which others can reach the page, in numbers; needs a certificate.")
  var listen: String?

  @Option(
    help: "The certificate for TLS, a PEM file; the page is served under the names for which it is issued.",
    completion: .file())
  var certificate: String?

  @Option(help: "The certificate's private key, a PEM file without a password.", completion: .file())
  var key: String?

  @Flag(help: "Do not open the page in a browser.")
  var noBrowser = false

  func validate() throws {
    guard (certificate == nil) == (key == nil) else {
      throw ValidationError("--certificate and --key must be given together.")
    }
    guard listen == nil || certificate != nil else {
      throw ValidationError("--listen needs --certificate and --key.")
    }
    guard listen == nil || reader == nil else {
      throw ValidationError("--reader cannot be combined with --listen: everybody signs in with a password.")
    }
    _ = try knownRole()
  }

  private func knownRole() throws -> Reader.Role {
    guard let role = Reader.Role(rawValue: role), role != .consensus else {
      throw ValidationError("--role must be reader, adjudicator or owner.")
    }
    return role
  }

  func run() async throws {
    let desk = try AnnotationDesk(study.open())
    if let addReader { return try add(addReader, to: desk) }
    var settings = AnnotationServer.Settings()
    if let listen { settings.address = listen }
    if let certificate, let key {
      settings.tls = try TLSIdentity(
        certificate: URL(fileURLWithPath: certificate), key: URL(fileURLWithPath: key))
    }
    let person = listen == nil ? try known(reader ?? NSUserName(), desk) : nil
    if person == nil {
      guard try desk.readers().contains(where: { $0.password != nil }) else {
        throw ValidationError("Nobody could sign in: give each reader a password first, with --add-reader NAME.")
      }
    }
    let signals = Interruption()
    let server = Locked<AnnotationServer?>(nil)
    let started = try start(desk, settings) { reader in
      // The token is used up: the next window or browser needs another.
      if let person, let next = server.withLock({ $0 })?.addressOnce(reader: person.id, role: person.role) {
        print("\(reader) has opened the page. For another window: \(next)")
        fflush(nil)
      }
    }
    server.withLock { $0 = started }
    print("Edits are saved in \(study.url.appendingPathComponent("study.sqlite").path). Ctrl-C stops.")
    if let person {
      let address = started.addressOnce(reader: person.id, role: person.role)
      print("Open once, as \(person.id): \(address)")
      if !noBrowser { Self.open(address) }
    } else {
      print("Readers sign in at \(started.address), or by a name of the certificate.")
    }
    // The address must be there for who reads it from a pipe, too.
    fflush(nil)
    await signals.wait()
    started.stop()
    server.withLock { $0 = nil }
    print("Stopped; everything that was acknowledged is saved.")
  }

  /// Serves at the port that is asked for, or at the last one, where the browser's unsaved edits are.
  private func start(
    _ desk: AnnotationDesk, _ settings: AnnotationServer.Settings, _ opened: @escaping @Sendable (String) -> Void
  ) throws -> AnnotationServer {
    func served(_ port: UInt16) throws -> AnnotationServer {
      var settings = settings
      settings.port = port
      return try AnnotationServer(desk, settings, opened: opened)
    }
    let last = try port == nil ? desk.lastPort() : nil
    let again = last.flatMap { try? served($0) }
    let server = try again ?? served(port ?? 0)
    if again == nil, let last {
      print(
        "Port \(last), at which this page was served last, is in use. Edits that a browser could not save then are kept in it "
          + "for that port: serve there again with --port \(last) to save them.")
    }
    try desk.remember(port: UInt16(server.port))
    return server
  }

  /// The person of that name, who is added where nobody has it.
  private func known(_ name: String, _ desk: AnnotationDesk) throws -> Reader {
    let role = try knownRole()
    if let reader = try desk.reader(name) {
      guard reader.role == role else {
        throw ValidationError("\(name) is \(reader.role.rawValue) of this study: give --role \(reader.role.rawValue).")
      }
      return reader
    }
    try desk.addReader(id: name, role: role)
    guard let reader = try desk.reader(name) else { throw ValidationError("\(name) was not added; try again.") }
    return reader
  }

  private func add(_ name: String, to desk: AnnotationDesk) throws {
    let password = isatty(STDIN_FILENO) == 1 ? String(cString: getpass("Password of \(name): ")) : readLine() ?? ""
    guard password.count >= 12 else {
      throw ValidationError("A password must have at least 12 characters.")
    }
    try desk.addReader(id: name, role: knownRole(), passwordHash: PasswordHash.make(password))
    print("\(name) can sign in as \(role).")
  }

  private static func open(_ address: String) {
    guard let program = Subprocess.find("xdg-open"),
      ProcessInfo.processInfo.environment["DISPLAY"] != nil
        || ProcessInfo.processInfo.environment["WAYLAND_DISPLAY"] != nil
    else { return }
    Thread.detachNewThread {
      do { _ = try Subprocess(program, [address]).run(timeLimit: .seconds(60)) } catch {
        print("The browser was not opened (\(error)); open the address yourself.")
      }
    }
  }
}

/// Waits for SIGINT or SIGTERM, which then end nothing by themselves.
private final class Interruption: @unchecked Sendable {
  private let sources: [any DispatchSourceSignal]
  private let stream: AsyncStream<Void>

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    self.stream = stream
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
  }

  func wait() async {
    for await _ in stream { return }
  }
}
