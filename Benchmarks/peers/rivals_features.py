"""The 1,316 features of each outlined lesion of a phantom cohort, and those of square gradient images, by pyradiomics.

It needs numpy 1 and so an environment of its own: requirements-radiomics.txt. Writes an .npz with one row for each patient.
"""

import argparse
import collections
import csv
import json
import logging
import os
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pydicom
import radiomics
import SimpleITK as sitk
from PIL import Image, ImageDraw
from radiomics import featureextractor

WORKERS = int(os.environ.get("BENCHMARK_THREADS") or os.cpu_count())


def lesion(arguments):
    folder, outlines = arguments
    series = collections.defaultdict(list)
    for path in folder.rglob("*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        series[header.SeriesInstanceUID].append((float(header.ImagePositionPatient[2]), header.SOPInstanceUID, path))
    slices = next(sorted(one) for one in series.values() if any(uid in outlines for _, uid, _ in one))
    files = [pydicom.dcmread(path) for _, _, path in slices]
    first = files[0]
    values = np.stack([f.pixel_array * float(f.RescaleSlope) + float(f.RescaleIntercept) for f in files])
    mask = np.zeros(values.shape, np.uint8)
    for number, (_, uid, _) in enumerate(slices):
        for vertices in outlines.get(uid, []):
            picture = Image.new("1", values.shape[:0:-1])
            ImageDraw.Draw(picture).polygon([tuple(v) for v in vertices], fill=1)
            mask[number] |= np.asarray(picture, np.uint8)
    image, label = sitk.GetImageFromArray(values), sitk.GetImageFromArray(mask)
    spacing = [float(first.PixelSpacing[1]), float(first.PixelSpacing[0]), slices[1][0] - slices[0][0]]
    image.SetSpacing(spacing)
    label.SetSpacing(spacing)
    radiomics.logger.setLevel(logging.ERROR)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    extractor = featureextractor.RadiomicsFeatureExtractor(preCrop=True, padDistance=5)
    extractor.enableImageTypes(Original={}, LoG={"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}, Wavelet={}, Gradient={})
    found = extractor.execute(image, label)
    return {key: float(value) for key, value in found.items() if not key.startswith("diagnostics")}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    outlines = collections.defaultdict(list)
    for dataset in json.loads((arguments.cohort / "mdai.json").read_text())["datasets"]:
        for annotation in dataset["annotations"]:
            outlines[annotation["SOPInstanceUID"]].append(annotation["data"]["vertices"])
    with open(arguments.cohort / "pathology.csv") as file:
        rows = list(csv.DictReader(file))
    folders = [arguments.cohort / "dicom" / row["patient"] for row in rows]
    with Pool(WORKERS) as pool:
        features = pool.map(lesion, [(folder, dict(outlines)) for folder in folders], chunksize=1)
    names = sorted(features[0])
    np.savez(
        arguments.output, names=names, features=[[one[name] for name in names] for one in features],
        high=[int(row["grade"]) > 2 for row in rows], size=[float(row["size_mm"]) for row in rows],
        age=[float(row["age"]) for row in rows], male=[row["sex"] == "M" for row in rows])  # fmt: skip
