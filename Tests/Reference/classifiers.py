"""Golden values for Sources/Classifiers, from scikit-learn, xgboost and, by classifiers_glmnet.R, glmnet.

The data are not stored: both sides draw them from SplitMix64 as `data` says (in Swift: ClassifierData.swift).
Run from the repository root, in an environment of its own, since xgboost 1.7.4 needs numpy < 2; versions in
Tests/Reference/requirements-classifiers.txt (scripts/reference makes it). glmnet is Debian's r-cran-glmnet.
Writes Tests/ClassifiersTests/Fixtures/classifiers.json.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import sklearn
import xgboost
from scipy.optimize import root
from sklearn.calibration import _SigmoidCalibration
from sklearn.ensemble import RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

assert (sklearn.__version__, xgboost.__version__) == ("1.9.1", "1.7.4")
MASK = (1 << 64) - 1
FIXTURES = Path("Tests/ClassifiersTests/Fixtures")
# Rows and columns of the sets; the last has the shape of a study's radiomics.
SHAPES = [(40, 6), (60, 10), (41, 8), (40, 5), (32, 60), (32, 1316)]
HELD_OUT = 12
FORESTS = 24


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) * bound) >> 64


def data(seed, rows, columns, kind):
    """A label for each row, 7 of 20 high, and values of which the first three columns know the label.

    Kind 1: each column follows the one before it. Kind 2: column 3 is constant, column 4 is column 0, row 1 is row 0.
    Kind 3: the columns differ in size by 10^12, and one lies far from 0.
    """
    random = SplitMix64(seed)
    labels = np.array([row % 20 in (1, 4, 6, 9, 12, 15, 18) for row in range(rows)])
    values = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            noise = sum(random.below(2049) - 1024 for _ in range(3)) / 1024
            value = noise + (0.75 if labels[row] and column < 3 else 0)
            if kind == 1 and column > 0:
                value = value / 4 + values[row, column - 1]
            if kind == 2 and column == 3:
                value = 0.1
            if kind == 2 and column == 4:
                value = values[row, 0]
            if kind == 3:
                value = (value + (1000 if column == 1 else 0)) * [1e6, 1, 1e-6, 1e3, 1][column]
            values[row, column] = value
        if kind == 2 and row == 1:
            values[1] = values[0]
    return labels.astype(int), values


def reference_set(index):
    rows, columns = SHAPES[index]
    labels, values = data(100 + index, rows + HELD_OUT, columns, index)
    return labels[:rows], values[:rows], values[rows:]


def standardised(train, held_out):
    deviation = train.std(axis=0)
    deviation[train.max(axis=0) == train.min(axis=0)] = np.inf
    return [(table - train.mean(axis=0)) / deviation for table in (train, held_out)]


def glmnet():
    wanted = []
    for index in range(len(SHAPES)):
        for mixing in (1, 0.5, 0):
            shares = [0.1, 0.01, 0.001] if mixing == 0 else [1, 0.7, 0.4, 0.2, 0.1]
            # A long list of coefficients says no more than a short one.
            shares = shares[:2] if index == 5 and mixing == 0 else shares
            wanted.append(" ".join(str(word) for word in [index, mixing, *shares]))
    with tempfile.TemporaryDirectory() as folder:
        for index in range(len(SHAPES)):
            labels, train, _ = reference_set(index)
            np.savetxt(f"{folder}/{index}.csv", np.column_stack([labels, train]), delimiter=",", fmt="%.17g")
        Path(f"{folder}/wanted.txt").write_text("\n".join(wanted) + "\n")
        subprocess.run(["Rscript", "Tests/Reference/classifiers_glmnet.R", folder], check=True)
        lines = Path(f"{folder}/glmnet.txt").read_text().splitlines()
    fits = []
    for line in lines:
        index, mixing, greatest, share, intercept, *beta = map(float, line.split())
        fits.append({
            "set": int(index), "mixing": mixing, "greatest": greatest, "share": share, "intercept": intercept,
            "columns": [column for column, b in enumerate(beta) if b != 0], "coefficients": [b for b in beta if b != 0]})
    return fits


def svm():
    fits = []
    for index in range(len(SHAPES)):
        labels, train, held_out = reference_set(index)
        train, held_out = standardised(train, held_out)
        for cost in (0.1, 1, 100):
            for scale in (None, 1, 0.1):
                for balanced in (False, True):
                    variance = train.var()
                    gamma = {} if scale is None else {"gamma": scale / (train.shape[1] * variance)}
                    if scale == 1:
                        gamma = {"gamma": "scale"}
                    model = SVC(
                        kernel="linear" if scale is None else "rbf", C=cost, tol=1e-10,
                        class_weight="balanced" if balanced else None, **gamma)
                    model.fit(train, labels)
                    fits.append({
                        "set": index, "cost": cost, "gammaScale": scale, "balanced": balanced,
                        "scores": list(model.decision_function(held_out))})
    return fits


def boosting():
    fits = []
    settings = [
        {"rounds": 20, "depth": 3, "eta": 0.1, "rows": 1, "weight": 1, "lambda": 1, "seed": 7},
        {"rounds": 50, "depth": 2, "eta": 0.3, "rows": 0.8, "weight": 0.5, "lambda": 2, "seed": 8},
        {"rounds": 10, "depth": 6, "eta": 1, "rows": 0.5, "weight": 0.1, "lambda": 0.5, "seed": 9},
    ]
    for index in range(len(SHAPES)):
        labels, train, held_out = reference_set(index)
        for one in settings:
            model = xgboost.train(
                {
                    "objective": "binary:logistic", "tree_method": "hist", "nthread": 1, "verbosity": 0,
                    "eta": one["eta"], "max_depth": one["depth"], "subsample": one["rows"],
                    "min_child_weight": one["weight"], "lambda": one["lambda"],
                    "seed": one["seed"],
                },
                xgboost.DMatrix(train, label=labels), one["rounds"])
            gains = model.get_score(importance_type="total_gain")
            total = sum(gains.values())
            fits.append({
                "set": index, **one, "scores": [float(p) for p in model.predict(xgboost.DMatrix(held_out))],
                "importances": {name[1:]: gain / total for name, gain in sorted(gains.items())}})
    return fits


def neighbours_and_bayes():
    fits = []
    for index in range(len(SHAPES)):
        labels, train, held_out = reference_set(index)
        bayes = {str(s): list(GaussianNB(var_smoothing=s).fit(train, labels).predict_proba(held_out)[:, 1])
                 for s in (1e-9, 1e-2)}
        train, held_out = standardised(train, held_out)
        neighbours = {
            str(k): list(KNeighborsClassifier(k, algorithm="kd_tree").fit(train, labels).predict_proba(held_out)[:, 1])
            for k in (1, 5, 8)}
        # The first row and its copy are one another's ties, which scikit-learn breaks by an order that it does not state.
        fits.append({"set": index, "bayes": bayes, "neighbours": None if index == 2 else neighbours})
    return fits


def perceptron():
    """Initial weights, and the losses and scores after some steps from them."""
    fits = []
    for index, hidden, activation, penalty in [
        (0, (5,), "relu", 1e-4), (0, (4, 3), "tanh", 1.0), (1, (8,), "tanh", 10.0), (4, (6, 4), "relu", 0.1),
    ]:
        labels, train, held_out = reference_set(index)
        train, held_out = standardised(train, held_out)

        def flat(model):
            return [float(v) for w in model.coefs_ for v in w.ravel()] + [float(v) for b in model.intercepts_ for v in b]

        def fitted(steps, rate=1e-3):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return MLPClassifier(
                    hidden, activation=activation, alpha=penalty, batch_size=len(labels), max_iter=steps,
                    shuffle=False, random_state=3, learning_rate_init=rate).fit(train, labels)

        # The first step of a rate of nothing leaves the initial weights.
        initial = flat(fitted(1, rate=1e-300))
        fits.append({
            "set": index, "hidden": hidden, "activation": activation, "penalty": penalty, "initial": initial,
            "losses": [float(l) for l in fitted(5).loss_curve_], "afterFive": flat(fitted(5)),
            "steps": fitted(400, rate=0.05).n_iter_,
            "scores": list(fitted(400, rate=0.05).predict_proba(held_out)[:, 1])})
    return fits


def calibrations():
    fits = []
    for index in range(12):
        random = SplitMix64(500 + index)
        count = 6 + random.below(40)
        grid = [1000, 7, 1000000][index % 3]
        labels = np.array([1, 0] + [int(random.below(3) == 0) for _ in range(count - 2)])
        scores = np.array([random.below(grid) + (grid // 5 if label else 0) for label in labels]) / 8
        if index == 9:  # perfectly separated
            scores += labels * 1e6
        if index == 10:  # the wrong way round
            scores = -scores
        sigmoid = _SigmoidCalibration().fit(scores, labels)
        high, low = labels.sum(), len(labels) - labels.sum()
        targets = np.where(labels == 1, (high + 1) / (high + 2), 1 / (low + 2))
        inputs = np.abs(scores).max()

        def gradient(b):
            error = 1 / (1 + np.exp(-(b[0] * scores / inputs + b[1]))) - targets
            return [error @ (scores / inputs), error.sum()]

        exact = root(gradient, [-sigmoid.a_ * inputs, -sigmoid.b_], tol=1e-14).x
        isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
        asked = np.linspace(scores.min() - 1, scores.max() + 1, 23).round(3)
        fits.append({
            "labels": [bool(l) for l in labels], "scores": list(scores), "asked": list(asked),
            "sigmoid": list(sigmoid.predict(asked)), "slope": exact[0] / inputs, "intercept": exact[1],
            "isotonic": list(isotonic.predict(asked))})
    return fits


def forests():
    """What scikit-learn's forest makes of many data sets, over ten seeds: both sides draw differently."""
    fits = []
    for index in range(FORESTS):
        labels, values = data(900 + index, 60, [4, 9, 25][index % 3], index % 2)
        leaf = [1, 3][index // 2 % 2]
        train, held_out = values[:40], values[40:]
        forests = [
            RandomForestClassifier(200, min_samples_leaf=leaf, random_state=seed).fit(train, labels[:40])
            for seed in range(10)]
        scores = np.array([forest.predict_proba(held_out)[:, 1] for forest in forests])
        importances = np.array([forest.feature_importances_ for forest in forests])
        fits.append({
            "columns": values.shape[1], "leaf": leaf, "scores": list(scores.mean(axis=0)),
            "deviations": list(scores.std(axis=0, ddof=1)), "importances": list(importances.mean(axis=0)),
            "importanceDeviations": list(importances.std(axis=0, ddof=1)),
            "auc": np.mean([roc_auc_score(labels[40:], s) for s in scores])})
    return fits


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.13g}")
    return value.item() if isinstance(value, np.generic) else value


golden = {
    "glmnet": glmnet(), "svm": svm(), "boosting": boosting(), "simple": neighbours_and_bayes(),
    "perceptron": perceptron(), "calibration": calibrations(), "forest": forests(),
}
FIXTURES.joinpath("classifiers.json").write_text(json.dumps(rounded(golden)) + "\n")
print({name: len(json.dumps(rounded(part))) for name, part in golden.items()}, file=sys.stderr)
