#include "CHDF5.h"

// Debian keeps the serial build in a folder of its own.
#if __has_include(<hdf5/serial/hdf5.h>)
#include <hdf5/serial/hdf5.h>
#else
#include <hdf5.h>
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// What the process that reads hands back, in memory that both see.
typedef struct {
  int status;
  char message[256];
  _Alignas(16) unsigned char payload[];
} answer;

typedef int (*reading)(hid_t file, const char *name, size_t size, answer *out);

static _Thread_local char message[256];

enum { CPU_SECONDS = 30 };

const char *ch_last_error(void) { return message; }

void ch_version(unsigned *major, unsigned *minor, unsigned *release) { H5get_libversion(major, minor, release); }

static int fail(answer *out, int status, const char *text) {
  strncpy(out->message, text, sizeof out->message - 1);
  return status;
}

// The kind of the innermost error; its description would quote the file's name.
static herr_t innermost(unsigned n, const H5E_error2_t *error, void *data) {
  answer *out = data;
  if (n == 0) H5Eget_msg(error->min_num, NULL, out->message, sizeof out->message);
  return 0;
}

static int refused(answer *out, int status) {
  strcpy(out->message, "HDF5 gives no reason");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, out);
  return status;
}

static void limit(int resource, rlim_t value) {
  struct rlimit both = {value, value};
  setrlimit(resource, &both);
}

static int read_file(const char *path, const char *name, size_t size, reading body, answer *out) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); // no messages on the terminal
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  return file < 0 ? refused(out, CH_NOT_HDF5) : body(file, name, size, out);
}

// Nothing is closed in the process that reads: it ends with the call.
static int in_a_process(const char *path, const char *name, size_t size, reading body, void *payload) {
  size_t length = sizeof(answer) + size;
  answer *shared = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    strcpy(message, "out of memory");
    return CH_FAILED;
  }
  shared->status = CH_FAILED;
  pid_t child = fork();
  if (child == 0) {
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, CPU_SECONDS);
    shared->status = read_file(path, name, size, body, shared);
    _exit(0);
  }
  int state = 0;
  pid_t ended = child;
  if (child > 0)
    do ended = waitpid(child, &state, 0);
    while (ended < 0 && errno == EINTR);
  if (child < 0 || ended < 0) {
    fail(shared, CH_FAILED, "no process could be started to read the file");
  } else if (!WIFEXITED(state)) {
    shared->status = fail(shared, CH_FAILED, "its contents contradict themselves");
  }
  int status = shared->status;
  memcpy(message, shared->message, sizeof message);
  message[sizeof message - 1] = 0;
  if (status == CH_OK) memcpy(payload, shared->payload, size);
  munmap(shared, length);
  return status;
}

static int open_data_set(hid_t file, const char *name, answer *out, hid_t *set) {
  htri_t exists = H5Lexists(file, name, H5P_DEFAULT);
  if (exists < 0) return refused(out, CH_FAILED);
  if (!exists) return fail(out, CH_ABSENT, "there is no such data set");
  *set = H5Dopen2(file, name, H5P_DEFAULT);
  return *set < 0 ? refused(out, CH_FAILED) : CH_OK;
}

static int read_shape(hid_t file, const char *name, size_t size, answer *out) {
  (void)size;
  hid_t set;
  int status = open_data_set(file, name, out, &set);
  if (status != CH_OK) return status;
  hid_t type = H5Dget_type(set), space = H5Dget_space(set);
  H5T_class_t kind = H5Tget_class(type);
  ch_shape *shape = (ch_shape *)out->payload;
  shape->rank = H5Sget_simple_extent_ndims(space);
  if (type < 0 || shape->rank < 0) return refused(out, CH_FAILED);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) return fail(out, CH_UNSUPPORTED, "the data set holds no numbers");
  if (shape->rank > CH_MAXIMUM_RANK) return fail(out, CH_UNSUPPORTED, "the data set has too many dimensions");
  hsize_t dimensions[CH_MAXIMUM_RANK] = {0};
  H5Sget_simple_extent_dims(space, dimensions, NULL);
  for (int i = 0; i < CH_MAXIMUM_RANK; i++) shape->dimensions[i] = dimensions[i];
  return CH_OK;
}

static int read_floats(hid_t file, const char *name, size_t size, answer *out) {
  hid_t set;
  int status = open_data_set(file, name, out, &set);
  if (status != CH_OK) return status;
  if (H5Sget_simple_extent_npoints(H5Dget_space(set)) != (hssize_t)(size / sizeof(float)))
    return fail(out, CH_FAILED, "the data set has another size");
  herr_t done = H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->payload);
  return done < 0 ? refused(out, CH_FAILED) : CH_OK;
}

// In the file's own type: HDF5 converts no character sets.
static int read_texts(hid_t source, hid_t type, size_t count, answer *out) {
  ch_attribute *found = (ch_attribute *)out->payload;
  size_t width = H5Tis_variable_str(type) > 0 ? sizeof(char *) : H5Tget_size(type);
  char *texts = calloc(count, width);
  if (!texts) return fail(out, CH_FAILED, "out of memory");
  if (H5Aread(source, type, texts) < 0) return refused(out, CH_FAILED);
  const char *first = texts;
  size_t length = width;
  if (H5Tis_variable_str(type) > 0) {
    first = *(char **)texts;
    length = first ? strlen(first) : 0;
  }
  memcpy(found->text, first, length < CH_MAXIMUM_TEXT - 1 ? length : CH_MAXIMUM_TEXT - 1);
  return CH_OK;
}

static int read_attribute(hid_t file, const char *name, size_t size, answer *out) {
  (void)size;
  ch_attribute *found = (ch_attribute *)out->payload;
  htri_t exists = H5Aexists(file, name);
  if (exists < 0) return refused(out, CH_FAILED);
  if (!exists) return fail(out, CH_ABSENT, "there is no such attribute");
  hid_t source = H5Aopen(file, name, H5P_DEFAULT);
  hid_t type = H5Aget_type(source);
  hssize_t count = H5Sget_simple_extent_npoints(H5Aget_space(source));
  if (type < 0 || count < 0) return refused(out, CH_FAILED);
  H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_STRING)
    return fail(out, CH_UNSUPPORTED, "the attribute holds neither numbers nor text");
  found->kind = kind == H5T_STRING ? CH_TEXT : CH_NUMBERS;
  found->count = (size_t)count;
  if (count == 0) return CH_OK;
  if (kind == H5T_STRING) return read_texts(source, type, (size_t)count, out);
  double *numbers = calloc((size_t)count, sizeof *numbers);
  if (!numbers) return fail(out, CH_FAILED, "out of memory");
  if (H5Aread(source, H5T_NATIVE_DOUBLE, numbers) < 0) return refused(out, CH_FAILED);
  for (hssize_t i = 0; i < count && i < CH_MAXIMUM_COUNT; i++) found->numbers[i] = numbers[i];
  return CH_OK;
}

int ch_data_set_shape(const char *path, const char *name, ch_shape *out) {
  return in_a_process(path, name, sizeof *out, read_shape, out);
}

int ch_read_floats(const char *path, const char *name, float *values, size_t count) {
  return in_a_process(path, name, count * sizeof *values, read_floats, values);
}

int ch_read_attribute(const char *path, const char *name, ch_attribute *out) {
  return in_a_process(path, name, sizeof *out, read_attribute, out);
}
