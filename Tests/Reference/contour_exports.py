"""Reads exported contours with the field's own tools, for Tests/IntakeTests/ContourExportTests.swift.

python3 -m venv venv && venv/bin/pip install -r requirements-contours.txt
RENALGRADE_KEEP_EXPORTS=/tmp/exports swift test --filter ContourExportTests     # fails until the fixture is made anew
venv/bin/python contour_exports.py /tmp/exports ../IntakeTests/Fixtures/contour-exports.json

For each format, patient, lesion and slice the fixture has how many pixels the tool finds inside, and a check of where; and the
SHA-256 of the bytes that the tool read, of compressed ones as they are before. pynrrd and SimpleITK read NRRD, nibabel and SimpleITK
NIfTI, highdicom segmentations; pydicom and scikit-image read structure sets, and dcmrtstruct2nii converts them.
"""
import contextlib
import gzip
import hashlib
import io
import json
import pathlib
import sys
import tempfile

import highdicom as hd
import nibabel
import nrrd
import numpy as np
import pydicom
import SimpleITK
from dcmrtstruct2nii import dcmrtstruct2nii
from skimage.draw import polygon2mask

# dcmrtstruct2nii 5 calls it by the name that pydicom 3 dropped.
pydicom.read_file = pydicom.dcmread
root, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
LESIONS = {"P01": ["left", "right"], "P02": ["left"]}


def slices(patient):
    """The files of a patient's slices, in their order along the normal."""
    images = [pydicom.dcmread(path) for path in (root / "dicom" / patient).glob("*.dcm")]
    return sorted(images, key=lambda image: np.dot(np.array(image.ImagePositionPatient, float), normal(image)))


def normal(image):
    across, down = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
    return np.cross(across, down)


def affine(images):
    """From columns, rows and slices to the patient (LPS)."""
    first = images[0]
    across, down = np.array(first.ImageOrientationPatient, float).reshape(2, 3)
    position = np.array(first.ImagePositionPatient, float)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1] = across * first.PixelSpacing[1], down * first.PixelSpacing[0]
    matrix[:3, 2], matrix[:3, 3] = np.array(images[1].ImagePositionPatient, float) - position, position
    return matrix


def digest(mask):
    """Of a mask of rows x columns."""
    rows, columns = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]]
    return [int(mask.sum()), int((mask * ((31 * rows + 17 * columns) % 101)).sum())]


def digests(volume):
    """Of a volume of columns x rows x slices, the slices that are not empty."""
    return {str(index): digest(volume[:, :, index].T) for index in range(volume.shape[2]) if volume[:, :, index].any()}


def require(found, expected, what):
    if not np.allclose(found, expected, atol=2e-5):
        sys.exit(f"{what}: found\n{found}\nexpected\n{expected}")


def itk_affine(path):
    image = SimpleITK.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return matrix


def read_nrrd(path, patient, images):
    data, header = nrrd.read(str(path))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = header["space directions"].T, header["space origin"]
    require(matrix, affine(images), "pynrrd")
    require(itk_affine(path), affine(images), "SimpleITK of NRRD")
    named = {header[f"Segment{n}_Name"]: int(header[f"Segment{n}_LabelValue"]) for n in range(len(LESIONS[patient]))}
    bytes_ = path.read_bytes()
    start = bytes_.index(b"\n\n") + 2
    plain = bytes_[:start] + gzip.decompress(bytes_[start:])
    return plain, {name: digests(data == named[f"Lesion {name}"]) for name in LESIONS[patient]}


def read_nifti(path, patient, images):
    image = nibabel.load(path)
    flip = np.diag([-1, -1, 1, 1])
    require(image.get_sform(), flip @ affine(images), "nibabel's sform")
    require(image.get_qform(), flip @ affine(images), "nibabel's qform")
    require(itk_affine(path), affine(images), "SimpleITK of NIfTI")
    data = np.asarray(image.dataobj)
    return gzip.decompress(path.read_bytes()), {
        name: digests(data == n + 1) for n, name in enumerate(LESIONS[patient])}


def read_masks(path, patient, images):
    plain, _ = read_nifti(path, patient, images)
    return plain, {"tumour": digests(np.asarray(nibabel.load(path).dataobj) == 2)}


def read_segmentation(path, patient, images):
    file = hd.seg.segread(path)
    frames = file.get_pixels_by_source_instance(
        source_sop_instance_uids=[image.SOPInstanceUID for image in images], assert_missing_frames_are_empty=True)
    volume = file.get_volume(combine_segments=False, allow_missing_positions=False)
    require(volume.spacing, [2.5, 0.5, 0.75], "highdicom's spacing")
    labels = [file.get_segment_description(n).segment_label for n in file.segment_numbers]
    return path.read_bytes(), {
        label.removeprefix("Lesion "): digests(np.transpose(frames[..., index], (2, 1, 0)).astype(bool))
        for index, label in enumerate(labels)}


def read_structures(path, patient, images):
    file = pydicom.dcmread(path)
    inverse = np.linalg.inv(affine(images))
    names = {roi.ROINumber: roi.ROIName.removeprefix("Lesion ") for roi in file.StructureSetROISequence}
    order = [image.SOPInstanceUID for image in images]
    found = {}
    for roi in file.ROIContourSequence:
        volume = np.zeros((images[0].Columns, images[0].Rows, len(images)), bool)
        for contour in roi.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            pixels = points @ inverse[:3, :3].T + inverse[:3, 3]
            slice = order.index(contour.ContourImageSequence[0].ReferencedSOPInstanceUID)
            require(pixels[:, 2], slice, "the contour's slice")
            # Of the pixels on an edge, those on left and upper edges are inside.
            volume[:, :, slice] ^= polygon2mask(volume.shape[:2], pixels[:, :2] - 1e-6)
        found[names[roi.ReferencedROINumber]] = digests(volume)
        compare(path, patient, roi, names, volume)
    return path.read_bytes(), found


def compare(path, patient, roi, names, volume):
    """Prints how far dcmrtstruct2nii, which draws the border as well, agrees."""
    name = names[roi.ReferencedROINumber]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        dcmrtstruct2nii(str(path), str(root / "dicom" / patient), folder, convert_original_dicom=False)
        masks = {p.name: p for p in pathlib.Path(folder).glob("*.nii.gz")}
        data = np.asarray(nibabel.load(masks[f"mask_Lesion-{name}.nii.gz"]).dataobj) > 0
    dice = max(2 * (volume & d).sum() / (volume.sum() + d.sum()) for d in [data, data[:, :, ::-1]])
    print(f"dcmrtstruct2nii, {patient} {name}: Dice {dice:.3f}")


READERS = {"nrrd": read_nrrd, "nifti": read_nifti, "masks": read_masks, "seg": read_segmentation,
           "rtstruct": read_structures}
golden = {}
for format, read in READERS.items():
    for path in sorted((root / f"export {format}").rglob("*.*")):
        patient = path.parent.name
        plain, masks = read(path, patient, slices(patient))
        golden[f"{format} {patient}"] = {"sha256": hashlib.sha256(plain).hexdigest(), "masks": masks}
output.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
