import CCurl
import Foundation

/// What libcurl's callbacks of one exchange come to.
final class Exchange {
  let transfer: Transfer
  /// Where libcurl writes what went wrong.
  let message: UnsafeMutableBufferPointer<CChar>
  private let easy: UnsafeMutableRawPointer
  private let followsRedirects: Bool
  private var headers: [(name: String, value: String)] = []
  private var headerBytes = 0
  private var isHeadComplete = false
  private var unpackedBytes = 0
  /// Why we ended the exchange.
  private var refusal: HTTPError?

  /// How long all headers may be, those of redirects included.
  private static let longestHeaders = 1 << 18
  /// How many bytes a compressed body may unpack to whatever its size, and how many times its size beyond that.
  private static let unpacking = (free: 1 << 26, factor: 200)

  init(easy: UnsafeMutableRawPointer, followsRedirects: Bool, transfer: Transfer) {
    self.easy = easy
    self.followsRedirects = followsRedirects
    self.transfer = transfer
    message = .allocate(capacity: Int(CURL_ERROR_SIZE))
    message.initialize(repeating: 0)
  }

  deinit { message.deallocate() }

  static func from(_ context: UnsafeMutableRawPointer?) -> Exchange {
    guard let context else { preconditionFailure("libcurl calls back without a context") }
    return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
  }

  /// How many bytes went to and fro, so that silence can be told; -1 before the connection stands.
  var movedBytes: Int {
    guard cc_get_size(easy, CURLINFO_PRETRANSFER_TIME_T) > 0 else { return -1 }
    return cc_get_size(easy, CURLINFO_SIZE_DOWNLOAD_T) + cc_get_size(easy, CURLINFO_SIZE_UPLOAD_T)
      + cc_get_number(easy, CURLINFO_HEADER_SIZE)
  }

  /// Takes one line of a header; each answer of a chain of redirects has its own, and a body may have lines after it.
  func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard !isHeadComplete else { return bytes.count }
    headerBytes += bytes.count
    guard headerBytes <= Self.longestHeaders else {
      refusal = HTTPError(.tooLong, "the answer's headers have more than \(Self.longestHeaders) bytes")
      return 0
    }
    let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    if line.hasPrefix("HTTP/") {
      headers = []
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      headers.append((String(line[..<colon]), value))
    } else if line.isEmpty {
      let status = cc_get_number(easy, CURLINFO_RESPONSE_CODE)
      let isRedirect =
        followsRedirects && (300..<400).contains(status)
        && headers.contains { $0.name.caseInsensitiveCompare("Location") == .orderedSame }
      if status >= 200, !isRedirect {
        isHeadComplete = true
        transfer.receive((status, headers))
      }
    }
    return bytes.count
  }

  /// Takes a piece of the body; libcurl ends the exchange where the number of bytes taken is another one.
  func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    unpackedBytes += bytes.count
    let received = cc_get_size(easy, CURLINFO_SIZE_DOWNLOAD_T)
    guard (unpackedBytes - Self.unpacking.free) / Self.unpacking.factor <= received else {
      refusal = HTTPError(
        .tooLong, "the compressed answer unpacks to more than \(Self.unpacking.factor) times its size")
      return 0
    }
    return transfer.receive(bytes) ? bytes.count : 0
  }

  /// What libcurl's result means.
  func result(_ code: CURLcode) -> Result<Void, any Error> {
    if let refusal { return .failure(refusal) }
    guard code != CURLE_OK else { return .success(()) }
    let text = message.baseAddress.map { String(cString: $0) } ?? ""
    return .failure(HTTPError(kind(code), text.isEmpty ? String(cString: curl_easy_strerror(code)) : text))
  }

  private func kind(_ code: CURLcode) -> HTTPError.Kind {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT: .unreachable
    case CURLE_OPERATION_TIMEDOUT: movedBytes < 0 ? .connectTimeout : .timeLimit
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ENGINE_INITFAILED:
      .insecure
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_TOO_MANY_REDIRECTS,
      CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED:
      .malformed
    default: .interrupted
    }
  }
}
