internal import CZlib
import Annotation

/// Compression as gzip files have it (RFC 1952), without a name or time: the same bytes give the same file.
enum Gzip {
  /// - Throws: `AnnotationError` where there are 4 GiB or more, or zlib has no memory.
  static func compressed(_ bytes: [UInt8]) throws(AnnotationError) -> [UInt8] {
    var stream = z_stream()
    let failure = AnnotationError("the masks are too large to be compressed")
    guard let count = uInt(exactly: bytes.count),
      deflateInit2_(
        &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw failure }
    defer { deflateEnd(&stream) }
    guard let most = uInt(exactly: deflateBound(&stream, uLong(count))) else { throw failure }
    var input = bytes
    var status = Z_STREAM_ERROR
    let output = input.withUnsafeMutableBufferPointer { input in
      [UInt8](unsafeUninitializedCapacity: Int(most)) { output, written in
        stream.next_in = input.baseAddress
        stream.avail_in = count
        stream.next_out = output.baseAddress
        stream.avail_out = most
        status = deflate(&stream, Z_FINISH)
        written = Int(stream.total_out)
      }
    }
    guard status == Z_STREAM_END else { throw failure }
    return output
  }
}
