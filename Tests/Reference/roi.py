"""Golden values for Tests/ROITests: crops and network inputs as pydicom, PyTorch and torchvision make them.

Two small synthetic CT slices are written as DICOM fixtures; where the real CT stands in ../shared/data/real-ct, samples of
its ROIs are written as well. Each case is a slice, an outline, and what is asked for; its results are 400 samples of the
crop and of each of the network's three channels, with sums over all of them. For two synthetic cases the first channel is
kept whole (224 x 224 float32, little-endian).

Run from the repository root: .deps/python/bin/python Tests/Reference/roi.py
(numpy 2.4.6, pydicom 3.0.2, torch 2.13.0, torchvision 0.28.0)
"""

import glob
import json
import math
import os

import numpy as np
import pydicom
import torch
from torchvision_without_ops import torchvision  # noqa: F401, isort: skip
import torchvision.transforms.v2.functional as transforms
from pydicom.dataset import FileDataset, FileMetaDataset

FIXTURES = "Tests/ROITests/Fixtures"
REAL = "../shared/data/real-ct"
BOX, SIZE = 128, 224


def write_slice(name, columns, rows, spacing, slope, intercept, seed):
    """A smooth body with noise, in air; UIDs under 2.25 that belong to nobody."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    body = ((x - columns / 2) / (0.45 * columns)) ** 2 + ((y - rows / 2) / (0.42 * rows)) ** 2 < 1
    hounsfield = np.where(body, 60 + 120 * np.sin(x / 9) * np.cos(y / 7) + random.normal(0, 25, x.shape), -1000)
    stored = np.round((hounsfield - intercept) / slope).astype(np.int16)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"2.25.31415926{seed}.1.1"
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.ImplementationClassUID = "2.25.314159260"
    data = FileDataset(name, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = f"2.25.31415926{seed}", f"2.25.31415926{seed}.1"
    data.Modality, data.PatientID, data.PatientName = "CT", f"SYNTHETIC-{seed}", f"SYNTHETIC-{seed}"
    data.PatientIdentityRemoved = "YES"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.FrameOfReferenceUID, data.InstanceNumber = f"2.25.31415926{seed}.9", 1
    data.ImagePositionPatient, data.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = list(spacing), 2.5
    data.Rows, data.Columns, data.SamplesPerPixel = rows, columns, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.RescaleSlope, data.RescaleIntercept = slope, intercept
    data.PixelData = stored.tobytes()
    data.save_as(f"{FIXTURES}/{name}", enforce_file_format=True)


def ellipse(x, y, width, height, count=24):
    angles = np.arange(count) * 2 * math.pi / count
    wobble = 1 + 0.15 * np.sin(3 * angles)
    return np.stack([x + width / 2 * wobble * np.cos(angles), y + height / 2 * wobble * np.sin(angles)], axis=1).tolist()


def moments(polygon):
    p, q = np.array(polygon), np.roll(polygon, -1, axis=0)
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    return abs(cross.sum() / 2), ((p + q) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


def crop(path, polygons, resample_to):
    data = pydicom.dcmread(path)
    image = data.pixel_array.astype(np.float32) * np.float32(data.RescaleSlope) + np.float32(data.RescaleIntercept)
    factor = np.ones(2)
    if resample_to:
        factor = np.array([float(data.PixelSpacing[1]), float(data.PixelSpacing[0])]) / resample_to
        image = torch.nn.functional.interpolate(
            torch.from_numpy(image)[None, None].double(), scale_factor=(factor[1], factor[0]), mode="bilinear",
            align_corners=False, recompute_scale_factor=False)[0, 0].numpy()
    outline = [(np.array(polygon) + 0.5) * factor - 0.5 for polygon in polygons]
    areas, centroids = zip(*[moments(polygon) for polygon in outline])
    centre = np.average(centroids, axis=0, weights=areas)
    # Half up, and what differs from half by rounding errors alone counts as half.
    origin = np.floor(centre - (BOX - 1) / 2 + 0.5 + 1e-6).astype(int)
    padded = np.pad(image, BOX, constant_values=-1000)
    left, top = origin + BOX
    box = padded[top:top + BOX, left:left + BOX]
    return ((np.clip(box, -160, 240) + 160) / 400).astype(np.float32), origin.tolist()


def network_input(values, flipped):
    image = torch.from_numpy(values)[None]
    if flipped:
        image = transforms.horizontal_flip(image)
    image = transforms.resize(
        image, [SIZE, SIZE], interpolation=transforms.InterpolationMode.BILINEAR, antialias=False)
    return transforms.normalize(image.repeat(3, 1, 1), mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]).numpy()


def samples(values):
    flat = values.reshape(-1).astype(np.float64)
    # A stride that is prime to every row length walks over all columns.
    picked = (np.arange(400) * 7919) % flat.size
    return {"samples": [round(float(v), 8) for v in flat[picked]], "sum": float(flat.sum()), "squares": float((flat**2).sum())}


def case(name, path, polygons, resample_to=None, flipped=False, whole=None):
    values, origin = crop(path, polygons, resample_to)
    channels = network_input(values, flipped)
    if whole:
        channels[0].astype("<f4").tofile(f"{FIXTURES}/{whole}")
    return {
        "name": name, "file": os.path.basename(path), "polygons": polygons, "resampleTo": resample_to, "flipped": flipped,
        "origin": origin, "crop": samples(values), "channels": [samples(channel) for channel in channels], "whole": whole,
    }


def save(name, cases):
    with open(f"{FIXTURES}/{name}", "w") as file:
        json.dump(cases, file)
        file.write("\n")


def main():
    write_slice("signed.dcm", 192, 160, (0.8, 0.7), 1, 0, 1)
    write_slice("scaled.dcm", 150, 170, (1.2, 1.2), 0.5, -1024, 2)
    signed, scaled = f"{FIXTURES}/signed.dcm", f"{FIXTURES}/scaled.dcm"
    save("synthetic.json", [
        case("centre", signed, [ellipse(96.3, 80.7, 41, 30)], whole="centre.f32"),
        case("flipped", signed, [ellipse(96.3, 80.7, 41, 30)], flipped=True),
        case("top left corner", signed, [ellipse(24, 22, 20, 24)]),
        case("bottom right corner", scaled, [ellipse(139.2, 160.9, 15, 12)]),
        case("half-way centroid", signed, [[[90, 70], [102, 70], [102, 92], [90, 92]]]),
        case("two polygons", scaled, [ellipse(60, 70, 30, 22), ellipse(95, 92, 12, 16)]),
        case("larger than the box", signed, [ellipse(96, 80, 140, 100)]),
        case("resampled down", signed, [ellipse(96.3, 80.7, 41, 30)], resample_to=0.9765625, whole="resampled.f32"),
        case("resampled up", scaled, [ellipse(75, 84, 50, 36)], resample_to=0.7, flipped=True),
        case("resampled at the border", scaled, [ellipse(12, 160, 14, 14)], resample_to=0.9765625),
    ])
    real = sorted(glob.glob(f"{REAL}/CT.*"))
    if real:
        save("real-ct.json", [
            case("kidney side", real[2], [ellipse(170.25, 300.5, 60, 48)]),
            case("flipped", real[9], [ellipse(330.8, 291.4, 52, 70)], flipped=True),
            case("skin", real[14], [ellipse(24.6, 250.2, 30, 30)]),
            case("resampled", real[19], [ellipse(180.1, 280.9, 80, 64)], resample_to=0.8),
        ])


if __name__ == "__main__":
    main()
