"""Fixtures for Tests/IntakeTests: zip archives of CT slices as Python's zipfile writes them, good and bad.

folder.zip is a folder packed by hand: a patient's series below two folders, with what else lies there. streamed.zip was
written to a pipe: sizes stand behind the data, in Zip64. escaping.zip has names that lead out of the archive, and a link.
encrypted.zip says that it is encrypted. All values of slice n are n, and it lies at 2.5 n mm.

Run from the repository root: .deps/python/bin/python Tests/Reference/archives.py (Python 3.11, pydicom 3.0.2).
"""

import io
import pathlib
import stat
import zipfile

import numpy as np
import pydicom
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

OUTPUT = pathlib.Path("Tests/IntakeTests/Fixtures/archives")


def uid(name):
    return UID(f"2.25.{int.from_bytes(name.encode(), 'big') % 10**38}")


def slice_bytes(patient, index, patient_id=None):
    image = pydicom.Dataset()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, uid(f"{patient} slice {index}")
    image.PatientID = patient if patient_id is None else patient_id
    image.StudyInstanceUID, image.SeriesInstanceUID = uid(f"{patient} study"), uid(f"{patient} series")
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", 1, index + 1
    image.ImageType, image.PatientIdentityRemoved = ["ORIGINAL", "PRIMARY", "AXIAL"], "YES"
    image.Rows = image.Columns = 8
    image.PixelSpacing, image.SliceThickness = [1, 1], 2.5
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2.5 * index], [1, 0, 0, 0, 1, 0]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = 0, 1, "HU"
    image.PixelData = np.full((8, 8), index, "<i2").tobytes()
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def entry(name, mode=stat.S_IFREG | 0o644):
    """An entry of a fixed date, so that a second run writes the same files."""
    info = zipfile.ZipInfo(name)
    info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, mode << 16, 3
    return info


def write(name, contents):
    with zipfile.ZipFile(OUTPUT / name, "w") as archive:
        for path, data in contents:
            archive.writestr(path if isinstance(path, zipfile.ZipInfo) else entry(path), data)


class Pipe:
    """A stream that cannot go back."""

    def __init__(self, file):
        self.write, self.flush = file.write, file.flush


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    slices = [(f"cohort/P01/CT 5 mm/IM{index}", slice_bytes("P01", index)) for index in range(3)]
    nobody = [(f"cohort/Überweisung/{index}.dcm", slice_bytes("P02", index, "")) for index in range(2)]
    besides = [
        (entry("cohort/", stat.S_IFDIR | 0o755), b""), ("cohort/DICOMDIR", b"contents"), ("cohort/notes.txt", b"no image"),
        ("cohort/.DS_Store", b"hidden"), ("__MACOSX/cohort/P01/._IM0", b"hidden"),
    ]
    write("folder.zip", besides + slices + nobody)
    with open(OUTPUT / "streamed.zip", "wb") as file, zipfile.ZipFile(Pipe(file), "w") as archive:
        for path, data in slices:
            with archive.open(entry(path), "w", force_zip64=True) as stream:
                stream.write(data)
    write("escaping.zip", [
        ("../../../escaped/1.dcm", slice_bytes("P01", 0)), ("/absolute/2.dcm", slice_bytes("P01", 1)),
        ("a/../../..", slice_bytes("P01", 2)), ("C:\\Windows\\3.dcm", slice_bytes("P01", 3)),
        (entry("link.dcm", stat.S_IFLNK | 0o777), b"/etc/hostname"),
    ])
    write("encrypted.zip", slices)
    data = bytearray((OUTPUT / "encrypted.zip").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(signature, place + 4)
    (OUTPUT / "encrypted.zip").write_bytes(data)


main()
