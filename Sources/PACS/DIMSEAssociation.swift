internal import CDIMSE
import DICOM
import Foundation

/// One association with a PACS: opened, used from one thread, released; aborted where it goes away before.
final class DIMSEAssociation: @unchecked Sendable {
  // Only `stop` is called from other threads than the one that works, and the shim allows it.
  private let handle: cn_association

  init() throws(PACSError) {
    var created: cn_association?
    guard Int(cn_create(&created)) == CN_OK, let created else {
      throw PACSError(.malformed, String(cString: cn_last_error()))
    }
    handle = created
  }

  deinit { cn_destroy(handle) }

  /// Why an association is stopped from another thread.
  enum StopReason {
    case cancelled, tooSlow
  }

  /// Lets the running call fail at once, unless a connection is just being made.
  func stop(_ reason: StopReason) {
    cn_stop(handle, Int32(reason == .cancelled ? CN_CANCELLED : CN_TOO_SLOW))
  }

  /// One context that lists all transfer syntaxes: the PACS chooses one.
  func propose(_ sopClass: String, _ transferSyntaxes: [String]) throws {
    try check(cn_propose(handle, sopClass, transferSyntaxes.joined(separator: "\\"), false), "")
  }

  /// One context for each transfer syntax, so that the PACS can send each instance as it is stored.
  func proposeStorage() throws {
    for sopClass in StorageSyntaxes.sopClasses {
      for syntax in StorageSyntaxes.transferSyntaxes {
        try check(cn_propose(handle, sopClass, syntax, true), "")
      }
    }
  }

