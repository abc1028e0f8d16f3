import BrowserSupport
import Foundation
import Support
import TestSupport
import Testing

@testable import Annotation
@testable import AnnotationServer

extension ServedTests {
  /// The page for a department: TLS, and a password for each reader.
  struct ServedDepartmentTests {
    private static let openssl = URL(fileURLWithPath: "/usr/bin/openssl")

    /// A certificate for 127.0.0.1 that nobody else trusts.
    private func identity(in folder: URL) throws -> TLSIdentity {
      let (key, certificate) = (folder.appendingPathComponent("key.pem"), folder.appendingPathComponent("cert.pem"))
      let words =
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
        + "-addext subjectAltName=IP:127.0.0.1 -keyout \(key.path) -out \(certificate.path)"
      try Subprocess(Self.openssl, words.split(separator: " ").map(String.init)).run()
      return try TLSIdentity(certificate: certificate, key: key)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs the openssl program"))
    func readersSignInByPasswordOverTLSAlone() async throws {
      let folder = try TemporaryFolder()
      let served = try ServedStudy(tls: identity(in: folder.url))
      let password = "correct horse battery"
      try served.desk().addReader(id: "anna", role: .reader, passwordHash: PasswordHash.make(password))
      #expect(served.server.address.hasPrefix("https://127.0.0.1:"))
      // Plain HTTP gets no answer, not even a refusal.
      #expect(try served.get("/").status == 0)
      #expect(try served.post("/api/session", #"{"reader":"anna","password":"\#(password)"}"#).status == 0)

      let browser = try await WebDriver().open(options: ["--ignore-certificate-errors"])
      try await browser.record()
      let page = CasePage(browser)
      try await browser.open(served.server.address)
      try await browser.wait(until: "document.body.dataset.state === 'signIn'")
      func signIn(_ reader: String, _ password: String) async throws {
        try await browser.run(
          """
          document.querySelector('[name=reader]').value = '\(reader)';
          document.querySelector('[name=password]').value = '\(password)';
          document.querySelector('button.primary').click();
          """)
      }
      try await signIn("anna", "correct horse batterz")
      let status = "document.querySelector('[role=status]').textContent"
      try await browser.wait(until: "\(status) !== ''")
      #expect(try await browser.value(status) == "The reader or the password is wrong.")
      let refused = try #require(try await browser.received().last)
      #expect(refused.hasPrefix("/api/session 401") && refused.contains("the name or the password is wrong"))
      // A failure makes the next try wait; then the right password opens the worklist.
      try await browser.wait(
        until: """
          (() => { if (document.body.dataset.state === 'worklist') return true;
            if (!window.isTrying) { window.isTrying = true; setTimeout(() => { window.isTrying = false; }, 1200);
              document.querySelector('[name=password]').value = '\(password)';
              document.querySelector('button.primary').click(); }
            return false; })()
          """)
      #expect(
        try await browser.received().contains { $0.hasPrefix("/api/session 429") || $0.hasPrefix("/api/session 200") })
      try await page.open("case-0001")
      try await page.showSlice(3)
      try await page.drawPolygon([[20, 14], [40, 14], [40, 30], [20, 30]])
      try await page.saved()
      let drawn = try #require(try await page.outlines().first)
      let objects = try served.desk().detail(of: "case-0001", reader: "anna").objects
      #expect(objects.compactMap(\.outline).map(\.vertices) == [drawn.points])
      let kept: String = try await browser.value(
        "JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie")
      #expect(!kept.contains(password))
    }
  }
}
