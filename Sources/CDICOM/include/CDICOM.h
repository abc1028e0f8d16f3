// A C view of the parts of DCMTK and OpenJPEG that RenalGrade uses: the dictionary, character sets, and decoders of
// compressed pixels. It holds no policy.
//
// Every function that can fail leaves a message in cd_last_error() of the calling thread. All may be called from several
// threads at once.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  CD_OK = 0,
  CD_FAILED,      // DCMTK or OpenJPEG refused; the message says why
  CD_ABSENT,      // there is no such thing
  CD_TRUNCATED,   // the input ends before its contents do
  CD_UNSUPPORTED, // a transfer syntax, or a size, that this shim does not decode
  CD_MISMATCH,    // the compressed image is not of the size that was asked for
};

const char *cd_last_error(void);
const char *cd_dcmtk_version(void);
const char *cd_openjpeg_version(void);
// Whether DCMTK found its data dictionary.
bool cd_has_dictionary(void);
// The dictionary's keyword of a tag; it lives until the thread's next call.
const char *cd_tag_name(uint32_t tag);
// The dictionary's VR of a tag, its first letter in the upper byte; 0 where it has none.
uint16_t cd_tag_vr(uint32_t tag);

// Text in UTF-8 and the number of its bytes, from the character set that SpecificCharacterSet names; it lives until the
// thread's next call. NULL where DCMTK cannot convert it (with glibc the character sets of ISO 2022).
const char *cd_utf8(const void *bytes, size_t count, const char *character_set, size_t *out_count);

typedef struct {
  uint32_t columns, rows, samples, bits_allocated, bits_stored;
  bool is_signed;
} cd_frame_layout;

// Decodes the codestream of one frame into buffer, whose size is exactly columns x rows x samples x bits_allocated / 8:
// little endian, colour by pixel. precision is the codestream's own, or 0 where it states none. But for RLE, damaged
// codestreams can end the process (Debian's OpenJPEG keeps its assertions): renalgrade-decoder calls it.
int cd_decode_frame(const char *transfer_syntax, const char *photometric_interpretation, const void *codestream,
                    size_t count, cd_frame_layout layout, void *buffer, size_t byte_count, int *precision);

// What a deflated data set (PS3.5 section A.5) holds, at most maximum bytes; released with cd_free.
int cd_inflate(const void *bytes, size_t count, size_t maximum, uint8_t **out, size_t *out_count);
void cd_free(void *bytes);

#ifdef __cplusplus
}
#endif