  func connect(_ configuration: DIMSEClient.Configuration, listening: Bool) throws {
    var peer = cn_peer()
    peer.port = configuration.port
    peer.connect_seconds = Int32(clamping: configuration.connectTimeout.components.seconds)
    peer.answer_seconds = Int32(clamping: configuration.answerTimeout.components.seconds)
    peer.listening_port = listening ? configuration.listeningPort ?? 0 : 0
    peer.uses_tls = configuration.tls != nil
    let texts: [String?] = [
      configuration.host, configuration.callingTitle, configuration.calledTitle, configuration.tls?.authorities.path,
      configuration.tls?.certificate?.path, configuration.tls?.key?.path,
    ]
    let copies = texts.map { $0.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    peer.host = UnsafePointer(copies[0])
    peer.calling_title = UnsafePointer(copies[1])
    peer.called_title = UnsafePointer(copies[2])
    peer.trusted_file = UnsafePointer(copies[3])
    peer.certificate_file = UnsafePointer(copies[4])
    peer.key_file = UnsafePointer(copies[5])
    try check(cn_connect(handle, &peer), "association")
  }

  func accepts(_ sopClass: String) -> Bool { cn_accepts(handle, sopClass) }

  /// Aborts the association if it is still open, and stops listening.
  func close() { cn_close(handle) }

  /// What is said and answered is over by now, so that a failure to say goodbye is none.
  func release() { _ = cn_release(handle) }

  // MARK: Services

  func echo() throws {
    var status: UInt16 = 0
    try check(cn_echo(handle, &status), "C-ECHO")
    try checkStatus(status, "C-ECHO")
  }

  /// The matches; nil is one that cannot be read, or that the PACS announced and did not send.
  func find(_ query: [DICOMTag: String], upTo limit: Int) throws -> [[DICOMTag: String]?] {
    final class Found {
      var all: [[DICOMTag: String]?] = []
      let limit: Int
      init(limit: Int) { self.limit = limit }
    }
    let found = Found(limit: limit)
    var status: UInt16 = 0
    let result = withElements(query) { elements, count in
      cn_find(
        handle, StorageSyntaxes.studyRootFind, elements, count,
        { context, transferSyntax, bytes, count in
          guard let context, let transferSyntax else { return false }
          let found = Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
          found.all.append(
            DIMSEAssociation.match(
              UnsafeRawBufferPointer(start: bytes, count: count), transferSyntax: String(cString: transferSyntax)))
          return found.all.count <= found.limit
        }, Unmanaged.passUnretained(found).toOpaque(), &status)
    }
    guard Int(result) != CN_STOPPED else { throw Matches<String>.tooMany(limit, "C-FIND") }
    try check(result, "C-FIND")
    try checkStatus(status, "C-FIND")
    return found.all
  }

  /// The elements of a match as text; nil where there are none, or they cannot be read.
  private static func match(_ bytes: UnsafeRawBufferPointer, transferSyntax: String) -> [DICOMTag: String]? {
    let meta = ReceivedInstance.fileMeta(
      sopClass: StorageSyntaxes.studyRootFind, sopInstance: "2.25.0", transferSyntax: transferSyntax)
    guard !bytes.isEmpty, let match = try? DataSet([UInt8](meta) + bytes, name: "match") else { return nil }
    return Dictionary(match.elements.map { ($0.tag, match.text($0.tag) ?? "") }) { first, _ in first }
  }

  enum Service {
    case get, move
  }

  /// Pulls what the query says; instances that the PACS could not send are not told one by one.
  func pull(_ query: [DICOMTag: String], by service: Service, receive: @escaping InstanceReceiver) throws {
    let receiver = Receiver(receive)
    var outcome = cn_outcome()
    let status = withElements(query) { elements, count in
      let context = Unmanaged.passUnretained(receiver).toOpaque()
      return switch service {
      case .get: cn_get(handle, StorageSyntaxes.studyRootGet, elements, count, Receiver.take, context, &outcome)
      case .move: cn_move(handle, StorageSyntaxes.studyRootMove, elements, count, Receiver.take, context, &outcome)
      }
    }
    let name = service == .get ? "C-GET" : "C-MOVE"
    if let error = receiver.error { throw error }
    try check(status, name)
    // B000: all was tried, some failed. The caller counts what it has.
    if outcome.status != 0xB000 { try checkStatus(outcome.status, name) }
  }

  private final class Receiver {
    let receive: InstanceReceiver
    var error: (any Error)?

    init(_ receive: @escaping InstanceReceiver) { self.receive = receive }

    static let take: cn_store = { context, stored, status in
      guard let context, let stored, let status else { return false }
      return Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().take(stored.pointee, status)
    }

    private func take(_ stored: cn_stored, _ status: UnsafeMutablePointer<UInt16>) -> Bool {
      let instance: Result<ReceivedInstance, PACSError>
      do throws(PACSError) {
        guard stored.abstract_syntax.map({ strcmp($0, stored.sop_class) == 0 }) ?? false else {
          throw PACSError(.badInstance, "it was sent in the presentation context of a different SOP class")
        }
        instance = .success(
          try ReceivedInstance(
            dataSet: UnsafeRawBufferPointer(start: stored.bytes, count: stored.byte_count),
            sopClass: String(cString: stored.sop_class), sopInstance: String(cString: stored.sop_instance),
            transferSyntax: String(cString: stored.transfer_syntax)))
      } catch {
        instance = .failure(error)
        status.pointee = 0xC000  // cannot understand (PS3.4 table B.2-1)
      }
      do {
        try receive(instance)
        return true
      } catch {
        self.error = error
        status.pointee = 0xA700  // out of resources
        return false
      }
    }
  }

  // MARK: Marshalling

  private func withElements<Result>(
    _ query: [DICOMTag: String], _ body: (UnsafePointer<cn_element>?, Int) throws -> Result
  ) rethrows -> Result {
    let sorted = query.sorted { $0.key < $1.key }
    let copies = sorted.map { strdup($0.value) }
    defer { for copy in copies { free(copy) } }
    let elements = zip(sorted, copies).map { cn_element(tag: $0.key.rawValue, value: UnsafePointer($1)) }
    return try elements.withUnsafeBufferPointer { try body($0.baseAddress, $0.count) }
  }

  private func check(_ status: Int32, _ service: String) throws {
    let message = String(cString: cn_last_error())
    switch Int(status) {
    case CN_OK: return
    case CN_CANCELLED: throw CancellationError()
    case CN_TOO_SLOW:
      throw PACSError(.tooSlow, "\(service): the answer was not complete within the time limit.")
    case CN_UNREACHABLE:
      throw PACSError(.unreachable, "\(service): the PACS cannot be reached: \(message). Check host and port.")
    case CN_REJECTED:
      throw PACSError(
        .refused,
        "\(service): the PACS refuses the association: \(message). Check the called AE title, and that the PACS knows the "
          + "calling one.")
    case CN_BUSY: throw PACSError(.server, "\(service): the PACS is busy: \(message).")
    case CN_NO_CONTEXT: throw PACSError(.unsupported, "\(service): \(message).")
    case CN_TIMEOUT: throw PACSError(.timeout, "\(service): the PACS did not answer in time.")
    case CN_LOST: throw PACSError(.interrupted, "\(service): the connection was cut: \(message).")
    case CN_INSECURE:
      throw PACSError(.insecure, "\(service): \(message). Check the certificate files and the host's name.")
    default: throw PACSError(.malformed, "\(service): \(message).")
    }
  }

  /// PS3.4 sections B.2.3 and C.4, PS3.7 annex C: 0 is success, A7xx and Cxxx are the server's troubles, the rest ours.
  private func checkStatus(_ status: UInt16, _ service: String) throws {
    guard status != 0 else { return }
    let code = String(status, radix: 16, uppercase: true)
    switch status {
    case 0xA801: throw PACSError(.refused, "\(service): the PACS does not know our AE title as a destination (A801).")
    case 0x0124: throw PACSError(.refused, "\(service): the PACS does not allow this (0124).")
    case 0x0122, 0x0211: throw PACSError(.unsupported, "\(service): the PACS does not offer this service (\(code)).")
    case 0xA900..<0xAA00: throw PACSError(.malformed, "\(service): the PACS does not understand the query (\(code)).")
    case 0xB000..<0xC000, 0x0001, 0x0107, 0x0116:
      throw PACSError(.malformed, "\(service): the PACS warns that its answer is not what was asked for (\(code)).")
    case 0xA700..<0xA800: throw PACSError(.server, "\(service): the PACS is out of resources (\(code)).")
    default: throw PACSError(.server, "\(service): the PACS answered with status \(code).")
    }
  }
}
