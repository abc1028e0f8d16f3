"""What the peers share: the data set, the network as the paper freezes it, and the line of JSON that they print."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision.models import resnet50
from torchvision.transforms import v2

MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
WORKERS = int(os.environ.get("BENCHMARK_THREADS") or os.cpu_count())

to_network = v2.Compose([
    v2.Resize(224, antialias=False),
    v2.Lambda(lambda grey: grey.expand(3, -1, -1)),
    v2.Normalize(MEAN, DEVIATION),
])


class Crops(Dataset):
    """The crops of a study's ROIs, one after the other in one file of 128 x 128 values in 0...1."""

    def __init__(self, study, indices=None, flips=True):
        (file,) = Path(study, "rois").glob("crops-*.f32")
        self.crops = np.memmap(file, dtype=np.float32, mode="r").reshape(-1, 1, 128, 128)
        self.indices = range(len(self.crops)) if indices is None else indices
        self.transform = v2.Compose([v2.RandomHorizontalFlip(), to_network]) if flips else to_network

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, number):
        index = self.indices[number]
        return self.transform(torch.from_numpy(self.crops[index].copy())), index % 2


class Trainer:
    """ResNet-50 with stem, layer1 and layer2 frozen, and the paper's optimiser and loss."""

    def __init__(self, tuned, device="cpu", precision="bfloat16"):
        self.tuned, self.device, self.precision = tuned, device, precision
        self.network = network = resnet50(weights=None)
        network.fc = torch.nn.Linear(2048, 2)
        self.frozen = torch.nn.Sequential(
            network.conv1, network.bn1, network.relu, network.maxpool, network.layer1, network.layer2).requires_grad_(False)
        self.trained = torch.nn.Sequential(
            network.layer3, network.layer4, network.avgpool, torch.nn.Flatten(), network.fc)
        network.to(device)
        if tuned:
            network.to(memory_format=torch.channels_last)
            torch.backends.cudnn.benchmark = True
        self.loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.5], device=device))
        self.optimiser = torch.optim.Adam(
            self.trained.parameters(), lr=1e-5, betas=(0.8, 0.999), weight_decay=0.8, fused=True if tuned else None)

    def train_mode(self):
        self.network.train()
        self.frozen.eval()  # the frozen batch normalisations keep their statistics

    def forward(self, images):
        images = images.to(self.device, non_blocking=True)
        if not self.tuned:
            return self.trained(self.frozen(images))
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bfloat16"):
            with torch.no_grad():
                features = self.frozen(images.to(memory_format=torch.channels_last))
            return self.trained(features)

    def step(self, images, labels):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(self.forward(images).float(), labels.to(self.device, non_blocking=True))
        loss.backward()
        self.optimiser.step()
        return loss if self.tuned else loss.item()

    @torch.no_grad()
    def predict(self, images):
        self.network.eval()
        return self.forward(images).float().softmax(1)[:, 1]


def report(seconds, items, **facts):
    json.dump({"seconds": seconds, "items": items, **facts}, sys.stdout)
    print()
