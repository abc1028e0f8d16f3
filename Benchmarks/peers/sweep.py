"""Times a stock cross-validation of five folds at three batch sizes: float32, a DataLoader, every slice predicted once."""

import argparse
import time

import torch
from sklearn.model_selection import GroupKFold
from torch.utils.data import DataLoader

from common import WORKERS, Crops, Trainer, report


def cross_validate(study, batch, epochs, groups):
    indices = list(range(len(groups)))
    for training, held_out in GroupKFold(5).split(indices, groups=groups):
        trainer = Trainer(tuned=False)
        loader = DataLoader(
            Crops(study, training), batch, shuffle=True, num_workers=WORKERS, persistent_workers=True)
        for _ in range(epochs):
            trainer.train_mode()
            for images, labels in loader:
                trainer.step(images, labels)
            predictions = []
            for images, _ in DataLoader(Crops(study, held_out, flips=False), batch, num_workers=WORKERS):
                predictions.append(trainer.predict(images))
        torch.cat(predictions)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--slices-per-patient", type=int, default=4)
    arguments = parser.parse_args()

    torch.set_num_threads(WORKERS)
    torch.manual_seed(1)
    groups = [index // arguments.slices_per_patient for index in range(len(Crops(arguments.study)))]
    start = time.perf_counter()
    for batch in (4, 16, 64):
        cross_validate(arguments.study, batch, arguments.epochs, groups)
    report([time.perf_counter() - start], len(groups))
