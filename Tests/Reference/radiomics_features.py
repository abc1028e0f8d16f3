#!/usr/bin/env python3
"""Golden values of radiomics features: 56 small lesions and what pyradiomics 3.0.1 computes of them.

Needs an environment of its own, since pyradiomics 3.0.1 needs numpy 1: see requirements-radiomics.txt.
Writes Tests/RadiomicsTests/Fixtures/features.json.
"""

import base64
import json
import logging
from pathlib import Path

import numpy as np
import radiomics
import SimpleITK as sitk

radiomics.logger.setLevel(logging.CRITICAL)
ROOT = Path(__file__).resolve().parent.parent.parent
FAMILIES = ["firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
SETTINGS = {
    "width": {"binWidth": 25},
    "count": {"binCount": 16},
    "planes": {"binWidth": 25, "force2D": True},
}


def images():
    """The lesions by name: values (z, y, x), mask, spacing (x, y, z)."""
    random = np.random.default_rng(20)
    found = {}

    def add(name, values, mask, spacing=(1.0, 1.0, 1.0)):
        found[name] = (np.asarray(values, dtype=np.float64), np.asarray(mask, dtype=np.uint8), spacing)

    def noise(shape, scale=60, centre=40):
        return np.round(random.normal(centre, scale, shape))

    def blob(shape, share=0.7):
        grid = np.indices(shape).reshape(3, -1).T
        middle = (np.array(shape) - 1) / 2
        radius = np.maximum(np.array(shape) / 2, 0.5)
        inside = (((grid - middle) / radius) ** 2).sum(1) <= 1
        return (inside & (random.random(len(inside)) < share + 0.3)).reshape(shape)

    one = np.zeros((3, 3, 3))
    one[1, 1, 1] = 1
    add("one voxel", noise((3, 3, 3)), one)
    two = one.copy()
    two[1, 1, 2] = 1
    add("two voxels", noise((3, 3, 3)), two, (0.8, 0.8, 2.5))
    row = np.zeros((3, 4, 9))
    row[1, 2, 1:8] = 1
    add("one row", noise((3, 4, 9)), row, (0.9765625, 0.9765625, 2.5))
    diagonal = np.zeros((5, 5, 5))
    diagonal[range(5), range(5), range(5)] = 1
    add("a diagonal", noise((5, 5, 5)), diagonal)
    gap = np.zeros((1, 3, 7))
    gap[0, 1, [1, 4, 6]] = 1
    add("gaps in a row", noise((1, 3, 7)), gap)
    slice_ = blob((1, 9, 11))
    add("one slice", noise((1, 9, 11)), slice_, (0.7, 0.7, 5))
    add("a slice that touches the border", noise((1, 6, 6)), np.ones((1, 6, 6)), (0.7, 0.9, 3))
    add("flat", np.full((4, 6, 6), 37.0), blob((4, 6, 6)))
    add("flat at an edge of bins", np.full((3, 5, 5), 50.0), blob((3, 5, 5)))
    add("two levels", np.where(random.random((5, 7, 7)) < 0.5, 10.0, 60.0), blob((5, 7, 7)))
    add("two levels far apart", np.where(random.random((4, 6, 6)) < 0.1, -900.0, 900.0), blob((4, 6, 6)))
    add("touching the border", noise((5, 6, 7)), np.ones((5, 6, 7)), (0.6, 0.6, 3))
    parts = np.zeros((5, 8, 10))
    parts[1:3, 1:4, 1:4] = 1
    parts[3:5, 5:8, 6:10] = 1
    add("two parts", noise((5, 8, 10)), parts)
    hole = np.ones((5, 8, 8))
    hole[2, 3:5, 3:5] = 0
    add("a hole", noise((5, 8, 8)), hole, (1.2, 1.2, 1.5))
    add("a chessboard", noise((4, 6, 6)), np.indices((4, 6, 6)).sum(0) % 2)
    add("negative values", noise((4, 7, 7), 30, -700), blob((4, 7, 7)))
    add("large values", noise((4, 6, 6), 400, 3000), blob((4, 6, 6)))
    add("values with decimals", random.normal(20, 30, (4, 7, 7)), blob((4, 7, 7)))
    add("small values", random.normal(0, 0.01, (3, 6, 6)), blob((3, 6, 6)))
    ramp = np.indices((5, 6, 7)).sum(0) * 25.0
    add("a ramp on edges of bins", ramp, blob((5, 6, 7)))
    add("anisotropic", noise((3, 9, 12)), blob((3, 9, 12)), (0.5, 0.8, 7))
    while len(found) < 56:
        shape = tuple(random.integers([1, 3, 3], [8, 11, 11]))
        spacing = tuple(float(x) for x in np.round(random.uniform(0.4, 3, 3), 3))
        mask = blob(shape, random.uniform(0.3, 0.7))
        if mask.sum() == 0:
            continue
        add(f"random {len(found)}", noise(shape, random.uniform(5, 150), random.uniform(-100, 200)), mask, spacing)
    return found


def features(values, mask, spacing, settings, families):
    """By the classes themselves: the extractor refuses a lesion of one voxel."""
    inside = np.nonzero(mask)
    box = tuple(slice(axis.min(), axis.max() + 1) for axis in inside)
    image, label = sitk.GetImageFromArray(values[box]), sitk.GetImageFromArray(mask[box])
    image.SetSpacing(spacing)
    label.SetSpacing(spacing)
    found = {}
    for family in families:
        extractor = radiomics.getFeatureClasses()[family](image, label, label=1, **settings)
        extractor.enableAllFeatures()
        try:
            own = extractor.execute()
        except RuntimeError:
            # One voxel has no neighbours, for which pyradiomics has no matrices.
            assert mask.sum() == 1
            own = dict.fromkeys(extractor.enabledFeatures, np.nan)
        for feature, value in sorted(own.items()):
            found[f"{family}_{feature}"] = float(value)
    return found


def number(value):
    return None if np.isnan(value) else float(value)


def main():
    names, lesions = {}, []
    for name, (values, mask, spacing) in images().items():
        lesion = {
            "name": name,
            "size": list(values.shape[::-1]),
            "spacing": list(spacing),
            "mask": "".join(map(str, mask.ravel())),
            "features": {},
        }
        whole = np.all(values == np.round(values)) and np.abs(values).max() < 32768
        lesion["int16" if whole else "float64"] = base64.b64encode(
            values.astype("<i2" if whole else "<f8").tobytes()).decode()
        runs = {key: features(values, mask, spacing, own, FAMILIES) for key, own in SETTINGS.items()}
        # eigvals and Qhull are not asked: shape fails for none of these.
        runs["shape"] = features(values, mask, spacing, {}, ["shape"])
        if values.shape[0] == 1:
            runs["shape2D"] = features(values, mask, spacing, {"force2D": True}, ["shape2D"])
        for key, run in runs.items():
            order = names.setdefault("textures" if key in SETTINGS else key, list(run))
            assert list(run) == order, (name, key)
            lesion["features"][key] = [number(run[feature]) for feature in order]
        lesions.append(lesion)
    target = ROOT / "Tests/RadiomicsTests/Fixtures/features.json"
    text = json.dumps({"pyradiomics": radiomics.__version__, "names": names, "lesions": lesions}, separators=(",", ":"))
    target.write_text(text.replace('{"name"', '\n{"name"') + "\n")
    print(f"{len(lesions)} lesions, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
