// A C view of the parts of libnifti2 that RenalGrade uses: NIfTI-1 and -2, plain or gzipped. It holds no policy.
//
// Different files may be read from different threads at once; one file belongs to one thread at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct cnifti_file_ *cnifti_file;

enum {
  CN_OK = 0,
  CN_FAILED,      // libnifti2 cannot open it: no NIfTI header, or no image file beside it
  CN_TRUNCATED,   // the file ends, or its compressed stream breaks, before its voxels do
  CN_UNSUPPORTED, // voxels that are not single real numbers
};

typedef struct {
  int64_t size[3]; // the fastest first
  int64_t frames;  // volumes beyond the third dimension
  double slope, intercept;
  double unit; // millimetres per unit of the matrices
  int sform_code, qform_code;
  double sform[3][4], qform[3][4]; // index to position: right, anterior, superior
} cnifti_header;

int cnifti_open(const char *path, cnifti_file *out, cnifti_header *header);
// The next voxels as they are stored, in the machine's byte order, before slope and intercept.
int cnifti_read(cnifti_file file, double *values, size_t count);
void cnifti_close(cnifti_file file);
