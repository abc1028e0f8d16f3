#include "CHDF5.h"

// Debian keeps the serial build in a folder of its own.
#if __has_include(<hdf5/serial/hdf5.h>)
#include <hdf5/serial/hdf5.h>
#else
#include <hdf5.h>
#endif

#include <stdlib.h>
#include <string.h>

static _Thread_local char message[256];

const char *ch_last_error(void) { return message; }

void ch_version(unsigned *major, unsigned *minor, unsigned *release) { H5get_libversion(major, minor, release); }

static int fail(int status, const char *text) {
  strncpy(message, text, sizeof message - 1);
  message[sizeof message - 1] = 0;
  return status;
}

// The kind of the innermost error; its description would quote the file's name.
static herr_t innermost(unsigned n, const H5E_error2_t *error, void *data) {
  (void)data;
  if (n == 0) H5Eget_msg(error->min_num, NULL, message, sizeof message);
  return 0;
}

static int refused(void) {
  strcpy(message, "HDF5 gives no reason");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, NULL);
  H5Eclear2(H5E_DEFAULT);
  return CH_FAILED;
}

int ch_open(const char *path, int64_t *out) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); // no messages on the terminal
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return refused();
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG); // whatever was left open goes with the file
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
  int status = file < 0 ? refused() : CH_OK;
  H5Pclose(access);
  *out = file;
  return status;
}

void ch_close(int64_t file) { H5Fclose(file); }

static int open_data_set(hid_t file, const char *name, hid_t *out) {
  htri_t exists = H5Lexists(file, name, H5P_DEFAULT);
  if (exists < 0) return refused();
  if (!exists) return fail(CH_ABSENT, "there is no such data set");
  *out = H5Dopen2(file, name, H5P_DEFAULT);
  return *out < 0 ? refused() : CH_OK;
}

int ch_data_set_shape(int64_t file, const char *name, ch_shape *out) {
  hid_t set;
  int status = open_data_set(file, name, &set);
  if (status != CH_OK) return status;
  hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  H5T_class_t kind = H5Tget_class(type);
  int rank = H5Sget_simple_extent_ndims(space);
  if (type < 0 || space < 0 || rank < 0) {
    status = refused();
  } else if (kind != H5T_INTEGER && kind != H5T_FLOAT) {
    status = fail(CH_UNSUPPORTED, "the data set holds no numbers");
  } else if (rank > CH_MAXIMUM_RANK) {
    status = fail(CH_UNSUPPORTED, "the data set has too many dimensions");
  } else {
    hsize_t dimensions[CH_MAXIMUM_RANK] = {0};
    H5Sget_simple_extent_dims(space, dimensions, NULL);
    out->rank = rank;
    for (int i = 0; i < CH_MAXIMUM_RANK; i++) out->dimensions[i] = dimensions[i];
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Dclose(set);
  return status;
}

int ch_read_floats(int64_t file, const char *name, float *values, size_t count) {
  hid_t set;
  int status = open_data_set(file, name, &set);
  if (status != CH_OK) return status;
  hid_t space = H5Dget_space(set);
  if (space < 0) {
    status = refused();
  } else if (H5Sget_simple_extent_npoints(space) != (hssize_t)count) {
    status = fail(CH_FAILED, "the data set has another size");
  } else if (H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    status = refused();
  }
  if (space >= 0) H5Sclose(space);
  H5Dclose(set);
  return status;
}

typedef struct {
  hid_t attribute, type, space;
  H5T_class_t kind;
  hssize_t count;
} opened;

static void close_attribute(opened *it) {
  if (it->space >= 0) H5Sclose(it->space);
  if (it->type >= 0) H5Tclose(it->type);
  if (it->attribute >= 0) H5Aclose(it->attribute);
}

static int open_attribute(hid_t file, const char *name, opened *out) {
  htri_t exists = H5Aexists(file, name);
  if (exists < 0) return refused();
  if (!exists) return fail(CH_ABSENT, "there is no such attribute");
  out->attribute = H5Aopen(file, name, H5P_DEFAULT);
  out->type = out->attribute < 0 ? -1 : H5Aget_type(out->attribute);
  out->space = out->attribute < 0 ? -1 : H5Aget_space(out->attribute);
  if (out->type >= 0 && out->space >= 0) {
    out->kind = H5Tget_class(out->type);
    out->count = H5Sget_simple_extent_npoints(out->space);
    if (out->count >= 0) return CH_OK;
  }
  int status = refused();
  close_attribute(out);
  return status;
}

int ch_attribute(int64_t file, const char *name, ch_kind *kind, size_t *count) {
  opened it;
  int status = open_attribute(file, name, &it);
  if (status != CH_OK) return status;
  if (it.kind == H5T_INTEGER || it.kind == H5T_FLOAT) {
    *kind = CH_NUMBERS;
  } else if (it.kind == H5T_STRING) {
    *kind = CH_TEXTS;
  } else {
    status = fail(CH_UNSUPPORTED, "the attribute holds neither numbers nor text");
  }
  *count = (size_t)it.count;
  close_attribute(&it);
  return status;
}

int ch_attribute_numbers(int64_t file, const char *name, double *values, size_t count) {
  opened it;
  int status = open_attribute(file, name, &it);
  if (status != CH_OK) return status;
  if ((size_t)it.count != count) {
    status = fail(CH_FAILED, "the attribute has another size");
  } else if (H5Aread(it.attribute, H5T_NATIVE_DOUBLE, values) < 0) {
    status = refused();
  }
  close_attribute(&it);
  return status;
}

// In the file's own type: HDF5 converts no character sets.
static int read_text(const opened *it, char **out) {
  if (it->kind != H5T_STRING || it->count < 1) return fail(CH_UNSUPPORTED, "the attribute holds no text");
  if (H5Tis_variable_str(it->type) > 0) {
    char **texts = calloc((size_t)it->count, sizeof *texts);
    if (!texts) return fail(CH_FAILED, "out of memory");
    int status = H5Aread(it->attribute, it->type, texts) < 0 ? refused() : CH_OK;
    if (status == CH_OK) {
      *out = strdup(texts[0] ? texts[0] : "");
      H5Dvlen_reclaim(it->type, it->space, H5P_DEFAULT, texts);
    }
    free(texts);
    return status;
  }
  size_t size = H5Tget_size(it->type);
  char *texts = calloc((size_t)it->count, size);
  if (!texts) return fail(CH_FAILED, "out of memory");
  int status = H5Aread(it->attribute, it->type, texts) < 0 ? refused() : CH_OK;
  if (status == CH_OK) *out = strndup(texts, size);
  free(texts);
  return status;
}

int ch_attribute_text(int64_t file, const char *name, char **out) {
  opened it;
  int status = open_attribute(file, name, &it);
  if (status != CH_OK) return status;
  status = read_text(&it, out);
  close_attribute(&it);
  return status;
}

void ch_free(void *memory) { free(memory); }
