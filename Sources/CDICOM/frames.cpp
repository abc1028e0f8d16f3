// One frame of compressed pixel data, through DCMTK's codecs or OpenJPEG.
#include "internal.h"

#include "dcmtk/dcmdata/dccodec.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"

#include <memory>
#include <utility>

namespace dicom_shim {

// A frame of more than this is no CT slice, but it would take the machine's memory before that is found out.
static const uint64_t maximum_frame_bytes = uint64_t(1) << 30;

void check_size(const CodestreamSize &found, const cd_frame_layout &expected) {
  if (found.columns == expected.columns && found.rows == expected.rows && found.samples == expected.samples &&
      found.precision >= 1 && found.precision <= expected.bits_allocated)
    return;
  auto text = [](uint32_t columns, uint32_t rows, uint32_t samples, uint32_t bits) {
    return std::to_string(columns) + " x " + std::to_string(rows) + " x " + std::to_string(samples) + " at " +
           std::to_string(bits) + " bits";
  };
  throw Failure{CD_MISMATCH, "the compressed image is " +
                                 text(found.columns, found.rows, found.samples, found.precision) + ", the header says " +
                                 text(expected.columns, expected.rows, expected.samples, expected.bits_allocated)};
}

CodestreamSize jpeg_size(const std::vector<uint8_t> &bytes) {
  size_t at = 2;
  while (bytes.size() >= 12 && at + 9 < bytes.size()) {
    if (bytes[at] != 0xFF) break;
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {
      at++;
      continue;
    }
    const bool is_frame = (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) ||
                          marker == 0xF7;
    if (is_frame)
      return {uint32_t(bytes[at + 7] << 8 | bytes[at + 8]), uint32_t(bytes[at + 5] << 8 | bytes[at + 6]), bytes[at + 9],
              bytes[at + 4]};
    if (marker == 0xDA || marker == 0xD9) break;
    const bool is_alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    at += is_alone ? 2 : 2 + size_t(bytes[at + 2] << 8 | bytes[at + 3]);
  }
  throw Failure{CD_FAILED, "the compressed image has no frame header"};
}

static void decode_by_dcmtk(DcmXfer syntax, const char *photometric_interpretation, std::vector<uint8_t> bytes,
                            const cd_frame_layout &layout, void *buffer, size_t byte_count) {
  if (bytes.size() % 2) bytes.push_back(0);
  // The codecs take a data set and a pixel sequence; those of this frame alone leave them nothing to guess.
  DcmDataset dataset;
  const std::pair<DcmTagKey, uint32_t> numbers[] = {
      {DCM_SamplesPerPixel, layout.samples},       {DCM_Rows, layout.rows},
      {DCM_Columns, layout.columns},               {DCM_BitsAllocated, layout.bits_allocated},
      {DCM_BitsStored, layout.bits_stored},        {DCM_HighBit, layout.bits_stored - 1},
      {DCM_PixelRepresentation, layout.is_signed},
  };
  for (const auto &[tag, number] : numbers) check(dataset.putAndInsertUint16(DcmTag(tag), Uint16(number)));
  if (layout.samples > 1) check(dataset.putAndInsertUint16(DcmTag(DCM_PlanarConfiguration), 0));
  check(dataset.putAndInsertString(DcmTag(DCM_PhotometricInterpretation), photometric_interpretation));
  DcmPixelSequence sequence(DcmTag(DCM_PixelSequenceTag));
  auto table = std::make_unique<DcmPixelItem>(DcmTag(DCM_PixelItemTag, EVR_OB));
  check(sequence.insert(table.get()));
  table.release();
  auto item = std::make_unique<DcmPixelItem>(DcmTag(DCM_PixelItemTag, EVR_OB));
  check(item->putUint8Array(bytes.data(), bytes.size()));
  check(sequence.insert(item.get()));
  item.release();
  Uint32 fragment = 1;
  OFString color_model;
  check(DcmCodecList::decodeFrame(syntax, nullptr, &sequence, &dataset, 0, fragment, buffer, Uint32(byte_count),
                                  color_model));
}

} // namespace dicom_shim

using namespace dicom_shim;

int cd_decode_frame(const char *transfer_syntax, const char *photometric_interpretation, const void *codestream,
                    size_t count, cd_frame_layout layout, void *buffer, size_t byte_count, int *precision) {
  return guarded([&] {
    const uint64_t expected = uint64_t(layout.columns) * layout.rows * layout.samples * (layout.bits_allocated / 8);
    if (layout.bits_allocated % 8 || expected != byte_count || expected == 0)
      throw Failure{CD_FAILED, "the buffer is not of the frame's size"};
    if (expected > maximum_frame_bytes) throw Failure{CD_UNSUPPORTED, "a frame of more than 1 GiB"};
    const auto *first = static_cast<const uint8_t *>(codestream);
    const std::vector<uint8_t> bytes(first, first + count);
    const std::string uid = transfer_syntax;
    *precision = 0;
    const bool is_high_throughput = uid.rfind("1.2.840.10008.1.2.4.20", 0) == 0;               // .201 to .203
    const bool is_jpeg2000 = is_high_throughput || uid.rfind("1.2.840.10008.1.2.4.9", 0) == 0; // .90 to .93
    const bool is_jpeg_ls = uid == UID_JPEGLSLosslessTransferSyntax || uid == UID_JPEGLSLossyTransferSyntax;
    if (is_jpeg2000) {
      *precision = decode_jpeg2000(bytes, layout, static_cast<uint8_t *>(buffer));
      return;
    }
    if (uid == UID_RLELosslessTransferSyntax) {
      decode_rle(bytes, layout, static_cast<uint8_t *>(buffer));
      return;
    }
    const DcmXfer syntax(transfer_syntax);
    if (!DcmCodecList::canChangeCoding(syntax.getXfer(), EXS_LittleEndianExplicit))
      throw Failure{CD_UNSUPPORTED, "there is no decoder for this compression"};
    const CodestreamSize size = jpeg_size(bytes);
    check_size(size, layout);
    if (is_jpeg_ls) *precision = int(size.precision);
    decode_by_dcmtk(syntax, photometric_interpretation, bytes, layout, buffer, byte_count);
  });
}
