"""Golden values for Sources/Evaluation/GroupTests.swift, from scipy.

Run from the repository root; versions in Tests/Reference/requirements.txt.
Writes Tests/EvaluationTests/Fixtures/group-tests.json.
"""

import json
import warnings

import numpy as np
from scipy import stats

rng = np.random.default_rng(20)
warnings.simplefilter("ignore")


def trimmed(table):
    table = table[table.sum(axis=1) > 0]
    return table[:, table.sum(axis=0) > 0] if len(table) else table


def fisher():
    tables = [rng.integers(0, high, (2, 2)) for high in rng.choice([2, 4, 12, 60, 400], 230)]
    tables += [np.array(t) for t in [[[0, 0], [0, 0]], [[3, 0], [4, 0]], [[5, 0], [0, 7]], [[361, 144], [26, 14]]]]
    for table in tables:
        empty = (table.sum(axis=0) == 0).any() or (table.sum(axis=1) == 0).any()
        yield {"counts": table.tolist(), "p": None if empty else float(stats.fisher_exact(table).pvalue)}


def chi_square():
    shapes = [(int(r), int(c)) for r, c in rng.integers(1, 7, (230, 2))]
    tables = [rng.integers(0, int(rng.choice([2, 5, 30, 500])), shape) for shape in shapes]
    tables += [np.zeros((3, 2), int), np.array([[1, 2, 0], [3, 4, 0]]), np.full((2, 2), 9)]
    for table in tables:
        kept = trimmed(table)
        item = {"counts": table.tolist(), "statistic": None, "p": None}
        if kept.ndim == 2 and min(kept.shape) > 1:
            result = stats.chi2_contingency(kept, correction=False)
            item |= {"statistic": float(result.statistic), "p": float(result.pvalue)}
        yield item


def samples():
    for index in range(240):
        m, n = rng.integers(1, 40, 2) if index % 3 else rng.integers(1, 10, 2)
        first, second = rng.normal(0, 1, m), rng.normal(rng.choice([0, 0.4, 3]), rng.choice([0.2, 1, 4]), n)
        if index % 4 == 0:  # ties
            first, second = first.round(0), second.round(0)
        if index % 40 == 0:  # nothing varies
            first, second = np.full(m, 2.0), np.full(n, 2.0)
        item = {"first": first.round(6).tolist(), "second": second.round(6).tolist()}
        first, second = np.array(item["first"]), np.array(item["second"])
        # scipy's own choice between the exact and the normal distribution; all values tied leave no variance.
        u = stats.mannwhitneyu(first, second)
        varies = len(np.unique(np.concatenate([first, second]))) > 1
        item |= {"u": float(u.statistic), "mannWhitney": float(u.pvalue) if varies or m + n == 2 else None}
        t = stats.ttest_ind(first, second, equal_var=False)
        usable = m > 1 and n > 1 and np.isfinite(t.pvalue)
        item |= {"t": float(t.statistic), "welch": float(t.pvalue)} if usable else {"t": None, "welch": None}
        yield item


with open("Tests/EvaluationTests/Fixtures/group-tests.json", "w") as file:
    golden = {"fisher": list(fisher()), "chiSquare": list(chi_square()), "samples": list(samples())}
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
