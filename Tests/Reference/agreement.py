"""Golden values for the agreement of readers: masks, measurements and categories, on 120 random and degenerate cases each.

From SimpleITK, MedPy, scipy (MONAI's formula: the greater of both directions' percentiles), surface-distance, pingouin, scikit-learn,
statsmodels and krippendorff; versions in Tests/Reference/requirements-agreement.txt, in an environment of its own:
  python3 -m venv /tmp/agreement && /tmp/agreement/bin/pip install -r Tests/Reference/requirements-agreement.txt
Run from the repository root. Writes Tests/ImagingTests/Fixtures/surfaces.json and Tests/EvaluationTests/Fixtures/agreement.json.
"""

import json
import subprocess
import warnings

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import SimpleITK as sitk
import surface_distance
from medpy.metric import binary
from scipy import ndimage, stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

warnings.simplefilter("ignore")
CASES = 120


def packed(mask):
    return np.packbits(mask.ravel(), bitorder="little").tobytes().hex()


def number(value):
    value = float(value)
    return value if np.isfinite(value) else None


def blob(random, shape, shift):
    grids = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    square = sum(((g - n / 2 - random.normal(0, shift)) / (n / random.uniform(2.5, 5))) ** 2 for g, n in zip(grids, shape) if n > 1)
    return (square + random.normal(0, 0.15, shape)) < 1


def masks(random, index, readers):
    shape = (1 if index % 3 == 0 else int(random.integers(2, 6)), int(random.integers(4, 13)), int(random.integers(4, 13)))
    made = [blob(random, shape, 0.8) for _ in range(readers)]
    if index % 20 == 1:
        made[1] = np.zeros(shape, bool)
    if index % 20 == 2:
        made = [np.zeros(shape, bool) for _ in made]
    if index % 20 == 3:
        made = [np.ones(shape, bool) for _ in made]
    if index % 20 == 4:
        made[1] = made[0].copy()
    if index % 20 == 5:  # one voxel each, far apart
        made = [np.zeros(shape, bool) for _ in made]
        for place, mask in enumerate(made):
            mask.flat[0 if place == 0 else -1] = True
    return made


def surface(index):
    random = np.random.default_rng(1000 + index)
    first, second = masks(random, index, 2)
    spacing = [round(float(x), 3) for x in random.uniform(0.5, 5, 3)]  # slices, rows, columns
    case = {"size": list(first.shape[::-1]), "spacing": spacing[::-1], "first": packed(first), "second": packed(second)}
    if first.any() and second.any():
        flat = first.shape[0] == 1
        one, other, step = (first[0], second[0], spacing[1:]) if flat else (first, second, spacing)
        edges = [m ^ ndimage.binary_erosion(m) for m in (one, other)]
        there = ndimage.distance_transform_edt(~edges[1], step)[edges[0]]
        back = ndimage.distance_transform_edt(~edges[0], step)[edges[1]]
        case["pooled"] = float(binary.hd95(one, other, step))
        case["greater"] = float(max(np.percentile(there, 95), np.percentile(back, 95)))
        case["mean"] = float(binary.assd(one, other, step))
        case["hausdorff"] = float(binary.hd(one, other, step))
        pieces = surface_distance.compute_surface_distances(one, other, step)
        case["byArea"] = float(surface_distance.compute_robust_hausdorff(pieces, 95))
        case["meansByArea"] = [float(x) for x in surface_distance.compute_average_surface_distance(pieces)]
    return case


def consensus(index):
    random = np.random.default_rng(2000 + index)
    made = masks(random, index, 2 + index % 4)
    images = [sitk.GetImageFromArray(m.astype(np.uint8)) for m in made]
    case = {"count": made[0].size, "masks": [packed(m) for m in made]}
    if made[0].any() or made[1].any():
        overlap = sitk.LabelOverlapMeasuresImageFilter()
        overlap.Execute(images[0], images[1])
        case["dice"], case["jaccard"] = number(overlap.GetDiceCoefficient()), number(overlap.GetJaccardCoefficient())
    staple = sitk.STAPLEImageFilter()
    staple.SetForegroundValue(1)
    staple.SetMaximumIterations(10000)
    probabilities = sitk.GetArrayFromImage(staple.Execute(images)).ravel()
    if any(m.any() for m in made) and not all(m.all() for m in made):
        case["sensitivity"] = [number(x) for x in staple.GetSensitivity()]
        case["specificity"] = [number(x) for x in staple.GetSpecificity()]
        case["probability"] = number(probabilities.sum())
    return case


