// A C view of the parts of libnifti2 that RenalGrade uses: NIfTI-1 and -2, plain or gzipped. It holds no policy.
//
// libnifti2 reads beyond its buffers where a header contradicts itself: renalgrade-decoder calls it, in a process for each
// file.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nii_file_ *nii_file;

enum {
  NII_OK = 0,
  NII_FAILED,      // libnifti2 cannot open it: no NIfTI header, or no image file beside it
  NII_TRUNCATED,   // the file ends, or its compressed stream breaks, before its voxels do
  NII_UNSUPPORTED, // voxels that are not single real numbers
};

typedef enum { NII_UNSIGNED, NII_SIGNED, NII_REAL } nii_kind;

typedef struct {
  nii_kind kind;
  int bytes;       // of a voxel
  int64_t size[3]; // the fastest first
  int64_t frames;  // volumes beyond the third dimension
  double slope, intercept;
  double unit; // millimetres per unit of the matrices
  int sform_code, qform_code;
  double sform[3][4], qform[3][4]; // index to position: right, anterior, superior
} nii_header;

int nii_open(const char *path, nii_file *out, nii_header *header);
// The next `size` bytes of voxels, in the machine's byte order, before slope and intercept.
int nii_read(nii_file file, void *voxels, size_t size);
void nii_close(nii_file file);

#ifdef __cplusplus
}
#endif
