internal import CDIMSE
import DICOM
import Foundation

/// One association with a PACS: opened, used from one thread, released; aborted where it goes away before.
final class DIMSEAssociation: @unchecked Sendable {
  // Only `cancel` is called from other threads than the one that works, and the shim allows it.
  private let handle: cn_association

  init() throws(PACSError) {
    var created: cn_association?
    guard Int(cn_create(&created)) == CN_OK, let created else {
      throw PACSError(.malformed, String(cString: cn_last_error()))
    }
    handle = created
  }

  deinit { cn_destroy(handle) }

  /// Lets the running call end within about a second.
  func cancel() { cn_cancel(handle) }

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

  func find(_ query: [DICOMTag: String]) throws -> [[DICOMTag: String]] {
    final class Matches { var all: [[DICOMTag: String]] = [] }
    let matches = Matches()
    var status: UInt16 = 0
    try withElements(query) { elements, count in
      let found = cn_find(
        handle, StorageSyntaxes.studyRootFind, elements, count,
        { context, elements, count in
          guard let context else { return }
          var match: [DICOMTag: String] = [:]
          for element in UnsafeBufferPointer(start: elements, count: count) {
            guard let value = element.value else { continue }
            match[DICOMTag(rawValue: element.tag)] = String(cString: value)
              .trimmingCharacters(in: CharacterSet(charactersIn: " \0"))
          }
          Unmanaged<Matches>.fromOpaque(context).takeUnretainedValue().all.append(match)
        }, Unmanaged.passUnretained(matches).toOpaque(), &status)
      try check(found, "C-FIND")
    }
    try checkStatus(status, "C-FIND")
    return matches.all
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

  /// PS3.4 sections B.2.3 and C.4: 0 is success, A7xx and Cxxx are the server's troubles, the rest ours.
  private func checkStatus(_ status: UInt16, _ service: String) throws {
    guard status != 0 else { return }
    let code = String(status, radix: 16, uppercase: true)
    switch status {
    case 0xA801: throw PACSError(.refused, "\(service): the PACS does not know our AE title as a destination (A801).")
    case 0x0124: throw PACSError(.refused, "\(service): the PACS does not allow it (0124).")
    case 0xA900..<0xAA00: throw PACSError(.malformed, "\(service): the PACS does not understand the query (\(code)).")
    default: throw PACSError(.server, "\(service): the PACS answered with status \(code).")
    }
  }
}
