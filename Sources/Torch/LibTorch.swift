internal import CTorch
import Foundation
import Synchronization

/// libtorch as a whole: its version, threads, random numbers and devices.
public enum LibTorch {
  /// The version of the library, such as `2.15.0`.
  public static var version: String { String(cString: ct_version()) }

  /// The best instruction set that its kernels use on this processor, such as `AVX512`.
  public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

  /// The number of threads inside one operation that the calling thread begins.
  public static var threadCount: Int { Int(ct_thread_count()) }

  /// Sets the number of threads inside one operation, for the calling thread and those that have begun none yet.
  ///
  /// It is part of what "the same bits" depends on.
  public static func setThreadCount(_ count: Int) { ct_set_thread_count(Int32(clamping: max(1, count))) }

  /// Lets tensors on the CPU share one region of memory, for training, which takes the same blocks in every step.
  ///
  /// A block that is freed serves the next one, with pages that are there already, and huge ones where the system has them.
  public static func poolMemory() { ct_pool_memory(32_768) }

  /// Gives free memory back to the system, where something large is done with.
  public static func trimMemory() { ct_trim_memory() }

  /// What `setDeterministic` has set; nil before.
  private static let isDeterministic = Mutex<Bool?>(nil)

  /// Makes operations without a deterministic kernel an error, and chooses deterministic kernels elsewhere.
  ///
  /// On a GPU, float32 is float32 then: without it, its convolutions round their factors to TF32's 10 bits.
  public static func setDeterministic(_ deterministic: Bool) throws(TorchError) {
    // Trainings on other threads go by these flags: where they are what they should be, nothing is written.
    guard isDeterministic.withLock({ $0 != deterministic }) else { return }
    ct_allow_tf32(!deterministic)
    try check(ct_set_deterministic(deterministic))
    isDeterministic.withLock { $0 = deterministic }
  }

  /// Seeds what dropout draws from: on the CPU a generator of the calling thread, on a GPU that of the process.
  public static func seed(_ seed: UInt64) throws(TorchError) { try check(ct_manual_seed(seed)) }

  /// Whether a GPU can be used.
  public static var isCUDAAvailable: Bool { ct_cuda_available() }

  /// The first GPU, where there is one and it is wanted; else the CPU.
  public static func device(usesGPU: Bool) -> Device { usesGPU && isCUDAAvailable ? .cuda(0) : .cpu }

  /// The number of GPUs.
  public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

  /// The hardware behind a device, as far as results depend on it: a processor's model, family and stepping, a GPU's name.
  public static func hardware(of device: Device) -> String {
    if case .cuda(let index) = device { return String(cString: ct_cuda_device_name(Int32(clamping: index))) }
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    func value(_ name: String) -> String? {
      let parts = lines.first { $0.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces) == name }?
        .split(separator: ":", maxSplits: 1)
      return parts?.last.map { $0.trimmingCharacters(in: .whitespaces) }
    }
    guard let model = value("model name") else { return "unknown" }
    let numbers = ["cpu family", "model", "stepping"].map { value($0) ?? "?" }.joined(separator: "/")
    return "\(model) (\(numbers))"
  }

  /// Whether bfloat16 is the faster number type on a device: AVX-512 BF16 or AMX; on a GPU, Ampere or later.
  public static func hasFastBFloat16(on device: Device) -> Bool { ct_has_fast_bfloat16(device.index) }

  /// Whether the processor multiplies tiles of bfloat16 (AMX).
  static let hasTileProducts = ct_has_tile_products()

  /// Whether a GPU can be used, and why not, in words.
  public static var cudaStatus: String { String(cString: ct_cuda_status()) }
}
