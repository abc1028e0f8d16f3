"""How often the 95% intervals of Sources/Evaluation hold the truth, and what baselines reach where there is nothing to find.

Cohorts are binormal: a low-grade patient's score is N(0, 1), a high-grade one's N(d, 1), with d for the wanted AUC; the
probability is the true one, so that calibration is perfect; the threshold lies half-way. At slice level a patient has 2 to 6
slices, which share its score and add N(0, 0.09) each. What belongs to a class or to ranks is judged in cohorts with exactly so
many of high grade, all else in cohorts where each patient is of high grade by that chance. The second model of a difference has
an AUC lower by 0.05, and patients' scores with a correlation of 0.7 within each class.

The methods are written here once more, in numpy; that Swift's are the same is shown by evaluation.py, evaluation_statistics.py
and intervals.py, and by Tests/EvaluationTests/CoverageTests.swift, which simulates with Swift's own.

Run from the repository root: python3 Tests/Reference/coverage.py [COHORTS]. Takes about ten minutes of one core.
Writes Sources/Report/Data/coverage.json, which the report reads.
"""

import json
import sys
from multiprocessing import Pool

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, t as student

COHORTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
DRAWS = 200
Z = norm.ppf(0.975)
SIZES = [(40, 14), (100, 35), (400, 140)]
AUCS = [0.6, 0.7, 0.8, 0.9, 0.95]
NOISE = 0.09
ELSEWHERE = 0.285


# MARK: Intervals


def wilson(share, trials):
    centre = (share + Z * Z / (2 * trials)) / (1 + Z * Z / trials)
    half = Z / (1 + Z * Z / trials) * np.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    return max(0, centre - half), min(1, centre + half)


def clustered_wilson(successes, trials):
    """Of each patient's successes and trials, at the effective sample size."""
    kept = trials > 0
    successes, trials = successes[kept], trials[kept]
    clusters, total = len(trials), trials.sum()
    share = successes.sum() / total
    if clusters == total:
        return wilson(share, total)
    between = clusters / (clusters - 1) * ((successes - share * trials) ** 2).sum() / total**2 if clusters > 1 else 0
    within = share * (1 - share) / total
    if clusters < 2 or within == 0:
        return wilson(share, clusters)
    return wilson(share, total / max(1, between / within) * (Z / student.ppf(0.975, clusters - 1)) ** 2)


def on_logit(value, error, quantile):
    half = quantile * error / (value * (1 - value))
    return expit(logit(value) - half), expit(logit(value) + half)


def newcombe_auc(auc, m, n):
    def excess(limit):
        more = (m + n) / 2 - 1
        variance = limit * (1 - limit) * (1 + more * ((1 - limit) / (2 - limit) + limit / (1 + limit))) / (m * n)
        return (auc - limit) ** 2 - Z * Z * variance

    limits = []
    for outside in (0.0, 1.0):
        inside = auc + (outside - auc) * 1e-12
        for _ in range(60):
            middle = (outside + inside) / 2
            outside, inside = (middle, inside) if excess(middle) > 0 else (outside, middle)
        limits.append(inside)
    return limits


def newcombe_paired(first, second):
    """Newcombe's method 10 (Statistics in Medicine 1998) of two lists of right decisions."""
    a, b, c, d = (np.sum(x & y) for x, y in ((first, second), (first, ~second), (~first, second), (~first, ~second)))
    n = a + b + c + d
    p, q = (a + b) / n, (a + c) / n
    (lp, up), (lq, uq) = wilson(p, n), wilson(q, n)
    product = float(a + b) * (c + d) * (a + c) * (b + d)
    cross = float(a) * d - float(b) * c
    phi = 0 if product == 0 else (max(cross - n / 2, 0) if cross > 0 else cross) / np.sqrt(product)
    below = (p - lp) ** 2 - 2 * phi * (p - lp) * (uq - q) + (uq - q) ** 2
    above = (up - p) ** 2 - 2 * phi * (up - p) * (q - lq) + (q - lq) ** 2
    return p - q - np.sqrt(max(0, below)), p - q + np.sqrt(max(0, above))


def ratio(first, second):
    """MOVER's limits of a ratio of two shares, each with its limits."""
    (p, lp, up), (q, lq, uq) = first, second

    def limit(mine, theirs, lower):
        quadratic, constant = theirs * (2 * q - theirs), mine * (2 * p - mine)
        root = np.sqrt(max(0, (p * q) ** 2 - constant * quadratic))
        if lower:
            return 0 if constant == 0 else constant / (p * q + root)
        return np.inf if quadratic <= 0 else (p * q + root) / quadratic

    return limit(lp, uq, True), limit(up, lq, False)