def measurements(index):
    random = np.random.default_rng(3000 + index)
    n, k = int(random.integers(3, 25)), 2 + index % 4
    spread, noise = random.uniform(0, 8), [0.3, 2, 10][index % 3]
    table = random.normal(30, spread, (n, 1)) + random.normal(0, noise, (n, k)) + random.normal(0, 2, k)
    if index % 20 == 1:
        table = np.full((n, k), 7.0)
    if index % 20 == 2:
        table = np.repeat(random.integers(1, 9, (n, 1)).astype(float) + np.arange(n)[:, None], k, 1)
    table = np.round(table, 3)
    case = {"table": table.tolist()}
    if index % 20 not in (1, 2):
        long = pd.DataFrame([(i, j, table[i, j]) for i in range(n) for j in range(k)], columns=["thing", "reader", "value"])
        found = pingouin.intraclass_corr(long, "thing", "reader", "value")
        column = next(c for c in found.columns if c.startswith("CI95"))
        rows = {}
        for _, row in found.iterrows():
            rows[row["Type"]] = row
        for key, names in (("agreement", ("ICC2", "ICC(A,1)")), ("consistency", ("ICC3", "ICC(C,1)"))):
            row = next(rows[name] for name in names if name in rows)
            case[key] = [float(row["ICC"])] + [float(x) for x in row[column]]
        difference = table[:, 1] - table[:, 0]
        bias, deviation = difference.mean(), difference.std(ddof=1)
        t = stats.t.ppf(0.975, n - 1)
        error = deviation * np.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
        case["bias"] = [bias, bias - t * deviation / np.sqrt(n), bias + t * deviation / np.sqrt(n)]
        for key, limit in (("lower", bias - 1.96 * deviation), ("upper", bias + 1.96 * deviation)):
            case[key] = [limit, limit - t * error, limit + t * error]
    return case


def categories(index):
    random = np.random.default_rng(4000 + index)
    n, k, kinds = int(random.integers(1, 30)), 2 + index % 4, 2 + index % 3
    truth = random.integers(0, kinds, (n, 1))
    table = np.where(random.random((n, k)) < random.uniform(0.2, 1), truth, random.integers(0, kinds, (n, k)))
    if index % 20 == 1:
        table[:] = 1
    case = {"table": table.tolist()}
    missing = table.astype(float)
    missing[random.random((n, k)) < 0.2] = np.nan
    case["missing"] = [[number(x) for x in row] for row in missing]
    several = len(set(table[:, 0]) | set(table[:, 1])) > 1
    for key, weights in (("plain", None), ("linear", "linear"), ("quadratic", "quadratic")):
        case[key] = number(cohen_kappa_score(table[:, 0], table[:, 1], weights=weights, labels=range(kinds))) if several else None
    case["fleiss"] = number(fleiss_kappa(aggregate_raters(table)[0])) if len(np.unique(table)) > 1 else None
    pairable = missing[(~np.isnan(missing)).sum(1) > 1]
    values = pairable[~np.isnan(pairable)]
    for level in ("nominal", "ordinal", "interval"):
        varies = len(np.unique(values)) > 1
        case[level] = number(krippendorff.alpha(missing.T, level_of_measurement=level)) if varies else None
    return case


def psych(cases):
    """ICC(2,1) and ICC(3,1) with their intervals by R's psych (Debian's r-cran-psych and r-cran-jsonlite), without lmer."""
    complete = [case for case in cases if "agreement" in case]
    program = """
    suppressMessages({library(psych); library(jsonlite)})
    found <- lapply(fromJSON(file("stdin"), simplifyVector = FALSE), function(rows) {
      table <- do.call(rbind, lapply(rows, unlist))
      r <- suppressWarnings(ICC(table, lmer = FALSE)$results)
      unlist(c(r[2, c("ICC", "lower bound", "upper bound")], r[3, c("ICC", "lower bound", "upper bound")]))
    })
    cat(toJSON(lapply(found, unname), digits = 15))
    """
    text = json.dumps([case["table"] for case in complete])
    output = subprocess.run(["Rscript", "-e", program], input=text, capture_output=True, text=True, check=True).stdout
    for case, values in zip(complete, json.loads(output)):
        case["psych"] = values
    return cases


def write(path, content):
    with open(path, "w") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")


write("Tests/ImagingTests/Fixtures/surfaces.json", [surface(i) for i in range(CASES + 20)])
write(
    "Tests/EvaluationTests/Fixtures/agreement.json",
    {
        "masks": [consensus(i) for i in range(CASES)],
        "measurements": psych([measurements(i) for i in range(CASES)]),
        "categories": [categories(i) for i in range(CASES)],
    },
)
