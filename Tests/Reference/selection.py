"""Golden values for the selection and filtering of features (Sources/Classifiers/Selection, Pipeline).

Runs in the environment of requirements-selection.txt, from the repository root; Rscript with glmnet gives the LASSO's:

    python3 -m venv /tmp/selection && /tmp/selection/bin/pip install -r Tests/Reference/requirements-selection.txt
    /tmp/selection/bin/python Tests/Reference/selection.py

Writes Tests/ClassifiersTests/Fixtures/selection.json and Tests/EvaluationTests/Fixtures/stability.json.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import skrebate
from mrmr import mrmr_classif
from scipy.stats import mannwhitneyu
from sklearn.feature_selection import RFE, SequentialFeatureSelector
from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.svm import SVC

FIXTURE = Path("Tests/ClassifiersTests/Fixtures/selection.json")
GLMNET = """
library(glmnet)
x <- as.matrix(read.csv("x.csv")); y <- scan("y.csv", quiet = TRUE); folds <- scan("folds.csv", quiet = TRUE)
greatest <- max(abs(crossprod(scale(x) * sqrt(nrow(x) / (nrow(x) - 1)), y - mean(y)))) / nrow(x)
lambda <- greatest * 0.01^((0:59) / 59)
cv <- cv.glmnet(x, y, family = "binomial", lambda = lambda, foldid = folds + 1, thresh = 1e-15, maxit = 1e7)
write(as.vector(coef(cv, s = "lambda.min"))[-1], "coefficients.txt", ncolumns = 1)
"""


def data(seed, rows, columns):
    """Noise with a signal in the first columns, some correlated columns and one constant column."""
    random = np.random.default_rng(seed)
    y = (np.arange(rows) % 20 < 7).astype(int)
    x = random.normal(size=(rows, columns))
    x[:, :4] += y[:, None] * np.array([1.2, 0.9, 0.7, 0.5])
    x[:, 4] = x[:, 0] + 0.2 * random.normal(size=rows)
    x[:, 5] = -x[:, 1] + 0.3 * random.normal(size=rows)
    return np.round(x, 3), y


def correlated(x, limit):
    """R's caret: findCorrelation(exact = FALSE), the columns that stay."""
    correlations = np.abs(np.corrcoef(x, rowvar=False))
    np.fill_diagonal(correlations, np.nan)
    means = np.nanmean(correlations, axis=0)
    order = np.argsort(-means, kind="stable")
    gone = [first for place, first in enumerate(order) if (correlations[first, order[place + 1 :]] > limit).any()]
    return [column for column in range(x.shape[1]) if column not in gone]


def lasso(x, y, folds):
    with tempfile.TemporaryDirectory() as folder:
        pd.DataFrame(x).to_csv(f"{folder}/x.csv", index=False)
        np.savetxt(f"{folder}/y.csv", y)
        np.savetxt(f"{folder}/folds.csv", folds)
        subprocess.run(["Rscript", "-e", GLMNET], cwd=folder, check=True)
        return np.loadtxt(f"{folder}/coefficients.txt").tolist()


def icc(first, second):
    count = len(first)
    table = pd.DataFrame(
        {"row": list(range(count)) * 2, "reader": [0] * count + [1] * count, "value": np.concatenate([first, second])}
    )
    found = pingouin.intraclass_corr(table, targets="row", raters="reader", ratings="value").set_index("Type")
    # What version 0.6 calls ICC(A,1) was ICC2.
    return float(found.loc["ICC(A,1)" if "ICC(A,1)" in found.index else "ICC2", "ICC"])


