import Foundation

/// The other program that decodes what strangers wrote, `renalgrade-decoder`: a crash, an endless loop or a demand for all
/// memory ends it, and costs the one file.
///
/// One process answers one request at a time. It lies beside the program that runs; Sources/renalgrade-decoder/main.cpp is the
/// other end of the socket.
public final class DecoderProcess: Sendable {
  /// What can be asked for.
  public enum Request: UInt64, Sendable {
    /// A compressed frame of a DICOM file.
    case frame = 1
    /// Data sets and attributes of an HDF5 file.
    case hdf5Description
    /// A data set of an HDF5 file.
    case hdf5Floats
    /// The header of a NIfTI file, which stays open.
    case niftiHeader
    /// The next voxels of that file.
    case niftiVoxels
    /// A gzip stream.
    case gzip
  }

  /// An answer; its bytes are then taken by `take`.
  public struct Answer: Sendable {
    /// What is said besides the bytes.
    public let detail: Int
    /// How many bytes follow.
    public let count: Int
  }

  /// Why there is no answer.
  public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The status by which the shim that was asked refused; nil where the process did not come to that.
    public let status: Int?
    /// The reason, such as `its contents contradict themselves`.
    public let description: String

    /// Makes a failure from its parts.
    public init(status: Int?, description: String) {
      self.status = status
      self.description = description
    }
  }

  /// How much an input may have allocated while it is read: 64 times its size, and 256 MiB.
  public static func memoryLimit(forInputOf count: Int) -> Int {
    let (product, isTooMuch) = count.multipliedReportingOverflow(by: 64)
    return isTooMuch || product > Int.max - 256 << 20 ? Int.max : product + 256 << 20
  }

  /// How much one input may compute; a large slice takes a tenth of a second.
  private static let seconds = 60
  /// Bytes.
  private static let longestMessage = 4096
  /// A process that computes nothing, and says nothing for so long, is not waited for.
  private static let patience = timeval(tv_sec: 600, tv_usec: 0)

  private static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("renalgrade-decoder").path

  private let identifier: pid_t
  private let socket: Int32

  /// Starts a process.
  ///
  /// - Throws: `Failure` where that cannot be done.
  public init() throws(Failure) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Self.notStarted(errno)
    }
    defer { close(ends[1]) }
    var patience = Self.patience
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    do throws(ProcessStart.Failure) {
      identifier = try ProcessStart.run(Self.program, [], input: ends[1], ProcessInfo.processInfo.environment)
    } catch {
      close(ends[0])
      throw Self.notStarted(error.number)
    }
    socket = ends[0]
  }

  deinit {
    close(socket)
    kill(identifier, SIGKILL)
    _ = waited()
  }

  /// Sends a request and waits for the beginning of the answer, whose `count` bytes are the caller's to take.
  ///
  /// - Parameters:
  ///   - request: what is asked for.
  ///   - inputSize: the bytes of the file or codestream, which bound the memory that may be used.
  ///   - parts: the request's bytes.
  /// - Returns: what the answer says before its bytes.
  /// - Throws: `Failure`; the process is then of no more use.
  public func ask(_ request: Request, inputSize: Int, _ parts: [[UInt8]]) throws(Failure) -> Answer {
    let header = [
      request.rawValue, UInt64(Self.memoryLimit(forInputOf: inputSize)), UInt64(Self.seconds),
      parts.reduce(0) { $0 + UInt64($1.count) },
    ]
    for part in [header.withUnsafeBytes { Array($0) }] + parts { try send(part) }
    var numbers: [Int64] = [0, 0, 0]
    if let failure = numbers.withUnsafeMutableBytes({ take(into: $0) }) { throw failure }
    let count = Int(numbers[2])
    // A process that was led astray may say anything.
    guard count >= 0, numbers[0] == 0 || count <= Self.longestMessage else {
      throw Failure(status: nil, description: "its contents contradict themselves")
    }
    guard numbers[0] == 0 else {
      throw Failure(status: Int(numbers[0]), description: String(decoding: try take(count), as: UTF8.self))
    }
    return Answer(detail: Int(numbers[1]), count: count)
  }

  /// The next bytes of the answer.
  public func take(_ count: Int) throws(Failure) -> [UInt8] {
    // Room for nothing is the one storage that all empty arrays share, which no thread may write to.
    guard count > 0 else { return [] }
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      failure = take(into: UnsafeMutableRawBufferPointer(buffer))
      initialized = failure == nil ? count : 0
    }
    if let failure { throw failure }
    return bytes
  }

  /// The next bytes of the answer, as many as there is room for; not nil where they do not come.
  public func take(into bytes: UnsafeMutableRawBufferPointer) -> Failure? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = recv(socket, UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress, rest.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return ended(isSilent: count < 0 && errno == EAGAIN) }
      rest = rest.dropFirst(count)
    }
    return nil
  }

  private func send(_ bytes: [UInt8]) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        Foundation.send(socket, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw ended(isSilent: count < 0 && errno == EAGAIN) }
      done += count
    }
  }

  // MARK: The end

  private static func notStarted(_ number: Int32) -> Failure {
    Failure(
      status: nil,
      description: "\(program), which belongs beside the program, cannot be started: "
        + String(cString: strerror(number)))
  }

  /// Why the process no longer answers.
  private func ended(isSilent: Bool) -> Failure {
    // Where it is dead already, that changes nothing.
    kill(identifier, SIGKILL)
    return Failure(
      status: nil,
      description: isSilent || waited(WNOWAIT) == SIGXCPU
        ? "decoding would take more than \(Self.seconds) s" : "its contents contradict themselves")
  }

  /// The exit status, or the number of the signal that ended the process.
  private func waited(_ options: Int32 = 0) -> Int32 {
    var information = siginfo_t()
    while waitid(P_PID, id_t(identifier), &information, WEXITED | options) < 0, errno == EINTR {}
    return information._sifields._sigchld.si_status
  }
}

/// Processes that each decode many frames.
public enum DecoderPool {
  private static let idle = Locked<[DecoderProcess]>([])

  /// Gives `body` a process that nobody else uses meanwhile; it is replaced where `body` throws.
  public static func withProcess<Result, Failure: Error>(
    orElse failure: (DecoderProcess.Failure) -> Failure, _ body: (DecoderProcess) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let process: DecoderProcess
    if let waiting = idle.withLock({ $0.popLast() }) {
      process = waiting
    } else {
      do throws(DecoderProcess.Failure) {
        process = try DecoderProcess()
      } catch {
        throw failure(error)
      }
    }
    let result = try body(process)
    idle.withLock { $0.append(process) }
    return result
  }
}
