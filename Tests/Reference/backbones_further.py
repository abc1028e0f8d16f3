"""Golden values for Tests/BackbonesTests of Inception-v3, GoogLeNet and the networks of volumes, as backbones.py makes the others.

Run from the repository root: .deps/python/bin/python Tests/Reference/backbones_further.py [FOLDER]
(made with torch 2.15.0, torchvision 0.29.2; FOLDER holds models/resnet.py of github.com/Tencent/MedicalNet at 20f76aa as
medicalnet_resnet.py: without it MedicalNet's committed values stay as they are)
"""

import copy
import json
import sys

import torch
from backbones import FIXTURES, entries, fill, images
from torchvision_without_ops import torchvision

HAS_MEDICALNET = len(sys.argv) > 1
if HAS_MEDICALNET:
    sys.path.append(sys.argv[1])
    import medicalnet_resnet

SAMPLES = 4
DIGITS = 8
MEDICALNET = {"10": "B", "18": "A", "34": "A", "50": "B"}


class Inflated(torch.nn.Module):
    """torchvision's ResNet with stem, layer1 and layer2 on each slice, layer3 and layer4 of volumes without a stride along z."""

    def __init__(self, name, classes):
        super().__init__()
        network = getattr(torchvision.models, name)(num_classes=classes)
        for key in ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2"]:
            setattr(self, key, getattr(network, key))
        self.layer3, self.layer4 = inflated(network.layer3), inflated(network.layer4)
        self.fc = network.fc

    def forward(self, x):
        count, slices = x.shape[0], x.shape[2]
        x = x.transpose(1, 2).flatten(0, 1)
        x = self.layer2(self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x))))))
        x = x.unflatten(0, (count, slices)).transpose(1, 2)
        return self.fc(self.layer4(self.layer3(x)).mean((2, 3, 4)))


def inflated(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Conv2d):
            size, stride = child.kernel_size[0], child.stride[0]
            module.add_module(
                name,
                torch.nn.Conv3d(
                    child.in_channels, child.out_channels, size, (1, stride, stride), (size - 1) // 2, bias=False
                ),
            )
        elif isinstance(child, torch.nn.BatchNorm2d):
            module.add_module(name, torch.nn.BatchNorm3d(child.num_features))
        else:
            inflated(child)
    return module


class MedicalNet(torch.nn.Module):
    """Its stages with a mean and a classifier for its decoder; the gradient passes through the shortcut of type A."""

    def __init__(self, depth, classes):
        super().__init__()
        kind = getattr(medicalnet_resnet, f"resnet{depth}")
        network = kind(
            sample_input_D=8, sample_input_H=8, sample_input_W=8, num_seg_classes=2, shortcut_type=MEDICALNET[depth],
            no_cuda=True,
        )
        for key in ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]:
            setattr(self, key, getattr(network, key))
        self.fc = torch.nn.Linear(512 * (4 if depth == "50" else 1), classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3, 4)))


def make(name, classes, auxiliary=False):
    if name in ("inception_v3", "googlenet"):
        return getattr(torchvision.models, name)(num_classes=classes, aux_logits=auxiliary, init_weights=False)
    if name.endswith("-inflated"):
        return Inflated(name.removesuffix("-inflated"), classes)
    if name.startswith("medicalnet"):
        return MedicalNet(name.removeprefix("medicalnet-resnet"), classes)
    return getattr(torchvision.models.video, name)(num_classes=classes)


def last(name, model):
    return {"inception_v3": "Mixed_7c", "googlenet": "inception5b"}.get(name, "layer4")


