"""Golden values for what happens to a lesion's image before features are computed.

Filters, resampling, cropping and resegmentation are those of pyradiomics 3.0.1 with SimpleITK 2.5.7, PyWavelets 1.9.0,
scipy 1.14.1 and scikit-image 0.24.0; the grid and the filters that IBSI asks for are those of scipy and PyWavelets.
Run from the repository root in the environment of requirements-radiomics.txt.
Writes Tests/RadiomicsTests/Fixtures/images.json.
"""

import base64
import itertools
import json
import logging
import math
import warnings

import numpy as np
import pywt
import radiomics
import SimpleITK as sitk
from radiomics import imageoperations
from scipy.ndimage import convolve1d, map_coordinates
from scipy.signal import convolve2d

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


def separable(values, kernels, mode):
    """A kernel along x, y and z each, an even one followed by a 0."""
    for axis, kernel in enumerate(kernels):
        taps = np.append(kernel, 0) if len(kernel) % 2 == 0 else np.asarray(kernel, float)
        values = convolve1d(values, taps, axis=2 - axis, mode=mode)
    return values


def rotations(dimensions):
    """The permutations and reversals of axes with a determinant of 1."""
    for order in itertools.permutations(range(dimensions)):
        for signs in itertools.product((1, -1), repeat=dimensions):
            if np.linalg.det(np.diag(signs) @ np.eye(dimensions)[list(order)]) > 0:
                yield order, signs


def oriented(kernels, order, signs):
    kernels = [np.append(k, 0) if len(k) % 2 == 0 else np.asarray(k, float) for k in kernels]
    return [kernels[a][::s] for a, s in zip(order, signs)]


def spread(kernels):
    return [np.insert(k, range(1, len(k)), 0) for k in kernels]


def wavelet_band(values, name, band, level, mode):
    low, high = pywt.Wavelet(name).dec_lo, pywt.Wavelet(name).dec_hi
    responses = []
    for order, signs in rotations(len(band)):
        before = oriented([low] * len(band), order, signs)
        last = oriented([low if letter == "L" else high for letter in band], order, signs)
        response = values
        for _ in range(level - 1):
            response = separable(response, before, mode)
            before, last = spread(before), spread(last)
        responses.append(separable(response, last, mode))
    return np.mean(responses, axis=0)


def sampled_log(values, sigma, radius, mode):
    k = np.arange(-radius, radius + 1)
    gaussian = np.exp(-(k**2) / 2 / sigma**2) / np.sqrt(2 * np.pi) / sigma
    curvature = gaussian * (k**2 / sigma**4 - 1 / sigma**2)
    return sum(separable(values, [curvature if a == b else gaussian for b in range(3)], mode) for a in range(3))


def gabor(values, sigma, wavelength, ratio, angle, radius, mode):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    kernel = np.exp(-(along**2 + ratio**2 * across**2) / 2 / sigma**2 + 2j * np.pi * along / wavelength)
    padded = np.pad(values, ((0, 0), (radius, radius), (radius, radius)), mode)
    return np.abs(np.stack([convolve2d(s, kernel, "valid") for s in padded]))


def frequency(values, level, order):
    """Simoncelli's wavelet and a Riesz transform; frequencies lie symmetrically about 0."""
    axes = [np.fft.ifftshift(np.linspace(-1, 1, n)) for n in values.shape]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"))[::-1]
    radius, highest = np.sqrt((grid**2).sum(axis=0)), 0.5 ** (level - 1)
    inside = (radius >= highest / 4) & (radius <= highest)
    factor = np.where(inside, np.cos(np.pi / 2 * np.log2(2 * np.where(inside, radius, 1) / highest)), 0)
    total = sum(order)
    scale = np.sqrt(math.factorial(total) / math.prod(math.factorial(o) for o in order))
    riesz = (-1j) ** total * scale * np.prod([g**o for g, o in zip(grid, order)], axis=0)
    riesz = riesz / np.where(radius > 0, radius, 1) ** total
    return np.fft.ifftn(np.fft.fftn(values) * factor * riesz).real


def convolutional():
    """IBSI 2's filters by scipy, PyWavelets and numpy, of the odd image."""
    values = IMAGES["odd"][0]
    laws = {"L5": [1, 4, 6, 4, 1], "E5": [-1, -2, 0, 2, 1], "S3": [-1, 2, -1]}
    laws = {name: np.array(k) / np.linalg.norm(k) for name, k in laws.items()}
    three = [laws["L5"], laws["E5"], laws["S3"]]
    pooled = np.max([separable(values, oriented(three, *r), "wrap") for r in rotations(3)], axis=0)
    energy = separable(np.abs(pooled), [np.ones(5) / 5] * 3, "wrap")
    results = {
        "mean": separable(values, [np.ones(5) / 5] * 2, "nearest"),
        "logSampled": sampled_log(values, 1.2, 5, "constant"),
        "laws": separable(values, three, "reflect"),
        "lawsEnergy": energy,
        "waveletBand": wavelet_band(values, "db3", "LHH", 2, "reflect"),
        "waveletBandBySlice": wavelet_band(values, "db2", "LH", 1, "constant"),
        "gabor": gabor(values, 1.5, 3, 0.8, np.deg2rad(30), 4, "symmetric"),
        "simoncelli": frequency(values, 1, (0, 0, 0)),
        "simoncelliRiesz": frequency(values, 2, (1, 0, 2)),
    }
    return {name: packed(response) for name, response in results.items()}


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
    "convolutional": convolutional(),
    "cropped": [cropped(margin) for margin in (0, 2, 5)],
}
with open("Tests/RadiomicsTests/Fixtures/images.json", "w") as file:
    json.dump(result, file, indent=0)
    file.write("\n")
