"""Times the usual 1,316 features of the lesions that RenalGrade makes, too, by pyradiomics or flash-radiomics.

Both need numpy 1 and so an environment of their own: requirements-radiomics.txt.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import time
import warnings
from multiprocessing import Pool

import numpy as np
import SimpleITK as sitk

warnings.simplefilter("ignore")
WORKERS = int(os.environ.get("BENCHMARK_THREADS") or os.cpu_count())
AGREED = ["original_glcm_JointEntropy", "wavelet-HHH_glrlm_RunEntropy", "log-sigma-2-0-mm-3D_glszm_ZoneEntropy"]
SPACING = (0.8, 0.8, 2.5)


def lesion(number, radius):
    """An ellipsoid of waves and SplitMix64's noise."""
    across = radius * 5 // 8
    shape = (2 * across + 13, 2 * radius + 13, 2 * radius + 13)
    count = int(np.prod(shape))
    z = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(number * 100_000_000)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    noise = ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float).reshape(shape) * 2.0**-53 - 0.5
    k, j, i = np.indices(shape)
    wave = np.sin(0.3 * (i + number)) + np.cos(0.2 * j) + np.sin(0.5 * k)
    values = np.floor(40 + 30 * wave + 60 * noise)
    dz, dy, dx = (axis - length // 2 for axis, length in zip((k, j, i), shape))
    mask = (dx**2 + dy**2) / radius**2 + dz**2 / across**2 <= 1
    image, label = sitk.GetImageFromArray(values), sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(SPACING)
    label.SetSpacing(SPACING)
    return image, label


def features(arguments):
    number, radius, variant = arguments
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    if variant == "pyradiomics":
        import radiomics
        from radiomics import featureextractor

        radiomics.logger.setLevel(logging.ERROR)
    else:
        from flash_radiomics import featureextractor
    name = "RadiomicsFeatureExtractor"
    kind = getattr(featureextractor, name, None) or next(
        value for key, value in vars(featureextractor).items() if key.endswith("Extractor"))
    extractor = kind(preCrop=True, padDistance=5)
    extractor.enableImageTypes(Original={}, LoG={"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}, Wavelet={})
    image, label = lesion(number, radius)
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        found = extractor.execute(image, label)
    spent = time.perf_counter() - start
    return spent, [float(found[name]) for name in AGREED if name in found]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lesions", type=int, default=40)
    parser.add_argument("--radius", type=int, default=24)
    parser.add_argument("--variant", choices=["pyradiomics", "flash"], default="pyradiomics")
    options = parser.parse_args()
    work = [(number, options.radius, options.variant) for number in range(options.lesions)]
    # One process for each core, each with one lesion at a time; started before the clock.
    with Pool(WORKERS) as pool:
        pool.map(abs, range(WORKERS))
        start = time.perf_counter()
        results = pool.map(features, work, chunksize=1)
        spent = time.perf_counter() - start
    values = [value for _, own in results for value in own]
    line = {"seconds": [spent], "items": options.lesions}
    # flash-radiomics' values differ from pyradiomics', and from run to run with several threads.
    if options.variant == "pyradiomics":
        line["mean"] = float(np.mean(values))
    print(json.dumps(line))


if __name__ == "__main__":
    main()
