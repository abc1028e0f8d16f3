"""Times series indexing by pydicom, headers only, in one process per core; `tuned` parses only the tags that are wanted."""

import argparse
import json
import multiprocessing
import os
import sys
import time

import pydicom

WORKERS = int(os.environ.get("BENCHMARK_THREADS") or os.cpu_count())
# What RenalGrade's own index holds of each slice.
TAGS = [
    "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "Modality", "ImageType",
    "SeriesDescription", "SeriesNumber", "InstanceNumber", "Columns", "Rows", "PixelSpacing", "ImagePositionPatient",
    "ImageOrientationPatient", "SliceThickness", "GantryDetectorTilt", "ConvolutionKernel", "AcquisitionDate",
    "AcquisitionTime", "ContrastBolusAgent", "ContrastBolusStartTime", "PatientIdentityRemoved", "SyntheticData",
]  # fmt: skip


def header(path, tags=None):
    dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
    return [dataset.get(tag) for tag in TAGS]


def wanted_tags(path):
    return header(path, TAGS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--variant", choices=["stock", "tuned"], required=True)
    parser.add_argument("--repetitions", type=int, default=2)
    arguments = parser.parse_args()

    seconds = []
    for _ in range(arguments.repetitions + 1):
        start = time.perf_counter()
        paths = [os.path.join(folder, name) for folder, _, names in os.walk(arguments.folder) for name in names]
        with multiprocessing.Pool(WORKERS) as pool:
            headers = pool.map(header if arguments.variant == "stock" else wanted_tags, paths, chunksize=64)
        seconds.append(time.perf_counter() - start)
    json.dump({"seconds": seconds[1:], "items": len(headers)}, sys.stdout)
    print()
