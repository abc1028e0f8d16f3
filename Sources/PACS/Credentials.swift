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

  /// Reads `user:password`, or a token where there is no colon, from an environment variable or else a file.
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
    guard !secret.isEmpty, !secret.contains(where: \.isNewline) else {
      throw PACSError(
        .invalidRequest, "Expected user:password, or a token, on one line in \(variable ?? file?.path ?? "").")
    }
    guard let colon = secret.firstIndex(of: ":") else { return .bearer(secret) }
    return .basic(user: String(secret[..<colon]), password: String(secret[secret.index(after: colon)...]))
  }

  /// Says nothing of the secret.
  public var description: String { "(credentials)" }
  /// Says nothing of the secret.
  public var debugDescription: String { description }
  /// Shows nothing of the secret.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
