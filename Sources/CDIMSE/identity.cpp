#include "internal.h"

#include "dcmtk/dcmdata/dcistrmb.h"

#include <unistd.h>

namespace dimse_shim {

static std::string text(DcmItem *item, const DcmTagKey &tag) {
  OFString value;
  if (!item || item->findAndGetOFStringArray(tag, value).bad()) return "";
  return value.c_str();
}

// Whether uncompressed pixel data have the size that the header states.
static bool has_whole_pixels(DcmDataset *data_set) {
  DcmElement *pixels = nullptr;
  Uint16 rows = 0, columns = 0, bits = 0, samples = 1;
  Sint32 frames = 1;
  if (DcmXfer(data_set->getOriginalXfer()).isEncapsulated() ||
      data_set->findAndGetElement(DCM_PixelData, pixels).bad() || !pixels ||
      data_set->findAndGetUint16(DCM_Rows, rows).bad() || data_set->findAndGetUint16(DCM_Columns, columns).bad() ||
      data_set->findAndGetUint16(DCM_BitsAllocated, bits).bad())
    return true;
  data_set->findAndGetUint16(DCM_SamplesPerPixel, samples);
  data_set->findAndGetSint32(DCM_NumberOfFrames, frames);
  return uint64_t(pixels->getLength()) >= uint64_t(rows) * columns * samples * uint64_t(frames > 0 ? frames : 1) * bits / 8;
}

} // namespace dimse_shim

using namespace dimse_shim;

int cn_synchronize(int descriptor) { return syncfs(descriptor) == 0 ? CN_OK : CN_FAILED; }

int cn_identify(const uint8_t *bytes, size_t byte_count, cn_identity *out) {
  return guarded([&] {
    if (byte_count < 132 || std::string(reinterpret_cast<const char *>(bytes) + 128, 4) != "DICM")
      throw Failure{CN_INVALID, "these bytes are no DICOM file"};
    DcmInputBufferStream stream;
    stream.setBuffer(bytes, offile_off_t(byte_count));
    stream.setEos();
    DcmFileFormat file;
    file.transferInit();
    const OFCondition condition = file.read(stream, EXS_Unknown, EGL_noChange);
    file.transferEnd();
    if (condition.bad()) throw Failure{CN_INVALID, std::string("the data set is damaged: ") + condition.text()};
    DcmDataset *data_set = file.getDataset();
    if (!has_whole_pixels(data_set)) throw Failure{CN_INVALID, "the pixel data are cut off"};
    thread_local std::string sop_class, sop_instance, series, study, patient, modality, transfer_syntax;
    sop_class = text(data_set, DCM_SOPClassUID);
    sop_instance = text(data_set, DCM_SOPInstanceUID);
    series = text(data_set, DCM_SeriesInstanceUID);
    study = text(data_set, DCM_StudyInstanceUID);
    patient = text(data_set, DCM_PatientID);
    modality = text(data_set, DCM_Modality);
    transfer_syntax = text(file.getMetaInfo(), DCM_TransferSyntaxUID);
    *out = {sop_class.c_str(), sop_instance.c_str(), series.c_str(), study.c_str(),
            patient.c_str(),   modality.c_str(),     transfer_syntax.c_str()};
  });
}
