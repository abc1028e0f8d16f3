// Pixel data: native bytes, and frames through DCMTK's codecs or OpenJPEG.
#include "internal.h"

#include "dcmtk/dcmdata/dccodec.h"
#include "dcmtk/dcmdata/dcpixel.h"
#include "dcmtk/dcmdata/dcpixseq.h"
#include "dcmtk/dcmdata/dcpxitem.h"

#include <cstring>
#include <memory>

namespace dicom_shim {

// A frame of more than this is no CT slice, but it would take the machine's memory before that is found out.
static const uint64_t maximum_frame_bytes = uint64_t(1) << 30;

// Null where the pixel data is native. The element itself tells: HTJ2K is younger than DCMTK 3.6.7, which takes such a file
// for Explicit VR Little Endian but reads its fragments all the same.
static DcmPixelSequence *encapsulated(DcmPixelData *pixels) {
  DcmPixelSequence *sequence = nullptr;
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter *parameter = nullptr;
  pixels->getOriginalRepresentationKey(syntax, parameter);
  return pixels->getEncapsulatedRepresentation(syntax, parameter, sequence).good() ? sequence : nullptr;
}

static DcmPixelData *pixel_data(cd_file file) {
  DcmElement *element = nullptr;
  if (file->format.getDataset()->findAndGetElement(DCM_PixelData, element).bad() || !element)
    throw Failure{CD_ABSENT, "no pixel data"};
  auto *pixels = dynamic_cast<DcmPixelData *>(element);
  if (!pixels) throw Failure{CD_FAILED, "the pixel data element has a VR other than OB or OW"};
  return pixels;
}

static std::vector<uint32_t> offset_table(DcmPixelSequence *sequence) {
  DcmPixelItem *item = nullptr;
  check(sequence->getItem(item, 0));
  const uint32_t length = item->getLength();
  std::vector<uint32_t> offsets(length / 4);
  Uint8 *bytes = nullptr;
  if (offsets.empty() || item->getUint8Array(bytes).bad() || !bytes) return {};
  for (size_t i = 0; i < offsets.size(); i++)
    offsets[i] = bytes[4 * i] | bytes[4 * i + 1] << 8 | bytes[4 * i + 2] << 16 | uint32_t(bytes[4 * i + 3]) << 24;
  return offsets;
}

static void append_fragment(DcmPixelSequence *sequence, unsigned long index, std::vector<uint8_t> &out) {
  DcmPixelItem *item = nullptr;
  check(sequence->getItem(item, index));
  Uint8 *bytes = nullptr;
  if (item->getLength() == 0) return;
  check(item->getUint8Array(bytes), CD_TRUNCATED);
  if (bytes) out.insert(out.end(), bytes, bytes + item->getLength());
}

static bool ends_codestream(const std::vector<uint8_t> &bytes) {
  // JPEG, JPEG-LS and JPEG 2000 all end with FFD9, which at most a padding byte follows.
  const size_t size = bytes.size();
  return size >= 3 && ((bytes[size - 2] == 0xFF && bytes[size - 1] == 0xD9) ||
                       (bytes[size - 3] == 0xFF && bytes[size - 2] == 0xD9));
}

// The codestream of one frame, its fragments joined: PS3.5 section A.4.
static std::vector<uint8_t> codestream(DcmPixelSequence *sequence, uint32_t frame, uint32_t frame_count) {
  const unsigned long items = sequence->card();
  if (items < 2) throw Failure{CD_ABSENT, "the pixel data has no fragment"};
  const unsigned long fragments = items - 1;
  std::vector<uint8_t> bytes;
  if (frame_count == 1) {
    for (unsigned long i = 1; i < items; i++) append_fragment(sequence, i, bytes);
    return bytes;
  }
  if (fragments == frame_count) {
    append_fragment(sequence, frame + 1, bytes);
    return bytes;
  }
  if (fragments < frame_count) throw Failure{CD_TRUNCATED, "there are fewer fragments than frames"};
  const std::vector<uint32_t> offsets = offset_table(sequence);
  if (offsets.size() == frame_count) {
    const uint64_t end = frame + 1 < frame_count ? offsets[frame + 1] : UINT64_MAX;
    uint64_t position = 0;
    for (unsigned long i = 1; i < items && position < end; i++) {
      DcmPixelItem *item = nullptr;
      check(sequence->getItem(item, i));
      if (position >= offsets[frame]) append_fragment(sequence, i, bytes);
      position += 8 + uint64_t(item->getLength());
    }
    return bytes;
  }
  uint32_t current = 0;
  for (unsigned long i = 1; i < items && current <= frame; i++) {
    std::vector<uint8_t> fragment;
    append_fragment(sequence, i, fragment);
    if (current == frame) bytes.insert(bytes.end(), fragment.begin(), fragment.end());
    if (ends_codestream(fragment)) current++;
  }
  if (current <= frame) throw Failure{CD_UNSUPPORTED, "nothing tells where the frames begin among the fragments"};
  return bytes;
}

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

static void decode_by_dcmtk(cd_file file, DcmXfer syntax, std::vector<uint8_t> bytes, const cd_frame_layout &layout,
                            void *buffer, size_t byte_count) {
  if (bytes.size() % 2) bytes.push_back(0);
  // The codecs take a pixel sequence; one that holds this frame alone leaves them nothing to guess.
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
  check(DcmCodecList::decodeFrame(syntax, nullptr, &sequence, file->format.getDataset(), 0, fragment, buffer,
                                  Uint32(byte_count), color_model));
}

} // namespace dicom_shim

