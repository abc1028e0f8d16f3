"""Golden values for Tests/BackbonesTests: names and shapes, logits, gradients, Grad-CAM, five steps of the paper's optimiser.

Weights and inputs come from the formula of `filled` on both sides (FormulaWeights.swift restates it), because real weights
are too large to commit; EfficientNet-Lite0 is also run with its published weights (.deps/weights, by scripts/setup) on a
slice made by a formula and, where ../shared/data/real-ct is there, on a crop of a real one; elsewhere the committed logits
of that stay as they are.

Run from the repository root: .deps/python/bin/python Tests/Reference/backbones.py
(torch 2.13.0, torchvision 0.28.0, efficientnet-lite-pytorch 0.1.0, pydicom 3.0.2 with pylibjpeg-openjpeg 2.5.0)
"""

import json
import math
import pathlib

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from torchvision_without_ops import torchvision

FIXTURES = pathlib.Path("Tests/BackbonesTests/Fixtures")
WEIGHTS = pathlib.Path(".deps/weights/efficientnet-lite0-57934424.pth")
REAL_CT = pathlib.Path("../shared/data/real-ct")
SAMPLES = 6
# Gradients are compared for the first batch. One activation that rounding moves across a ReLU's corner changes them by
# some 0.5%: for most batches PyTorch's own float32 gradients are 1% away from its float64 ones, and depend on the number
# of threads. This batch is the one of 1,200 tried whose trained part stays furthest from all corners (8.7e-6).
BATCHES = ["batch0.637", "batch1", "batch2", "batch3", "batch4"]

torch.manual_seed(0)


