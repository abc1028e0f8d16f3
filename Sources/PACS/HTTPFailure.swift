import Foundation
import HTTP

/// What an HTTP status, or a broken connection, means for a PACS client.
enum HTTPFailure {
  /// Throws unless the status is one of success.
  static func check(_ response: HTTPResponse, _ service: String) throws(PACSError) {
    let code = response.status
    switch code {
    case 200, 204, 206: return
    case 401:
      throw PACSError(
        .refused, "\(service): the server requires authentication (401). Give credentials, or check those given.")
    case 403:
      throw PACSError(.refused, "\(service): the server forbids this (403). Ask its administrator for access.")
    case 404, 410:
      throw PACSError(
        .malformed, "\(service): the server's index lists it, but the server does not find it (\(code)).")
    case 406, 415:
      throw PACSError(.unsupported, "\(service): the server cannot send DICOM as it is stored (\(code)).")
    case 300..<400:
      throw PACSError(
        .invalidRequest, "\(service): the server redirects elsewhere (\(code)). Give the URL that it redirects to.")
    case 501: throw PACSError(.unsupported, "\(service): the server does not offer this service (501).")
    case 408, 425, 429, 500, 502...504, 507:
      throw PACSError(
        .server, "\(service): the server answered \(code).",
        retryAfter: retryAfter(response.header("Retry-After")))
    default: throw PACSError(.malformed, "\(service): the server answered \(code).")
    }
  }

  /// What is said where no query at all is answered.
  static func noService(_ service: String) -> PACSError {
    PACSError(.malformed, "\(service): not found (404). Check that the URL is the root of a DICOMweb service.")
  }

  /// Seconds, or a date (RFC 9110 section 10.2.3).
  static func retryAfter(_ value: String?, now: Date = Date()) -> Duration? {
    guard let value = value?.trimmingCharacters(in: .whitespaces) else { return nil }
    if let seconds = Int(value), seconds >= 0 { return .seconds(min(seconds, 86400)) }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: value).map { .seconds(min(max(0, $0.timeIntervalSince(now)), 86400)) }
  }

  /// The error as it concerns the person at the terminal.
  static func error(_ error: any Error, _ service: String) -> PACSError {
    if let error = error as? PACSError { return error }
    guard let error = error as? HTTPError else {
      return PACSError(.interrupted, "\(service): the connection was cut.")
    }
    return switch error.kind {
    case .unreachable:
      PACSError(
        .unreachable,
        "\(service): the server cannot be reached (\(error)). Check that it is running and that the port is right.")
    case .connectTimeout:
      PACSError(.unreachable, "\(service): the server cannot be reached: the connection timed out.")
    case .idleTimeout: PACSError(.timeout, "\(service): the server did not answer in time.")
    case .timeLimit: PACSError(.tooSlow, "\(service): the answer was not complete within the time limit.")
    case .insecure:
      PACSError(
        .insecure,
        "\(service): the server's certificate is not accepted, or TLS failed: \(error). Give the file of the authority "
          + "that signed it.")
    case .interrupted:
      PACSError(.interrupted, "\(service): the connection was cut before the answer was complete (\(error)).")
    case .malformed, .tooLong: PACSError(.malformed, "\(service): \(error).")
    }
  }
}