using namespace dicom_shim;

int cd_pixels(cd_file file, uint32_t tag, cd_pixel_element *out) {
  return guarded([&] {
    *out = {};
    DcmDataset *dataset = file->format.getDataset();
    DcmElement *element = nullptr;
    if (dataset->findAndGetElement(key(tag), element).bad() || !element) throw Failure{CD_ABSENT, "no such element"};
    out->is_big_endian = DcmXfer(dataset->getOriginalXfer()).isBigEndian();
    out->is_bytes = element->getVR() == EVR_OB;
    if (auto *pixels = dynamic_cast<DcmPixelData *>(element)) {
      if (DcmPixelSequence *sequence = encapsulated(pixels)) {
        out->is_encapsulated = true;
        out->fragment_count = sequence->card() > 0 ? sequence->card() - 1 : 0;
        return;
      }
    }
    out->byte_count = element->getLength();
  });
}

int cd_native_bytes(cd_file file, uint32_t tag, uint64_t offset, void *buffer, size_t byte_count) {
  return guarded([&] {
    DcmDataset *dataset = file->format.getDataset();
    DcmElement *element = nullptr;
    if (dataset->findAndGetElement(key(tag), element).bad() || !element) throw Failure{CD_ABSENT, "no such element"};
    if (offset + byte_count > element->getLength()) throw Failure{CD_TRUNCATED, "the pixel data ends before the frame"};
    const bool is_big_endian = DcmXfer(dataset->getOriginalXfer()).isBigEndian();
    check(element->getPartialValue(buffer, Uint32(offset), Uint32(byte_count), nullptr,
                                   is_big_endian ? EBO_BigEndian : EBO_LittleEndian),
          CD_TRUNCATED);
  });
}

int cd_decode_frame(cd_file file, cd_frame_layout layout, uint32_t frame, void *buffer, size_t byte_count,
                    int *precision) {
  return guarded([&] {
    const uint64_t expected = uint64_t(layout.columns) * layout.rows * layout.samples * (layout.bits_allocated / 8);
    if (layout.bits_allocated % 8 || expected != byte_count || expected == 0)
      throw Failure{CD_FAILED, "the buffer is not of the frame's size"};
    if (expected > maximum_frame_bytes) throw Failure{CD_UNSUPPORTED, "a frame of more than 1 GiB"};
    DcmPixelData *pixels = pixel_data(file);
    DcmPixelSequence *sequence = encapsulated(pixels);
    if (!sequence) throw Failure{CD_FAILED, "the pixel data is not compressed"};
    const std::vector<uint8_t> bytes = codestream(sequence, frame, layout.frame_count);
    const DcmXfer syntax(file->format.getDataset()->getOriginalXfer());
    const std::string uid = cd_transfer_syntax(file);
    *precision = 0;
    const bool is_high_throughput = uid.rfind("1.2.840.10008.1.2.4.20", 0) == 0;                // .201 to .203
    const bool is_jpeg2000 = is_high_throughput || uid.rfind("1.2.840.10008.1.2.4.9", 0) == 0; // .90 to .93
    const bool is_jpeg_ls = uid == UID_JPEGLSLosslessTransferSyntax || uid == UID_JPEGLSLossyTransferSyntax;
    if (is_jpeg2000) {
      *precision = decode_jpeg2000(bytes, is_high_throughput, layout, static_cast<uint8_t *>(buffer), byte_count);
      return;
    }
    if (uid == UID_RLELosslessTransferSyntax) {
      decode_rle(bytes, layout, static_cast<uint8_t *>(buffer));
      return;
    }
    if (!DcmCodecList::canChangeCoding(syntax.getXfer(), EXS_LittleEndianExplicit))
      throw Failure{CD_UNSUPPORTED, "there is no decoder for this compression"};
    const CodestreamSize size = jpeg_size(bytes);
    check_size(size, layout);
    if (is_jpeg_ls) *precision = int(size.precision);
    decode_by_dcmtk(file, syntax, bytes, layout, buffer, byte_count);
  });
}
