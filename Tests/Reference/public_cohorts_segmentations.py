"""Fixtures for Tests/IntakeTests: a collection in the layout of The Cancer Imaging Archive.

pydicom writes the CT slices, highdicom the segmentations (binary, fractional, label map), as C4KC-KiTS has them; the
clinical table has the columns of TCGA-KIRC at the Genomic Data Commons. The masks are golden: a slice's check is that of
public_cohorts.py. Sizes are odd, so that a binary frame does not begin at a byte.

Run from the repository root: .deps/python/bin/python Tests/Reference/public_cohorts_segmentations.py (highdicom 0.27.0,
pydicom 3.0.2, numpy 2.4.6).
"""

import json
import pathlib
import shutil

import highdicom as hd
import numpy as np
import pydicom
from pydicom.sr.codedict import codes
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, RLELossless

OUTPUT = pathlib.Path("Tests/IntakeTests/Fixtures/tcia")
ROWS, COLUMNS, SLICES = 11, 13, 3
KINDS = hd.seg.SegmentationTypeValues

random = np.random.default_rng(20250202)


def uid(name):
    """A UID that follows from the name, so that a second run writes the same files."""
    return UID(f"2.25.{int.from_bytes(name.encode(), 'big') % 10**38}")


def check(mask):
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    return [int(mask.sum()), int((mask * ((31 * rows + 17 * columns) % 101)).sum())]


def series(patient):
    images = []
    for slice in range(SLICES):
        image = pydicom.Dataset()
        image.file_meta = pydicom.dataset.FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, uid(f"{patient} slice {slice}")
        image.PatientID, image.PatientName, image.PatientBirthDate, image.PatientSex = patient, "", "", ""
        image.StudyInstanceUID, image.SeriesInstanceUID = uid(f"{patient} study"), uid(f"{patient} series")
        image.FrameOfReferenceUID, image.PositionReferenceIndicator = uid(f"{patient} frame"), ""
        image.StudyID, image.StudyDate, image.StudyTime, image.AccessionNumber = "", "", "", ""
        image.ReferringPhysicianName, image.Modality, image.SeriesNumber = "", "CT", 1
        image.InstanceNumber, image.ImageType = slice + 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
        image.PatientIdentityRemoved = "YES"
        image.Rows, image.Columns, image.PixelSpacing, image.SliceThickness = ROWS, COLUMNS, [0.8, 0.9], 3
        image.ImagePositionPatient, image.ImageOrientationPatient = [-5, -6, 3 * slice], [1, 0, 0, 0, 1, 0]
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
        image.RescaleIntercept, image.RescaleSlope, image.RescaleType = 0, 1, "HU"
        image.PixelData = random.integers(-100, 200, (ROWS, COLUMNS)).astype("<i2").tobytes()
        images.append(image)
    return images


def segment(number, label):
    return hd.seg.SegmentDescription(
        number, label, codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Mass,
        hd.seg.SegmentAlgorithmTypeValues.MANUAL)


def settle(file, name):
    """Takes the clock and chance out, so that a second run writes the same files."""
    fixed = {"DA": "20250101", "TM": "120000", "DT": "20250101120000"}
    for element in file.iterall():
        if element.VR in fixed and element.value:
            element.value = fixed[element.VR]
        if element.keyword == "DimensionOrganizationUID":
            element.value = uid(f"{name} dimensions")


def main():
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    golden = {}
    clinical = [["case_submitter_id", "tumor_grade", "ajcc_pathologic_t", "gender", "treatment_type"]]

    def patient(name, grade, kind=None, labels=("Kidney", "Tumor"), change=None, syntax=ExplicitVRLittleEndian):
        images = series(name)
        folder = OUTPUT / name / "study"
        (folder / "ct").mkdir(parents=True)
        for index, image in enumerate(images):
            image.save_as(folder / f"ct/{index + 1}.dcm", enforce_file_format=True)
        for treatment in ("Pharmaceutical Therapy, NOS", "Radiation Therapy, NOS"):
            clinical.append([name, grade, "T1a", "male", treatment])
        if kind is None:
            return
        kidney = random.random((SLICES, ROWS, COLUMNS)) < 0.3
        tumour = (random.random((SLICES, ROWS, COLUMNS)) < 0.4) & ~kidney
        tumour[0] = False
        layers = [kidney, tumour][: len(labels)]
        if kind == KINDS.FRACTIONAL:
            # Half of the largest value belongs; a little less does not.
            array = np.stack([np.where(layer, 0.5, 0.49) for layer in layers], -1)
        elif kind == KINDS.LABELMAP:
            array = sum((index + 1) * layer.astype(np.uint8) for index, layer in enumerate(layers))
        else:
            array = np.stack(layers, -1).astype(np.uint8)
        file = hd.seg.Segmentation(
            images, array, kind, [segment(index + 1, label) for index, label in enumerate(labels)],
            series_instance_uid=uid(f"{name} seg"), series_number=2, sop_instance_uid=uid(f"{name} seg 1"),
            instance_number=1, manufacturer="RenalGrade", manufacturer_model_name="fixture", software_versions="1",
            device_serial_number="1", transfer_syntax_uid=syntax, max_fractional_value=200)
        settle(file, name)
        if change:
            change(file)
        (folder / "seg").mkdir()
        file.save_as(folder / "seg/1.dcm")
        golden[name] = [check(layer.astype(np.int64)) for layer in tumour] if len(labels) == 2 else []

    def without_sources(file):
        for frame in file.PerFrameFunctionalGroupsSequence:
            del frame.DerivationImageSequence

    def shifted(file):
        for frame in file.PerFrameFunctionalGroupsSequence:
            frame.PlanePositionSequence[0].ImagePositionPatient[0] += 2

    def of_unknown_slices(file):
        for frame in file.PerFrameFunctionalGroupsSequence:
            source = frame.DerivationImageSequence[0].SourceImageSequence[0]
            source.ReferencedSOPInstanceUID = uid("unknown")

    patient("TCGA-BINARY", "G2", KINDS.BINARY)
    patient("TCGA-FRACTIONAL", "G3", KINDS.FRACTIONAL, ("Left kidney", "Renal mass"))
    patient("TCGA-LABELMAP", "G4", KINDS.LABELMAP, syntax=RLELossless)
    patient("TCGA-NOSOURCE", "G1", KINDS.BINARY, change=without_sources)
    patient("TCGA-SHIFTED", "G1", KINDS.BINARY, change=shifted)
    patient("TCGA-UNKNOWN", "G1", KINDS.BINARY, change=of_unknown_slices)
    patient("TCGA-NOTUMOUR", "G1", KINDS.BINARY, ("Kidney",))
    patient("TCGA-GX", "GX", KINDS.BINARY)
    patient("TCGA-NOGRADE", "'--")
    clinical.append(["TCGA-TWOGRADES", "G1", "T1a", "male", "a"])
    clinical.append(["TCGA-NOIMAGES", "G2", "T2", "female", "a"])
    (OUTPUT / "clinical.tsv").write_text("\n".join("\t".join(row) for row in clinical) + "\n")
    # Cut off: the patient's name is still read.
    whole = (OUTPUT / "TCGA-BINARY/study/seg/1.dcm").read_bytes()
    (OUTPUT / "TCGA-NOGRADE/study/cut.dcm").write_bytes(whole[: len(whole) - 40])
    (OUTPUT / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