cases = []
for seed, rows, columns in [(1, 40, 16), (2, 60, 24), (3, 50, 60)]:
    x, y = data(seed, rows, columns)
    folds = np.concatenate([np.zeros(rows, dtype=int)])
    for grade in (0, 1):
        places = np.flatnonzero(y == grade)
        folds[places] = np.arange(len(places)) % 5
    z = StandardScaler().fit_transform(x)
    frame = pd.DataFrame(z, columns=range(columns))
    relief = skrebate.ReliefF(n_neighbors=10, n_features_to_select=5).fit(z, y)
    splits = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(5)]
    forward = []
    if columns <= 24:
        for count in range(1, 5):
            chosen = SequentialFeatureSelector(
                GaussianNB(), n_features_to_select=count, scoring="roc_auc", cv=splits
            ).fit(z, y)
            forward += [int(c) for c in np.flatnonzero(chosen.get_support()) if c not in forward]
    eliminated = {}
    for count in (3, 8):
        svc = SVC(kernel="linear", C=1, class_weight="balanced", tol=1e-9)
        eliminated[count] = np.flatnonzero(RFE(svc, n_features_to_select=count, step=0.1).fit(z, y).support_).tolist()
    pvalues = [mannwhitneyu(x[y == 1, c], x[y == 0, c], method="asymptotic").pvalue for c in range(columns)]
    cases.append(
        {
            "rows": x.tolist(),
            "labels": (y == 1).tolist(),
            "folds": folds.tolist(),
            "univariate": np.argsort(pvalues, kind="stable").tolist()[:8],
            "mrmr": [int(c) for c in mrmr_classif(frame, pd.Series(y), K=8, show_progress=False)],
            "reliefF": relief.feature_importances_.tolist(),
            "recursiveElimination": {str(count): chosen for count, chosen in eliminated.items()},
            "forward": forward,
            "lasso": lasso(x, y, folds),
            "correlation": {str(limit): correlated(x, limit) for limit in (0.9, 0.5, 0.25)},
        }
    )

random = np.random.default_rng(9)
agreement = []
for noise, shift in [(0.1, 0), (0.5, 0.2), (1, 1), (3, 0)]:
    first = np.round(random.normal(size=24), 4)
    second = np.round(first + shift + noise * random.normal(size=24), 4)
    agreement.append({"first": first.tolist(), "second": second.tolist(), "icc": icc(first, second)})

holes = np.round(random.normal(size=(12, 4)), 3)
holes[[1, 4], 0] = np.nan
holes[[1, 4], 1] = np.nan
holes[7, 2] = np.nan
new = np.array([[np.nan, 1, 2, np.nan], [0.5, np.nan, np.nan, 1]])
imputer = SimpleImputer(strategy="median").fit(holes)


def cells(table):
    return [[None if np.isnan(value) else value for value in row] for row in table]




def stability(z):
    """Nogueira's index by its definition, with the infinitesimal jackknife of its value for the variance."""
    count, features = z.shape

    def index(weights):
        p = weights @ z
        size = p.mean()
        return 1 - count / (count - 1) * (p * (1 - p)).mean() / (size * (1 - size))

    def plain(weights):
        # The jackknife's derivative is that of the index without the factor for M.
        p = weights @ z
        size = p.mean()
        return 1 - (p * (1 - p)).mean() / (size * (1 - size))

    even = np.full(count, 1 / count)
    value = index(even)
    # The authors put the corrected index where the derivative has the plain one.
    share = (1 - value) / (1 - plain(even))
    steps = []
    for row in range(count):
        p, size = z.mean(axis=0), z.mean()
        change = z[row] - p
        variance, spread = share * (p * (1 - p)).mean(), size * (1 - size)
        steps.append(
            -((1 - 2 * p) * change).mean() / spread + variance * (1 - 2 * size) * change.mean() / spread**2
        )
    steps = np.array(steps)
    return value, float(np.sqrt(((steps - steps.mean()) ** 2).sum()) / count)


STABILITY = Path("Tests/EvaluationTests/Fixtures/stability.json")
choices = []
for count, features, chance in [(5, 10, 0.3), (5, 200, 0.05), (10, 30, 0.5), (3, 12, 0.8)]:
    z = random.random((count, features)) < chance
    z[:, 0] = True
    value, error = stability(z.astype(float))
    choices.append(
        {
            "candidates": features,
            "choices": [[f"f{column}" for column in np.flatnonzero(row)] for row in z],
            "value": value,
            "error": error,
        }
    )
STABILITY.write_text(json.dumps(choices) + "\n")

FIXTURE.write_text(
    json.dumps(
        {
            "cases": cases,
            "agreement": agreement,
            "imputation": {
                "rows": cells(holes),
                "new": cells(new),
                "imputed": imputer.transform(new).tolist(),
                "standard": StandardScaler().fit(imputer.transform(holes)).transform(imputer.transform(new)).tolist(),
                "robust": RobustScaler().fit(imputer.transform(holes)).transform(imputer.transform(new)).tolist(),
            },
        }
    )
    + "\n"
)
