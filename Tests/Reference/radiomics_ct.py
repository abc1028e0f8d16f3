"""Golden values of the usual 1,316 features on real CT: ellipsoids in the CT phantom of IBSI 1, by pyradiomics 3.0.1's extractor.

Run from the repository root in the environment of requirements-radiomics.txt, with the phantom in ../shared/data or
RENALGRADE_TEST_DATA. Writes Tests/RadiomicsTests/Fixtures/ct.json, which has no voxel of the phantom.
"""

import base64
import gzip
import json
import logging
import os
import warnings
from pathlib import Path

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics.featureextractor import RadiomicsFeatureExtractor

warnings.simplefilter("ignore")
radiomics.logger.setLevel(logging.CRITICAL)
PHANTOM = Path(os.environ.get("RENALGRADE_TEST_DATA", "../shared/data")) / "ibsi/1/ct-phantom"
SPACING = (0.97699999809265, 0.97699999809265, 3.0)
USUAL = {"Original": {}, "LoG": {"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}, "Wavelet": {}}
# Centre and half axes in voxels (x, y, z).
LESIONS = {
    "soft tissue": ((100, 100, 30), (9, 8, 4)),
    "bone and lung": ((60, 90, 30), (7, 9, 5)),
    "rib": ((150, 90, 30), (8, 6, 3)),
    "border of the lung": ((100, 150, 30), (6, 10, 4)),
    "lung": ((100, 60, 45), (9, 9, 6)),
    "few slices": ((40, 120, 20), (12, 5, 1)),
    "cut by the image's border": ((3, 120, 2), (8, 7, 5)),
}


def phantom():
    """Slices are numbered from the top, and are stacked from below; uncompressed, 16 bits, the pixels last, HU 1000 below."""
    header = gzip.decompress((PHANTOM / "mask.nii.gz").read_bytes())[:352]
    columns, rows, slices = np.frombuffer(header[42:48], "<i2")
    files = sorted((PHANTOM / "image").glob("*.dcm"), reverse=True)
    assert len(files) == slices
    pixels = [np.frombuffer(file.read_bytes()[-2 * columns * rows :], "<i2") for file in files]
    return np.stack(pixels).reshape(slices, rows, columns).astype(np.int32) - 1000


def main():
    values = phantom()
    z, y, x = np.indices(values.shape)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING)
    extractor = RadiomicsFeatureExtractor(preCrop=True, additionalInfo=False)
    extractor.enableAllFeatures()
    extractor.disableAllImageTypes()
    extractor.enableImageTypes(**USUAL)
    extractor.enabledFeatures.pop("shape2D", None)
    result = {"pyradiomics": radiomics.__version__, "names": "", "lesions": []}
    for name, (centre, radii) in LESIONS.items():
        distance = sum(((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), centre, radii))
        label = sitk.GetImageFromArray((distance <= 1).astype(np.uint8))
        label.SetSpacing(SPACING)
        features = {key: float(value) for key, value in extractor.execute(image, label).items()}
        result["names"] = result["names"] or ",".join(features)
        assert result["names"] == ",".join(features) and len(features) == 1316
        print(name, int((distance <= 1).sum()), "voxels")
        packed = base64.b64encode(np.array(list(features.values()), "<f8").tobytes()).decode()
        result["lesions"].append({"name": name, "centre": centre, "radii": radii, "values": packed})
    with open("Tests/RadiomicsTests/Fixtures/ct.json", "w") as file:
        json.dump(result, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
