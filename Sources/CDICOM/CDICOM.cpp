#include "internal.h"

#include "dcmtk/dcmdata/dcspchrs.h"
#include "dcmtk/dcmjpeg/djdecode.h"
#include "dcmtk/dcmjpls/djdecode.h"
#include "dcmtk/oflog/oflog.h"

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
    dcmDataDict.isDictionaryLoaded();
  });
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

uint16_t cd_tag_vr(uint32_t tag) {
  uint16_t letters = 0;
  guarded([&] {
    const DcmTag known(key(tag));
    if (known.error().bad() || known.getEVR() == EVR_UNKNOWN) return;
    // DCMTK's own VRs for what may be one of several (xs, ox, ...) become the most usual one.
    const char *name = DcmVR(known.getVR().getValidEVR()).getVRName();
    letters = uint16_t(uint8_t(name[0]) << 8 | uint8_t(name[1]));
  });
  return letters;
}

const char *cd_utf8(const void *bytes, size_t count, const char *character_set, size_t *out_count) {
  thread_local OFString converted;
  const int status = guarded([&] {
    DcmSpecificCharacterSet converter;
    check(converter.selectCharacterSet(character_set));
    check(converter.convertString(static_cast<const char *>(bytes), count, converted, "\\"));
  });
  *out_count = converted.size();
  return status == CD_OK ? converted.c_str() : nullptr;
}
