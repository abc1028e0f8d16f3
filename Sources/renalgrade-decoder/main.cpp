// Decodes what strangers wrote: compressed frames of DICOM files, HDF5, NIfTI and gzip. DCMTK's codecs, OpenJPEG, libhdf5,
// libnifti2 and zlib meet damaged files here, in a process of its own, so that a crash, an endless loop or a demand for all memory
// costs the one file and not the program that asked.
//
// A request on the socket that is standard input is a `Request` and `length` bytes; the answer an `Answer` and its bytes: a
// message where the status is not 0. It ends when the socket is closed. Sources/Support/DecoderProcess.swift is the other end.
#include "CDICOM.h"
#include "CHDF5.h"
#include "CNIfTI.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

namespace {

enum Kind : uint64_t { FRAME = 1, HDF5_DESCRIPTION, HDF5_FLOATS, NIFTI_HEADER, NIFTI_VOXELS, GZIP };

struct Request {
  uint64_t kind;
  uint64_t memory;  // bytes that may be allocated while it is answered
  uint64_t seconds; // of computing that it may take
  uint64_t length;
};

struct Answer {
  int64_t status; // as the shim that was asked has it
  int64_t detail; // a frame's precision
  uint64_t length;
};

// What an answer's bytes are kept in: memory that malloc refuses is an answer, too.
using Bytes = std::unique_ptr<void, decltype(&std::free)>;
Bytes allocate(size_t count) { return Bytes(std::malloc(count ? count : 1), std::free); }

bool receive(void *bytes, size_t count) {
  auto *next = static_cast<char *>(bytes);
  while (count > 0) {
    const ssize_t done = recv(STDIN_FILENO, next, count, MSG_WAITALL);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    next += done;
    count -= size_t(done);
  }
  return true;
}

void send_all(const void *bytes, size_t count) {
  auto *next = static_cast<const char *>(bytes);
  while (count > 0) {
    const ssize_t done = send(STDIN_FILENO, next, count, MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) _exit(1); // nobody waits for it any more
    next += done;
    count -= size_t(done);
  }
}

void answer(const void *bytes, size_t count, int detail = 0) {
  const Answer header{0, detail, count};
  send_all(&header, sizeof header);
  send_all(bytes, count);
}

void refuse(int status, const char *message) {
  const Answer header{status, 0, std::strlen(message)};
  send_all(&header, sizeof header);
  send_all(message, header.length);
}

void limit(int resource, rlim_t value) {
  rlimit both;
  getrlimit(resource, &both);
  both.rlim_cur = both.rlim_max == RLIM_INFINITY || value < both.rlim_max ? value : both.rlim_max;
  setrlimit(resource, &both);
}

void set_limits(const Request &request) {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  limit(RLIMIT_CPU, rlim_t(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1 + request.seconds);
#if !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer) // they reserve terabytes
  size_t pages = 0;
  if (FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  limit(RLIMIT_AS, rlim_t(pages) * size_t(sysconf(_SC_PAGESIZE)) + request.memory);
#endif
}

// The texts at the beginning of a request, each with a zero at its end, and what follows them.
struct Reader {
  const char *next, *end;

  const char *text() {
    const char *start = next;
    next += strnlen(next, size_t(end - next)) + 1;
    if (next > end) _exit(2);
    return start;
  }

  template <typename Value> Value value() {
    Value value;
    if (size_t(end - next) < sizeof value) _exit(2);
    std::memcpy(&value, next, sizeof value);
    next += sizeof value;
    return value;
  }
};

size_t lines(const char *text) {
  size_t count = *text ? 1 : 0;
  for (; *text; text++) count += *text == '\n';
  return count;
}

void frame(Reader &request) {
  const char *transfer_syntax = request.text(), *photometric_interpretation = request.text();
  const auto layout = request.value<cd_frame_layout>();
  const size_t count = size_t(layout.columns) * layout.rows * layout.samples * (layout.bits_allocated / 8);
  const Bytes bytes = allocate(count);
  if (!bytes) return refuse(CD_UNSUPPORTED, "the frame is larger than its codestream can fill");
  int precision = 0;
  const int status = cd_decode_frame(transfer_syntax, photometric_interpretation, request.next,
                                     size_t(request.end - request.next), layout, bytes.get(), count, &precision);
  status == CD_OK ? answer(bytes.get(), count, precision) : refuse(status, cd_last_error());
}

void hdf5_description(Reader &request) {
  const char *path = request.text(), *sets = request.text(), *names = request.text();
  std::vector<ch_shape> shapes(lines(sets));
  std::vector<ch_attribute> attributes(lines(names));
  const int status = ch_describe(path, sets, shapes.size(), shapes.data(), names, attributes.size(), attributes.data());
  if (status != CH_OK) return refuse(status, ch_last_error());
  const size_t first = shapes.size() * sizeof(ch_shape), second = attributes.size() * sizeof(ch_attribute);
  std::vector<char> both(first + second);
  if (first) std::memcpy(both.data(), shapes.data(), first);
  if (second) std::memcpy(both.data() + first, attributes.data(), second);
  answer(both.data(), both.size());
}

void hdf5_floats(Reader &request) {
  const char *path = request.text(), *name = request.text();
  const size_t count = request.value<uint64_t>();
  const Bytes values = count <= SIZE_MAX / sizeof(float) ? allocate(count * sizeof(float)) : Bytes(nullptr, std::free);
  if (!values) return refuse(CH_FAILED, "it takes more memory than a file of this size may ask for");
  const int status = ch_read_floats(path, name, static_cast<float *>(values.get()), count);
  status == CH_OK ? answer(values.get(), count * sizeof(float)) : refuse(status, ch_last_error());
}

nii_file open_nifti = nullptr;

void nifti_header(Reader &request) {
  nii_header header{};
  const int status = nii_open(request.text(), &open_nifti, &header);
  status == NII_OK ? answer(&header, sizeof header) : refuse(status, "");
}

void nifti_voxels(Reader &request) {
  const size_t size = request.value<uint64_t>();
  const Bytes bytes = allocate(size);
  if (!open_nifti || !bytes) return refuse(NII_FAILED, "");
  const int status = nii_read(open_nifti, bytes.get(), size);
  status == NII_OK ? answer(bytes.get(), size) : refuse(status, "");
}

// The stream must hold as many bytes as are asked for, and no more.
void gzip(Reader &request) {
  const uint64_t count = request.value<uint64_t>(), packed = request.value<uint64_t>();
  const Bytes bytes = allocate(count + 1);
  if (!bytes) return refuse(1, "it takes more memory than a file of this size may ask for");
  z_stream stream{};
  if (packed > UINT32_MAX || count >= UINT32_MAX || packed > uint64_t(request.end - request.next) ||
      inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
    return refuse(1, "the compressed data are too large");
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(request.next));
  stream.avail_in = uInt(packed);
  stream.next_out = static_cast<Bytef *>(bytes.get());
  stream.avail_out = uInt(count + 1);
  const int status = inflate(&stream, Z_FINISH);
  const uint64_t found = stream.total_out;
  inflateEnd(&stream);
  if (status != Z_STREAM_END || found != count)
    return refuse(1, found > count ? "the compressed data hold more than the header states"
                                   : "the compressed data are damaged or cut off");
  answer(bytes.get(), count);
}

void answer_to(uint64_t kind, Reader &request) {
  switch (kind) {
  case FRAME: return frame(request);
  case HDF5_DESCRIPTION: return hdf5_description(request);
  case HDF5_FLOATS: return hdf5_floats(request);
  case NIFTI_HEADER: return nifti_header(request);
  case NIFTI_VOXELS: return nifti_voxels(request);
  case GZIP: return gzip(request);
  default: _exit(2);
  }
}

} // namespace

int main() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  Request request;
  while (receive(&request, sizeof request)) {
    // The one who asks is no stranger: the request has the length that it says.
    const Bytes bytes = allocate(request.length);
    if (!bytes || !receive(bytes.get(), request.length)) return 1;
    set_limits(request);
    const auto *start = static_cast<const char *>(bytes.get());
    Reader reader{start, start + request.length};
    answer_to(request.kind, reader);
  }
  return 0;
}
