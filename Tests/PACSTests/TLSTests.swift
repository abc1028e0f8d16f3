import Foundation
import HTTP
import Support
import TestSupport
import Testing

@testable import PACS

/// Certificates made by the openssl program: an authority, and a server's in its name.
struct Certificates {
  static let areMakeable = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

  let authority, key, certificate: URL

  init(in folder: URL, name: String, host: String) throws {
    func file(_ suffix: String) -> URL { folder.appendingPathComponent("\(name)-\(suffix).pem") }
    func openssl(_ arguments: String) throws {
      let words = arguments.split(separator: " ").map(String.init)
      try Subprocess(URL(fileURLWithPath: "/usr/bin/openssl"), words).run()
    }
    (authority, key, certificate) = (file("ca"), file("key"), file("cert"))
    let (caKey, request, extensions) = (file("cakey"), file("request"), file("extensions"))
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    try openssl("req -x509 \(new) -days 2 -subj /CN=\(name) -keyout \(caKey.path) -out \(authority.path)")
    try openssl("req \(new) -subj /CN=\(host) -keyout \(key.path) -out \(request.path)")
    let kind = host.contains(where: \.isLetter) ? "DNS" : "IP"
    try "subjectAltName=\(kind):\(host)\n".write(to: extensions, atomically: true, encoding: .utf8)
    try openssl(
      "x509 -req -days 2 -in \(request.path) -CA \(authority.path) -CAkey \(caKey.path) -CAcreateserial "
        + "-extfile \(extensions.path) -out \(certificate.path)")
  }
}

/// The openssl program as a server whose answers, headers included, are the files of a folder.
final class SecureServer {
  let root: URL
  private let process = Process()

  init(_ certificates: Certificates, serving folder: URL) async throws {
    let port = try Loopback.freePort()
    root = try #require(URL(string: "https://127.0.0.1:\(port)"))
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.currentDirectoryURL = folder
    process.arguments = [
      "s_server", "-quiet", "-HTTP", "-accept", "127.0.0.1:\(port)", "-cert", certificates.certificate.path, "-key",
      certificates.key.path,
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while !Loopback.answers(port), process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
  }

  deinit {
    // A child of a thread that blocks signals blocks them too.
    kill(process.processIdentifier, SIGKILL)
  }
}

@Suite(
  .serialized, .enabled(if: Certificates.areMakeable, "needs OpenSSL: scripts/setup --tests"), .timeLimit(.minutes(15)))
struct TLSTests {
  /// Debian's Orthanc 1.10 crashes at its first HTTPS request, so that openssl serves the one answer.
  @Test func overHTTPS() async throws {
    let folder = try TemporaryFolder()
    let ours = try Certificates(in: folder.url, name: "ours", host: "127.0.0.1")
    let others = try Certificates(in: folder.url, name: "others", host: "127.0.0.1")
    let elsewhere = try Certificates(in: folder.url, name: "elsewhere", host: "pacs.example.org")
    let answer = "HTTP/1.0 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 2\r\n\r\n[]"
    try answer.write(
      to: folder.url.appendingPathComponent("studies?limit=1&offset=0"), atomically: true, encoding: .utf8)
    func echo(_ server: Certificates, trusting authorities: URL?) async throws {
      let served = try await SecureServer(server, serving: folder.url)
      try await DICOMwebClient(.init(root: served.root, authorities: authorities)).echo()
    }
    try await echo(ours, trusting: ours.authority)
    for (server, authorities) in [(ours, others.authority), (ours, nil), (elsewhere, elsewhere.authority)] {
      let error = await #expect(throws: PACSError.self) { try await echo(server, trusting: authorities) }
      #expect(error?.kind == .insecure, "\(error.map { "\($0)" } ?? "")")
    }
    let error = await #expect(throws: PACSError.self) { try await echo(ours, trusting: ours.key) }
    #expect(error?.kind == .insecure && error?.description.contains("contains no certificates") == true)
  }

