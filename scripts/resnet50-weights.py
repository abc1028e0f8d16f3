"""Writes made-up weights of ResNet-50 by their published names: python3 scripts/resnet50-weights.py FILE.safetensors

They are drawn from a seed and know nothing of images; they are for showing that two builds compute the same.
"""

import json
import random
import struct
import sys
from array import array

generator = random.Random(7)
tensors = {}


def add(name, shape, scale=0.0, mean=0.0):
    count = 1
    for size in shape:
        count *= size
    values = array("f", [mean]) * count if scale == 0 else array(
        "f", [mean + scale * (2 * generator.random() - 1) for _ in range(count)])  # fmt: skip
    tensors[name] = (shape, values)


def convolution(name, outputs, inputs, kernel):
    # He's variance, 2 / fan in, of a uniform distribution.
    add(f"{name}.weight", [outputs, inputs, kernel, kernel], scale=(6 / (inputs * kernel * kernel)) ** 0.5)


def normalisation(name, channels, scale=1.0):
    add(f"{name}.weight", [channels], mean=scale)
    add(f"{name}.bias", [channels])
    add(f"{name}.running_mean", [channels], scale=0.1)
    add(f"{name}.running_var", [channels], mean=1.0)


convolution("conv1", 64, 3, 7)
normalisation("bn1", 64)
inputs = 64
for layer, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], 1):
    for block in range(blocks):
        name = f"layer{layer}.{block}"
        convolution(f"{name}.conv1", width, inputs, 1)
        normalisation(f"{name}.bn1", width)
        convolution(f"{name}.conv2", width, width, 3)
        normalisation(f"{name}.bn2", width)
        convolution(f"{name}.conv3", 4 * width, width, 1)
        normalisation(f"{name}.bn3", 4 * width, scale=0.3)
        if block == 0:
            convolution(f"{name}.downsample.0", 4 * width, inputs, 1)
            normalisation(f"{name}.downsample.1", 4 * width)
        inputs = 4 * width
add("fc.weight", [1000, 2048], scale=0.03)
add("fc.bias", [1000])

header, offset = {}, 0
for name, (shape, values) in tensors.items():
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * len(values)]}
    offset += 4 * len(values)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for _, values in tensors.values():
        values.tofile(file)
