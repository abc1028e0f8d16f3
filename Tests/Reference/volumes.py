"""Golden values for Tests/BackbonesTests/VolumeNetworkTests.swift: stacks of slices of different depths through a ResNet-18 whose
layer4 is inflated to volumes: logits, losses, gradients and five steps of the paper's optimiser.

Each stack goes alone through torch.nn.Conv3d with zeros as padding; batch normalisation (BatchNorm3d) sees the slices of all stacks
at once. Weights and images come from the formula of `filled` in backbones.py, so the kernels beside the middle slice are not zero.

Run from the repository root: .deps/python/bin/python Tests/Reference/volumes.py (torch 2.15.0, torchvision 0.29.2)
"""

import json

import torch
from backbones import FIXTURES, entries, filled, five_steps, images, make, summary

# Three examples: one volume of two slices, one of one, and two volumes of one and three slices.
GROUPS = [[2], [1], [1, 3]]
TARGETS = torch.tensor([0, 1, 1])
SHAPE = (7, 3, 64, 64)
# The first, whose gradients are compared, was chosen as in backbones.py: of 100 it stays furthest from the corners of all ReLUs.
BATCHES = ["volume0.56", "volume1", "volume2", "volume3", "volume4"]


class StackConv(torch.nn.Conv3d):
    """Conv3d on each stack alone, from and to 1 x C x all slices x H x W."""

    def forward(self, slices):
        parts = torch.split(slices, [size for example in GROUPS for size in example], dim=2)
        return torch.cat([super(StackConv, self).forward(part) for part in parts], dim=2)


def inflated(module):
    """The module with its 2D parts as 3D ones."""
    for name, child in list(module.named_children()):
        if isinstance(child, torch.nn.Conv2d):
            depth = 3 if max(child.kernel_size) > 1 else 1
            conv = StackConv(
                child.in_channels, child.out_channels, (depth, *child.kernel_size), stride=(1, *child.stride),
                padding=(depth // 2, *child.padding), bias=False,
            )
            setattr(module, name, conv)
        elif isinstance(child, torch.nn.BatchNorm2d):
            setattr(module, name, torch.nn.BatchNorm3d(child.num_features))
        else:
            inflated(child)


class Volumes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = make("resnet18", 2)
        inflated(self.backbone.layer4)
        for name, value in entries(self):
            # A kernel of one pixel is one of images.
            shape = [size for axis, size in enumerate(value.shape) if (axis, size, value.dim()) != (2, 1, 5)]
            value.copy_(filled(name.removeprefix("backbone."), tuple(shape)).reshape(value.shape))

    def forward(self, slices):
        part = self.backbone
        output = part.maxpool(part.relu(part.bn1(part.conv1(slices))))
        output = part.layer3(part.layer2(part.layer1(output)))
        output = part.layer4(output.transpose(0, 1)[None])[0].transpose(0, 1)
        vectors = output.mean(dim=(2, 3))
        pooled, start = [], 0
        for example in GROUPS:
            means = []
            for size in example:
                means.append(vectors[start : start + size].mean(dim=0))
                start += size
            pooled.append(torch.stack(means).mean(dim=0))
        return part.fc(torch.stack(pooled))


def prepared():
    model = Volumes()
    part = model.backbone
    model.train()
    for module in [part.conv1, part.bn1, part.layer1, part.layer2, part.layer3]:
        module.requires_grad_(False)
        module.eval()
    return model


def named(pairs):
    """Without the name of the attribute that holds the backbone."""
    return {name.removeprefix("backbone."): value for name, value in pairs}


def main():
    with torch.no_grad():
        result = {"predicted": Volumes().eval()(images("volume", SHAPE)).flatten().tolist()}
    model = prepared()
    trained = named((name, value) for name, value in model.named_parameters() if value.requires_grad)
    result |= five_steps(trained, BATCHES, lambda batch: model(images(batch, SHAPE)), TARGETS)
    state = named(entries(model))
    changed = sorted(name for name in state if name.startswith(("layer4", "fc")))
    result["after"] = {name: summary(state[name]) for name in changed}
    text = json.dumps(result, separators=(",", ":"))
    (FIXTURES / "volumes.json").write_text(text + "\n")
    print(f"volumes.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