  @Test func anEncryptedConnectionIsNeverRedirectedToAPlainOne() async throws {
    let folder = try TemporaryFolder()
    let ours = try Certificates(in: folder.url, name: "ours", host: "127.0.0.1")
    let plain = try LoopbackServer { _ in .init(body: Data("there".utf8)) }
    let server = try await SecureServer(ours, serving: folder.url)
    for (name, place) in [("down", plain.url("x")), ("up", server.root.appendingPathComponent("there").absoluteString)]
    {
      try "HTTP/1.0 302 Found\r\nLocation: \(place)\r\nContent-Length: 0\r\n\r\n".write(
        to: folder.url.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    try "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nthere".write(
      to: folder.url.appendingPathComponent("there"), atomically: true, encoding: .utf8)
    var configuration = HTTPClient.Configuration()
    configuration.authorities = ours.authority
    configuration.redirects = 3
    let client = try HTTPClient(configuration)
    func body(_ name: String) async throws -> Data {
      try await client.send(HTTPRequest(server.root.appendingPathComponent(name).absoluteString)) {
        try await $0.body(upTo: 100)
      }
    }
    #expect(try await body("up") == Data("there".utf8))
    let error = await #expect(throws: HTTPError.self) { _ = try await body("down") }
    #expect(error?.kind == .malformed && plain.requests.isEmpty)
  }

  @Test(.enabled(if: Orthanc.isInstalled, Orthanc.missing)) func overDIMSE() async throws {
    let folder = try TemporaryFolder()
    let ours = try Certificates(in: folder.url, name: "ours", host: "127.0.0.1")
    let others = try Certificates(in: folder.url, name: "others", host: "127.0.0.1")
    let elsewhere = try Certificates(in: folder.url, name: "elsewhere", host: "pacs.example.org")
    func orthanc(_ certificates: Certificates) async throws -> Orthanc {
      try await Orthanc([
        "DicomTlsEnabled": true, "DicomTlsCertificate": certificates.certificate.path,
        "DicomTlsPrivateKey": certificates.key.path, "DicomTlsTrustedCertificates": ours.authority.path,
        "DicomTlsRemoteCertificateRequired": true,
      ])
    }
    func client(_ orthanc: Orthanc, _ tls: DIMSEClient.TLS?) throws -> DIMSEClient {
      var configuration = DIMSEClient.Configuration(
        host: "127.0.0.1", port: UInt16(orthanc.dicomPort), calledTitle: "ORTHANC", callingTitle: "RENALGRADE", tls: tls
      )
      configuration.retry = RetryPolicy(attempts: 1)
      configuration.connectTimeout = .seconds(5)
      return try DIMSEClient(configuration)
    }
    let server = try await orthanc(ours)
    let files = try Samples.series(count: 4, size: 256)
    let identity = DIMSEClient.TLS(authorities: ours.authority, certificate: ours.certificate, key: ours.key)
    let encrypted = try client(server, identity)
    try await encrypted.echo()
    let plain = try await Orthanc()
    for (authority, target) in [(others.authority, server), (elsewhere.authority, try await orthanc(elsewhere))] {
      let tls = DIMSEClient.TLS(authorities: authority, certificate: ours.certificate, key: ours.key)
      let error = await #expect(throws: PACSError.self) { try await client(target, tls).echo() }
      #expect(error?.kind == .insecure, "\(error.map { "\($0)" } ?? "")")
    }
    // TLS against a PACS that speaks plainly, and the other way round.
    await #expect(throws: PACSError.self) { try await client(plain, identity).echo() }
    await #expect(throws: PACSError.self) { try await client(server, nil).echo() }
    try await server.store(files)
    let series = try #require(FoundSeries([.seriesInstanceUID: "1.2.3.1.1"], studyInstanceUID: "1.2.3.1"))
    let sink = Samples.MemorySink()
    try await encrypted.pull(series, only: nil) { try sink.store($0.get()) }
    #expect(try Samples.digests(sink.instances) == Samples.digests(files))
  }
}