def noise(name, count):
    """Numbers in -1..<1, exact in float32: SplitMix64's output for the state FNV-1a(name) + (index + 1) * golden ratio."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def filled(name, shape):
    """A well-scaled value for every element of a parameter or statistic; kernels of volumes repeat 4,093 numbers."""
    count = math.prod(shape)
    u = np.resize(noise(name, min(count, 4093)), count) if len(shape) == 5 else noise(name, count)
    if len(shape) >= 4:
        values = u * math.sqrt(6 / math.prod(shape[1:]))
    elif len(shape) == 2:
        values = u * math.sqrt(1 / shape[1])
    elif name.endswith("running_var"):
        values = 1 + 0.5 * u
    elif name.endswith(".weight"):
        values = 0.6 + 0.2 * u
    else:
        values = 0.1 * u
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def fill(model):
    state = {name: filled(name, tuple(value.shape)) for name, value in entries(model)}
    model.load_state_dict(state, strict=False)
    return model


def entries(model):
    return [(name, value) for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")]


def images(name, shape):
    return torch.from_numpy(noise(name, math.prod(shape)).astype(np.float32) * np.float32(2)).reshape(shape)


def summary(tensor):
    """The norm, and elements evenly spread over the flattened tensor."""
    flat = tensor.detach().double().flatten()
    at = [index * (len(flat) - 1) // (SAMPLES - 1) for index in range(SAMPLES)]
    return {"norm": float(flat.norm()), "samples": [float(flat[index]) for index in at]}


def make(name, classes):
    if name == "efficientnet-lite0":
        return EfficientNet.from_name(name, num_classes=classes)
    return getattr(torchvision.models, name)(num_classes=classes)


def write(name, value):
    text = json.dumps(value, indent=None, separators=(",", ":"))
    (FIXTURES / name).write_text(text + "\n")
    print(f"{name}: {len(text)} bytes")


NAMES = ["resnet18", "resnet34", "resnet50", "efficientnet-lite0"]


def layouts():
    """Names and shapes of every network for 1000 classes, in order, with the logits of formula weights for 3 classes."""
    result = {}
    for name in NAMES:
        model = fill(make(name, 3)).eval()
        with torch.no_grad():
            logits = model(images("input", (2, 3, 64, 96)))
        result[name] = {
            "tensors": [[key, list(value.shape)] for key, value in entries(make(name, 1000))],
            "logits": logits.flatten().tolist(),
        }
    write("layouts.json", result)


def five_steps(trained, batches, logits_of, targets):
    """The paper's optimiser on the trained parameters: losses, the first step's logits and gradients, and each parameter's change."""
    optimiser = torch.optim.Adam(trained.values(), lr=1e-5, betas=(0.8, 0.999), weight_decay=0.8)
    loss_of = torch.nn.CrossEntropyLoss(weight=torch.tensor([1, 2.5]))
    before = {name: value.detach().clone() for name, value in trained.items()}
    result = {"losses": []}
    for step, batch in enumerate(batches):
        logits = logits_of(batch)
        loss = loss_of(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            result["logits"] = logits.flatten().tolist()
            result["gradients"] = {name: summary(value.grad) for name, value in trained.items()}
        optimiser.step()
        result["losses"].append(loss.item())
    result["change"] = {name: summary(value - before[name]) for name, value in trained.items()}
    return result


def training():
    """ResNet-50 as in the paper: stem, layer1, layer2 frozen; Adam with coupled decay; class weight 2.5 on high."""
    model = fill(make("resnet50", 2))
    frozen = [model.conv1, model.bn1, model.layer1, model.layer2]
    for part in frozen:
        part.requires_grad_(False)
    model.train()
    for part in frozen:
        part.eval()
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    result = {"trainedParameterCount": sum(value.numel() for value in trained.values())}
    result |= five_steps(trained, BATCHES, lambda batch: model(images(batch, (4, 3, 64, 64))), torch.tensor([0, 1, 0, 1]))
    result["after"] = {name: summary(value) for name, value in entries(model)}
    write("resnet50-training.json", result)


def grad_cam():
    """Grad-CAM of four classes for two images of 96 x 128 pixels, by hooks on the module whose output the head pools.

    pytorch-grad-cam 1.5.5 gives the ResNets' maps to within 1e-7.
    """
    result = {}
    for name in NAMES:
        model = fill(make(name, 4)).eval()
        seen = {}

        def keep(module, inputs, output):
            output.retain_grad()
            seen["activation"] = output

        if name == "efficientnet-lite0":
            model._avg_pooling.register_forward_hook(lambda module, inputs, output: keep(module, None, inputs[0]))
        else:
            model.layer4.register_forward_hook(keep)
        maps = []
        for index in range(4):
            model.zero_grad()
            model(images("cam", (2, 3, 96, 128)))[:, index].sum().backward()
            activation = seen["activation"]
            weights = activation.grad.mean(dim=(2, 3), keepdim=True)
            maps.append(torch.relu((weights * activation).sum(dim=1)))
        maps = torch.stack(maps)
        assert maps.amax(dim=(1, 2, 3)).max() > 0, f"{name}: every map is zero"
        result[name] = {
            "shape": list(maps.shape),
            "maps": maps.detach().flatten().tolist(),
        }
    write("grad-cam.json", result)


def formula_slice():
    """A bright disc with a rim on a darker ground, both grained: 128 x 128 values in 0...1."""
    y, x = np.mgrid[0:128, 0:128]
    distance = (x - 64) ** 2 + (y - 60) ** 2
    disc = 220 - distance // 25 + (7 * x + 13 * y) % 17
    ground = 90 + (5 * x + 3 * y) % 23
    return np.where(distance < 2500, disc, ground).astype(np.float32) / np.float32(255)


def real_slice():
    """A crop of the middle slice (spleen, bowel, ribs) in the paper's window: 128 x 128 values in 0...1."""
    import pydicom

    data = pydicom.dcmread(sorted(REAL_CT.iterdir())[10])
    hounsfield = data.pixel_array * float(data.RescaleSlope) + float(data.RescaleIntercept)
    return ((np.clip(hounsfield[216:344, 296:424], -160, 240) + 160) / 400).astype(np.float32)


def published():
    """EfficientNet-Lite0's logits with its published weights, by slice."""
    name = "efficientnet-lite0-published.json"
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(WEIGHTS)).eval()
    golden = json.loads((FIXTURES / name).read_text())
    slices = {"formula": formula_slice()} | ({"real": real_slice()} if REAL_CT.is_dir() else {})
    for key, values in slices.items():
        image = torch.from_numpy(values).reshape(1, 1, 128, 128)
        image = torch.nn.functional.interpolate(image, size=(224, 224), mode="bilinear", align_corners=False)
        image = ((image - 127 / 255) / (128 / 255)).repeat(1, 3, 1, 1)
        with torch.no_grad():
            golden[key] = [round(value, 7) for value in model(image)[0].tolist()]
    write(name, golden)


if __name__ == "__main__":
    layouts()
    training()
    grad_cam()
    published()
