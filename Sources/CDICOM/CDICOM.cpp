#include "internal.h"

#include "dcmtk/dcmdata/dcostrmb.h"
#include "dcmtk/dcmdata/dcspchrs.h"
#include "dcmtk/dcmjpeg/djdecode.h"
#include "dcmtk/dcmjpls/djdecode.h"
#include "dcmtk/oflog/oflog.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace dicom_shim {

static thread_local std::string last_error;

void set_error(const std::string &message) { last_error = message; }

void initialize() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    // Colours stay as they are encoded, and by pixel, whichever codec stored them.
    DJDecoderRegistration::registerCodecs(EDC_never, EUC_never, EPC_colorByPixel, OFTrue);
    DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
    // As pydicom does: some writers announce explicit VR and write implicit.
    dcmAcceptUnexpectedImplicitEncoding.set(OFTrue);
    dcmDataDict.isDictionaryLoaded();
  });
}

// The item that holds the last tag of a path.
static DcmItem *holder(cd_file file, const uint32_t *path, size_t length) {
  if (length == 0 || length % 2 == 0) throw Failure{CD_FAILED, "a path is a tag, or sequence, item, ..., tag"};
  const bool is_meta = path[0] >> 16 == 0x0002;
  DcmItem *item = is_meta ? static_cast<DcmItem *>(file->format.getMetaInfo()) : file->format.getDataset();
  for (size_t step = 0; step + 2 < length; step += 2) {
    DcmItem *next = nullptr;
    if (item->findAndGetSequenceItem(key(path[step]), next, long(path[step + 1])).bad() || !next)
      throw Failure{CD_ABSENT, "no such sequence item"};
    item = next;
  }
  return item;
}

// Whether the text has characters beyond ASCII, or the escape sequences of ISO 2022.
static bool needs_conversion(const OFString &text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) >= 0x80 || c == 0x1B) return true;
  return false;
}

static void convert_to_utf8(cd_file file, OFString &text) {
  OFString character_set, converted;
  file->format.getDataset()->findAndGetOFStringArray(DCM_SpecificCharacterSet, character_set);
  DcmSpecificCharacterSet converter;
  if (converter.selectCharacterSet(character_set).good() && converter.convertString(text, converted, "\\").good())
    text = converted;
}

bool is_truncation(const OFCondition &condition) {
  return condition == EC_EndOfStream || condition == EC_StreamNotifyClient || condition == EC_InvalidStream ||
         condition == EC_SequDelimitationItemMissing || condition == EC_ItemDelimitationItemMissing;
}

} // namespace dicom_shim

using namespace dicom_shim;

const char *cd_last_error(void) { return last_error.c_str(); }
const char *cd_dcmtk_version(void) { return OFFIS_DCMTK_VERSION_STRING; }

bool cd_has_dictionary(void) {
  return guarded([] {
           if (!dcmDataDict.isDictionaryLoaded()) throw Failure{CD_ABSENT, "DCMTK found no data dictionary"};
         }) == CD_OK;
}

const char *cd_tag_name(uint32_t tag) {
  thread_local std::string name;
  name.clear();
  guarded([&] { name = DcmTag(key(tag)).getTagName(); });
  return name.c_str();
}

int cd_open(const char *path, cd_file *out) {
  return guarded([&] {
    auto file = std::make_unique<cd_file_>();
    OFCondition condition = file->format.loadFile(path, EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect);
    check(condition, is_truncation(condition) ? CD_TRUNCATED : CD_FAILED);
    *out = file.release();
  });
}

int cd_create(cd_file *out) {
  return guarded([&] { *out = new cd_file_(); });
}

void cd_close(cd_file file) {
  guarded([&] { delete file; });
}

int cd_string(cd_file file, const uint32_t *path, size_t length, const char **out) {
  return guarded([&] {
    OFString value;
    if (holder(file, path, length)->findAndGetOFStringArray(key(path[length - 1]), value).bad())
      throw Failure{CD_ABSENT, "no such element"};
    if (needs_conversion(value)) convert_to_utf8(file, value);
    file->text.assign(value.c_str());
    *out = file->text.c_str();
  });
}

int cd_item_count(cd_file file, const uint32_t *path, size_t length, size_t *out) {
  return guarded([&] {
    DcmSequenceOfItems *sequence = nullptr;
    if (holder(file, path, length)->findAndGetSequence(key(path[length - 1]), sequence).bad() || !sequence)
      throw Failure{CD_ABSENT, "no such sequence"};
    *out = sequence->card();
  });
}

const char *cd_transfer_syntax(cd_file file) {
  // DCMTK knows fewer syntaxes than there are; the file meta information has the UID itself.
  OFString uid;
  if (guarded([&] { check(file->format.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, uid)); }) == CD_OK)
    file->transfer_syntax.assign(uid.c_str());
  if (file->transfer_syntax.empty())
    file->transfer_syntax = DcmXfer(file->format.getDataset()->getOriginalXfer()).getXferID();
  return file->transfer_syntax.c_str();
}

int cd_set_string(cd_file file, uint32_t tag, const char *vr, const char *value) {
  return guarded([&] {
    const DcmTag named = vr ? DcmTag(key(tag), DcmVR(vr)) : DcmTag(key(tag));
    check(file->format.getDataset()->putAndInsertString(named, value));
  });
}

int cd_set_pixels(cd_file file, const uint16_t *words, size_t count) {
  return guarded([&] {
    check(file->format.getDataset()->putAndInsertUint16Array(DcmTag(DCM_PixelData, EVR_OW), words, count));
  });
}

int cd_encode(cd_file file, uint8_t **bytes, size_t *byte_count) {
  return guarded([&] {
    const E_TransferSyntax syntax = EXS_LittleEndianExplicit;
    DcmFileFormat &format = file->format;
    check(format.validateMetaInfo(syntax));
    // The preamble and "DICM" are not elements, hence the room to spare.
    const size_t capacity = size_t(format.calcElementLength(syntax, EET_ExplicitLength)) + 4096;
    std::unique_ptr<uint8_t, void (*)(void *)> memory(static_cast<uint8_t *>(std::malloc(capacity)), std::free);
    if (!memory) throw std::bad_alloc();
    DcmOutputBufferStream stream(memory.get(), offile_off_t(capacity));
    format.transferInit();
    check(format.write(stream, syntax, EET_ExplicitLength, nullptr, EGL_recalcGL, EPD_noChange));
    format.transferEnd();
    void *written = nullptr;
    offile_off_t length = 0;
    stream.flushBuffer(written, length);
    *bytes = memory.release();
    *byte_count = size_t(length);
  });
}

void cd_free(void *bytes) { std::free(bytes); }
