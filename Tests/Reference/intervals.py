"""Golden values for intervals and ranks that no package gives in this form.

Newcombe's paired interval (with the two examples that are printed in the literature), MOVER of balanced accuracy, F1 from Wilson's
interval, Brier's score on the logit's scale, the sandwich of calibration with Student's t, and ranks within folds, from scipy and
statsmodels. The sets are those of evaluation_statistics.py. Run from the repository root; versions in requirements.txt.
Writes Tests/EvaluationTests/Fixtures/intervals.json.
"""

import json

import numpy as np
from evaluation_statistics import SETS, data, number
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import rankdata, t
from sklearn.metrics import brier_score_loss
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint


def wilson(k, n, level=0.95):
    return proportion_confint(k, n, 1 - level, "wilson")


def newcombe(a, b, c, d, level=0.95):
    """Method 10 of Newcombe, Statistics in Medicine 1998."""
    n = a + b + c + d
    (l2, u2), (l3, u3), p2, p3 = wilson(a + b, n, level), wilson(a + c, n, level), (a + b) / n, (a + c) / n
    product, cross = (a + b) * (c + d) * (a + c) * (b + d), a * d - b * c
    corrected = cross if cross <= 0 else max(0, cross - n / 2)
    phi = 0 if product == 0 else corrected / np.sqrt(product)
    vectors = [(p2 - l2, u3 - p3), (u2 - p2, p3 - l3)]
    below, above = (np.sqrt(max(0, x * x - 2 * phi * x * y + y * y)) for x, y in vectors)
    return p2 - p3 - below, p2 - p3 + above


def no_worse(table, margin):
    """Half of one less the level at which a limit is minus the margin."""
    a, b, c, d = table
    if abs((b - c) / (a + b + c + d) + margin) < 1e-12:
        return 0.5
    is_above = (b - c) / (a + b + c + d) > -margin
    excess = lambda level: newcombe(*table, level)[0 if is_above else 1] + margin
    # No level at all reaches the margin where hundreds of cases all agree.
    root = 1 if is_above and excess(1 - 1e-12) > 0 else brentq(excess, 1e-12, 1 - 1e-12, xtol=1e-15)
    return (1 - root) / 2 if is_above else (1 + root) / 2


def decisions(labels, scores):
    calls = scores >= 0.5
    tp, fp, tn, fn = (int(np.sum(x)) for x in (calls & labels, calls & ~labels, ~calls & ~labels, ~calls & labels))
    result = {}
    if tp + fn and tn + fp:
        (ls, us), (lp, up), se, sp = wilson(tp, tp + fn), wilson(tn, tn + fp), tp / (tp + fn), tn / (tn + fp)
        middle = (se + sp) / 2
        result["balancedAccuracy"] = [
            middle - np.sqrt((se - ls) ** 2 + (sp - lp) ** 2) / 2,
            middle + np.sqrt((us - se) ** 2 + (up - sp) ** 2) / 2,
        ]
    if tp + fp + fn:
        lower, upper = wilson(tp, tp + fp + fn)
        result["f1"] = [2 / (1 + 1 / lower) if lower > 0 else 0, 2 / (1 + 1 / upper) if upper > 0 else 0]
    return result


def brier(labels, scores, clusters):
    score = brier_score_loss(labels, scores) if len(set(labels)) == 2 else ((scores - labels) ** 2).mean()
    names, numbers = np.unique(clusters, return_inverse=True)
    if len(names) < 2 or not 0 < score < 1:
        return None
    off = np.array([((scores - labels) ** 2 - score)[numbers == name].sum() for name in range(len(names))])
    error = np.sqrt(len(names) / (len(names) - 1) * (off**2).sum()) / len(labels)
    if error <= 1e-9:
        return None
    half = t.ppf(0.975, len(names) - 1) * error / (score * (1 - score))
    return [score, expit(logit(score) - half), expit(logit(score) + half)]


def one(index):
    labels, models, clusters = data(index)
    folds = np.arange(len(labels)) * 7 % 5
    ranks = np.empty(len(labels))
    for fold in range(5):
        chosen = folds == fold
        ranks[chosen] = (rankdata(models[0][chosen]) - 0.5) / max(1, chosen.sum())
    result = decisions(labels == 1, models[0]) | dict(ranks=ranks.tolist(), brier=brier(labels, models[0], clusters))
    return {
        key: None if value is None else [number(item) for item in value] for key, value in result.items()
    }


def paired():
    random = np.random.default_rng(8)
    # The first two are printed: Newcombe 1998, table II; Fagerland, Lydersen and Laake, Statistics in Medicine 2014.
    tables = [(20, 12, 2, 16), (1, 1, 7, 12), (3, 1, 0, 7), (2, 1, 0, 2), (5, 0, 0, 5), (11, 0, 0, 0), (0, 0, 0, 4)]
    tables += [(0, 3, 0, 0), (0, 2, 2, 0), (100, 0, 0, 100), (300, 20, 45, 35)]
    tables += [tuple(int(x) for x in random.multinomial(random.integers(1, 80), random.dirichlet([3, 1, 1, 2]))) for _ in range(60)]
    return [
        dict(
            table=table, limits=[number(x) for x in newcombe(*table)], noWorse=number(no_worse(table, 0.05)),
            exact=number(mcnemar([[table[0], table[1]], [table[2], table[3]]], exact=True).pvalue))
        for table in tables
    ]  # fmt: skip


if __name__ == "__main__":
    fixture = dict(paired=paired(), sets=[one(index) for index in range(SETS)])
    with open("Tests/EvaluationTests/Fixtures/intervals.json", "w") as file:
        json.dump(fixture, file, separators=(",", ":"))