def logistic(rows, y, offsets):
    coefficients = np.zeros(rows.shape[1])
    for _ in range(50):
        p = expit(rows @ coefficients + offsets)
        information = (rows * (p * (1 - p))[:, None]).T @ rows
        step = np.linalg.solve(information, rows.T @ (y - p))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-8:
            return coefficients, np.linalg.inv(information), y - p
        if np.abs(coefficients).max() > 50:
            return None
    return None


def matthews(tp, fp, tn, fn):
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / np.sqrt(np.where(product > 0, product, np.nan))


# MARK: Cohorts


class Cohort:
    def __init__(self, random, patients, positives, auc, slices, is_fixed):
        spread = 1 + (NOISE if slices else 0)
        second_auc = auc - 0.05
        self.d, d2 = (norm.ppf(value) * np.sqrt(2 * spread) for value in (auc, second_auc))
        high = positives if is_fixed else min(max(2, random.binomial(patients, positives / patients)), patients - 2)
        sizes = random.integers(2, 7, patients) if slices else np.ones(patients, int)
        self.cluster = np.repeat(np.arange(patients), sizes)
        self.patients, self.high, self.sizes = patients, high, sizes
        self.y = (np.arange(patients) < high)[self.cluster]
        own, other = random.normal(size=(2, patients))
        shared = (own, 0.7 * own + np.sqrt(1 - 0.49) * other)
        noise = np.sqrt(NOISE) * random.normal(size=(2, len(self.y))) if slices else np.zeros((2, len(self.y)))
        self.scores = [s[self.cluster] + d * self.y + e for s, d, e in zip(shared, (self.d, d2), noise)]
        share = positives / patients
        self.p = expit(logit(share) + (self.d * self.scores[0] - self.d**2 / 2) / spread)
        self.calls = [x >= d / 2 for x, d in zip(self.scores, (self.d, d2))]

    def count(self, mask):
        return np.bincount(self.cluster[mask], minlength=self.patients)

    def sums(self, values):
        return np.bincount(self.cluster, values, self.patients)

    @property
    def counts(self):
        y, calls = self.y, self.calls[0]
        return [self.count(mask) for mask in (y & calls, ~y & calls, ~y & ~calls, y & ~calls)]

    def placements(self, scores):
        y = self.y
        high, low = np.sort(scores[y]), np.sort(scores[~y])
        values = np.where(y, np.searchsorted(low, scores) / len(low), 1 - np.searchsorted(high, scores) / len(high))
        return values, values[y].mean()

    def error(self, placements, mean):
        """The standard error, and the degrees of freedom: Satterthwaite's, or those of the scarcer class of clusters."""
        off = self.sums(placements - mean)
        m, n, positives = self.high, self.patients - self.high, self.y.sum()
        a = m / (m - 1) * (off[:m] ** 2).sum() / positives**2
        b = n / (n - 1) * (off[m:] ** 2).sum() / (len(self.y) - positives) ** 2
        degrees = (a + b) ** 2 / (a * a / (m - 1) + b * b / (n - 1)) if a + b > 0 else 1
        return np.sqrt(a + b), min(m, n) - 1 if len(self.y) > self.patients else degrees


def within_class(cohort):
    """What belongs to a class, or to ranks: name, limits."""
    tp, fp, tn, fn = cohort.counts
    sensitivity, specificity = tp.sum() / (tp + fn).sum(), tn.sum() / (tn + fp).sum()
    of_high, of_low = clustered_wilson(tp, tp + fn), clustered_wilson(tn, tn + fp)
    yield "sensitivity", *of_high
    yield "specificity", *of_low
    below = np.hypot(sensitivity - of_high[0], specificity - of_low[0]) / 2
    above = np.hypot(of_high[1] - sensitivity, of_low[1] - specificity) / 2
    yield "balancedAccuracy", (sensitivity + specificity) / 2 - below, (sensitivity + specificity) / 2 + above
    (first, auc), (second, other) = (cohort.placements(scores) for scores in cohort.scores)
    error, degrees = cohort.error(first, auc)
    if error > 1e-9 and 0 < auc < 1:
        yield "auc", *on_logit(auc, error, student.ppf(0.975, degrees))
        yield "aucDeLong", max(0, auc - Z * error), min(1, auc + Z * error)
    else:
        yield "auc", *newcombe_auc(auc, cohort.high, cohort.patients - cohort.high)
        yield "aucDeLong", auc, auc
    yield "aucNewcombe", *newcombe_auc(auc, cohort.high, cohort.patients - cohort.high)
    if len(cohort.y) > cohort.patients:
        return
    error, _ = cohort.error(first - second, auc - other)
    if error > 1e-9:
        half = Z * error
        yield "aucDifference", auc - other - half, auc - other + half
    right = [calls == cohort.y for calls in cohort.calls]
    for name, chosen in (("sensitivityDifference", cohort.y), ("specificityDifference", ~cohort.y)):
        yield name, *newcombe_paired(right[0][chosen], right[1][chosen])
    odds = (1 - ELSEWHERE) / ELSEWHERE
    low, high = ratio((1 - specificity, 1 - of_low[1], 1 - of_low[0]), (sensitivity, *of_high))
    yield "ppvAtShare", 1 / (1 + high * odds), 1 / (1 + low * odds)
    low, high = ratio((1 - sensitivity, 1 - of_high[1], 1 - of_high[0]), (specificity, *of_low))
    yield "npvAtShare", 1 / (1 + high / odds), 1 / (1 + low / odds)


