"""Golden values for Tests/TorchTests: layers with their gradients, and the two forms of Adam.

Run from the repository root: .deps/python/bin/python Tests/Reference/torch_layers.py (torch 2.13.0)
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

OUTPUT = pathlib.Path("Tests/TorchTests/Fixtures/layers.json")


def wave(shape, phase):
    """sin(phase + 0.7 i) in float32: the inputs on both sides."""
    count = math.prod(shape)
    values = [math.sin(phase + 0.7 * index) for index in range(count)]
    return torch.tensor(values, dtype=torch.float64).float().reshape(shape)


def flat(tensor):
    return [float(value) for value in tensor.detach().flatten()]


def same(x, kernel, stride):
    """TensorFlow's SAME padding."""
    total = [max((math.ceil(size / stride) - 1) * stride + kernel - size, 0) for size in x.shape[-2:]]
    height, width = total
    return F.pad(x, [width // 2, width - width // 2, height // 2, height - height // 2])


def layer(name, function, shape, *parameters):
    """The output, and the gradients of sum(output * wave) with respect to the input and each parameter."""
    leaves = [wave(shape, 0.1)] + [wave(size, 1 + index) for index, size in enumerate(parameters)]
    for leaf in leaves:
        leaf.requires_grad_(True)
    output = function(*leaves)
    (output * wave(tuple(output.shape), 5)).sum().backward()
    return name, {"output": flat(output), "shape": list(output.shape), "gradients": [flat(leaf.grad) for leaf in leaves]}


def adam(decoupled):
    """Six steps on two parameters; the second has no gradient in steps 2 and 3."""
    parameters = [wave((3, 4), 0.3).requires_grad_(True), wave((5,), 0.9).requires_grad_(True)]
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    optimiser = kind(parameters, lr=0.05, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.8)
    states = []
    for step in range(6):
        optimiser.zero_grad()
        loss = (parameters[0] * wave((3, 4), step)).sum() + (parameters[0] ** 2).sum()
        if step not in (2, 3):
            loss = loss + (parameters[1] ** 3).sum()
        loss.backward()
        optimiser.step()
        states.append([flat(parameter) for parameter in parameters])
    return states


mean, variance = torch.zeros(3), torch.ones(3)
volume_mean, volume_variance = torch.zeros(3), torch.ones(3)
# The third bag has no slice at all.
MASK = torch.tensor([[1, 1, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=torch.float32).unsqueeze(2)
golden = dict(
    [
        layer("conv", lambda x, w: F.conv2d(x, w, stride=2, padding=1), (2, 3, 7, 6), (4, 3, 3, 3)),
        layer("convSame", lambda x, w: F.conv2d(same(x, 3, 2), w, stride=2), (2, 3, 8, 7), (4, 3, 3, 3)),
        layer("convSameDepthwise", lambda x, w: F.conv2d(same(x, 5, 2), w, stride=2, groups=4), (1, 4, 9, 8), (4, 1, 5, 5)),
        layer("convSameUnitStride", lambda x, w: F.conv2d(same(x, 5, 1), w), (1, 2, 6, 5), (3, 2, 5, 5)),
        layer("linear", lambda x, w, b: F.linear(x, w, b), (3, 4), (5, 4), (5,)),
        layer(
            "batchNorm",
            lambda x, w, b: F.batch_norm(x, mean, variance, w, b, training=True, momentum=0.01, eps=1e-3),
            (2, 3, 4, 4),
            (3,),
            (3,),
        ),
        layer(
            "batchNormEvaluation",
            lambda x, w, b: F.batch_norm(x, mean, variance, w, b, training=False, momentum=0.01, eps=1e-3),
            (2, 3, 4, 4),
            (3,),
            (3,),
        ),
        layer("convRectangular", lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(0, 2)), (2, 3, 7, 6), (4, 3, 1, 5)),
        layer("convWithoutBorder", lambda x, w: F.conv2d(x, w, stride=2), (2, 3, 7, 6), (4, 3, 3, 3)),
        layer(
            "convVolume",
            lambda x, w: F.conv3d(x, w, stride=(1, 2, 2), padding=(0, 1, 1)),
            (2, 3, 4, 7, 6),
            (4, 3, 1, 3, 3),
        ),
        layer(
            "convVolumeDilated",
            lambda x, w: F.conv3d(x, w, padding=(2, 2, 1), dilation=(2, 2, 1)),
            (1, 2, 5, 7, 6),
            (3, 2, 3, 3, 3),
        ),
        layer(
            "batchNormVolume",
            lambda x, w, b: F.batch_norm(x, volume_mean, volume_variance, w, b, training=True, momentum=0.01, eps=1e-3),
            (2, 3, 2, 4, 4),
            (3,),
            (3,),
        ),
        layer(
            "batchNormVolumeEvaluation",
            lambda x, w, b: F.batch_norm(x, volume_mean, volume_variance, w, b, training=False, momentum=0.01, eps=1e-3),
            (2, 3, 2, 4, 4),
            (3,),
            (3,),
        ),
        layer("maxPoolCeiling", lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), (1, 2, 8, 7)),
        layer("maxPoolVolume", lambda x: F.max_pool3d(x, 3, (1, 2, 2), 1), (1, 2, 5, 8, 7)),
        layer("meanPool", lambda x: F.avg_pool2d(x, 3, 1, 1), (1, 2, 7, 6)),
        layer(
            "meanPoolWithoutBorder",
            lambda x: F.avg_pool2d(x, (3, 2), 2, 1, ceil_mode=True, count_include_pad=False),
            (1, 2, 7, 6),
        ),
        layer("meanPoolVolume", lambda x: F.avg_pool3d(x, (3, 2, 3), (2, 2, 1), (1, 0, 1)), (1, 2, 5, 6, 7)),
        layer("averagePoolVolume", lambda x: x.mean((2, 3, 4)), (2, 3, 4, 5, 2)),
        layer(
            "branches",
            lambda x, v, w: torch.cat([F.conv2d(x, v, padding=(1, 0)), F.conv2d(x, w)], 1),
            (2, 3, 5, 4),
            (2, 3, 3, 1),
            (4, 3, 1, 1),
        ),
        layer("tanh", lambda x: torch.tanh(x * 2), (4, 5)),
        layer("softmax", lambda x: torch.softmax(x * 2, 1), (2, 3, 4)),
        layer("weightedSum", lambda x, w: torch.bmm(torch.softmax(w, 2), x), (2, 4, 3), (2, 1, 4)),
        layer("maskedMean", lambda x: (x * MASK).sum(1) / MASK.sum(1).clamp(min=1), (3, 4, 2)),
        layer("relu", lambda x: F.relu(x * 3), (4, 5)),
        layer("relu6", lambda x: F.relu6(x * 9), (4, 5)),
        layer("maxPool", lambda x: F.max_pool2d(x, 3, 2, 1), (1, 2, 7, 6)),
        layer("averagePool", lambda x: x.mean((2, 3)), (2, 3, 4, 5)),
    ]
)
golden["batchNorm"]["statistics"] = [flat(mean), flat(variance)]
golden["batchNormVolume"]["statistics"] = [flat(volume_mean), flat(volume_variance)]
logits = wave((4, 2), 0.1).requires_grad_(True)
loss = F.cross_entropy(logits, torch.tensor([0, 1, 1, 0]), weight=torch.tensor([1, 2.5]))
loss.backward()
golden["crossEntropy"] = {"output": [loss.item()], "shape": [], "gradients": [flat(logits.grad)]}

text = json.dumps({"layers": golden, "adam": adam(False), "adamW": adam(True)}, separators=(",", ":"))
OUTPUT.write_text(text + "\n")
print(f"{OUTPUT}: {len(text)} bytes")
