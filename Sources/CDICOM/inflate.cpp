#include "internal.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <zlib.h>

using namespace dicom_shim;

int cd_inflate(const void *bytes, size_t count, size_t maximum, uint8_t **out, size_t *out_count) {
  return guarded([&] {
    z_stream stream{};
    // PS3.5 section A.5: a deflated stream without zlib's header.
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Failure{CD_FAILED, "zlib cannot start"};
    std::unique_ptr<z_stream, int (*)(z_stream *)> end(&stream, inflateEnd);
    std::vector<uint8_t> inflated;
    std::vector<uint8_t> chunk(1 << 18);
    const auto *next = static_cast<const uint8_t *>(bytes);
    size_t left = count;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      if (stream.avail_in == 0) {
        if (left == 0) throw Failure{CD_TRUNCATED, "the deflated data set ends early"};
        const size_t step = std::min(left, size_t(1) << 30);
        stream.next_in = const_cast<uint8_t *>(next);
        stream.avail_in = uInt(step);
        next += step;
        left -= step;
      }
      stream.next_out = chunk.data();
      stream.avail_out = uInt(chunk.size());
      status = inflate(&stream, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) throw Failure{CD_FAILED, "the deflated data set is damaged"};
      inflated.insert(inflated.end(), chunk.data(), chunk.data() + (chunk.size() - stream.avail_out));
      if (inflated.size() > maximum) throw Failure{CD_UNSUPPORTED, "the deflated data set is too large"};
    }
    auto *copy = static_cast<uint8_t *>(std::malloc(std::max<size_t>(inflated.size(), 1)));
    if (!copy) throw std::bad_alloc();
    std::copy(inflated.begin(), inflated.end(), copy);
    *out = copy;
    *out_count = inflated.size();
  });
}

void cd_free(void *bytes) { std::free(bytes); }