def overall(cohort, random):
    tp, fp, tn, fn = cohort.counts
    yield "accuracy", *clustered_wilson(tp + tn, cohort.sizes)
    if (tp + fp).any():
        yield "ppv", *clustered_wilson(tp, tp + fp)
    if (tn + fn).any():
        yield "npv", *clustered_wilson(tn, tn + fn)
    lower, upper = clustered_wilson(tp, tp + fp + fn)
    yield "f1", 2 * lower / (1 + lower), 2 * upper / (1 + upper)
    patients, cases = cohort.patients, len(cohort.y)
    times = random.multinomial(patients, np.full(patients, 1 / patients), size=DRAWS)
    drawn = (times @ np.stack([tp, fp, tn, fn], 1)).astype(float)
    value = float(matthews(*(float(count.sum()) for count in (tp, fp, tn, fn))))
    error = np.nanstd(matthews(*drawn.T), ddof=1)
    if abs(value) < 1:
        half = Z * error / (1 - value * value)
        yield "mcc", np.tanh(np.arctanh(value) - half), np.tanh(np.arctanh(value) + half)
    squares = cohort.sums((cohort.p - cohort.y) ** 2)
    brier = squares.sum() / cases
    error = np.sqrt(patients / (patients - 1) * ((squares - brier * cohort.sizes) ** 2).sum()) / cases
    yield "brier", *on_logit(brier, error, student.ppf(0.975, patients - 1))
    odds = cohort.share / (1 - cohort.share)
    yield "netBenefit", *np.quantile((drawn[:, 0] - odds * drawn[:, 1]) / (times @ cohort.sizes), [0.025, 0.975])
    order = np.argsort(-cohort.scores[0], kind="stable")
    weights = np.concatenate([np.ones((1, cases), int), times[:, cohort.cluster[order]]])
    hits = np.cumsum(weights * cohort.y[order], 1)
    precision = hits / np.maximum(1, np.cumsum(weights, 1))
    averages = (np.diff(hits, axis=1, prepend=0) * precision).sum(1) / np.maximum(1, hits[:, -1])
    value, error = averages[0], averages[1:][hits[1:, -1] > 0].std(ddof=1)
    if value < 1:
        yield "averagePrecision", *on_logit(value, error, student.ppf(0.975, cohort.high - 1))
    logits = logit(cohort.p)
    ones = np.ones(cases)
    degrees = min(cohort.high, patients - cohort.high) - 1
    quantile = Z if cases == patients else student.ppf(0.975, degrees)
    for name, rows, offsets, place in (
        ("slope", np.stack([ones, logits], 1), 0 * ones, 1),
        ("intercept", ones[:, None], logits, 0),
    ):
        fit = logistic(rows, cohort.y.astype(float), offsets)
        if fit is None:
            continue
        coefficients, covariance, residuals = fit
        if cases > patients:
            scores = np.stack([cohort.sums(residuals * column) for column in rows.T], 1)
            covariance = covariance @ scores.T @ scores @ covariance * patients / (patients - 1)
        half = quantile * np.sqrt(covariance[place, place])
        yield name, coefficients[place] - half, coefficients[place] + half
    if cases == patients:
        yield "accuracyDifference", *newcombe_paired(*(calls == cohort.y for calls in cohort.calls))


