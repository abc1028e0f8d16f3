import CMicroHTTPD
import Foundation
import Glibc
import Support

/// A server of HTTP/1.1 over libmicrohttpd, with TLS where it is given a certificate.
///
/// Each connection has a thread of its own, on which its requests are answered one after the other: what an answer waits for
/// holds up nobody else. The library reads and checks the messages; what a request may ask is not its matter.
final class WebServer: Sendable {
  struct Settings: Sendable {
    /// An address of this machine, in numbers.
    var address = "127.0.0.1"
    /// 0 for any that is free.
    var port: UInt16 = 0
    var tls: TLSIdentity?
    /// What every answer says besides.
    var fields: [(name: String, value: String)] = []
    /// The longest body that is read, in bytes.
    var bodyLimit = 4 << 20
    /// How many connections may be open at once, and how many of them from one address.
    var connections = 128
    var connectionsOfClient = 48
    /// How long a connection may be silent, in seconds.
    var silence = 30
    /// How long the arrival of one request may take.
    var arrival = Duration.seconds(60)
  }

  /// What is asked of the program: first with the head alone, then, unless that gave an answer, with the whole.
  struct Handler: Sendable {
    let refuse: @Sendable (WebRequest) -> WebResponse?
    let answer: @Sendable (WebRequest) -> WebResponse
  }

  let port: UInt16
  nonisolated(unsafe) private let daemon: OpaquePointer
  private let context: Context

  /// Listens.
  ///
  /// - Throws: `StudyError` of kind `.file` where the address or port cannot be used, or the certificate is refused.
  init(_ settings: Settings, _ handler: Handler) throws(StudyError) {
    let listening = try ListeningSocket(address: settings.address, port: settings.port)
    let context = Context(handler, settings)
    let pointer = Unmanaged.passUnretained(context).toOpaque()
    var options = [
      MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(listening.descriptor), ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_LIMIT, value: settings.connections, ptr_value: nil),
      MHD_OptionItem(option: .PER_IP_CONNECTION_LIMIT, value: settings.connectionsOfClient, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: settings.silence, ptr_value: nil),
      // Of a head, and of the piece in which a body is handed on.
      MHD_OptionItem(option: .CONNECTION_MEMORY_LIMIT, value: 64 << 10, ptr_value: nil),
      MHD_OptionItem(option: .STRICT_FOR_CLIENT, value: 1, ptr_value: nil),
      MHD_OptionItem(
        option: .NOTIFY_COMPLETED, value: unsafeBitCast(completed, to: Int.self), ptr_value: pointer),
      MHD_OptionItem(
        option: .NOTIFY_CONNECTION, value: unsafeBitCast(notified, to: Int.self), ptr_value: pointer),
      MHD_OptionItem(option: .UNESCAPE_CALLBACK, value: unsafeBitCast(unescaped, to: Int.self), ptr_value: nil),
    ]
    var flags =
      MHD_USE_INTERNAL_POLLING_THREAD.rawValue | MHD_USE_THREAD_PER_CONNECTION.rawValue
      | MHD_USE_POLL.rawValue | MHD_USE_ITC.rawValue
    if let tls = settings.tls {
      flags |= MHD_USE_TLS.rawValue
      options += [
        MHD_OptionItem(option: .HTTPS_MEM_CERT, value: 0, ptr_value: tls.certificate.pointer),
        MHD_OptionItem(option: .HTTPS_MEM_KEY, value: 0, ptr_value: tls.key.pointer),
        MHD_OptionItem(option: .HTTPS_PRIORITIES, value: 0, ptr_value: TLSIdentity.priorities.pointer),
      ]
    }
    options.append(MHD_OptionItem(option: .END, value: 0, ptr_value: nil))
    let started = options.withUnsafeMutableBufferPointer { options in
      let items = options.baseAddress.map { Int(bitPattern: $0) } ?? 0
      return withVaList([MHD_OPTION.ARRAY.rawValue, items, MHD_OPTION.END.rawValue]) {
        MHD_start_daemon_va(flags, 0, nil, nil, access, pointer, $0)
      }
    }
    guard let started else {
      close(listening.descriptor)
      throw StudyError(
        .file,
        settings.tls == nil
          ? "the server cannot be started: \(String(cString: strerror(errno)))"
          : "the server cannot be started; are --certificate and --key PEM files of one key, without a password?")
    }
    (daemon, port, self.context) = (started, listening.port, context)
    context.watch()
  }

  /// Accepts nothing further, waits for the answers in progress, and closes all connections.
  func stop() {
    context.stop()
    MHD_stop_daemon(daemon)
  }

  /// What the library's calls refer to.
  final class Context: Sendable {
    let handler: Handler
    let fields: [(name: String, value: String)]
    let bodyLimit: Int
    private let arrival: Duration
    /// The sockets on which a request is awaited or arrives, and since when.
    private let arriving = Locked<[Int32: ContinuousClock.Instant]>([:])
    private let isStopped = Locked(false)

    init(_ handler: Handler, _ settings: Settings) {
      (self.handler, fields, bodyLimit) = (handler, settings.fields, settings.bodyLimit)
      arrival = settings.arrival
    }

    func arrives(on socket: Int32) { arriving.withLock { $0[socket] = .now } }
    func arrived(on socket: Int32) { arriving.withLock { _ = $0.removeValue(forKey: socket) } }

    /// Ends connections whose request arrives byte by byte: silence alone does not end those.
    func watch() {
      Thread.detachNewThread { [weak self] in
        while let self, !self.isStopped.withLock({ $0 }) {
          self.arriving.withLock { arriving in
            for (socket, since) in arriving where since.duration(to: .now) > self.arrival {
              // The library sees the end and closes the socket; until then nobody else gets its number.
              shutdown(socket, Int32(SHUT_RDWR))
            }
          }
          usleep(200_000)
        }
      }
    }

    func stop() { isStopped.withLock { $0 = true } }
  }
}

