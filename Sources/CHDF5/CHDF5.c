#include "CHDF5.h"

// Debian keeps the serial build in a folder of its own.
#if __has_include(<hdf5/serial/hdf5.h>)
#include <hdf5/serial/hdf5.h>
#else
#include <hdf5.h>
#endif

#include <stdlib.h>
#include <string.h>

static _Thread_local char message[CH_MAXIMUM_MESSAGE];

const char *ch_last_error(void) { return message; }

void ch_version(unsigned *major, unsigned *minor, unsigned *release) { H5get_libversion(major, minor, release); }

static int fail(char *text, int status, const char *reason) {
  strncpy(text, reason, CH_MAXIMUM_MESSAGE - 1);
  return status;
}

// The kind of the innermost error; its description would quote the file's name.
static herr_t innermost(unsigned n, const H5E_error2_t *error, void *text) {
  if (n == 0) H5Eget_msg(error->min_num, NULL, text, CH_MAXIMUM_MESSAGE);
  return 0;
}

static int refused(char *text, int status) {
  strcpy(text, "HDF5 gives no reason");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, text);
  return status;
}

static int open_file(const char *path, hid_t *file) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); // no messages on the terminal
  *file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  return *file < 0 ? refused(message, CH_NOT_HDF5) : CH_OK;
}

static int open_data_set(hid_t file, const char *name, char *text, hid_t *set) {
  htri_t exists = H5Lexists(file, name, H5P_DEFAULT);
  if (exists < 0) return refused(text, CH_FAILED);
  if (!exists) return fail(text, CH_ABSENT, "there is no such data set");
  *set = H5Dopen2(file, name, H5P_DEFAULT);
  return *set < 0 ? refused(text, CH_FAILED) : CH_OK;
}

static int read_shape(hid_t file, const char *name, ch_shape *out) {
  hid_t set;
  int status = open_data_set(file, name, out->message, &set);
  if (status != CH_OK) return status;
  hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  H5T_class_t kind = H5Tget_class(type);
  out->rank = H5Sget_simple_extent_ndims(space);
  if (type < 0 || out->rank < 0) return refused(out->message, CH_FAILED);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) return fail(out->message, CH_UNSUPPORTED, "it holds no numbers");
  if (out->rank > CH_MAXIMUM_RANK) return fail(out->message, CH_UNSUPPORTED, "it has too many dimensions");
  hsize_t dimensions[CH_MAXIMUM_RANK] = {0};
  H5Sget_simple_extent_dims(space, dimensions, NULL);
  for (int i = 0; i < CH_MAXIMUM_RANK; i++) out->dimensions[i] = dimensions[i];
  return CH_OK;
}

// In the file's own type: HDF5 converts no character sets.
static int read_texts(hid_t source, hid_t type, ch_attribute *out) {
  int is_variable = H5Tis_variable_str(type) > 0;
  size_t width = is_variable ? sizeof(char *) : H5Tget_size(type);
  char *texts = calloc(out->count, width);
  if (!texts) return fail(out->message, CH_FAILED, "out of memory");
  if (H5Aread(source, type, texts) < 0) return refused(out->message, CH_FAILED);
  const char *first = is_variable ? *(char **)texts : texts;
  size_t length = is_variable ? (first ? strlen(first) : 0) : width;
  if (length > CH_MAXIMUM_TEXT - 1) length = CH_MAXIMUM_TEXT - 1;
  if (length > 0) memcpy(out->text, first, length);
  return CH_OK;
}

static int read_attribute(hid_t file, const char *name, ch_attribute *out) {
  htri_t exists = H5Aexists(file, name);
  if (exists < 0) return refused(out->message, CH_FAILED);
  if (!exists) return fail(out->message, CH_ABSENT, "there is no such attribute");
  hid_t source = H5Aopen(file, name, H5P_DEFAULT);
  hid_t type = H5Aget_type(source);
  hssize_t count = H5Sget_simple_extent_npoints(H5Aget_space(source));
  if (type < 0 || count < 0) return refused(out->message, CH_FAILED);
  H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_STRING)
    return fail(out->message, CH_UNSUPPORTED, "it holds neither numbers nor text");
  out->kind = kind == H5T_STRING ? CH_TEXT : CH_NUMBERS;
  out->count = (size_t)count;
  if (count == 0) return CH_OK;
  if (kind == H5T_STRING) return read_texts(source, type, out);
  double *numbers = calloc(out->count, sizeof *numbers);
  if (!numbers) return fail(out->message, CH_FAILED, "out of memory");
  if (H5Aread(source, H5T_NATIVE_DOUBLE, numbers) < 0) return refused(out->message, CH_FAILED);
  for (size_t i = 0; i < out->count && i < CH_MAXIMUM_COUNT; i++) out->numbers[i] = numbers[i];
  return CH_OK;
}

// The next of several names, one a line; NULL after the last.
static char *next_name(char **rest) {
  char *name;
  do name = strsep(rest, "\n");
  while (name && !*name);
  return name;
}

static int describe(hid_t file, char *sets, size_t set_count, ch_shape *shapes, char *names, size_t attribute_count,
                    ch_attribute *attributes) {
  if (!sets || !names) return fail(message, CH_FAILED, "out of memory");
  for (size_t i = 0; i < set_count; i++) {
    char *name = next_name(&sets);
    if (!name) return fail(message, CH_FAILED, "fewer names than answers");
    shapes[i].status = read_shape(file, name, &shapes[i]);
  }
  for (size_t i = 0; i < attribute_count; i++) {
    char *name = next_name(&names);
    if (!name) return fail(message, CH_FAILED, "fewer names than answers");
    attributes[i].status = read_attribute(file, name, &attributes[i]);
  }
  return CH_OK;
}

int ch_describe(const char *path, const char *set_names, size_t set_count, ch_shape *shapes,
                const char *attribute_names, size_t attribute_count, ch_attribute *attributes) {
  hid_t file;
  int status = open_file(path, &file);
  if (status != CH_OK) return status;
  char *sets = strdup(set_names), *names = strdup(attribute_names);
  status = describe(file, sets, set_count, shapes, names, attribute_count, attributes);
  free(sets);
  free(names);
  return status;
}

int ch_read_floats(const char *path, const char *name, float *values, size_t count) {
  hid_t file, set;
  int status = open_file(path, &file);
  if (status == CH_OK) status = open_data_set(file, name, message, &set);
  if (status != CH_OK) return status;
  if (H5Sget_simple_extent_npoints(H5Dget_space(set)) != (hssize_t)count)
    return fail(message, CH_FAILED, "it has another size");
  herr_t done = H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  return done < 0 ? refused(message, CH_FAILED) : CH_OK;
}
