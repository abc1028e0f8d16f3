"""Times whole epochs: half of the slices trained on, the other half predicted."""

import argparse
import time

import torch
from torch.utils.data import DataLoader

from common import WORKERS, Crops, Trainer, report

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--variant", choices=["stock", "tuned"], required=True)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16", help="of tuned")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()

    torch.set_num_threads(WORKERS)
    torch.manual_seed(1)
    trainer = Trainer(arguments.variant == "tuned", precision=arguments.precision)
    half = len(Crops(arguments.study)) // 2
    options = {"batch_size": arguments.batch, "num_workers": WORKERS, "persistent_workers": True}
    training = DataLoader(Crops(arguments.study, range(half)), shuffle=True, **options)
    held_out = DataLoader(Crops(arguments.study, range(half, 2 * half), flips=False), **options)
    seconds = []
    for _ in range(arguments.epochs):
        start = time.perf_counter()
        trainer.train_mode()
        for images, labels in training:
            trainer.step(images, labels)
        torch.cat([trainer.predict(images) for images, _ in held_out])
        seconds.append(time.perf_counter() - start)
    report(seconds[1:], 1)
