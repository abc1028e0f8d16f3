// JPEG 2000 and HTJ2K, which DCMTK has no codec for, by OpenJPEG.
#include "internal.h"

// Debian keeps the header in a folder of the version's name.
#if __has_include(<openjpeg.h>)
#include <openjpeg.h>
#else
#include <openjpeg-2.5/openjpeg.h>
#endif

#include <algorithm>
#include <cstring>
#include <memory>

namespace dicom_shim {

namespace {

struct Reader {
  const std::vector<uint8_t> &bytes;
  size_t position = 0;
};

OPJ_SIZE_T read(void *buffer, OPJ_SIZE_T count, void *data) {
  auto *reader = static_cast<Reader *>(data);
  const size_t left = reader->bytes.size() - reader->position;
  if (left == 0) return OPJ_SIZE_T(-1);
  const size_t taken = std::min(left, size_t(count));
  std::memcpy(buffer, reader->bytes.data() + reader->position, taken);
  reader->position += taken;
  return taken;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void *data) {
  auto *reader = static_cast<Reader *>(data);
  if (count < 0) return -1;
  const size_t taken = std::min(reader->bytes.size() - reader->position, size_t(count));
  reader->position += taken;
  return OPJ_OFF_T(taken);
}

OPJ_BOOL seek(OPJ_OFF_T position, void *data) {
  auto *reader = static_cast<Reader *>(data);
  if (position < 0 || size_t(position) > reader->bytes.size()) return OPJ_FALSE;
  reader->position = size_t(position);
  return OPJ_TRUE;
}

void keep_message(const char *message, void *data) {
  auto *text = static_cast<std::string *>(data);
  if (text->empty()) text->assign(message, std::strcspn(message, "\n"));
}

void ignore_message(const char *, void *) {}

int decode(const std::vector<uint8_t> &bytes, const cd_frame_layout &layout, uint8_t *buffer) {
  static const uint8_t jp2_signature[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  const bool is_jp2 = bytes.size() > 12 && std::memcmp(bytes.data(), jp2_signature, sizeof jp2_signature) == 0;
  std::unique_ptr<opj_codec_t, void (*)(opj_codec_t *)> codec(
      opj_create_decompress(is_jp2 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K), [](opj_codec_t *c) { opj_destroy_codec(c); });
  std::unique_ptr<opj_stream_t, void (*)(opj_stream_t *)> stream(opj_stream_default_create(OPJ_TRUE),
                                                                 [](opj_stream_t *s) { opj_stream_destroy(s); });
  if (!codec || !stream) throw std::bad_alloc();
  std::string message;
  opj_set_error_handler(codec.get(), keep_message, &message);
  opj_set_warning_handler(codec.get(), ignore_message, nullptr);
  opj_set_info_handler(codec.get(), ignore_message, nullptr);
  Reader reader{bytes};
  opj_stream_set_user_data(stream.get(), &reader, nullptr);
  opj_stream_set_user_data_length(stream.get(), bytes.size());
  opj_stream_set_read_function(stream.get(), read);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);

  auto require = [&](bool success) {
    if (!success) throw Failure{CD_FAILED, message.empty() ? "OpenJPEG cannot decode the image" : message};
  };
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  require(opj_setup_decoder(codec.get(), &parameters));
  require(opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE));
  opj_image_t *header = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &header);
  std::unique_ptr<opj_image_t, void (*)(opj_image_t *)> image(header, [](opj_image_t *i) { opj_image_destroy(i); });
  require(has_header && image && image->numcomps > 0);
  const uint32_t precision = image->comps[0].prec;
  check_size({image->x1 - image->x0, image->y1 - image->y0, image->numcomps, precision}, layout);
  require(opj_decode(codec.get(), stream.get(), image.get()) && opj_end_decompress(codec.get(), stream.get()));

  const size_t count = size_t(layout.columns) * layout.rows, width = layout.bits_allocated / 8;
  for (uint32_t sample = 0; sample < layout.samples; sample++) {
    const opj_image_comp_t &component = image->comps[sample];
    if (component.w != layout.columns || component.h != layout.rows || !component.data)
      throw Failure{CD_UNSUPPORTED, "a component is stored at another resolution"};
    for (size_t i = 0; i < count; i++) {
      const int32_t value = component.data[i];
      // Little endian on every machine that this runs on, as DCMTK's codecs give it.
      std::memcpy(buffer + (i * layout.samples + sample) * width, &value, std::min(width, sizeof value));
    }
  }
  return int(precision);
}

} // namespace

int decode_jpeg2000(const std::vector<uint8_t> &bytes, const cd_frame_layout &layout, uint8_t *buffer) {
  return decode(bytes, layout, buffer);
}

} // namespace dicom_shim

const char *cd_openjpeg_version(void) { return opj_version(); }
