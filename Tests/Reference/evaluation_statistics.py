"""Golden values for the statistics of Sources/Evaluation beyond evaluation.py.

From scikit-learn, statsmodels, scipy and, by Rscript, pROC (Debian's r-cran-proc 1.18.0 and r-cran-jsonlite on R 4.2.2).
The data are not stored: both sides draw them from SplitMix64 as `data` says (in Swift: ReferenceData.swift).
Run from the repository root; versions in Tests/Reference/requirements.txt.
Writes Tests/EvaluationTests/Fixtures/statistics.json.
"""

import json
import math
import shutil
import subprocess
import sys
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import special
from scipy.optimize import brentq, linprog, minimize, root
from scipy.stats import binom, chi2, norm, t
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

Z = norm.ppf(0.975)
SETS = 208
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) * bound) >> 64


def data(index):
    """Labels, the scores of three models, clusters and groups of one set; every 16th set is of the same kind."""
    random = SplitMix64(1000 + index)
    kind = index % 16
    count = 2 + random.below(7) if kind in (1, 2) else 8 + random.below(50)
    grid = 5 if kind in (3, 4) else 1000
    clusters_wanted = max(1, count // (1 + random.below(4)))
    labels, models, clusters = [], [[], [], []], []
    for place in range(count):
        label = random.below(3) == 0
        score = min(grid, random.below(grid + 1) * 3 // 4 + (grid // 4 if label else 0))
        second, third = (score + random.below(grid + 1)) // 2, random.below(grid + 1)
        cluster = random.below(clusters_wanted)
        if kind in (5, 6):  # all right, all wrong
            score = score // 2 + (grid // 2 + 1 if label == (kind == 5) else 0)
            score = min(grid, score)
        if kind == 7:  # one class
            label = index % 32 == 7
        if kind == 8:  # all tied
            score = second = grid // 2
        if kind == 9:  # one patient
            cluster = 0
        elif index % 2 == 0:
            cluster = place
        labels.append(int(label))
        clusters.append(cluster)
        for model, value in zip(models, (score, second, third)):
            model.append(value / grid)
    return np.array(labels), [np.array(model) for model in models], np.array(clusters)


def number(value):
    return None if value is None or not np.isfinite(value) else float("%.11g" % value)


def numbers(values):
    return None if values is None else [number(value) for value in values]


# MARK: AUC


def covariance(labels, models, clusters):
    """Obuchowski's covariance from the matrices of all pairs."""
    positive, negative = labels == 1, labels == 0
    names = np.unique(clusters)
    a, b, aucs = [], [], []
    for scores in models:
        pairs = (np.sign(scores[positive][:, None] - scores[negative][None, :]) + 1) / 2
        aucs.append(pairs.mean())
        a.append([(pairs.mean(1) - pairs.mean())[clusters[positive] == name].sum() for name in names])
        b.append([(pairs.mean(0) - pairs.mean())[clusters[negative] == name].sum() for name in names])
    a, b, m, n, i = np.array(a), np.array(b), positive.sum(), negative.sum(), len(names)
    i10, i01 = len(np.unique(clusters[positive])), len(np.unique(clusters[negative]))
    if min(i10, i01) < 2:
        return None
    cross = i / (i - 1) * (a @ b.T + b @ a.T) / (m * n)
    of_positives, of_negatives = i10 / (i10 - 1) * a @ a.T / m**2, i01 / (i01 - 1) * b @ b.T / n**2
    degrees = min(i10, i01) - 1
    first, second = of_positives[0, 0], of_negatives[0, 0]
    if i == len(labels) and first + second > 0:  # Satterthwaite's, where each case is a cluster
        degrees = (first + second) ** 2 / (first**2 / (i10 - 1) + second**2 / (i01 - 1))
    return np.array(aucs), of_positives + of_negatives + cross, degrees


def areas(labels, models, clusters):
    found = covariance(labels, models, clusters) if len(set(labels)) == 2 else None
    if found is None:
        return {}
    aucs, matrix, degrees = found
    result = {}
    error = math.sqrt(max(0, matrix[0, 0]))
    if error > 1e-9:
        middle, half = special.logit(aucs[0]), error / (aucs[0] * (1 - aucs[0])) * t.ppf(0.975, degrees)
        result["logit"] = [special.expit(middle - half), special.expit(middle + half)]
    error = math.sqrt(max(0, matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]))
    if error > 1e-9:
        value = aucs[0] - aucs[1]
        result["paired"] = [value, error, value - Z * error, value + Z * error, 2 * norm.sf(abs(value / error))]
    contrast = np.array([[-1, 1, 0], [-1, 0, 1]])
    spread = contrast @ matrix @ contrast.T
    if np.linalg.eigvalsh(spread)[0] > 1e-9:
        statistic = (contrast @ aucs) @ np.linalg.solve(spread, contrast @ aucs)
        result["overall"] = [statistic, chi2.sf(statistic, 2)]
    return {key: numbers(value) for key, value in result.items()}


def proc(sets):
    """DeLong's and the bootstrap's interval and the paired test by pROC, for each set as if all its cases were independent.

    The bootstrap, over 2,000 draws of cases whatever their class, is that of the sets with eight or more of each.
    """
    if not shutil.which("Rscript"):
        sys.exit("evaluation_statistics.py: Rscript is missing: apt-get install r-cran-proc r-cran-jsonlite")
    script = """
    suppressMessages({library(pROC); library(jsonlite)})
    sets <- fromJSON(file("stdin"), simplifyDataFrame = FALSE)
    run <- function(set) tryCatch(suppressWarnings({
      first <- roc(set$labels, set$first, levels = c(0, 1), direction = "<", quiet = TRUE)
      second <- roc(set$labels, set$second, levels = c(0, 1), direction = "<", quiet = TRUE)
      interval <- as.numeric(ci.auc(first, method = "delong"))
      test <- roc.test(first, second, method = "delong", paired = TRUE)
      set.seed(1)
      draws <- if (min(table(factor(set$labels, 0:1))) < 8) NULL else as.numeric(
        ci.auc(first, method = "bootstrap", boot.n = 2000, boot.stratified = FALSE, progress = "none"))[c(1, 3)]
      list(interval = interval[c(1, 3)], statistic = as.numeric(test$statistic), p = test$p.value, bootstrap = draws)
    }), error = function(e) NULL)
    cat(toJSON(list(version = as.character(packageVersion("pROC")), r = R.version.string,
                    results = lapply(sets, run)), digits = NA, null = "null", na = "null", auto_unbox = TRUE))
    """
    inputs = [dict(labels=l.tolist(), first=m[0].tolist(), second=m[1].tolist()) for l, m, _ in sets]
    done = subprocess.run(["Rscript", "-e", script], input=json.dumps(inputs), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


# MARK: Calibration

MARGIN = 2.0**-24


def logit(scores):
    kept = np.clip(scores, MARGIN, 1 - MARGIN)
    return np.log(kept / (1 - kept))


def is_separated(design, labels):
    """Whether a linear programme finds a direction in which no case gets worse and some get better (Konis 2007)."""
    signed = design * (2 * labels - 1)[:, None]
    signed = signed / np.abs(signed).max()
    found = linprog(-signed.sum(0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=[(-1, 1)] * design.shape[1])
    return -found.fun > 1e-7


def maximum(design, targets, offset):
    """The maximum of the likelihood by a trust region, polished by a root finder: IRLS alone may run away."""
    chance = lambda beta: special.expit(design @ beta + offset)
    slope = lambda beta: design.T @ (chance(beta) - targets)
    curve = lambda beta: design.T @ (design * (chance(beta) * (1 - chance(beta)))[:, None])
    loss = lambda beta: np.logaddexp(0, design @ beta + offset).sum() - targets @ (design @ beta + offset)
    found = minimize(loss, np.zeros(design.shape[1]), jac=slope, hess=curve, method="trust-exact")
    return root(slope, found.x, jac=curve, tol=1e-14).x


def glm(design, targets, offset=0.0, clusters=None, separable=True):
    """Coefficients, standard errors and log-likelihood; None where there is no fit."""
    if np.linalg.matrix_rank(design) < design.shape[1] or separable and is_separated(design, targets):
        return None
    offset = offset + np.zeros(len(targets))
    start = maximum(design, targets, offset)
    model = sm.GLM(targets, design, family=sm.families.Binomial(), offset=offset)
    options = dict(start_params=start, tol=1e-14, maxiter=200, tol_criterion="params")
    fit = model.fit(**options)
    assert np.allclose(fit.params, start, rtol=1e-6, atol=1e-6)
    errors = fit.bse
    if clusters is not None and len(np.unique(clusters)) < len(clusters):
        robust = model.fit(**options, cov_type="cluster", cov_kwds=dict(groups=clusters, use_correction=False))
        g = len(np.unique(clusters))
        errors = robust.bse * math.sqrt(g / (g - 1))
    return fit.params, errors, fit.llf


def calibration(labels, scores, clusters):
    result = {}
    bins = 4
    share, predicted = calibration_curve(labels, scores, n_bins=bins, strategy="quantile")
    edges = np.percentile(scores, np.linspace(0, 100, bins + 1))
    sizes = np.bincount(np.searchsorted(edges[1:-1], scores), minlength=bins)
    sizes = sizes[sizes > 0] / len(scores)
    prevalence = labels.mean()
    result["reliability"] = np.concatenate([predicted, share])
    result["brier"] = [
        np.mean((scores - labels) ** 2), (sizes * (predicted - share) ** 2).sum(), (sizes * (share - prevalence) ** 2).sum(),
        prevalence * (1 - prevalence), (sizes * abs(predicted - share)).sum()]
    if len(set(labels)) == 2:
        assert np.isclose(metrics.brier_score_loss(labels, scores), result["brier"][0])
        logits, ones = logit(scores), np.ones(len(scores))
        if len(np.unique(clusters)) > 1:
            fit = glm(ones[:, None], labels, offset=logits, clusters=clusters)
            result["intercept"] = [fit[0][0], fit[1][0]]
            fit = glm(np.column_stack([ones, logits]), labels, clusters=clusters)
            if fit:
                result["slope"] = [fit[0][1], fit[1][1]]
        fit = glm(logits[:, None], labels)
        if fit and fit[0][0] > 0:
            result["temperature"] = [1 / fit[0][0]]
        m, n = labels.sum(), (1 - labels).sum()
        targets = np.where(labels == 1, (m + 1) / (m + 2), 1 / (n + 2))
        fit = glm(np.column_stack([ones, logits]), targets, separable=False)
        if fit:
            result["platt"] = fit[0]
    return {key: numbers(value) for key, value in result.items()}


# MARK: Decisions

THRESHOLDS = [0.1, 0.35, 0.5, 0.8]


def decisions(labels, models):
    scores = models[0]
    net = [
        (((scores >= p) & (labels == 1)).sum() - ((scores >= p) & (labels == 0)).sum() * p / (1 - p)) / len(labels)
        for p in THRESHOLDS]
    right = [(scores >= 0.5) == (labels == 1) for scores in models]
    table = [[int((a & b).sum()) for b in (right[1], ~right[1])] for a in (right[0], ~right[0])]
    fewer = min(table[0][1], table[1][0])
    exact = mcnemar(table, exact=True).pvalue
    result = dict(
        net=numbers(net), mcnemar=numbers([exact, min(1, 2 * binom.cdf(fewer, table[0][1] + table[1][0], 0.5)
                                                     - binom.pmf(fewer, table[0][1] + table[1][0], 0.5))]))
    if len(set(labels)) == 2:
        result["average"] = number(metrics.average_precision_score(labels, scores))
        fpr, tpr, thresholds = (x[1:] for x in metrics.roc_curve(labels, scores, drop_intermediate=False))
        m, n = labels.sum(), (1 - labels).sum()
        youden = np.rint(tpr * m).astype(int) * n - np.rint(fpr * n).astype(int) * m
        specific = np.flatnonzero((n - np.rint(fpr * n)) / n >= 0.8)
        result["thresholds"] = numbers([
            thresholds[np.argmax(youden)], thresholds[np.flatnonzero(tpr >= 0.9)[0]],
            thresholds[specific[-1]] if len(specific) else math.nan])
        result["predictive"] = predictive(labels, scores >= 0.5)
    return result


PREVALENCES = [0.1, 0.285, 0.9]


def predictive(labels, called):
    """PPV and NPV with limits, the ratio's as roots of MOVER's limits of a difference; called as if independent."""

    def limits(x, y):
        (p1, l1, u1), (p2, l2, u2) = x, y
        lower = lambda r: p1 - r * p2 - math.sqrt((p1 - l1) ** 2 + r * r * (u2 - p2) ** 2)
        upper = lambda r: p1 - r * p2 + math.sqrt((u1 - p1) ** 2 + r * r * (p2 - l2) ** 2)
        low = 0.0 if lower(0) <= 1e-15 else brentq(lower, 0, 1e9, xtol=1e-16, rtol=1e-14)
        high = math.inf if upper(1e9) > 0 else brentq(upper, 0, 1e9, xtol=1e-16, rtol=1e-14)
        return low, high

    def rate(flags):
        low, high = proportion_confint(flags.sum(), len(flags), method="wilson")
        low, high = (0.0 if not flags.any() else low), (1.0 if flags.all() else high)
        return flags.mean(), low, high

    values = []
    sens, fpr = rate(called[labels == 1]), rate(called[labels == 0])
    miss, spec = rate(~called[labels == 1]), rate(~called[labels == 0])
    for prevalence in PREVALENCES:
        for right, wrong, share in [(sens, fpr, prevalence), (spec, miss, 1 - prevalence)]:
            if right[0] == 0 and wrong[0] == 0:
                values += [None] * 3
                continue
            low, high = limits(wrong, right)
            values.append(right[0] * share / (right[0] * share + wrong[0] * (1 - share)))
            values += [1 / (1 + r * (1 - share) / share) for r in (high, low)]
    return numbers([math.nan if value is None else value for value in values])


# MARK: Groups and baselines


def subgroups(labels, scores, clusters):
    """Cochran's Q over three groups by cluster, and the likelihood-ratio test of logit by group."""
    groups = clusters % 3
    effects, variances = [], []
    for group in range(3):
        part = groups == group
        if len(set(labels[part])) == 2:
            found = covariance(labels[part], [scores[part]], clusters[part])
            if found and found[1][0, 0] > 1e-18:
                effects.append(found[0][0])
                variances.append(found[1][0, 0])
    result = {}
    if len(effects) > 1:
        combined = combine_effects(np.array(effects), np.array(variances))
        q = combined.q if combined.q > 1e-12 else 0.0  # equal effects, but for what cancels in statsmodels
        result["heterogeneity"] = numbers([q, chi2.sf(q, len(effects) - 1), max(0, combined.i2) if q > 0 else 0])
    present = [group for group in range(3) if (groups == group).any()]
    if len(set(labels)) == 2 and len(np.unique(clusters)) == len(clusters) and len(present) > 1:
        members = np.column_stack([np.ones(len(labels)), logit(scores)] + [groups == g for g in present[1:]])
        products = np.column_stack([members] + [(groups == g) * logit(scores) for g in present[1:]])
        small, large = glm(members, labels), glm(products, labels)
        if small and large:
            statistic = max(0, 2 * (large[2] - small[2]))
            result["interaction"] = numbers([statistic, chi2.sf(statistic, len(present) - 1)])
    return result


def baseline(labels, models):
    """Three folds by place; the first two models' scores as predictors of the labels."""
    rows, folds = np.column_stack(models[:2]), np.arange(len(labels)) % 3
    plain, ridge = np.full(len(labels), np.nan), np.full(len(labels), np.nan)
    for fold in range(3):
        training, held = folds != fold, folds == fold
        if len(set(labels[training])) < 2 or not held.any():
            return {}
        scaler = StandardScaler().fit(rows[training])
        design = np.column_stack([np.ones(training.sum()), scaler.transform(rows[training])])
        fit = glm(design, labels[training])
        plain[held] = np.nan if fit is None else 1 / (
            1 + np.exp(-(fit[0][0] + scaler.transform(rows[held]) @ fit[0][1:])))
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-13, max_iter=500))
        ridge[held] = model.fit(rows[training], labels[training]).predict_proba(rows[held])[:, 1]
    result = dict(ridge=numbers(ridge[:3]))
    if np.isfinite(plain).all():
        result["plain"] = numbers(plain[:3])
    return result


# MARK: Tables of their own


def small_tables():
    random = np.random.default_rng(7)
    p_values = [np.round(random.random(int(random.integers(1, 9))) ** 3, 4) for _ in range(40)]
    yield "holm", [dict(given=p.tolist(), adjusted=numbers(multipletests(p, method="holm")[1])) for p in p_values]
    counts = [(0, 0), (0, 1), (1, 1), (0, 6), (3, 9), (25, 25), (10, 31), (400, 460), (900, 1100)]
    yield "mcnemar", [
        dict(first=b, second=c, exact=number(mcnemar([[5, b], [c, 5]], exact=True).pvalue),
             mid=number(min(1, 2 * binom.cdf(min(b, c), b + c, 0.5) - binom.pmf(min(b, c), b + c, 0.5))))
        for b, c in counts]
    yield "chiSquare", [
        dict(statistic=x, degrees=d, p=number(chi2.sf(x, d))) for d in range(1, 9) for x in (0.0, 1e-3, 0.5, 3.84, 20.0, 90.0)]
    yield "student", [
        dict(statistic=number(t.ppf(share, d)), degrees=d, p=share) for d in (1, 2, 3, 4, 9, 32, 99, 1000) for share in (0.6, 0.975, 0.9995)]
    yield "planned", [planned(a, s, w) for a in (0.6, 0.75, 0.88) for s in (0.2, 0.285, 0.5) for w in (0.05, 0.1, 0.2)]


def hanley_mcneil(auc, m, n):
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return 2 * Z * math.sqrt((auc * (1 - auc) + (m - 1) * (q1 - auc**2) + (n - 1) * (q2 - auc**2)) / (m * n))


def wilson_width(share, count):
    low, high = proportion_confint(share * count, count, method="wilson")
    return high - low


def planned(auc, share, width):
    """Sizes by trying each in turn."""
    sizes = lambda total: [max(1, math.ceil(part * total - 1e-9 * total)) for part in (share, 1 - share)]
    total = next(total for total in range(2, 10**6) if hanley_mcneil(auc, *sizes(total)) <= width)
    count = next(count for count in range(2, 10**6) if wilson_width(auc, count) <= width)
    return dict(
        auc=auc, share=share, width=width, sizes=sizes(total), widthOfAUC=number(hanley_mcneil(auc, *sizes(total))),
        count=count, widthOfProportion=number(wilson_width(auc, count)))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sets = [data(index) for index in range(SETS)]
    from_r = proc(sets)
    results = []
    for (labels, models, clusters), r in zip(sets, from_r["results"]):
        result = areas(labels, models, clusters) | calibration(labels, models[0], clusters) | decisions(labels, models)
        result |= subgroups(labels, models[0], clusters) | baseline(labels, models)
        # A check that both sides drew the same set.
        result["sum"] = number(sum(model.sum() for model in models) + labels.sum() + 0.001 * clusters.sum())
        if r:
            result["proc"] = dict(interval=numbers(r["interval"]), statistic=r["statistic"], p=r["p"])
            if r.get("bootstrap"):
                result["proc"]["bootstrap"] = numbers(r["bootstrap"])
        results.append(result)
    fixture = dict(
        versions={
            "scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__, "scipy": scipy.__version__,
            "numpy": np.__version__, "pROC": from_r["version"], "R": from_r["r"]},
        sets=results, **dict(small_tables()))
    with open("Tests/EvaluationTests/Fixtures/statistics.json", "w") as file:
        json.dump(fixture, file, separators=(",", ":"))
        file.write("\n")
    print({key: sum(key in result for result in results) for key in sorted(set().union(*results))})
