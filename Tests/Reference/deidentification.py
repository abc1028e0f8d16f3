"""Files with a planted value in every attribute that PS3.15 lists, and what other implementations say of the outcome.

Run from the repository root:
  .deps/python/bin/python Tests/Reference/deidentification.py               makes the files
  .deps/python/bin/python Tests/Reference/deidentification.py check FOLDER  checks what the tests wrote into FOLDER
The tests write their outcome where RENALGRADE_DEIDENTIFIED names a folder; run them so, then `check`, when the
outcome's bytes change. Needs pydicom 3.0.2; `check` also fetches dcm-anonymizer 0.5.0 from PyPI, whose scanner of
HIPAA's identifiers is a second opinion.
Writes into Tests/DeidentificationTests/Fixtures:
  planted-{explicit,implicit,deflated}.dcm  the values are those of plant(), at the top level and two sequences deep
  checked.json                              per outcome: its SHA-256, and what was found in it, which must be nothing
"""

import csv
import hashlib
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings
import zipfile

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

warnings.simplefilter("ignore")
FIXTURES = pathlib.Path("Tests/DeidentificationTests/Fixtures")
PROFILE = pathlib.Path("Sources/Deidentification/Data/confidentiality-profile.csv")
SYNTAXES = {
    "explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian, "deflated": DeflatedExplicitVRLittleEndian}
# Every planted value has one of these in it, whatever its VR.
MARKS = ["PLANTED", "19470317", "031415", "1.3.6.1.4.1.99947", "4711.47", "471147", "093Y"]
# Group 0002 and 0004 belong to other places, 0000 to messages.
HAS_NO_PLACE = {0x0000, 0x0002, 0x0004}


def plant(dataset, tag, vr):
    number = "%08X" % tag
    text = {
        "AE": "PLANTED", "AS": "093Y", "CS": "PLANTED", "DA": "19470317", "DT": "19470317031415", "DS": "4711.47",
        "IS": "471147", "TM": "031415.926", "UI": "1.3.6.1.4.1.99947.%d" % tag, "PN": "Planted^" + number,
        "UR": "http://planted.example/" + number,
    }.get(vr, "Planted " + number)
    if vr == "SQ":
        item = Dataset()
        item.add_new(0x00080104, "LO", "Planted " + number)
        item.add_new(0x0040A160, "UT", "Planted " + number)
        item.add_new(0x00100010, "PN", "Planted^" + number)
        dataset.add_new(tag, vr, Sequence([item]))
    elif vr in ("OB", "UN"):
        dataset.add_new(tag, vr, text.encode() + b" " * (len(text) % 2))
    elif vr == "US":
        dataset.add_new(tag, vr, 4711)
    else:
        dataset.add_new(tag, vr, text)


def plant_everything(dataset):
    with open(PROFILE) as file:
        for row in csv.DictReader(file):
            tag = int(row["tag"], 16)
            if tag >> 16 not in HAS_NO_PLACE and tag != 0xFFFAFFFA and tag != 0xFFFCFFFC:
                plant(dataset, tag, row["vr"] or "LO")
    for group in (0x0009, 0x0029, 0x7FD1):
        dataset.add_new((group << 16) | 0x10, "LO", "PLANTED CREATOR")
        dataset.add_new((group << 16) | 0x1001, "LO", "Planted private")
        inner = Dataset()
        inner.add_new(0x00100010, "PN", "Planted^Private")
        dataset.add_new((group << 16) | 0x1002, "SQ", Sequence([inner]))
    # Not in the table, and yet text, a name, bytes, a date.
    dataset.add_new(0x00180015, "CS", "KIDNEY")
    dataset.add_new(0x00102201, "LO", "Planted species")
    dataset.add_new(0x00282000, "OB", b"planted profile!")
    dataset.add_new(0x00100033, "LO", "Planted date")
    dataset.add_new(0x0040E001, "ST", "Planted instance")


def with_graphics(dataset):
    for group in (0x5000, 0x6000, 0x6002, 0x601E):
        dataset.add_new((group << 16) | 0x0022, "LO", "Planted graphics")
    dataset.add_new(0x60003000, "OW", b"planted overlay!")
    dataset.add_new(0x50003000, "OW", b"planted curve!  ")


def nested(dataset):
    """The dataset two sequences deep, in sequences that PS3.15 does not list."""
    middle, outer = Dataset(), Sequence()
    middle.add_new(0x00289110, "SQ", Sequence([dataset]))
    outer.append(middle)
    return outer


def planted_file():
    dataset = Dataset()
    plant_everything(dataset)
    with_graphics(dataset)
    inner = Dataset()
    plant_everything(inner)
    with_graphics(inner)
    dataset.add_new(0x52009229, "SQ", nested(inner))
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Manufacturer = "MAKER"
    dataset.ConvolutionKernel = "B30f"
    dataset.SeriesNumber, dataset.InstanceNumber = 3, 7
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-8, -8, 10], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 2.5
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.RescaleIntercept, dataset.RescaleSlope = -1024, 1
    dataset.PixelData = np.arange(256, dtype="<i2").tobytes() + b"planted beyond  "
    dataset["PixelData"].VR = "OW"
    dataset.add_new(0xFFFAFFFA, "SQ", Sequence([Dataset()]))
    dataset.add_new(0xFFFCFFFC, "OB", b"planted padding!")
    return dataset


