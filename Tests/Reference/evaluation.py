"""Golden values for Sources/Evaluation, from scikit-learn, scipy, and plain numpy.

Run from the repository root; versions in Tests/Reference/requirements.txt.
Writes Tests/EvaluationTests/Fixtures/evaluation.json.
"""

import json
import math
import warnings

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from scipy.stats import binomtest, norm, t
from sklearn import metrics

Z = norm.ppf(0.975)


def finite(value):
    return float(value) if np.isfinite(value) else None


def variance(labels, scores, clusters):
    """Obuchowski's variance of the AUC from the full matrix of pairs (DeLong's with one case per cluster)."""
    positives, negatives = scores[labels == 1], scores[labels == 0]
    pairs = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives[None, :])
    auc = pairs.mean()
    v10, v01 = pairs.mean(axis=1) - auc, pairs.mean(axis=0) - auc
    names = np.unique(clusters)
    a = np.array([v10[clusters[labels == 1] == c].sum() for c in names])
    b = np.array([v01[clusters[labels == 0] == c].sum() for c in names])
    i10 = len(np.unique(clusters[labels == 1]))
    i01 = len(np.unique(clusters[labels == 0]))
    i, m, n = len(names), len(positives), len(negatives)
    if i10 < 2 or i01 < 2:
        return None
    s10 = i10 / ((i10 - 1) * m) * (a * a).sum()
    s01 = i01 / ((i01 - 1) * n) * (b * b).sum()
    s11 = i / (i - 1) * (a * b).sum()
    return max(0.0, float(s10 / m + s01 / n + 2 * s11 / (m * n)))


def delong(labels, scores):
    """DeLong's plain interval, its variance from numpy's sample covariance of the placements."""
    positives, negatives = scores[labels == 1], scores[labels == 0]
    if len(positives) < 2 or len(negatives) < 2:
        return None
    pairs = (np.sign(positives[:, None] - negatives[None, :]) + 1) / 2
    error = math.sqrt(np.var(pairs.mean(1), ddof=1) / len(positives) + np.var(pairs.mean(0), ddof=1) / len(negatives))
    return [max(0.0, float(pairs.mean() - Z * error)), min(1.0, float(pairs.mean() + Z * error))]


def clustered_wilson(successes, clusters):
    """Wilson's interval at the effective sample size of a ratio estimate over clusters, with their degrees of freedom."""
    names, count = np.unique(clusters), len(successes)
    share = successes.mean()
    residual = np.array([(successes[clusters == c] - share).sum() for c in names])
    if len(names) > 1 and 0 < share < 1:
        between = len(names) / (len(names) - 1) * (residual**2).sum() / count**2
        effective = count / max(1.0, between / (share * (1 - share) / count)) * (Z / t.ppf(0.975, len(names) - 1)) ** 2
    else:
        effective = len(names)
    centre = (share + Z**2 / (2 * effective)) / (1 + Z**2 / effective)
    half = Z / (1 + Z**2 / effective) * math.sqrt(share * (1 - share) / effective + Z**2 / (4 * effective**2))
    return [max(0.0, float(centre - half)), min(1.0, float(centre + half))]


def case(name, labels, scores, clusters, threshold=0.5):
    labels, scores, clusters = np.array(labels), np.array(scores, dtype=float), np.array(clusters)
    called = (scores >= threshold).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(labels, called, labels=[0, 1]).ravel()
    both = len(set(labels)) == 2
    fpr = tpr = thresholds = []
    if both:
        fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    undefined = dict(zero_division=np.nan)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return dict(
        name=name, labels=labels.tolist(), scores=scores.tolist(), clusters=[str(c) for c in clusters], threshold=threshold,
        counts=[int(tp), int(fp), int(tn), int(fn)],
        sensitivity=finite(metrics.recall_score(labels, called, **undefined)),
        specificity=finite(metrics.recall_score(1 - labels, 1 - called, **undefined)),
        accuracy=finite(metrics.accuracy_score(labels, called)),
        ppv=finite(metrics.precision_score(labels, called, **undefined)),
        npv=finite(metrics.precision_score(1 - labels, 1 - called, **undefined)),
        f1=finite(metrics.f1_score(labels, called, **undefined)),
        balancedAccuracy=finite(metrics.balanced_accuracy_score(labels, called)) if both else None,
        mcc=finite(metrics.matthews_corrcoef(labels, called)) if margins else None,
        auc=float(metrics.roc_auc_score(labels, scores)) if both else None,
        fpr=list(map(float, fpr)), tpr=list(map(float, tpr)), thresholds=[finite(t) for t in thresholds],
        deLong=delong(labels, scores) if both else None,
        clusteredVariance=variance(labels, scores, clusters) if both else None,
        clusteredWilson=clustered_wilson((labels == called).astype(float), clusters)
        if len(np.unique(clusters)) < len(clusters) else None,
    )