# The number of classes of the published files, and an input for their comparison.
NETWORKS = {
    "inception_v3": (1000, (2, 3, 107, 96)),
    "googlenet": (1000, (2, 3, 64, 101)),
    "resnet18-inflated": (1000, (2, 3, 5, 64, 48)),
    "resnet50-inflated": (1000, (2, 3, 5, 64, 48)),
    "r3d_18": (400, (2, 3, 9, 32, 48)),
    "mc3_18": (400, (2, 3, 9, 32, 48)),
    "r2plus1d_18": (400, (2, 3, 9, 32, 48)),
} | {f"medicalnet-resnet{depth}": (400, (2, 1, 11, 40, 33)) for depth in MEDICALNET}

# The gradients of all stages are compared with fixed statistics: those of a batch amplify rounding too much on small images.
EVALUATIONS = {"inception_v3": (1, 3, 80, 80), "googlenet": (2, 3, 64, 64), "resnet50-inflated": (1, 3, 4, 64, 64)}

# What is trained, on what, where the cut lies, and the first batch that is tried.
TRAININGS = {
    "inception_v3": ((6, 3, 139, 139), "Mixed_6e", 0),
    "googlenet": ((8, 3, 64, 64), "inception4e", 1),
    "resnet50-inflated": ((3, 3, 4, 64, 64), "layer3", 0),
    "r3d_18": ((4, 3, 6, 32, 32), "", 0),
    "medicalnet-resnet10": ((4, 1, 10, 40, 40), "", 0),
}


def rounded(tensor):
    return [float(f"{value:.{DIGITS}g}") for value in tensor.detach().double().flatten().tolist()]


