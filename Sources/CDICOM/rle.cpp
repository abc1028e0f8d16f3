// RLE Lossless, PS3.5 annex G. DCMTK 3.6.7 has a decoder, but one that follows damaged segment offsets out of its buffer.
#include "internal.h"

namespace dicom_shim {

static uint32_t little_endian(const uint8_t *bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t(bytes[3]) << 24;
}

// Expands the bytes from begin to end into every stride-th byte of out; false where they are too few.
static bool expand(const uint8_t *begin, const uint8_t *end, uint8_t *out, size_t count, size_t stride) {
  size_t done = 0;
  while (done < count && begin < end) {
    const uint8_t control = *begin++;
    if (control == 128) continue;
    const bool is_run = control > 128;
    const size_t length = is_run ? 257 - control : control + 1;
    if (size_t(end - begin) < (is_run ? 1 : length)) return false;
    for (size_t i = 0; i < length && done < count; i++) out[done++ * stride] = begin[is_run ? 0 : i];
    begin += is_run ? 1 : length;
  }
  return done == count;
}

void decode_rle(const std::vector<uint8_t> &bytes, const cd_frame_layout &layout, uint8_t *buffer) {
  const size_t width = layout.bits_allocated / 8, segments = layout.samples * width, pixel = segments;
  if (bytes.size() < 64) throw Failure{CD_TRUNCATED, "the run-length encoded data has no header"};
  const uint32_t stated = little_endian(bytes.data());
  if (stated != segments || segments > 15)
    throw Failure{CD_MISMATCH, "there are " + std::to_string(stated) + " run-length encoded segments, the header says " +
                                   std::to_string(segments)};
  for (size_t segment = 0; segment < segments; segment++) {
    const size_t begin = little_endian(bytes.data() + 4 + 4 * segment);
    const size_t end = segment + 1 < segments ? little_endian(bytes.data() + 8 + 4 * segment) : bytes.size();
    if (begin < 64 || begin > end || end > bytes.size())
      throw Failure{CD_FAILED, "a run-length encoded segment lies outside the data"};
    // Segments run sample by sample, the most significant byte first.
    const size_t place = segment / width * width + (width - 1 - segment % width);
    if (!expand(bytes.data() + begin, bytes.data() + end, buffer + place, size_t(layout.columns) * layout.rows, pixel))
      throw Failure{CD_TRUNCATED, "the run-length encoded data is too short for the frame"};
  }
}

} // namespace dicom_shim
