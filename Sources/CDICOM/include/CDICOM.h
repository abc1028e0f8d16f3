// A C view of the parts of DCMTK and OpenJPEG that RenalGrade uses. It holds no policy.
//
// Every function that can fail returns a CD_... status and leaves a message in cd_last_error() of the calling thread.
// Different files may be used from different threads at once; one file belongs to one thread at a time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cd_file_ *cd_file;

enum {
  CD_OK = 0,
  CD_FAILED,      // DCMTK or OpenJPEG refused; the message says why
  CD_ABSENT,      // there is no such element, item or value
  CD_TRUNCATED,   // the file ends before its contents do
  CD_UNSUPPORTED, // a transfer syntax, or a size, that this shim does not decode
  CD_MISMATCH,    // the compressed image is not of the size that was asked for
};

const char *cd_last_error(void);
const char *cd_dcmtk_version(void);
const char *cd_openjpeg_version(void);
// Whether DCMTK found its data dictionary, without which it neither reads implicit VR nor writes.
bool cd_has_dictionary(void);
// The dictionary's keyword of a tag; it lives until the thread's next call.
const char *cd_tag_name(uint32_t tag);
// The dictionary's VR of a tag, empty where it has none; it lives until the thread's next call.
const char *cd_tag_vr(uint32_t tag);

// Reads every element of a file; values over 4 KiB stay on disk until they are asked for, and only their lengths are
// checked against the file's.
int cd_open(const char *path, cd_file *out);
// The same of a file in memory, whose bytes are copied.
int cd_open_bytes(const void *bytes, size_t count, cd_file *out);
int cd_create(cd_file *out);
void cd_close(cd_file file);

// A path is one tag (group << 16 | element), or sequence, item, sequence, item, ..., tag.
// The value as text, several values separated by backslashes; it lives until the next call on the file. It is in UTF-8,
// except where DCMTK cannot convert the character set (with glibc those of ISO 2022): then it is as in the file.
int cd_string(cd_file file, const uint32_t *path, size_t length, const char **out);
int cd_item_count(cd_file file, const uint32_t *path, size_t length, size_t *out);
// The UID of the transfer syntax in which the data set is stored; it lives as long as the file.
const char *cd_transfer_syntax(cd_file file);

typedef struct {
  bool is_encapsulated, is_big_endian, is_bytes; // is_bytes: the VR is OB
  uint64_t byte_count;                           // of a native value
  size_t fragment_count;                         // of an encapsulated one
} cd_pixel_element;

int cd_pixels(cd_file file, uint32_t tag, cd_pixel_element *out);
// Bytes of a native value, in the byte order of the file.
int cd_native_bytes(cd_file file, uint32_t tag, uint64_t offset, void *buffer, size_t byte_count);

typedef struct {
  uint32_t columns, rows, samples, bits_allocated, frame_count;
} cd_frame_layout;

// Decodes one frame of encapsulated pixel data into buffer, whose size is exactly columns x rows x samples x
// bits_allocated / 8: little endian, colour by pixel. precision is the codestream's own, or 0 where it states none.
int cd_decode_frame(cd_file file, cd_frame_layout layout, uint32_t frame, void *buffer, size_t byte_count, int *precision);

// Several values are separated by backslashes. vr may be NULL: the dictionary's.
int cd_set_string(cd_file file, uint32_t tag, const char *vr, const char *value);
int cd_set_pixels(cd_file file, const uint16_t *words, size_t count);
// The whole file in Explicit VR Little Endian; released with cd_free.
int cd_encode(cd_file file, uint8_t **bytes, size_t *byte_count);
void cd_free(void *bytes);

// What a deflated data set (PS3.5 section A.5) holds, at most maximum bytes; released with cd_free.
int cd_inflate(const void *bytes, size_t count, size_t maximum, uint8_t **out, size_t *out_count);

#ifdef __cplusplus
}
#endif
