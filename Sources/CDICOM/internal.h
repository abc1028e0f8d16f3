#pragma once
#include "CDICOM.h"
#include "guarded.h"

#include "dcmtk/config/osconfig.h"
#include "dcmtk/dcmdata/dctk.h"

#include <exception>
#include <string>
#include <vector>

namespace dicom_shim {

using shim::Failure;

void set_error(const std::string &message);
void initialize();

template <typename Body> int guarded(Body body) noexcept {
  return shim::guarded(CD_FAILED, set_error, [&] {
    initialize();
    body();
  });
}

inline void check(const OFCondition &condition, int status = CD_FAILED) {
  if (condition.bad()) throw Failure{status, condition.text()};
}

inline DcmTagKey key(uint32_t tag) { return DcmTagKey(Uint16(tag >> 16), Uint16(tag & 0xFFFF)); }

// What a codestream's own header says of the image.
struct CodestreamSize {
  uint32_t columns, rows, samples, precision;
};

void check_size(const CodestreamSize &found, const cd_frame_layout &expected);
// JPEG and JPEG-LS: the frame header (SOF).
CodestreamSize jpeg_size(const std::vector<uint8_t> &codestream);
void decode_rle(const std::vector<uint8_t> &codestream, const cd_frame_layout &layout, uint8_t *buffer);
// JPEG 2000 and HTJ2K; returns the precision.
int decode_jpeg2000(const std::vector<uint8_t> &codestream, const cd_frame_layout &layout, uint8_t *buffer);

} // namespace dicom_shim
