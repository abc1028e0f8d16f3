"""Times ROI preparation by pydicom and torchvision: DICOM files and contours to tensors, in one process per core.

`stock` is a DataLoader over whole samples; `tuned` has its workers send the small crops and resizes them batch by batch.
"""

import argparse
import json
import math
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pydicom
import torch
from torch.utils.data import DataLoader, Dataset

from common import DEVIATION, MEAN, WORKERS, report, to_network, v2

BATCH, SIDE, AIR = 16, 128, -1000.0


def centroid(vertices):
    x, y = np.asarray(vertices, dtype=np.float64).T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    return (((x + np.roll(x, -1)) * cross).sum() / (6 * area), ((y + np.roll(y, -1)) * cross).sum() / (6 * area))


def crop(roi):
    path, vertices = roi
    dataset = pydicom.dcmread(path)
    hounsfield = dataset.pixel_array.astype(np.float32) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    left, top = (math.floor(value - (SIDE - 1) / 2 + 0.5 + 1e-6) for value in centroid(vertices))
    box = np.full((SIDE, SIDE), AIR, dtype=np.float32)
    rows, columns = hounsfield.shape
    y, x = slice(max(top, 0), min(top + SIDE, rows)), slice(max(left, 0), min(left + SIDE, columns))
    box[y.start - top : y.stop - top, x.start - left : x.stop - left] = hounsfield[y, x]
    return (np.clip(box, -160, 240) + 160) / 400


class Slices(Dataset):
    def __init__(self, rois):
        self.rois = rois

    def __len__(self):
        return len(self.rois)

    def __getitem__(self, index):
        return to_network(torch.from_numpy(crop(self.rois[index]))[None])


def stock(rois):
    yield from DataLoader(Slices(rois), BATCH, num_workers=WORKERS)


def tuned(rois):
    normalise = v2.Normalize(MEAN, DEVIATION)
    with multiprocessing.Pool(WORKERS) as pool:
        crops = []
        for number, values in enumerate(pool.imap(crop, rois, chunksize=8), 1):
            crops.append(torch.from_numpy(values))
            if len(crops) == BATCH or number == len(rois):
                images = v2.functional.resize(torch.stack(crops)[:, None], [224, 224], antialias=False)
                yield normalise(images.expand(-1, 3, -1, -1))
                crops = []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cohort")
    parser.add_argument("--variant", choices=["stock", "tuned"], required=True)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()

    torch.set_num_threads(WORKERS)
    # Which file holds which slice is known beforehand, as it is to a study after its import.
    files = {
        pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID: path
        for path in Path(arguments.cohort, "dicom").rglob("*.dcm")
    }
    annotations = json.loads(Path(arguments.cohort, "mdai.json").read_text())["datasets"][0]["annotations"]
    rois = [(files[a["SOPInstanceUID"]], a["data"]["vertices"]) for a in annotations]
    seconds = []
    for _ in range(arguments.repetitions + 1):
        start = time.perf_counter()
        total = 0.0
        for images in {"stock": stock, "tuned": tuned}[arguments.variant](rois):
            total += images.mean().item() * len(images)
        seconds.append(time.perf_counter() - start)
    report(seconds[1:], len(rois), mean=total / len(rois))
