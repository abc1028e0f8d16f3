"""Times a comparison of the rivals that need no weights but ResNet-50's, as Python stacks do it: pyradiomics in an environment of its
own, scikit-learn pipelines inside five folds, and PyTorch networks in float32 with a DataLoader. Each network is trained for
--epochs epochs, frozen up to layer2 as RenalGrade's are; nothing is stored between rivals but the table of features."""

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from common import WORKERS, Crops, Trainer, report
from network_step import stages
from sklearn.feature_selection import SelectFromModel, SelectKBest, SequentialFeatureSelector, VarianceThreshold
from sklearn.linear_model import LassoCV, LogisticRegression, LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sweep import cross_validate
from torch import nn

warnings.simplefilter("ignore")


def classical(table):
    """Out-of-fold probabilities of each rival that learns from columns."""
    names = [str(name) for name in table["names"]]
    features, high = np.asarray(table["features"]), table["high"].astype(int)

    def columns(images, families):
        return features[:, [
            i for i, name in enumerate(names)
            if name.split("_")[0].split("-")[0] in images and name.split("_")[1] in families]]

    every = ["shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
    lasso = LassoCV(cv=5, max_iter=5000)
    rivals = {
        "clinical": (
            np.column_stack([table["size"], table["age"], table["male"]]),
            make_pipeline(StandardScaler(), LogisticRegression())),
        "ding": (
            np.column_stack([table["size"], columns(["original"], every)]),
            make_pipeline(StandardScaler(), SelectFromModel(lasso, max_features=10, threshold=-np.inf), LogisticRegression())),
        "bektas": (
            columns(["original", "wavelet", "gradient"], ["firstorder", "glcm", "glrlm"]),
            make_pipeline(
                VarianceThreshold(), StandardScaler(), SelectKBest(k=50),
                SequentialFeatureSelector(SVC(), n_features_to_select=13, cv=5), SVC(probability=True))),
        "radiomics": (
            columns(["original", "log", "wavelet"], every),
            make_pipeline(
                VarianceThreshold(), StandardScaler(), SelectFromModel(lasso, max_features=30, threshold=-np.inf),
                LogisticRegressionCV(
                    Cs=10, cv=5, solver="saga", l1_ratios=[0.1, 0.5, 0.9], max_iter=2000, scoring="neg_log_loss"))),
    }  # fmt: skip
    result = {"size": table["size"]}
    for name, (values, pipeline) in rivals.items():
        probabilities = np.zeros(len(high))
        for training, held_out in StratifiedKFold(5, shuffle=True, random_state=1).split(values, high):
            pipeline.fit(values[training], high[training])
            probabilities[held_out] = pipeline.predict_proba(values[held_out])[:, 1]
        result[name] = probabilities
    return {name: roc_auc_score(high, probabilities) for name, probabilities in result.items()}


class AttentionHead(nn.Module):
    """Gated attention of width 128 over the slices of a lesion (Ilse 2018)."""

    def __init__(self):
        super().__init__()
        self.value, self.gate, self.weight = nn.Linear(2048, 128), nn.Linear(2048, 128), nn.Linear(128, 1)
        self.classifier = nn.Linear(2048, 2)

    def forward(self, slices):
        attention = self.weight(self.value(slices).tanh() * self.gate(slices).sigmoid()).softmax(0)
        return self.classifier((attention * slices).sum(0, keepdim=True))


def lesions(study, count, epochs, network, forward):
    """A cross-validation whose examples are lesions of `count` slices, four to a step."""
    crops = Crops(study, flips=False)
    groups = len(crops) // count
    frozen, trained = network()
    for number in range(5):
        frozen, trained = network()
        optimiser = torch.optim.AdamW(trained.parameters(), lr=1e-4, weight_decay=0.01)
        loss_of = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.5]))
        training = [g for g in range(groups) if g % 5 != number]
        for _ in range(epochs):
            trained.train()
            order = torch.randperm(len(training)).tolist()
            for start in range(0, len(order), 4):
                chosen = [training[i] for i in order[start : start + 4]]
                images = [torch.stack([crops[g * count + s][0] for s in range(count)]) for g in chosen]
                optimiser.zero_grad()
                loss = loss_of(forward(frozen, trained, images), torch.tensor([g % 2 for g in chosen]))
                loss.backward()
                optimiser.step()
        trained.eval()
        with torch.no_grad():
            for g in range(number, groups, 5):
                images = [torch.stack([crops[g * count + s][0] for s in range(count)])]
                forward(frozen, trained, images).softmax(1)


def attention():
    trainer = Trainer(tuned=False)
    return trainer.frozen.eval(), nn.ModuleList([trainer.trained[:-1], AttentionHead()])


def attend(frozen, trained, images):
    with torch.no_grad():
        features = frozen(torch.cat(images))
    slices = trained[0](features).split([len(one) for one in images])
    return torch.cat([trained[1](one) for one in slices])


def volume():
    parts = [part for _, part in stages("resnet50-inflated")]
    return nn.Sequential(*parts[:3]).requires_grad_(False).eval(), nn.Sequential(*parts[3:])


def convolve(frozen, trained, images):
    with torch.no_grad():
        features = frozen(torch.stack(images).transpose(1, 2))
    return trained(features)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("cohort")
    parser.add_argument("--radiomics-python", required=True)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--slices-per-patient", type=int, default=4)
    arguments = parser.parse_args()

    torch.set_num_threads(WORKERS)
    torch.manual_seed(1)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "features.npz")
        script = Path(__file__).with_name("rivals_features.py")
        subprocess.run([arguments.radiomics_python, script, arguments.cohort, output], check=True)
        with np.load(output) as table:
            scores = classical(dict(table))
    count = len(Crops(arguments.study))
    groups = [index // arguments.slices_per_patient for index in range(count)]
    for _ in ("dai", "network"):
        cross_validate(arguments.study, 16, arguments.epochs, groups)
    lesions(arguments.study, arguments.slices_per_patient, arguments.epochs, attention, attend)
    lesions(arguments.study, arguments.slices_per_patient, arguments.epochs, volume, convolve)
    print(scores, file=sys.stderr)
    report([time.perf_counter() - start], len(groups))
