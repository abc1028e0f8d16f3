"""Golden values for Tests/AnnotationTests: polygons with their areas, centroids and pixels.

Areas and centroids are the shoelace formula in exact rational arithmetic. `exact` pixels are those whose centre the
polygon winds around (the sum of the angles that its edges subtend). `mdai` pixels restate OpenCV's fillPoly on vertices
cut off to whole pixels, as MD.ai's client calls it; where opencv-python-headless (4.11.0) is installed, the restatement is
compared with it.

Run from the repository root: .deps/python/bin/python Tests/Reference/annotation.py (numpy 2.4.6)
"""

import base64
import json
import math
from fractions import Fraction

import numpy as np

try:
    import cv2
except ImportError:
    cv2 = None

COLUMNS, ROWS = 72, 56
OUTPUT = "Tests/ImagingTests/Fixtures/polygons.json"


def shoelace(vertices):
    points = [(Fraction(x), Fraction(y)) for x, y in vertices]
    area = x_moment = y_moment = Fraction(0)
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
        cross = x0 * y1 - x1 * y0
        area += cross / 2
        x_moment += (x0 + x1) * cross / 6
        y_moment += (y0 + y1) * cross / 6
    return float(abs(area)), [float(x_moment / area), float(y_moment / area)]


def wound_around(vertices):
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    ends = np.roll(vertices, -1, axis=0)
    total = np.zeros((ROWS, COLUMNS))
    for (x0, y0), (x1, y1) in zip(vertices, ends):
        angle = np.arctan2(y1 - rows, x1 - columns) - np.arctan2(y0 - rows, x0 - columns)
        total += (angle + math.pi) % (2 * math.pi) - math.pi
    return np.abs(total) > math.pi


def line(mask, start, end):
    """The 8-connected line of OpenCV's LineIterator, left to right."""
    (x0, y0), (x1, y1) = sorted([start, end], key=lambda p: p[0]) if start[0] != end[0] else (start, end)
    dx, dy = x1 - x0, abs(y1 - y0)
    step = 1 if y1 >= y0 else -1
    steep = dy > dx
    long, short = max(dx, dy), min(dx, dy)
    error = long - 2 * short
    x, y = x0, y0
    for _ in range(long + 1):
        if 0 <= x < COLUMNS and 0 <= y < ROWS:
            mask[y, x] = True
        turn = error < 0
        error += -2 * short + (2 * long if turn else 0)
        x += 1 if not steep or turn else 0
        y += step if steep or turn else 0


def filled_with_border(vertices):
    corners = [(int(x), int(y)) for x, y in vertices]
    edges = list(zip(corners, corners[1:] + corners[:1]))
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    for y in range(ROWS):
        crossings = sorted(
            Fraction(x0) + Fraction((y - y0) * (x1 - x0), y1 - y0)
            for (x0, y0), (x1, y1) in edges if (y0 > y) != (y1 > y))
        for left, right in zip(crossings[::2], crossings[1::2]):
            mask[y, max(math.ceil(left), 0):max(math.floor(right) + 1, 0)] = True
    for start, end in edges:
        line(mask, start, end)
    if cv2 is not None:
        image = np.zeros((ROWS, COLUMNS), dtype=np.uint8)
        cv2.fillPoly(image, np.int32([vertices]), 255)
        assert (mask == (image > 0)).all(), "the restatement differs from OpenCV"
    return mask


def star(random):
    """A polygon around a point, in the order of its angles, so that it never crosses itself."""
    count = int(random.integers(3, 40))
    angles = np.sort(random.uniform(0, 2 * math.pi, count))
    if np.diff(np.append(angles, angles[0] + 2 * math.pi)).max() >= math.pi:
        return star(random)
    radii = random.uniform(3, 22, count)
    centre = random.uniform([25, 24], [COLUMNS - 26, ROWS - 25])
    vertices = centre + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    return vertices[::-1] if random.random() < 0.5 else vertices


def packed(mask):
    return base64.b64encode(np.packbits(mask.reshape(-1))).decode()


def main():
    random = np.random.default_rng(2)
    cases = []
    for _ in range(40):
        vertices = star(random)
        area, centroid = shoelace(vertices.tolist())
        cases.append({
            "vertices": vertices.tolist(), "area": area, "centroid": centroid,
            "exact": packed(wound_around(vertices)), "mdai": packed(filled_with_border(vertices)),
        })
    with open(OUTPUT, "w") as file:
        json.dump({"columns": COLUMNS, "rows": ROWS, "cases": cases}, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
