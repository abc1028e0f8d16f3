// A C view of the parts of HDF5 that RenalGrade reads: data sets of numbers, and attributes of the root group.
//
// It holds no policy. Every function that can fail returns a CH_... status and leaves a message, which names no file, in
// ch_last_error() of the calling thread. HDF5 may be used by one thread at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
  CH_OK = 0,
  CH_FAILED,      // HDF5 refused; the message says why
  CH_ABSENT,      // there is no such data set or attribute
  CH_UNSUPPORTED, // neither numbers nor text, or of more than CH_MAXIMUM_RANK dimensions
};

enum { CH_MAXIMUM_RANK = 8 };

const char *ch_last_error(void);
void ch_version(unsigned *major, unsigned *minor, unsigned *release);

// Opens a file to read only.
int ch_open(const char *path, int64_t *out);
void ch_close(int64_t file);

typedef struct {
  int rank;
  uint64_t dimensions[CH_MAXIMUM_RANK]; // the slowest first
} ch_shape;

int ch_data_set_shape(int64_t file, const char *name, ch_shape *out);
// All values in the order of the data set; count is the product of its dimensions.
int ch_read_floats(int64_t file, const char *name, float *values, size_t count);

typedef enum { CH_NUMBERS, CH_TEXTS } ch_kind;

int ch_attribute(int64_t file, const char *name, ch_kind *kind, size_t *count);
int ch_attribute_numbers(int64_t file, const char *name, double *values, size_t count);
// The first text, released with ch_free.
int ch_attribute_text(int64_t file, const char *name, char **out);
void ch_free(void *memory);
