import CCrypto
public import Foundation
public import Support

/// The certificate and key of a server, from two PEM files.
public struct TLSIdentity: Sendable {
  /// TLS 1.2 and 1.3 with forward secrecy.
  static let priorities = CText("SECURE128:+SECURE192:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA")

  let certificate: CText
  let key: CText
  private let names: Names

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - certificate: the server's certificate, and those between it and a certificate authority's.
  ///   - key: its private key, without a password.
  /// - Throws: `StudyError` of kind `.file` where a file cannot be read or is not what it should be.
  public init(certificate: URL, key: URL) throws(StudyError) {
    func text(_ url: URL) throws(StudyError) -> String {
      do { return try String(contentsOf: url, encoding: .utf8) } catch {
        throw StudyError(.file, "\(url.path) cannot be read: \(error.localizedDescription)")
      }
    }
    let chain = try text(certificate)
    guard let names = Names(pem: chain) else {
      throw StudyError(.file, "\(certificate.path) holds no certificate in PEM format")
    }
    (self.certificate, self.key, self.names) = (CText(chain), CText(try text(key)), names)
  }

  /// Whether the certificate is issued for that host name or address.
  func isIssued(for host: String) -> Bool { names.contain(host) }

  /// The certificate as OpenSSL has read it.
  private final class Names: @unchecked Sendable {
    private let certificate: OpaquePointer

    init?(pem: String) {
      let bytes = Array(pem.utf8)
      guard let memory = BIO_new_mem_buf(bytes, Int32(clamping: bytes.count)) else { return nil }
      defer { BIO_free(memory) }
      guard let certificate = PEM_read_bio_X509(memory, nil, nil, nil) else { return nil }
      self.certificate = certificate
    }

    deinit { X509_free(certificate) }

    func contain(_ host: String) -> Bool {
      X509_check_ip_asc(certificate, host, 0) == 1 || X509_check_host(certificate, host, host.utf8.count, 0, nil) == 1
    }
  }
}

/// A text for C that stays where it is.
final class CText: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer?

  init(_ text: String) { pointer = UnsafeMutableRawPointer(strdup(text)) }
  deinit { free(pointer) }
}
