#include "CNIfTI.h"

#include <nifti2_io.h>

struct nii_file_ {
  nifti_image *image;
  znzFile stream;
};

static int is_readable(int datatype) {
  switch (datatype) {
  case DT_UINT8: case DT_INT8: case DT_INT16: case DT_UINT16: case DT_INT32: case DT_UINT32: case DT_INT64:
  case DT_UINT64: case DT_FLOAT32: case DT_FLOAT64: return 1;
  default: return 0;
  }
}

static void convert(const void *raw, double *values, size_t count, int datatype) {
#define FROM(type) for (size_t i = 0; i < count; i++) values[i] = (double)((const type *)raw)[i]; break
  switch (datatype) {
  case DT_UINT8: FROM(uint8_t);
  case DT_INT8: FROM(int8_t);
  case DT_INT16: FROM(int16_t);
  case DT_UINT16: FROM(uint16_t);
  case DT_INT32: FROM(int32_t);
  case DT_UINT32: FROM(uint32_t);
  case DT_INT64: FROM(int64_t);
  case DT_UINT64: FROM(uint64_t);
  case DT_FLOAT32: FROM(float);
  case DT_FLOAT64: FROM(double);
  }
#undef FROM
}

int nii_open(const char *path, nii_file *out, nii_header *header) {
  nifti_set_debug_level(0); // no messages on the terminal
  nifti_image *image = nifti_image_read(path, 0);
  if (!image) return NII_FAILED;
  znzFile stream = znzopen(image->iname, "rb", nifti_is_gzfile(image->iname));
  if (znz_isnull(stream) || image->iname_offset < 0 || znzseek(stream, image->iname_offset, SEEK_SET) < 0) {
    if (!znz_isnull(stream)) znzclose(stream);
    nifti_image_free(image);
    return NII_FAILED;
  }
  int status = is_readable(image->datatype) ? NII_OK : NII_UNSUPPORTED;
  nii_file file = status == NII_OK ? malloc(sizeof *file) : NULL;
  if (!file) {
    znzclose(stream);
    nifti_image_free(image);
    return status == NII_OK ? NII_FAILED : status;
  }
  file->image = image;
  file->stream = stream;
  *header = (nii_header){
      .size = {image->nx, image->ny, image->nz},
      .frames = 1,
      .slope = image->scl_slope,
      .intercept = image->scl_inter,
      .unit = image->xyz_units == NIFTI_UNITS_METER ? 1000 : image->xyz_units == NIFTI_UNITS_MICRON ? 0.001 : 1,
      .sform_code = image->sform_code,
      .qform_code = image->qform_code,
  };
  for (int i = 4; i <= 7 && i <= image->dim[0]; i++)
    if (image->dim[i] > header->frames) header->frames = image->dim[i];
  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 4; column++) {
      header->sform[row][column] = image->sto_xyz.m[row][column];
      header->qform[row][column] = image->qto_xyz.m[row][column];
    }
  *out = file;
  return NII_OK;
}

int nii_read(nii_file file, double *values, size_t count) {
  size_t size = (size_t)file->image->nbyper;
  void *raw = malloc(count * size);
  if (!raw) return NII_FAILED;
  int status = znzread(raw, 1, count * size, file->stream) == count * size ? NII_OK : NII_TRUNCATED;
  if (status == NII_OK) {
    if (file->image->swapsize > 1 && file->image->byteorder != nifti_short_order())
      nifti_swap_Nbytes((int64_t)count * file->image->nbyper / file->image->swapsize, file->image->swapsize, raw);
    convert(raw, values, count, file->image->datatype);
  }
  free(raw);
  return status;
}

void nii_close(nii_file file) {
  znzclose(file->stream);
  nifti_image_free(file->image);
  free(file);
}
