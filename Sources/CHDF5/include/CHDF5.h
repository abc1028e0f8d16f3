// A C view of the parts of HDF5 that RenalGrade reads: data sets of numbers, and attributes of the root group.
//
// It holds no policy. HDF5 1.10 runs beyond its buffers, or for ever, in files that contradict themselves, and nothing is
// closed here: renalgrade-decoder calls it, in a process for each call. What comes back is a CH_... status, and a message,
// which names no file, in ch_last_error() of the calling thread or in the answer.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  CH_OK = 0,
  CH_FAILED,      // HDF5 refused, or did not come through; the message says why
  CH_NOT_HDF5,    // it is no HDF5 file, or was cut off
  CH_ABSENT,      // there is no such data set or attribute
  CH_UNSUPPORTED, // neither numbers nor text, or of more than CH_MAXIMUM_RANK dimensions
};

enum { CH_MAXIMUM_RANK = 8, CH_MAXIMUM_COUNT = 8, CH_MAXIMUM_TEXT = 1024, CH_MAXIMUM_MESSAGE = 128 };

const char *ch_last_error(void);
void ch_version(unsigned *major, unsigned *minor, unsigned *release);

typedef struct {
  int status;
  char message[CH_MAXIMUM_MESSAGE];
  int rank;
  uint64_t dimensions[CH_MAXIMUM_RANK]; // the slowest first
} ch_shape;

typedef enum { CH_NUMBERS, CH_TEXT } ch_kind;

typedef struct {
  int status;
  char message[CH_MAXIMUM_MESSAGE];
  ch_kind kind;
  size_t count;                     // 0 where the attribute is empty
  double numbers[CH_MAXIMUM_COUNT]; // the first ones
  char text[CH_MAXIMUM_TEXT];       // the first one, cut off where it is longer
} ch_attribute;

// The data sets and the root group's attributes of these names, one a line; there is room for one answer for each.
int ch_describe(const char *path, const char *set_names, size_t set_count, ch_shape *shapes,
                const char *attribute_names, size_t attribute_count, ch_attribute *attributes);
// All values in the order of the data set; count is the product of its dimensions.
int ch_read_floats(const char *path, const char *name, float *values, size_t count);

#ifdef __cplusplus
}
#endif
