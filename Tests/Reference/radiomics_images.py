"""Golden values for what happens to a lesion's image before features are computed.

Filters, resampling, cropping and resegmentation are those of pyradiomics 3.0.1 with SimpleITK 2.5.7, PyWavelets 1.9.0,
scipy 1.14.1 and scikit-image 0.24.0; the grid that IBSI asks for is interpolated by scipy. Run from the repository root
in the environment of requirements-radiomics.txt.
Writes Tests/RadiomicsTests/Fixtures/images.json.
"""

import base64
import json
import logging
import warnings

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import imageoperations
from scipy.ndimage import map_coordinates

warnings.simplefilter("ignore")
radiomics.logger.setLevel(logging.ERROR)
rng = np.random.default_rng(13)


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f8").tobytes()).decode()


def ball(shape):
    """A mask with a hole, away from a border or cut by it where the image is small."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape], indexing="ij"))
    mask = (grid**2).sum(axis=0) < 0.8
    mask[tuple(n // 2 for n in shape)] = shape[0] == 1
    return mask


def whole(shape, scale=100):
    return np.round(rng.normal(20, scale, shape)).astype(np.int16)


# Shapes are slices, rows, columns; spacings x, y, z.
step = whole((5, 6, 5)) * 0 + 30
step[:, :, 2:] = -70
IMAGES = {
    "even": (whole((10, 6, 8)), (0.7, 0.7, 3.0)),
    "odd": (rng.normal(0, 50, (5, 9, 7)), (1.0, 1.0, 1.0)),
    "flat": (np.full((7, 5, 6), 40, np.int16), (0.9765625, 0.9765625, 2.5)),
    "slice": (whole((1, 11, 12)), (0.8, 0.8, 5.0)),
    "step": (step.astype(np.int16), (1.0, 2.0, 3.0)),
    "zeros": (np.zeros((4, 4, 5), np.int16), (1.0, 1.0, 1.0)),
}
FILTERS = [
    ("original", "Original", {}),
    ("square", "Square", {}),
    ("squareRoot", "SquareRoot", {}),
    ("logarithm", "Logarithm", {}),
    ("exponential", "Exponential", {}),
    ("gradient", "Gradient", {}),
    ("log", "LoG", {"sigma": [1.0, 2.5, 4.0]}),
    ("wavelet", "Wavelet", {}),
    ("waveletBySlice", "Wavelet", {"force2D": True}),
    ("waveletHaar", "Wavelet", {"wavelet": "haar"}),
    ("lbp2D", "LBP2D", {}),
    ("lbp3D", "LBP3D", {}),
]


def images(array, spacing, mask):
    image, label = sitk.GetImageFromArray(array), sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing), label.SetSpacing(spacing)
    return image, sitk.Cast(label, sitk.sitkUInt32)


def described(image, label, values=None):
    return {
        "size": list(image.GetSize()),
        "spacing": list(image.GetSpacing()),
        "values": packed(sitk.GetArrayFromImage(image)),
        "mask": "".join("1" if m else "0" for m in sitk.GetArrayFromImage(label).ravel()),
    }


def filtered(array, spacing):
    mask = ball(array.shape)
    image, label = images(array, spacing, mask)
    responses = {}
    for key, name, arguments in FILTERS:
        generator = getattr(imageoperations, f"get{name}Image")(image, label, **arguments)
        found = []
        for response, title, _ in generator:
            values = sitk.GetArrayFromImage(response).astype(float)
            if key == "lbp3D":
                values[~mask] = 0
            found.append({"name": title, "values": packed(values)})
        responses[key] = found
    return described(image, label) | {"responses": responses}


def resampled(name, spacing, interpolator, margin):
    array, old = IMAGES[name]
    image, label = images(array, old, ball(array.shape))
    image, label = imageoperations.resampleImage(
        image, label, resampledPixelSpacing=spacing, interpolator=getattr(sitk, interpolator), padDistance=margin
    )
    return {"image": name, "to": spacing, "interpolation": interpolator, "margin": margin} | described(image, label)


def ibsi(name, spacing, order):
    """Grids whose centres coincide; the mask is linear, and at least one half."""
    array, old = IMAGES[name]
    positions, size = [], []
    for count, width, new in zip(array.shape, old[::-1], spacing[::-1]):
        many = int(np.ceil(count * width / new - 1e-6))
        positions.append(((count - 1) * width / 2 + (np.arange(many) - (many - 1) / 2) * new) / width)
        size.insert(0, many)
    grid = np.clip(np.stack(np.meshgrid(*positions, indexing="ij")).T, 0, np.array(array.shape) - 1).T
    values = map_coordinates(array.astype(float), grid, order=order, mode="mirror")
    share = map_coordinates(ball(array.shape).astype(float), grid, order=1, mode="nearest")
    return {
        "image": name,
        "to": spacing,
        "order": order,
        "size": size,
        "values": packed(np.floor(values + 0.5)),
        "mask": "".join("1" if m >= 0.5 - 1e-9 else "0" for m in share.ravel()),
    }


def resegmented(name, mode, limits):
    array, spacing = IMAGES[name]
    image, label = images(array, spacing, ball(array.shape))
    result = imageoperations.resegmentMask(image, label, resegmentRange=limits, resegmentMode=mode)
    mask = "".join("1" if m else "0" for m in sitk.GetArrayFromImage(result).ravel())
    return {"image": name, "mode": mode, "limits": limits, "mask": mask}


def cropped(margin):
    array, spacing = IMAGES["even"]
    mask = np.zeros(array.shape, bool)
    mask[3:5, 1:3, 4:8] = True
    image, label = images(array, spacing, mask)
    box, _ = imageoperations.checkMask(image, label)
    whole_image = described(image, label)
    image, label = imageoperations.cropToTumorMask(image, label, box, padDistance=margin)
    return {"margin": margin, "from": whole_image} | described(image, label)


RESAMPLED = [
    ("even", [1.0, 1.0, 2.0], "sitkBSpline", 5),
    ("even", [0.5, 0.0, 0.0], "sitkBSpline", 1),
    ("odd", [2.0, 2.0, 2.0], "sitkBSpline", 0),
    ("odd", [0.6, 1.3, 0.9], "sitkLinear", 5),
    ("odd", [0.6, 1.3, 0.9], "sitkNearestNeighbor", 2),
    ("flat", [0.5, 1.7, 1.1], "sitkBSpline", 5),
    ("slice", [0.5, 1.1, 1.0], "sitkBSpline", 2),
    ("odd", [1.0, 1.0, 1.0], "sitkBSpline", 1),
]
IBSI = [
    ("even", [1.0, 1.0, 2.0], 3),
    ("odd", [2.0, 2.0, 2.0], 1),
    ("odd", [0.6, 0.7, 0.5], 3),
    ("step", [1.0, 1.0, 1.0], 1),
]

result = {
    "filters": {name: filtered(*image) for name, image in IMAGES.items()},
    "resampled": [resampled(*case) for case in RESAMPLED],
    "ibsi": [ibsi(*case) for case in IBSI],
    "resegmented": [
        resegmented("even", "absolute", [-50, 100]),
        resegmented("odd", "absolute", [-20]),
        resegmented("odd", "sigma", [-1, 1]),
    ],
    "cropped": [cropped(margin) for margin in (0, 2, 5)],
}
with open("Tests/RadiomicsTests/Fixtures/images.json", "w") as file:
    json.dump(result, file, indent=0)
    file.write("\n")
