#include "CNIfTI.h"

#include <nifti2_io.h>

struct nii_file_ {
  nifti_image *image;
  znzFile stream;
};

// How the voxels are stored; false where they are no single real numbers.
static bool read_type(int datatype, nii_header *header) {
  switch (datatype) {
  case DT_UINT8: case DT_UINT16: case DT_UINT32: case DT_UINT64: header->kind = NII_UNSIGNED; return true;
  case DT_INT8: case DT_INT16: case DT_INT32: case DT_INT64: header->kind = NII_SIGNED; return true;
  case DT_FLOAT32: case DT_FLOAT64: header->kind = NII_REAL; return true;
  default: return false;
  }
}

// Whether the stated number of dimensions and start of the voxels can be: libnifti2 follows some out of its arrays, and
// quietly takes others in the place of the rest.
static bool is_sound(const char *path) {
  int version = 0;
  void *header = nifti_read_header(path, &version, 0);
  if (!header) return false;
  // It is as it lies in the file, in either byte order.
  bool is_swapped = *(int *)header != (version == 2 ? 540 : 348);
  bool is_sound;
  if (version == 2) {
    nifti_2_header *stated = header;
    if (is_swapped) {
      nifti_swap_8bytes(1, &stated->dim[0]);
      nifti_swap_8bytes(1, &stated->vox_offset);
    }
    is_sound = stated->dim[0] >= 1 && stated->dim[0] <= 7 && stated->vox_offset >= 0;
  } else {
    nifti_1_header *stated = header;
    if (is_swapped) {
      nifti_swap_2bytes(1, &stated->dim[0]);
      nifti_swap_4bytes(1, &stated->vox_offset);
    }
    is_sound = stated->dim[0] >= 1 && stated->dim[0] <= 7 && stated->vox_offset >= 0;
  }
  free(header);
  return is_sound;
}

int nii_open(const char *path, nii_file *out, nii_header *header) {
  nifti_set_debug_level(0); // no messages on the terminal
  nifti_image *image = is_sound(path) ? nifti_image_read(path, 0) : NULL;
  if (!image) return NII_FAILED;
  znzFile stream = znzopen(image->iname, "rb", nifti_is_gzfile(image->iname));
  if (znz_isnull(stream) || image->iname_offset < 0 || znzseek(stream, image->iname_offset, SEEK_SET) < 0) {
    if (!znz_isnull(stream)) znzclose(stream);
    nifti_image_free(image);
    return NII_FAILED;
  }
  *header = (nii_header){
      .size = {image->nx, image->ny, image->nz},
      .frames = 1,
      .bytes = image->nbyper,
      .slope = image->scl_slope,
      .intercept = image->scl_inter,
      .unit = image->xyz_units == NIFTI_UNITS_METER ? 1000 : image->xyz_units == NIFTI_UNITS_MICRON ? 0.001 : 1,
      .sform_code = image->sform_code,
      .qform_code = image->qform_code,
  };
  int status = read_type(image->datatype, header) ? NII_OK : NII_UNSUPPORTED;
  nii_file file = status == NII_OK ? malloc(sizeof *file) : NULL;
  if (!file) {
    znzclose(stream);
    nifti_image_free(image);
    return status == NII_OK ? NII_FAILED : status;
  }
  file->image = image;
  file->stream = stream;
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

int nii_read(nii_file file, void *voxels, size_t size) {
  if (znzread(voxels, 1, size, file->stream) != size) return NII_TRUNCATED;
  int width = file->image->swapsize;
  if (width > 1 && file->image->byteorder != nifti_short_order()) nifti_swap_Nbytes((int64_t)size / width, width, voxels);
  return NII_OK;
}

void nii_close(nii_file file) {
  znzclose(file->stream);
  nifti_image_free(file->image);
  free(file);
}
