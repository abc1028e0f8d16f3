"""Golden values for the DICOM room: what pydicom reads from its own test files, from files made here, and from a real CT.

Run from the repository root: .deps/python/bin/python Tests/Reference/dicom_pixels.py
Needs .deps/pydicom-files (scripts/setup), and ojph_compress (Debian's openjph-tools 0.9) for HTJ2K, which no package of
requirements.txt writes. Writes into Tests/DICOMTests/Fixtures:
  made/*.dcm      small CT files of each transfer syntax, signedness and number of bits, and Enhanced CT
  pixels.json     per file of .deps/pydicom-files: a hash per frame; samples where the compression is lossy
  made.json       per file of made/: hashes of stored values and of HU
  real-ct.json    the same for ../shared/data/real-ct, where that folder is there
A hash is the first 16 hexadecimal digits of the SHA-256 of the values as little-endian int64 (stored values, by pixel; float64
where the pixels are real numbers) or float32 (HU).
"""

import base64
import hashlib
import json
import logging
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import pydicom
from pydicom.encaps import encapsulate, generate_frames
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, get_decoder
from pydicom.sequence import Sequence

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

FILES = pathlib.Path(".deps/pydicom-files")
FIXTURES = pathlib.Path("Tests/DICOMTests/Fixtures")
REAL_CT = pathlib.Path("../shared/data/real-ct")
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
CT = {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"}
MAXIMUM_FRAMES = 4
SAMPLE_COUNT = 2000


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def canonical(array):
    return array.astype("<f8" if array.dtype.kind == "f" else "<i8")


def samples(array):
    """Values at even distances, from the first on: float tolerance needs the values themselves."""
    flat = array.reshape(-1)
    step = max(1, len(flat) // SAMPLE_COUNT)
    return base64.b64encode(flat[::step].astype("<u2").tobytes()).decode()


def rescale(dataset, frame):
    """The slope and intercept of a frame: its own functional group, else the shared one, else the top level."""
    places = []
    if "PerFrameFunctionalGroupsSequence" in dataset:
        places.append(dataset.PerFrameFunctionalGroupsSequence[frame])
    if "SharedFunctionalGroupsSequence" in dataset:
        places.append(dataset.SharedFunctionalGroupsSequence[0])
    for place in places:
        if "PixelValueTransformationSequence" in place:
            return place.PixelValueTransformationSequence[0]
    return dataset


def describe(path, with_hu=False):
    dataset = pydicom.dcmread(path)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    decoder = get_decoder(syntax)
    count = int(dataset.get("NumberOfFrames") or 1)
    entry = {"syntax": syntax, "frameCount": count, "frames": []}
    for index in range(min(count, MAXIMUM_FRAMES)):
        array, _ = decoder.as_array(dataset, index=index, raw=True)
        frame = {"hash": digest(canonical(array))}
        if syntax in LOSSY:
            frame = {"samples": samples(array)}
        if with_hu:
            place = rescale(dataset, index)
            frame["hu"] = digest(apply_modality_lut(array, place).astype("<f4"))
        entry["frames"].append(frame)
    return entry


def ct_dataset(values, bits, signed):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = "2.25.1"
    dataset.StudyInstanceUID = "2.25.2"
    dataset.SeriesInstanceUID = "2.25.3"
    dataset.Modality = "CT"
    dataset.PatientID = "MADE"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImagePositionPatient = [0, 0, 0]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.5, 0.75]
    dataset.SliceThickness = 2.5
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.BitsAllocated = 16
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(signed)
    dataset.RescaleSlope = "1.5"
    dataset.RescaleIntercept = "-1024"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.ImplementationClassUID = "2.25.4"
    return dataset


def save(dataset, name, syntax):
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(
        FIXTURES / "made" / f"{name}.dcm", enforce_file_format=True,
        little_endian=syntax != pydicom.uid.ExplicitVRBigEndian, implicit_vr=syntax == pydicom.uid.ImplicitVRLittleEndian)


def make_files():
    """The whole range of values, so that a wrong sign or mask shows; native files have rubbish in the unused bits."""
    generator = np.random.default_rng(1)
    (FIXTURES / "made").mkdir(parents=True, exist_ok=True)
    for bits in range(12, 17):
        for signed in (False, True):
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            values = generator.integers(low, high, (32, 40), endpoint=True)
            values[0, :4] = [low, high, max(low, 0), high]
            words = values.astype("<i2" if signed else "<u2")
            rubbish = generator.integers(0, 1 << 16, values.shape).astype("<u2") & ~np.uint16((1 << bits) - 1)
            padded = (words.view("<u2") & np.uint16((1 << bits) - 1)) | rubbish
            stem = f"{bits}-{'signed' if signed else 'unsigned'}"
            native = {"implicit": pydicom.uid.ImplicitVRLittleEndian, "explicit": pydicom.uid.ExplicitVRLittleEndian,
                      "deflated": pydicom.uid.DeflatedExplicitVRLittleEndian}
            for name, syntax in native.items():
                dataset = ct_dataset(values, bits, signed)
                dataset.PixelData = padded.tobytes()
                dataset["PixelData"].VR = "OW"
                save(dataset, f"{stem}-{name}", syntax)
            dataset = ct_dataset(values, bits, signed)
            dataset.PixelData = padded.astype(">u2").tobytes()
            dataset["PixelData"].VR = "OW"
            save(dataset, f"{stem}-big-endian", pydicom.uid.ExplicitVRBigEndian)
            for name, syntax in {"rle": pydicom.uid.RLELossless, "jpeg2000": pydicom.uid.JPEG2000Lossless}.items():
                dataset = ct_dataset(values, bits, signed)
                dataset.compress(syntax, words, generate_instance_uid=False)
                save(dataset, f"{stem}-{name}", syntax)
            if bits in (12, 16):
                make_htj2k(words, bits, signed, stem)
    make_enhanced(generator)
    make_fragments(generator)
    for name, sets, text in (("latin1", "ISO_IR 100", "Größe"), ("cyrillic", "ISO_IR 144", "Почка")):
        dataset = ct_dataset(words, 16, True)
        dataset.SpecificCharacterSet = sets
        dataset.SeriesDescription = text
        dataset.PixelData = words.tobytes()
        dataset["PixelData"].VR = "OW"
        save(dataset, f"text-{name}", pydicom.uid.ExplicitVRLittleEndian)


def make_htj2k(words, bits, signed, stem):
    kinds = {"htj2k": (pydicom.uid.HTJ2KLossless, "true", "LRCP"), "htj2k-rpcl": (pydicom.uid.HTJ2KLosslessRPCL, "true", "RPCL"),
             "htj2k-lossy": (pydicom.uid.HTJ2K, "false", "LRCP")}
    for name, (syntax, reversible, order) in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            raw, encoded = pathlib.Path(folder, "image.yuv"), pathlib.Path(folder, "image.j2c")
            raw.write_bytes(words.tobytes())
            subprocess.run(
                ["ojph_compress", "-i", raw, "-o", encoded, "-dims", f"{{{words.shape[1]},{words.shape[0]}}}", "-num_comps", "1",
                 "-signed", str(signed).lower(), "-bit_depth", str(bits), "-downsamp", "{1,1}", "-reversible", reversible,
                 "-prog_order", order, "-num_decomps", "3"] + (["-qstep", "0.001"] if reversible == "false" else []),
                check=True, capture_output=True)
            dataset = ct_dataset(words, bits, signed)
            dataset.PixelData = encapsulate([encoded.read_bytes()])
            dataset["PixelData"].VR = "OB"
            save(dataset, f"{stem}-{name}", syntax)


def make_fragments(generator):
    """Three frames in two fragments each, whose beginnings a table tells, or only the end of each codestream."""
    frames = generator.integers(0, 4096, (3, 32, 40)).astype("<u2")
    for name, has_table in {"table": True, "no-table": False}.items():
        dataset = ct_dataset(frames, 12, False)
        dataset.NumberOfFrames = 3
        dataset.compress(pydicom.uid.JPEG2000Lossless, frames, generate_instance_uid=False)
        codestreams = list(generate_frames(dataset.PixelData, number_of_frames=3))
        dataset.PixelData = encapsulate(codestreams, fragments_per_frame=2, has_bot=has_table)
        save(dataset, f"fragments-{name}", pydicom.uid.JPEG2000Lossless)


def make_enhanced(generator):
    for name, per_frame in {"per-frame": True, "shared": False}.items():
        values = generator.integers(0, 4096, (3, 32, 40)).astype("<u2")
        dataset = ct_dataset(values, 12, False)
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
        for keyword in ("RescaleSlope", "RescaleIntercept", "ImagePositionPatient", "ImageOrientationPatient",
                        "PixelSpacing", "SliceThickness"):
            delattr(dataset, keyword)
        dataset.NumberOfFrames = 3
        shared, orientation, measures = Dataset(), Dataset(), Dataset()
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        measures.PixelSpacing = [0.5, 0.75]
        measures.SliceThickness = 2.5
        shared.PlaneOrientationSequence = Sequence([orientation])
        shared.PixelMeasuresSequence = Sequence([measures])
        frames = []
        for index in range(3):
            group, position = Dataset(), Dataset()
            position.ImagePositionPatient = [0, 2.5 * index, 0]
            group.PlanePositionSequence = Sequence([position])
            frames.append(group)
        for index, group in enumerate(frames if per_frame else [shared]):
            transform = Dataset()
            transform.RescaleSlope = 1 + index
            transform.RescaleIntercept = -1024 + 10 * index
            transform.RescaleType = "HU"
            group.PixelValueTransformationSequence = Sequence([transform])
        if per_frame:
            # A trap: the frames' own values win.
            transform = Dataset()
            transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = 7, 7, "HU"
            shared.PixelValueTransformationSequence = Sequence([transform])
        dataset.SharedFunctionalGroupsSequence = Sequence([shared])
        dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
        dataset.PixelData = values.tobytes()
        dataset["PixelData"].VR = "OW"
        save(dataset, f"enhanced-{name}", pydicom.uid.ExplicitVRLittleEndian)


def write(name, entries):
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items()]
    header = f'  "versions": "pydicom {pydicom.__version__}, numpy {np.__version__}"'
    (FIXTURES / name).write_text("{\n" + ",\n".join([header] + lines) + "\n}\n")


def main():
    make_files()
    entries = {}
    for path in sorted(p for p in FILES.rglob("*") if p.is_file() and p.name != ".complete"):
        key = str(path.relative_to(FILES))
        try:
            entries[key] = describe(path)
        except Exception as error:  # whatever pydicom refuses, and why
            entries[key] = {"refused": f"{type(error).__name__}: {error}".split("\n")[0][:80]}
    write("pixels.json", entries)
    write("made.json", {p.name: describe(p, with_hu=True) for p in sorted((FIXTURES / "made").iterdir())})
    if REAL_CT.is_dir():
        write("real-ct.json", {p.name: describe(p, with_hu=True) for p in sorted(REAL_CT.iterdir())})


if __name__ == "__main__":
    main()
