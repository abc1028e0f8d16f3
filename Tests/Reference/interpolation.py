"""Golden values for Tests/ImagingTests: outlines between two slices as ITK's morphological contour interpolation makes them.

Each case has the outlines of two slices, five slices apart, and for each of the four slices between them the pixels that ITK
proposes. The methods differ (ITK matches overlapping parts and dilates one into the other), so that their overlap is compared.

Run from the repository root in an environment of its own with Tests/Reference/requirements-interpolation.txt:
python Tests/Reference/interpolation.py
"""

import json
import math

import itk
import numpy as np

COLUMNS, ROWS, SLICES = 64, 64, 6


def ellipse(x, y, a, b, turn=0.0, wobble=0.0, count=40):
    points = []
    for index in range(count):
        angle = 2 * math.pi * index / count
        radius = 1 + wobble * math.sin(3 * angle)
        u, v = a * radius * math.cos(angle), b * radius * math.sin(angle)
        points.append([x + u * math.cos(turn) - v * math.sin(turn), y + u * math.sin(turn) + v * math.cos(turn)])
    return points


def mask(outlines):
    """Even-odd on pixel centres."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)
    inside = np.zeros((ROWS, COLUMNS), bool)
    for outline in outlines:
        for (ax, ay), (bx, by) in zip(outline, outline[1:] + outline[:1]):
            crosses = (ay > y) != (by > y)
            with np.errstate(divide="ignore", invalid="ignore"):
                at = ax + (y - ay) * (bx - ax) / (by - ay) if ay != by else np.full_like(x, np.inf)
            inside ^= crosses & (at > x)
    return inside


CASES = {
    "growing": ([ellipse(30, 30, 8, 8)], [ellipse(32, 31, 18, 16)]),
    "turning": ([ellipse(30, 30, 20, 9, 0.1)], [ellipse(31, 32, 18, 10, 0.6)]),
    "wobbling": ([ellipse(30, 30, 15, 14, 0, 0.15)], [ellipse(33, 31, 13, 15, 0.4, 0.2)]),
    "hole": ([ellipse(30, 30, 18, 18), ellipse(30, 30, 6, 6)], [ellipse(31, 31, 20, 17), ellipse(31, 31, 8, 7)]),
    "shifted": ([ellipse(26, 30, 12, 10)], [ellipse(36, 32, 11, 12)]),
}

results = {}
for name, (lower, upper) in CASES.items():
    volume = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    volume[0], volume[-1] = mask(lower), mask(upper)
    image = itk.image_from_array(volume)
    filled = itk.array_from_image(itk.morphological_contour_interpolator(image, axis=2))
    between = [np.flatnonzero(filled[index]).tolist() for index in range(1, SLICES - 1)]
    runs = []
    for pixels in between:
        ranges = []
        for pixel in pixels:
            if ranges and ranges[-1][1] == pixel:
                ranges[-1][1] = pixel + 1
            else:
                ranges.append([pixel, pixel + 1])
        runs.append(ranges)
    results[name] = {"lower": lower, "upper": upper, "between": runs}

with open("Tests/ImagingTests/Fixtures/interpolation.json", "w") as file:
    json.dump({"columns": COLUMNS, "rows": ROWS, "cases": results}, file, separators=(",", ":"))
