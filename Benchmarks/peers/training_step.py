"""Times training steps of ResNet-50, paper's freezing: `stock` is float32, `tuned` is channels-last in --precision."""

import argparse
import time

import torch
from torch.utils.data import DataLoader, RandomSampler

from common import WORKERS, Crops, Trainer, report

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--variant", choices=["stock", "tuned"], required=True)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16", help="of tuned")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()

    torch.set_num_threads(WORKERS)
    torch.manual_seed(1)
    trainer = Trainer(arguments.variant == "tuned", arguments.device, arguments.precision)
    trainer.train_mode()
    crops = Crops(arguments.study)
    count = arguments.batch * (arguments.warm_up + arguments.steps)
    loader = DataLoader(
        crops, arguments.batch, sampler=RandomSampler(crops, replacement=True, num_samples=count), num_workers=WORKERS,
        pin_memory=arguments.device != "cpu")
    seconds = []
    start = time.perf_counter()
    for number, (images, labels) in enumerate(loader, start=1):
        trainer.step(images, labels)
        # What a GPU is asked to do it does later: only a whole run of steps has a time.
        if arguments.device == "cpu" or number in (arguments.warm_up, len(loader)):
            if arguments.device != "cpu":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
            start = time.perf_counter()
    if arguments.device == "cpu":
        report(seconds[arguments.warm_up :], arguments.batch)
    else:
        report(seconds[1:], arguments.batch * arguments.steps)
