public import Foundation

/// What a DICOMweb server is shown to be let in; never printed, and taken from no command line.
public struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The value of the `Authorization` header.
  let header: String

  /// Basic authentication (RFC 7617).
  public static func basic(user: String, password: String) -> Credentials {
    Credentials(header: "Basic " + Data("\(user):\(password)".utf8).base64EncodedString())
  }

  /// A bearer token (RFC 6750).
  public static func bearer(_ token: String) -> Credentials { Credentials(header: "Bearer " + token) }

  /// Reads `user:password`, or a token, from an environment variable or else a file.
  ///
  /// What has no colon, or begins with `Bearer `, is a token.
  ///
  /// - Throws: `PACSError` of kind `.invalidRequest` where the variable or file that is named is absent or empty.
  public static func read(variable: String?, file: URL?) throws(PACSError) -> Credentials? {
    let text: String
    if let variable {
      guard let value = ProcessInfo.processInfo.environment[variable] else {
        throw PACSError(.invalidRequest, "The environment variable \(variable) is not set.")
      }
      text = value
    } else if let file {
      do {
        text = try String(contentsOf: file, encoding: .utf8)
      } catch {
        throw PACSError(.invalidRequest, "\(file.path) cannot be read: \(error.localizedDescription)")
      }
    } else {
      return nil
    }
    let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !secret.isEmpty, secret.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw PACSError(
        .invalidRequest, "Expected user:password, or a token, on one line in \(variable ?? file?.path ?? "").")
    }
    if secret.lowercased().hasPrefix("bearer ") {
      return .bearer(secret.dropFirst(7).trimmingCharacters(in: .whitespaces))
    }
    guard let colon = secret.firstIndex(of: ":") else { return .bearer(secret) }
    return .basic(user: String(secret[..<colon]), password: String(secret[secret.index(after: colon)...]))
  }

  /// Whether a URL's host is the machine that this program runs on, so that nothing sent there can be read on the way.
  static func isThisMachine(_ host: String) -> Bool {
    if ["localhost", "::1", "[::1]"].contains(host.lowercased()) { return true }
    var address = in_addr()
    return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
  }

  /// Says nothing of the secret.
  public var description: String { "(credentials)" }
  /// Says nothing of the secret.
  public var debugDescription: String { description }
  /// Shows nothing of the secret.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
