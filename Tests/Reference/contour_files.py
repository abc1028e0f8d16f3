"""Masks as pynrrd and nibabel write them, for Tests/IntakeTests/ContourFileTests.swift.

python3 -m venv venv && venv/bin/pip install -r requirements-contours.txt
venv/bin/python contour_files.py ../IntakeTests/Fixtures/contours

The series has 3 slices of 8 columns x 6 rows, 0.75 x 0.5 mm pixels, turned by 10 degrees about the patient's left axis,
2.5 mm apart. The voxel of column c, row r and slice s is inside where (7 c + 3 r + 5 s + c r) % 3 is 0.
"""
import pathlib
import sys

import nibabel
import nrrd
import numpy as np

target = pathlib.Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
c, r, s = np.meshgrid(np.arange(8), np.arange(6), np.arange(3), indexing="ij")
mask = ((7 * c + 3 * r + 5 * s + c * r) % 3 == 0).astype(np.uint8)
angle = np.radians(10)
steps = np.array([[0.75, 0, 0], [0, 0.5 * np.cos(angle), 0.5 * np.sin(angle)],
                  [0, -2.5 * np.sin(angle), 2.5 * np.cos(angle)]])
origin = np.array([-10.0, 20.0, 30.0])


def write_nrrd(name, data, start, directions, space, **options):
    header = {"space": space, "space origin": start, "space directions": directions, **options}
    nrrd.write(str(target / name), data, header)


write_nrrd("gzip-lps.nrrd", mask, origin, steps, "left-posterior-superior", encoding="gzip")
# Slices run downwards, and the numbers are large and big-endian.
flip = np.array([-1, -1, 1])
write_nrrd("raw-ras-reversed.nrrd", np.ascontiguousarray(mask[:, :, ::-1]).astype(">i2"),
           (origin + 2 * steps[2]) * flip, steps * np.array([1, 1, -1])[:, None] * flip,
           "right-anterior-superior", encoding="raw", endian="big")
# As 3D Slicer writes a segmentation: cropped, here to a part of the columns, with keys of its own.
part = mask.copy()
part[:2] = 0
write_nrrd("cropped.seg.nrrd", part[2:], origin + 2 * steps[0], steps, "left-posterior-superior", encoding="gzip",
           **{"Segment0_ID": "Segment_1", "Segment0_LabelValue": "1", "Segment0_Layer": "0", "Segment0_Name": "Tumor"})
affine = np.eye(4)
affine[:3, :3] = (steps * flip).T
affine[:3, 3] = origin * flip
nibabel.Nifti1Image(mask, affine).to_filename(str(target / "mask.nii.gz"))
shifted = affine.copy()
shifted[0, 3] += 0.02
nibabel.Nifti1Image(mask, shifted).to_filename(str(target / "shifted.nii.gz"))
kits = mask * 2
kits[(c == 0) & (mask == 0)] = 1
nibabel.Nifti1Image(kits, affine).to_filename(str(target / "kits.nii.gz"))