/// A request while it arrives.
private final class ArrivingRequest {
  var request: WebRequest?
  var isQueued = false
}

private let unescaped:
  @convention(c) (
    UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?
  ) -> Int = { _, _, text in
    // Nothing that is asked for needs escapes, so none is ever resolved.
    text.map { strlen($0) } ?? 0
  }

private let completed:
  @convention(c) (
    UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    MHD_RequestTerminationCode
  ) -> Void = { server, connection, state, _ in
    if let pointer = state?.pointee { Unmanaged<ArrivingRequest>.fromOpaque(pointer).release() }
    state?.pointee = nil
    guard let server, let connection, let socket = connection.socket else { return }
    // The next request's time begins.
    Unmanaged<WebServer.Context>.fromOpaque(server).takeUnretainedValue().arrives(on: socket)
  }

private let notified:
  @convention(c) (
    UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    MHD_ConnectionNotificationCode
  ) -> Void = { server, connection, _, code in
    guard let server, let connection, let socket = connection.socket else { return }
    let context = Unmanaged<WebServer.Context>.fromOpaque(server).takeUnretainedValue()
    if code == .CONNECTION_NOTIFY_STARTED { context.arrives(on: socket) } else { context.arrived(on: socket) }
  }

private let access: MHD_AccessHandlerCallback = { server, connection, url, method, _, bytes, size, state in
  guard let server, let connection, let url, let method, let size, let state else { return .NO }
  let context = Unmanaged<WebServer.Context>.fromOpaque(server).takeUnretainedValue()
  guard let pointer = state.pointee else {
    let arriving = ArrivingRequest()
    state.pointee = Unmanaged.passRetained(arriving).toOpaque()
    let head = connection.head(url: String(cString: url), method: String(cString: method), limit: context.bodyLimit)
    switch head {
    case .success(let request):
      if let refusal = context.handler.refuse(request) { return connection.send(refusal, context.fields) }
      arriving.request = request
      return .YES
    case .failure(let refusal): return connection.send(refusal.response, context.fields)
    }
  }
  let arriving = Unmanaged<ArrivingRequest>.fromOpaque(pointer).takeUnretainedValue()
  guard arriving.request != nil else { return .NO }
  if size.pointee > 0, let bytes {
    arriving.request?.body.append(UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self), count: size.pointee)
    size.pointee = 0
    return .YES
  }
  guard let request = arriving.request, !arriving.isQueued else { return .NO }
  arriving.isQueued = true
  connection.socket.map(context.arrived)
  return connection.send(context.handler.answer(request), context.fields)
}

/// A head that is refused before anybody asks what it wants.
private struct RefusedHead: Error { let response: WebResponse }

/// A connection of the library's.
extension OpaquePointer {
  fileprivate var socket: Int32? {
    let number = cmicro_socket(self)
    return number < 0 ? nil : number
  }

  /// Reads the head, and refuses what is no request of this server's: its body must come with its length.
  fileprivate func head(url: String, method: String, limit: Int) -> Result<WebRequest, RefusedHead> {
    func refused(_ status: Int, _ message: String) -> Result<WebRequest, RefusedHead> {
      .failure(RefusedHead(response: .refusal(status, message)))
    }
    guard let known = WebRequest.Method(rawValue: method) else { return refused(405, "only GET and POST are answered") }
    let fields = Fields()
    MHD_get_connection_values_n(
      self, .HEADER_KIND,
      { fields, _, name, nameSize, value, valueSize in
        guard let fields, let name else { return .NO }
        let text = { (start: UnsafePointer<CChar>?, count: Int) in
          String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
        }
        Unmanaged<Fields>.fromOpaque(fields).takeUnretainedValue()
          .values[text(name, nameSize).lowercased(), default: []].append(text(value, valueSize))
        return .YES
      }, Unmanaged.passUnretained(fields).toOpaque())
    if fields.values["transfer-encoding"] != nil { return refused(411, "send the body with its Content-Length") }
    let lengths = fields.values["content-length"] ?? []
    guard lengths.count <= 1, let length = Int(lengths.first ?? "0"), length >= 0,
      lengths.first?.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ?? true
    else { return refused(400, "Content-Length must be one whole number") }
    guard length <= limit else {
      return refused(413, "the body must be at most \(limit) bytes; send fewer edits at once")
    }
    guard known == .post || length == 0 else { return refused(400, "GET takes no body") }
    let socket = socket
    return .success(
      WebRequest(
        method: known, path: url, fields: fields.values,
        client: socket.flatMap { SocketName(getpeername, $0)?.address } ?? "",
        isCancelled: { socket.map(hasHungUp) ?? false }))
  }

  fileprivate func send(_ response: WebResponse, _ common: [(name: String, value: String)]) -> MHD_Result {
    let made = response.body.withUnsafeBytes {
      MHD_create_response_from_buffer($0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    for field in common + response.fields + [("Content-Type", response.type)] {
      guard MHD_add_response_header(made, field.name, field.value) == .YES else { return .NO }
    }
    return MHD_queue_response(self, UInt32(response.status), made)
  }
}

private final class Fields { var values: [String: [String]] = [:] }

/// Whether the other side has closed its socket.
private func hasHungUp(_ socket: Int32) -> Bool {
  var state = pollfd(fd: socket, events: Int16(0x2000 /* POLLRDHUP */), revents: 0)
  return poll(&state, 1, 0) == 1
}
