"""Golden values of features of filtered images: whole runs of pyradiomics 3.0.1's extractor on lesions with surroundings.

The extractor crops to the lesion's box with a margin of 5 voxels, resamples, resegments, filters and computes. Run from the
repository root in the environment of requirements-radiomics.txt. Writes Tests/RadiomicsTests/Fixtures/filtered.json.
"""

import base64
import json
import logging
import warnings

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor
from scipy.ndimage import gaussian_filter

warnings.simplefilter("ignore")
radiomics.logger.setLevel(logging.CRITICAL)
rng = np.random.default_rng(1316)

USUAL = {"Original": {}, "LoG": {"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}, "Wavelet": {}}
OTHERS = {"Square": {}, "SquareRoot": {}, "Logarithm": {}, "Exponential": {}, "Gradient": {}, "LBP2D": {}, "LBP3D": {}}
RUNS = {
    "usual": (USUAL, {}),
    "others": (OTHERS, {"binCount": 24}),
    "resampled": (
        USUAL,
        {"resampledPixelSpacing": [1.0, 1.0, 2.0], "resegmentRange": [-60, 90], "resegmentShape": False},
    ),
    "slices": ({"Wavelet": {}, "Gradient": {}}, {"force2D": True}),
}


def tissue(shape, scale, smooth):
    noise = gaussian_filter(rng.normal(0, 1, shape), smooth)
    return 30 + scale * noise / noise.std()


def ellipsoid(shape, centre, radii):
    grid = np.indices(shape).T
    return ((((grid - centre) / radii) ** 2).sum(axis=-1) <= 1).T


LESIONS = {
    # Whole numbers as CT has them, a lesion away from the border, slices thicker than pixels are wide.
    "ct": (
        np.round(tissue((22, 30, 32), 40, 1)).astype(np.int16),
        ellipsoid((22, 30, 32), (10, 15, 14), (5, 8, 9)),
        (0.7421875, 0.7421875, 2.5),
    ),
    # Real numbers, an odd size, a lesion cut by the border.
    "border": (tissue((13, 17, 19), 60, 0.7), ellipsoid((13, 17, 19), (3, 4, 12), (6, 7, 9)), (1.0, 1.0, 1.0)),
}


def extracted(lesion, kinds, settings):
    array, mask, spacing = LESIONS[lesion]
    image, label = sitk.GetImageFromArray(array), sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing), label.SetSpacing(spacing)
    extractor = RadiomicsFeatureExtractor(preCrop=True, additionalInfo=False, **settings)
    extractor.enableAllFeatures()
    extractor.disableAllImageTypes()
    extractor.enableImageTypes(**kinds)
    extractor.enabledFeatures.pop("shape2D", None)
    return {name: float(value) for name, value in extractor.execute(image, label).items()}


result = {"lesions": {}, "runs": []}
for name, (array, mask, spacing) in LESIONS.items():
    result["lesions"][name] = {
        "size": list(array.shape[::-1]),
        "spacing": list(spacing),
        "values": base64.b64encode(array.astype("<f8").tobytes()).decode(),
        "mask": "".join("1" if m else "0" for m in mask.ravel()),
    }
    for run, (kinds, settings) in RUNS.items():
        values = extracted(name, kinds, settings)
        print(name, run, len(values))
        packed = base64.b64encode(np.array(list(values.values()), "<f8").tobytes()).decode()
        result["runs"].append({"lesion": name, "run": run, "names": ",".join(values), "values": packed})
with open("Tests/RadiomicsTests/Fixtures/filtered.json", "w") as file:
    json.dump(result, file, indent=0)
    file.write("\n")
