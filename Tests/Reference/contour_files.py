"""Contours as pynrrd, nibabel, highdicom and rt-utils write them, for Tests/IntakeTests/ContourFileTests.swift.

python3 -m venv venv && venv/bin/pip install -r requirements-contours.txt
venv/bin/python contour_files.py ../IntakeTests/Fixtures/contours

The series has 3 slices of 8 columns x 6 rows, 0.75 x 0.5 mm pixels, turned by 10 degrees about the patient's left axis,
2.5 mm apart. The voxel of column c, row r and slice s is inside where (7 c + 3 r + 5 s + c r) % 3 is 0.
"""
import hashlib
import json
import pathlib
import sys
import tempfile

import highdicom as hd
import nibabel
import nrrd
import numpy as np
import pydicom
import rt_utils
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

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

# numpy's default type, a header apart from its data, and a byte before them.
write_nrrd("double.nrrd", mask.astype(float), origin, steps, "LPS", encoding="gzip")
write_nrrd("detached.nhdr", mask, origin, steps, "left-posterior-superior", encoding="raw")
attached = (target / "gzip-lps.nrrd").read_bytes().split(b"\n\n")[0].replace(b"gzip", b"raw")
(target / "skipped.nrrd").write_bytes(
    attached + b"\nline skip: 1\nbyte skip: 3\n\nline\nabc" + mask.tobytes(order="F"))
# Overlapping segments lie in layers, as 3D Slicer writes them; the organ is no lesion.
kidney = (c < 4).astype(np.uint8)
nrrd.write(str(target / "layers.seg.nrrd"), np.stack([kidney, mask * 3]), {
    "space": "left-posterior-superior", "space origin": origin, "kinds": ["list", "domain", "domain", "domain"],
    "space directions": np.vstack([np.full(3, np.nan), steps]), "encoding": "gzip",
    **{f"Segment{n}_{key}": value for n, keys in enumerate([
        {"ID": "Segment_1", "LabelValue": "1", "Layer": "0", "Name": "Kidney"},
        {"ID": "Segment_2", "LabelValue": "3", "Layer": "1", "Name": "Tumor"}]) for key, value in keys.items()}})
# The qform alone, big-endian, and scaled values.
image = nibabel.Nifti1Image(mask.astype(">i2"), affine)
image.header.set_sform(None, code=0)
image.header.set_qform(affine, code=1)
image.header.set_data_dtype(">i2")
image.to_filename(str(target / "qform.nii"))
header = nibabel.Nifti1Header()
header.set_data_dtype(np.uint8)
header.set_data_shape(mask.shape)
header.set_sform(affine, code=1)
header.set_slope_inter(0.5, 0)
header["magic"], header["vox_offset"] = b"n+1", 352
(target / "scaled-without-ending").write_bytes(header.binaryblock + bytes(4) + (2 * mask).tobytes(order="F"))
header.set_slope_inter(0.3, 0)
(target / "fractions.nii").write_bytes(header.binaryblock + bytes(4) + mask.tobytes(order="F"))

# Without a header of one's own, pynrrd states no place; nor does nibabel without an affine.
nrrd.write(str(target / "array.nrrd"), mask)
nrrd.write(str(target / "array-rows-first.nrrd"), mask.transpose(1, 0, 2))
nrrd.write(str(target / "array-descending.nrrd"), mask[:, :, ::-1])
nibabel.Nifti1Image(mask, None).to_filename(str(target / "array.nii.gz"))