def truths(share, auc, slices):
    spread = 1 + (NOISE if slices else 0)
    d, d2 = (norm.ppf(value) * np.sqrt(2 * spread) for value in (auc, auc - 0.05))
    rate, rate2 = norm.cdf(d / 2 / np.sqrt(spread)), norm.cdf(d2 / 2 / np.sqrt(spread))
    tp, fp, tn, fn = share * rate, (1 - share) * (1 - rate), (1 - share) * rate, share * (1 - rate)
    middle = norm.ppf((np.arange(400000) + 0.5) / 400000) * np.sqrt(spread)
    high, low = (expit(logit(share) + (d * x - d * d / 2) / spread) for x in (middle + d, middle))
    line = np.linspace(-10, 14, 400001)
    found, false = norm.sf((line - d) / np.sqrt(spread)), norm.sf(line / np.sqrt(spread))
    precision = share * found / np.maximum(share * found + (1 - share) * false, 1e-300)
    result = dict.fromkeys(["sensitivity", "specificity", "balancedAccuracy", "accuracy"], rate)
    result |= dict.fromkeys(["sensitivityDifference", "specificityDifference", "accuracyDifference"], rate - rate2)
    return result | dict(
        auc=auc, aucDeLong=auc, aucNewcombe=auc, aucDifference=0.05, ppv=tp / (tp + fp), npv=tn / (tn + fn),
        f1=2 * tp / (2 * tp + fp + fn), mcc=float(matthews(tp, fp, tn, fn)), slope=1, intercept=0,
        brier=share * ((1 - high) ** 2).mean() + (1 - share) * (low**2).mean(),
        averagePrecision=float((precision[:-1] * -np.diff(found)).sum()),
        netBenefit=tp - share / (1 - share) * fp,
        ppvAtShare=1 / (1 + (1 - rate) / rate * (1 - ELSEWHERE) / ELSEWHERE),
        npvAtShare=1 / (1 + (1 - rate) / rate * ELSEWHERE / (1 - ELSEWHERE)))  # fmt: skip


def coverage(task):
    """The share of cohorts of one kind in which each interval holds the truth."""
    (patients, positives), auc, slices = task
    random = np.random.default_rng([patients, round(1000 * auc), slices])
    truth = truths(positives / patients, auc, slices)
    found = {}
    for _ in range(COHORTS):
        fixed = Cohort(random, patients, positives, auc, slices, is_fixed=True)
        drawn = Cohort(random, patients, positives, auc, slices, is_fixed=False)
        drawn.share = positives / patients
        for name, lower, upper in [*within_class(fixed), *overall(drawn, random)]:
            found.setdefault(name, []).append(lower <= truth[name] <= upper)
    return {name: round(float(np.mean(values)), 4) for name, values in found.items()}


# MARK: Adjusted for a covariate