def summary(tensor):
    flat = tensor.detach().double().flatten()
    at = [index * (len(flat) - 1) // (SAMPLES - 1) for index in range(SAMPLES)]
    return {"norm": rounded(flat.norm())[0], "samples": rounded(flat[at])}


def available(table):
    return {name: entry for name, entry in table.items() if HAS_MEDICALNET or not name.startswith("medicalnet")}


def write(name, value):
    path = FIXTURES / name
    value = (json.loads(path.read_text()) if path.exists() else {}) | value
    text = json.dumps(value, separators=(",", ":"))
    path.write_text(text + "\n")
    print(f"{name}: {len(text)} bytes")


def layouts():
    result = {}
    for name, (classes, shape) in available(NETWORKS).items():
        model = fill(make(name, 3)).eval()
        with torch.no_grad():
            logits = model(images("input", shape))
        result[name] = {
            "tensors": [[key, list(value.shape)] for key, value in entries(make(name, classes, auxiliary=True))],
            "input": list(shape),
            "logits": rounded(logits),
        }
    write("further-layouts.json", result)


def maps(name, batch):
    model = fill(make(name, 4)).eval().to(batch.dtype)
    seen = {}

    def keep(module, inputs, output):
        output.retain_grad()
        seen["activation"] = output

    getattr(model, last(name, model)).register_forward_hook(keep)
    found = []
    for index in range(4):
        model.zero_grad()
        model(batch)[:, index].sum().backward()
        activation = seen["activation"]
        weights = activation.grad.flatten(2).mean(2).reshape(activation.shape[:2] + (1,) * (batch.dim() - 2))
        found.append(torch.relu((weights * activation).sum(dim=1)).detach())
    return torch.stack(found)


def grad_cam():
    result = {}
    for name, (_, shape) in available(NETWORKS).items():
        # Images whose maps are no remainder of terms that cancel, which rounding alone decides.
        for number in range(40):
            title = f"cam{number or ''}"
            single, double = maps(name, images(title, shape)), maps(name, images(title, shape).double())
            if float((single - double).norm()) < 3e-6 * float(double.norm()):
                break
        assert single.max() > 0, f"{name}: every map is zero"
        result[name] = {"input": list(shape)} | ({"images": title} if number else {})
        result[name] |= {"shape": list(single.shape), "maps": rounded(single)}
    write("further-grad-cam.json", result)


def frozen_modules(model, cut):
    names = [name for name, _ in model.named_children()]
    return [getattr(model, name) for name in names[: names.index(cut) + 1]] if cut else []


def prepare(model, frozen):
    for part in frozen:
        part.requires_grad_(False)
    model.train()
    # Dropout draws differently on both sides: it passes everything on.
    for part in frozen + ([model.dropout] if hasattr(model, "dropout") else []):
        part.eval()


def loss_of(model, batch):
    weight = torch.tensor([1, 2.5], dtype=batch.dtype)
    targets = torch.tensor([0, 1] * 4)[: len(batch)]
    logits = model(batch)
    return logits, torch.nn.functional.cross_entropy(logits, targets, weight=weight)


def gradients(model, batch):
    model.zero_grad()
    loss_of(model, batch)[1].backward()
    return {name: value.grad.double() for name, value in model.named_parameters() if value.grad is not None}


def steady_batch(name, model, shape, start=0, tolerance=4.5e-5):
    """The first of 40 batches with no activation so near a ReLU's corner that rounding moves it across,

    or the one that comes nearest to that: see backbones.py."""
    single, double = copy.deepcopy(model), copy.deepcopy(model).double()
    best = (1, "")
    for number in range(start, start + 40):
        batch = images(f"batch0.{number}", shape)
        exact, found = gradients(double, batch.double()), gradients(single, batch)
        worst = max(float((found[key] - exact[key]).norm() / exact[key].norm()) for key in exact)
        best = min(best, (worst, f"batch0.{number}"))
        if worst < tolerance:
            break
    print(f"{name}: gradients in float32 are {best[0]:.1e} off those in float64 for {best[1]}", flush=True)
    return best[1]


def training():
    """Adam with coupled decay and the paper's weight of the high class."""
    for name, (shape, cut, start) in available(TRAININGS).items():
        model = fill(make(name, 2))
        prepare(model, frozen_modules(model, cut))
        first = steady_batch(name, model, shape, start)
        trained = {key: value for key, value in model.named_parameters() if value.requires_grad}
        optimiser = torch.optim.Adam(trained.values(), lr=1e-5, betas=(0.8, 0.999), weight_decay=0.8)
        batches = [first, "batch1", "batch2", "batch3", "batch4"]
        golden = {"shape": list(shape), "frozenThrough": cut, "batches": batches, "losses": []}
        for step, batch in enumerate(batches):
            logits, loss = loss_of(model, images(batch, shape))
            optimiser.zero_grad()
            loss.backward()
            if step == 0:
                golden["logits"] = rounded(logits)
                golden["gradients"] = {key: summary(value.grad) for key, value in trained.items()}
            optimiser.step()
            golden["losses"].append(loss.item())
        golden["after"] = {key: summary(value) for key, value in entries(model)}
        write("further-training.json", {name: golden})


def evaluation():
    """The gradients of every stage, with the statistics of the file."""
    result = {}
    for name, shape in EVALUATIONS.items():
        model = fill(make(name, 2)).eval()
        batch = steady_batch(name, model, shape)
        found = gradients(model, images(batch, shape))
        result[name] = {
            "shape": list(shape),
            "batch": batch,
            "gradients": {key: summary(value) for key, value in found.items()},
        }
    write("further-gradients.json", result)


def medicalnet_start():
    """The start of a file as MedicalNet's training saves it: by PyTorch 1, from within DataParallel, beside the epoch."""
    state = {f"module.{key}": value for key, value in fill(make("medicalnet-resnet10", 2)).state_dict().items()}
    start = {key: value for key, value in state.items() if key.startswith(("module.conv1.", "module.bn1."))}
    start["module.conv_seg.7.weight"] = torch.zeros(2, 32, 1, 1, 1)
    torch.save(
        {"epoch": 5, "batch_id": 0, "state_dict": start},
        FIXTURES / "medicalnet-start.pth",
        _use_new_zipfile_serialization=False,
    )


layouts()
if HAS_MEDICALNET:
    medicalnet_start()
grad_cam()
evaluation()
training()