def uid(name):
    """As DICOMUID.make(from:)."""
    digest = bytearray(hashlib.sha256(name.encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    return pydicom.uid.UID(f"2.25.{int.from_bytes(digest, 'big')}")


def series(patient="P01", columns=8, rows=6, row_spacing=0.5, column_spacing=0.75):
    """The slices that the test writes."""
    images = []
    for index in range(3):
        image = pydicom.Dataset()
        image.file_meta = pydicom.dataset.FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = uid(f"{patient} {index}")
        image.PatientID, image.PatientName, image.PatientBirthDate, image.PatientSex = patient, "", "", ""
        image.StudyInstanceUID, image.SeriesInstanceUID = uid(patient), uid(f"series of {patient}")
        image.FrameOfReferenceUID = uid(f"frame of reference of {uid(patient)}")
        image.PositionReferenceIndicator, image.StudyID, image.StudyDate, image.StudyTime = "", "", "", ""
        image.AccessionNumber, image.ReferringPhysicianName, image.Modality, image.SeriesNumber = "", "", "CT", 1
        image.InstanceNumber, image.ImageType = index + 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
        image.Rows, image.Columns, image.SliceThickness = rows, columns, 2.5
        image.PixelSpacing = [row_spacing, column_spacing]
        image.ImagePositionPatient = [pydicom.valuerep.DSfloat(v, auto_format=True) for v in origin + index * steps[2]]
        image.ImageOrientationPatient = [
            pydicom.valuerep.DSfloat(v, auto_format=True) for v in [1, 0, 0, 0, np.cos(angle), np.sin(angle)]]
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
        image.RescaleIntercept, image.RescaleSlope = 0, 1
        image.PixelData = np.zeros((rows, columns), "<i2").tobytes()
        images.append(image)
    return images


def write_segmentation(name, pixels, kind, segments, **options):
    def segment(number, label):
        return hd.seg.SegmentDescription(
            number, label, codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Mass,
            hd.seg.SegmentAlgorithmTypeValues.MANUAL)

    hd.seg.Segmentation(
        source_images=series(), pixel_array=pixels, segmentation_type=kind,
        segment_descriptions=[segment(n + 1, label) for n, label in enumerate(segments)],
        series_instance_uid=uid(name), series_number=2, sop_instance_uid=uid(f"{name} instance"), instance_number=1,
        manufacturer="highdicom", manufacturer_model_name="highdicom", software_versions=hd.__version__,
        device_serial_number="1", **options).save_as(target / f"{name}.dcm")


kinds = hd.seg.SegmentationTypeValues
frames = np.transpose(mask, (2, 1, 0))
write_segmentation("seg-binary", np.stack([np.transpose(kidney, (2, 1, 0)), frames], axis=-1), kinds.BINARY,
                   ["Kidney", "Tumor"])
write_segmentation("seg-fractional", frames * 0.8 + (1 - frames) * 0.3, kinds.FRACTIONAL, ["Tumor"])
write_segmentation("seg-labelmap", frames * 2 + (1 - frames) * np.transpose(kidney, (2, 1, 0)), kinds.LABELMAP,
                   ["Kidney", "Tumor"])
# The first slice has no tumour, and its frame is left out.
late = frames.copy()
late[0] = 0
write_segmentation("seg-omitted", late, kinds.BINARY, ["Tumor"], omit_empty_frames=True)

# rt-utils swaps rows' and columns' distances, so that its pixels must be square; its image is larger, for a hole with a keyhole.
side, spacing = 32, 0.7
y, x, z = np.mgrid[0:side, 0:side, 0:3]
ring = (np.hypot(x - 15, y - 14) < 9 + z) & ~((np.hypot(x - 13, y - 15) < 3) & (z == 1))
with tempfile.TemporaryDirectory() as folder:
    for image in series("P03", side, side, spacing, spacing):
        image.save_as(pathlib.Path(folder) / f"{image.InstanceNumber}.dcm", enforce_file_format=True)
    structures = rt_utils.RTStructBuilder.create_new(dicom_series_path=folder)
    structures.add_roi(mask=x < 10, name="Kidney")
    structures.add_roi(mask=ring, name="Tumor", use_pin_hole=True)
    structures.save(str(target / "rt-utils.dcm"))
# Its corners in pixels, by slice.
corners = {0: [], 1: [], 2: []}
read = pydicom.dcmread(target / "rt-utils.dcm")
number = [roi.ROINumber for roi in read.StructureSetROISequence if roi.ROIName == "Tumor"][0]
inverse = np.linalg.inv(np.array([steps[0] / 0.75 * spacing, steps[1] / 0.5 * spacing, steps[2]]).T)
for roi in read.ROIContourSequence:
    if roi.ReferencedROINumber == number:
        for contour in roi.ContourSequence:
            points = (np.array(contour.ContourData, float).reshape(-1, 3) - origin) @ inverse.T
            corners[int(round(points[0, 2]))].append(points[:, :2].round(9).tolist())
(target / "rt-utils.json").write_text(json.dumps([corners[index] for index in range(3)]) + "\n")