def adjusted_auc(y, scores, covariate, weights):
    """Of one or many weightings of the patients: the AUC of what a line through the low-grade patients leaves of the scores."""
    weights = np.atleast_2d(weights)
    low = weights * ~y
    total = low.sum(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, s = (covariate - low @ covariate[:, None] / total), (scores - low @ scores[:, None] / total)
        slope = (low * x * s).sum(-1, keepdims=True) / (low * x * x).sum(-1, keepdims=True)
        left = s - slope * x
    # No two patients have the same score and covariate, so there are no ties.
    order = np.argsort(left, -1)
    low, high = (np.take_along_axis(weights * mask, order, -1) for mask in (~y, y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (high * np.cumsum(low, -1)).sum(-1) / (high.sum(-1) * low.sum(-1))


def adjusted_coverage(task):
    """As `coverage`; the covariate is higher in high grade by half a standard deviation, and moves the score by half as much."""
    (patients, positives), area = task
    random = np.random.default_rng([patients, round(1000 * area), 9])
    y = np.arange(patients) < positives
    found = []
    for _ in range(COHORTS):
        covariate = random.normal(size=patients) + 0.5 * y
        scores = norm.ppf(area) * np.sqrt(2) * y + random.normal(size=patients) + 0.5 * covariate
        weights = random.multinomial(patients, np.full(patients, 1 / patients), size=DRAWS)
        value = float(adjusted_auc(y, scores, covariate, np.ones(patients))[0])
        error = np.nanstd(adjusted_auc(y, scores, covariate, weights), ddof=1)
        if 0 < value < 1 and error > 1e-9:
            lower, upper = on_logit(value, error, student.ppf(0.975, min(positives, patients - positives) - 1))
            found.append(lower <= area <= upper)
    return round(float(np.mean(found)), 4)


# MARK: Baselines


def folds(random, y, count=5):
    """The patients of each class, shuffled and dealt, as Folds.swift deals them."""
    fold = np.empty(len(y), int)
    order = np.concatenate([random.permutation(np.flatnonzero(~y)), random.permutation(np.flatnonzero(y))])
    fold[order] = np.arange(len(y)) % count
    return fold


def ridge(rows, y, penalty=1.0):
    design = np.column_stack([np.ones(len(y)), rows])
    penalties = np.array([0] + [penalty] * rows.shape[1])
    coefficients = np.zeros(len(penalties))
    for _ in range(100):
        p = expit(design @ coefficients)
        gradient = design.T @ (y - p) - penalties * coefficients
        step = np.linalg.solve((design * (p * (1 - p))[:, None]).T @ design + np.diag(penalties), gradient)
        coefficients += step
        if np.abs(step).max() < 1e-9:
            break
    return coefficients


def auc(y, scores):
    order = np.sort(scores[~y])
    return ((np.searchsorted(order, scores[y], "left") + np.searchsorted(order, scores[y], "right")) / 2).mean() / len(order)


def ranks_within(fold, scores):
    result = np.empty(len(scores))
    for number in np.unique(fold):
        chosen = fold == number
        line = np.sort(scores[chosen])
        own = scores[chosen]
        result[chosen] = (np.searchsorted(line, own, "left") + np.searchsorted(line, own, "right")) / 2 / len(own)
    return result


def no_signal(patients, cohorts):
    """Mean AUCs where no column has to do with the grade: of one column and of four, by each way of pooling."""
    random = np.random.default_rng([patients, 7])
    y = np.arange(patients) < round(0.35 * patients) if patients > 14 else np.arange(patients) < patients // 2
    values = {}
    for _ in range(cohorts):
        columns = random.normal(size=(patients, 4))
        columns[:, 0] = np.exp(0.5 * columns[:, 0])
        columns[:, 3] = columns[:, 3] > 0
        fold = folds(random, y)
        values.setdefault("asItStands", []).append(auc(y, columns[:, 0]))
        for name, used in (("one", columns[:, :1]), ("four", columns)):
            p = np.empty(patients)
            for number in range(5):
                train = fold != number
                mean, deviation = used[train].mean(0), used[train].std(0)
                scaled = (used - mean) / np.where(deviation > 0, deviation, 1)
                coefficients = ridge(scaled[train], y[train])
                p[~train] = coefficients[0] + scaled[~train] @ coefficients[1:]
            values.setdefault(f"{name}Pooled", []).append(auc(y, p))
            values.setdefault(f"{name}RanksWithinFolds", []).append(auc(y, ranks_within(fold, p)))
    means = {name: round(float(np.mean(found)), 4) for name, found in values.items()}
    error = max(np.std(found) for found in values.values()) / np.sqrt(cohorts)
    return dict(patients=patients, positives=int(y.sum()), standardError=round(float(error), 4), meanAUC=means)


if __name__ == "__main__":
    kinds = [(size, slices) for slices in (False, True) for size in SIZES]
    with Pool(3) as pool:
        without = pool.starmap_async(no_signal, [(patients, COHORTS) for patients in (10, 24, 40, 80, 150)], 1)
        adjusted = pool.map_async(adjusted_coverage, [(size, area) for size in SIZES for area in AUCS], 1)
        shares = pool.map(coverage, [(size, auc, slices) for size, slices in kinds for auc in AUCS], 1)
        without = without.get()
        adjusted = adjusted.get()
    rows = []
    for place, ((patients, positives), slices) in enumerate(kinds):
        of_kind = shares[place * len(AUCS) : (place + 1) * len(AUCS)]
        for name in of_kind[0]:
            level = "slice" if slices else "patient"
            row = dict(measure=name, level=level, patients=patients, positives=positives)
            rows.append(row | dict(coverage=[share[name] for share in of_kind]))
    for place, (patients, positives) in enumerate(SIZES):
        row = dict(measure="adjustedAUC", level="patient", patients=patients, positives=positives)
        rows.append(row | dict(coverage=adjusted[place * len(AUCS) : (place + 1) * len(AUCS)]))
    with open("Sources/Report/Data/coverage.json", "w") as file:
        lines = [f'{{"cohorts": {COHORTS}, "aucs": {json.dumps(AUCS)},', '"noSignal": [']
        lines += [",\n".join(json.dumps(row) for row in without), '],\n"intervals": [']
        lines += [",\n".join(json.dumps(row) for row in rows), "]}"]
        file.write("\n".join(lines) + "\n")
