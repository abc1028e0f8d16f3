import CCurl
import Foundation

/// libcurl's state for one exchange at a time; it keeps its connections open for the next one.
final class CurlHandle: @unchecked Sendable {
  private let easy: UnsafeMutableRawPointer
  private let multi: UnsafeMutableRawPointer

  private static let isInitialised: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init() throws(HTTPError) {
    guard Self.isInitialised, let easy = curl_easy_init() else {
      throw HTTPError(.unreachable, "libcurl cannot be started")
    }
    guard let multi = curl_multi_init() else {
      curl_easy_cleanup(easy)
      throw HTTPError(.unreachable, "libcurl cannot be started")
    }
    (self.easy, self.multi) = (easy, multi)
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_multi_cleanup(multi)
  }

  /// Ends the waiting for the network in `run`; may be called from any thread, at any time.
  func interrupt() { curl_multi_wakeup(multi) }

  /// Runs one exchange on the calling thread, which must be none of Swift's concurrency, and returns how it ended.
  func run(
    _ request: HTTPRequest, _ configuration: HTTPClient.Configuration, _ transfer: Transfer
  ) -> Result<Void, any Error> {
    Self.ignoreBrokenPipes()
    let exchange = Exchange(easy: easy, followsRedirects: configuration.redirects > 0, transfer: transfer)
    return withExtendedLifetime(exchange) {
      let list = configure(request, configuration, exchange)
      defer {
        // Nothing may point to what is gone.
        curl_easy_reset(easy)
        curl_slist_free_all(list)
      }
      return perform(configuration, exchange)
    }
  }

  private func perform(_ configuration: HTTPClient.Configuration, _ exchange: Exchange) -> Result<Void, any Error> {
    guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
      return .failure(HTTPError(.malformed, "libcurl does not accept the request"))
    }
    defer { curl_multi_remove_handle(multi, easy) }
    let clock = ContinuousClock()
    var moved: (bytes: Int, at: ContinuousClock.Instant) = (-1, clock.now)
    var running: Int32 = 1
    while true {
      guard curl_multi_perform(multi, &running) == CURLM_OK else {
        return .failure(HTTPError(.interrupted, "libcurl failed"))
      }
      if exchange.transfer.isOver { return .failure(CancellationError()) }
      if running == 0 { break }
      let bytes = exchange.movedBytes
      if bytes != moved.bytes { moved = (bytes, clock.now) }
      // Until the connection stands, its own limit counts.
      let left = bytes < 0 ? .seconds(1) : configuration.idleTimeout - (clock.now - moved.at)
      guard left > .zero else {
        return .failure(HTTPError(.idleTimeout, "the server sent nothing for \(configuration.idleTimeout)"))
      }
      curl_multi_poll(multi, nil, 0, Int32(min(left, .seconds(1)).milliseconds + 1), nil)
    }
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      if message.pointee.msg == CURLMSG_DONE { return exchange.result(message.pointee.data.result) }
    }
    return .failure(HTTPError(.interrupted, "libcurl ended without a result"))
  }

  /// Sets all options; the list of header fields must live as long as the exchange.
  private func configure(
    _ request: HTTPRequest, _ configuration: HTTPClient.Configuration, _ exchange: Exchange
  ) -> UnsafeMutablePointer<curl_slist>? {
    curl_easy_reset(easy)
    cc_set_number(easy, CURLOPT_NOSIGNAL, 1)
    cc_set_pointer(easy, CURLOPT_URL, request.url)
    cc_set_pointer(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    // Never from an encrypted connection to a plain one.
    let isEncrypted = request.url.lowercased().hasPrefix("https:")
    cc_set_pointer(easy, CURLOPT_REDIR_PROTOCOLS_STR, isEncrypted ? "https" : "http,https")
    // Unpacks whatever libcurl can, although it is not asked for: images are mostly compressed already.
    cc_set_pointer(easy, CURLOPT_ACCEPT_ENCODING, "")
    cc_set_number(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    // Where requests go is said by their URLs alone, not by variables of the environment.
    cc_set_pointer(easy, CURLOPT_PROXY, "")
    cc_set_number(easy, CURLOPT_FOLLOWLOCATION, configuration.redirects > 0 ? 1 : 0)
    cc_set_number(easy, CURLOPT_MAXREDIRS, configuration.redirects)
    cc_set_number(easy, CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.milliseconds)
    if let limit = request.timeLimit { cc_set_number(easy, CURLOPT_TIMEOUT_MS, limit.milliseconds) }
    if let authorities = configuration.authorities {
      cc_set_pointer(easy, CURLOPT_CAINFO, authorities.path)
      cc_set_pointer(easy, CURLOPT_CAPATH, nil)
    }
    if let body = request.body {
      cc_set_number(easy, CURLOPT_POST, 1)
      cc_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
      _ = body.withUnsafeBytes { cc_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
    }
    // Empty ones are not sent: the body does not wait for the server's leave, and nothing asks for compression.
    var list = curl_slist_append(nil, "Expect:")
    list = curl_slist_append(list, "Accept-Encoding:")
    for (name, value) in request.headers { list = curl_slist_append(list, "\(name): \(value)") }
    cc_set_pointer(easy, CURLOPT_HTTPHEADER, list)
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    cc_set_pointer(easy, CURLOPT_ERRORBUFFER, exchange.message.baseAddress)
    cc_set_pointer(easy, CURLOPT_HEADERDATA, context)
    cc_set_receiver(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      Exchange.from(context).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    cc_set_pointer(easy, CURLOPT_WRITEDATA, context)
    cc_set_receiver(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      Exchange.from(context).receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    return list
  }

  /// A server that hangs up must not end the process: TLS writes to the socket without a flag against that.
  private static func ignoreBrokenPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}

extension Duration {
  /// Whole milliseconds.
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
