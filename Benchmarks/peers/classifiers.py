"""Times fits of scikit-learn's classical learners to 100 rows of 1,316 features, a table that RenalGrade makes, too."""

import argparse
import json
import os
import sys
import time
import warnings

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

WORKERS = int(os.environ.get("BENCHMARK_THREADS") or os.cpu_count())
ROWS, COLUMNS = 100, 1316
# RenalGrade's grid for the LASSO: shares of the least penalty at which every coefficient is 0.
SHARES = [0.9, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05]


def table():
    """Numbers by SplitMix64, of which ten columns know the label."""
    labels = np.isin(np.arange(ROWS) % 20, (1, 4, 6, 9, 12, 15, 18))
    z = np.arange(1, ROWS * COLUMNS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float).reshape(ROWS, COLUMNS) * 2.0**-53 * 2 - 1
    values[labels, :10] += 0.5
    return values, labels


def lasso(values, labels):
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    greatest = np.abs(scaled.T @ (labels - labels.mean())).max()
    # Only SAGA leaves the intercept without a penalty; each penalty begins where the one before ended.
    model = LogisticRegression(l1_ratio=1, solver="saga", warm_start=True, tol=1e-4, max_iter=2000)
    for share in SHARES:
        model.set_params(C=1 / (share * greatest)).fit(scaled, labels)
    return model.predict_proba(scaled)[:, 1]


def linear_svm(values, labels):
    return SVC(kernel="linear", tol=1e-6).fit(values, labels).decision_function(values)


def random_forest(values, labels):
    model = RandomForestClassifier(500, random_state=1, n_jobs=WORKERS).fit(values, labels)
    return model.predict_proba(values)[:, 1]


LEARNERS = {"lasso": (lasso, len(SHARES)), "linearSVM": (linear_svm, 1), "randomForest": (random_forest, 1)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("classifier", choices=LEARNERS)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")

    values, labels = table()
    learner, items = LEARNERS[arguments.classifier]
    seconds = []
    for _ in range(arguments.repetitions + 1):
        start = time.perf_counter()
        scores = learner(values, labels)
        seconds.append(time.perf_counter() - start)
    json.dump({"seconds": seconds[1:], "items": items, "mean": float(scores.mean())}, sys.stdout)
    print()
