"""Golden values for the statistics by which rivals are compared: Sources/Evaluation/Agreement.swift and AdjustedAUC.swift.

Kappa and the AUC of residuals by scikit-learn, Spearman's correlation by scipy, the line through the negatives by numpy; kinds of
data include ties, equal scores and a covariate that follows the class.
Run from the repository root; versions in Tests/Reference/requirements.txt. Writes Tests/EvaluationTests/Fixtures/rivals.json.
"""

import json
import warnings

import numpy as np
from scipy.special import logit
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score, roc_auc_score


def number(value):
    return None if np.isnan(value) else float(value)


def one(index):
    random = np.random.default_rng([13, index])
    count = 8 + int(random.integers(40))
    labels = random.random(count) < 0.35
    labels[:2] = [True, False]
    covariate = random.normal(size=count) + labels * (index % 3)
    scores = []
    for model in range(2):
        raw = 0.6 * covariate + labels * model + random.normal(size=count)
        score = 1 / (1 + np.exp(-raw))
        scores.append(np.round(score, 1) * 0.9 + 0.05 if index % 4 == 1 else score)
    if index % 10 == 7:
        scores[1] = np.full(count, 0.25)
    calls = [score >= 0.5 for score in scores]
    low = ~labels
    logits = logit(scores[0])
    slope, start = np.polyfit(covariate[low], logits[low], 1) if low.sum() > 1 else (np.nan, np.nan)
    residuals = logits - start - slope * covariate
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(
            labels=labels.tolist(), covariate=covariate.tolist(), scores=[score.tolist() for score in scores],
            kappa=number(cohen_kappa_score(*calls)), spearman=number(spearmanr(*scores).statistic),
            adjusted=number(roc_auc_score(labels, np.round(residuals, 10))) if low.sum() > 1 else None)  # fmt: skip


if __name__ == "__main__":
    with open("Tests/EvaluationTests/Fixtures/rivals.json", "w") as file:
        json.dump([one(index) for index in range(40)], file, separators=(",", ":"))