def cases():
    random = np.random.default_rng(20)
    for index in range(210):
        count = int(random.integers(2, 36))
        labels = random.integers(0, 2, count) if index % 3 else (random.random(count) < 0.2).astype(int)
        scores = np.clip(random.normal(0.45 + 0.2 * labels * (index % 2), 0.2), 0, 1)
        if index % 4 == 0:
            scores = np.round(scores, 1)  # ties, and scores on the threshold
        clusters = random.integers(0, max(1, count // int(random.integers(1, 6))), count)
        yield case(f"random {index}", labels, np.round(scores, 6), clusters, [0.5, 0.5, 0.3, 0.7][index % 4])
    yield case("one positive", [1], [0.7], [0])
    yield case("one negative", [0], [0.7], [0])
    yield case("only negatives", [0] * 7, np.linspace(0, 1, 7), range(7))
    yield case("only positives", [1] * 7, np.linspace(0, 1, 7), range(7))
    yield case("all tied", [0, 1] * 6, [0.5] * 12, range(12))
    yield case("all right", [0] * 6 + [1] * 4, [0.1] * 6 + [0.9] * 4, range(10))
    yield case("all wrong", [0] * 6 + [1] * 4, [0.9] * 6 + [0.1] * 4, range(10))
    yield case("one of each", [0, 1], [0.2, 0.8], range(2))
    yield case("one cluster", [0, 1, 1, 0], [0.2, 0.8, 0.1, 0.6], [0] * 4)
    yield case("none called positive", [0, 1, 1, 0], [0.2, 0.3, 0.1, 0.4], range(4))
    yield case("all called positive", [0, 1, 1, 0], [0.7, 0.8, 0.9, 0.6], range(4))
    yield case("zeros and ones", [0, 1, 1, 0, 1], [0, 1, 0, 0, 1], [0, 1, 1, 2, 2])


def wilson():
    for trials in [1, 2, 5, 13, 14, 26, 40, 505]:
        for successes in sorted({0, 1, trials // 3, trials // 2, trials - 1, trials}):
            for level in [0.9, 0.95, 0.99]:
                interval = binomtest(successes, trials).proportion_ci(level, method="wilson")
                yield dict(successes=successes, trials=trials, level=level, lower=interval.low, upper=interval.high)


def newcombe():
    for auc, m, n in [(1.0, 4, 6), (1.0, 14, 26), (0.0, 5, 5), (0.88, 14, 26), (0.5, 144, 361), (0.97, 3, 40), (1.0, 1, 1)]:
        mean = (m + n) / 2

        def excess(t):
            spread = t * (1 - t) * (1 + (mean - 1) * ((1 - t) / (2 - t) + t / (1 + t))) / (m * n)
            return (auc - t) ** 2 - Z**2 * spread

        lower = brentq(excess, 1e-15, auc - 1e-9, xtol=1e-15) if auc > 0 else 0.0
        upper = brentq(excess, auc + 1e-9, 1 - 1e-15, xtol=1e-15) if auc < 1 else 1.0
        yield dict(auc=auc, positives=m, negatives=n, lower=lower, upper=upper)


def grouped():
    random = np.random.default_rng(5)
    for _ in range(20):
        count = int(random.integers(1, 20))
        scores = np.round(random.random(count), 6)
        groups = random.integers(0, 5, count)
        order = list(dict.fromkeys(groups.tolist()))
        yield dict(
            scores=scores.tolist(), groups=[str(g) for g in groups],
            mean=[float(np.mean(scores[groups == g])) for g in order],
            maximum=[float(np.max(scores[groups == g])) for g in order],
            noisyOr=[float(1 - np.prod(1 - scores[groups == g])) for g in order],
        )


warnings.simplefilter("ignore")
fixture = dict(
    versions={"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    cases=list(cases()), wilson=list(wilson()), newcombe=list(newcombe()), grouped=list(grouped()),
)
with open("Tests/EvaluationTests/Fixtures/evaluation.json", "w") as file:
    json.dump(fixture, file, separators=(",", ":"))
    file.write("\n")
print(len(fixture["cases"]), "cases")