def make():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, syntax in SYNTAXES.items():
        dataset = planted_file()
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
        meta.TransferSyntaxUID = syntax
        meta.ImplementationClassUID, meta.ImplementationVersionName = "1.3.6.1.4.1.99947.1", "PLANTED"
        meta.SourceApplicationEntityTitle = meta.SendingApplicationEntityTitle = "PLANTED"
        meta.PrivateInformationCreatorUID, meta.PrivateInformation = "1.3.6.1.4.1.99947.2", b"planted!"
        dataset.file_meta, dataset.preamble = meta, b"planted preamble".ljust(128, b"\0")
        dataset.save_as(FIXTURES / f"planted-{name}.dcm", enforce_file_format=True)


def second_opinion():
    folder = tempfile.mkdtemp()
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
                    "dcm-anonymizer==0.5.0"], check=True)
    for wheel in pathlib.Path(folder).glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)
    sys.path.insert(0, folder)
    return importlib.import_module("dcm_anon.verify_output")._scan_metadata


def findings(path, scan):
    dataset = pydicom.dcmread(path)
    found = []
    for element in dataset.iterall():
        element.value  # decodes it; pydicom raises where it is not valid
        if element.tag.is_private:
            found.append(f"private {element.tag}")
        if element.VR == "PN" and str(element.value) not in ("", "REMOVED", str(dataset.PatientID)):
            found.append(f"name {element.tag}")
    found += [f"second opinion {residual.tag}" for residual in scan(dataset, path)
              if residual.value_excerpt not in (str(dataset.PatientID),)]
    data = path.read_bytes().lower()
    for mark in MARKS:
        for encoded in (mark.lower().encode(), mark.lower().encode("utf-16-le"), mark.lower().encode("utf-16-be")):
            if encoded in data:
                found.append(f"planted value {mark}")
    if dataset.PatientIdentityRemoved != "YES" or dataset.DeidentificationMethodCodeSequence[0].CodeValue != "113100":
        found.append("does not state what was done")
    if dataset.file_meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID:
        found.append("meta information of another instance")
    if dataset.pixel_array.reshape(-1).tolist() != list(range(256)):
        found.append("other pixels")
    return found


def check(folder):
    scan = second_opinion()
    checked = {
        path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "findings": findings(path, scan)}
        for path in sorted(pathlib.Path(folder).glob("*.dcm"))
    }
    versions = {"pydicom": pydicom.__version__, "dcm-anonymizer": "0.5.0"}
    text = json.dumps({"versions": versions, "files": checked}, indent=1, sort_keys=True)
    (FIXTURES / "checked.json").write_text(text + "\n")
    print(text)


if sys.argv[1:2] == ["check"]:
    check(sys.argv[2])
else:
    make()
