"""Golden values for Tests/BackbonesTests/BagNetworkTests.swift: bags of slices through a ResNet-18, pooled by their mean or by
gated attention: logits, weights, losses, gradients and five steps of the paper's optimiser.

The gated attention is that of the paper's authors (Ilse, Tomczak, Welling 2018, github.com/AMLab-Amsterdam/
AttentionDeepMIL, class GatedAttention) in its formula: softmax over a bag of w (tanh(V h) * sigmoid(U h)). Weights and images come from
the formula of `filled` in backbones.py.

Run from the repository root: .deps/python/bin/python Tests/Reference/bags.py (torch 2.15.0, torchvision 0.29.2)
"""

import json

import torch
from backbones import FIXTURES, entries, filled, fill, five_steps, images, make, summary

WIDTH = 128
# Three bags of two, one and three slices; pooled slice by slice, or in groups as by phase, of which the second bag lacks one.
GROUPS = {"slices": [[1, 1], [1], [1, 1, 1]], "phases": [[1, 1], [1], [2, 1]]}
TARGETS = torch.tensor([0, 1, 1])
# The first, whose gradients are compared, was chosen as in backbones.py: of 80 it stays furthest from the corners of all ReLUs.
BATCHES = ["bag0.21", "bag1", "bag2", "bag3", "bag4"]


class GatedAttention(torch.nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.value = torch.nn.Linear(inputs, WIDTH)
        self.gate = torch.nn.Linear(inputs, WIDTH)
        self.score = torch.nn.Linear(WIDTH, 1)

    def forward(self, vectors):
        return self.score(torch.tanh(self.value(vectors)) * torch.sigmoid(self.gate(vectors)))


class Bags(torch.nn.Module):
    def __init__(self, pooling):
        super().__init__()
        self.backbone = make("resnet18", 2)
        self.attention = GatedAttention(512) if pooling == "attention" else None
        fill(self.backbone)
        if self.attention is not None:
            self.attention.load_state_dict(
                {name: filled(f"attention.{name}", tuple(value.shape)) for name, value in self.attention.state_dict().items()}
            )

    def forward(self, slices, groups):
        part = self.backbone
        output = part.maxpool(part.relu(part.bn1(part.conv1(slices))))
        output = part.layer4(part.layer3(part.layer2(part.layer1(output))))
        vectors = output.mean(dim=(2, 3))
        pooled, self.weights = [], []
        start = 0
        for bag in groups:
            means = []
            for size in bag:
                means.append(vectors[start : start + size].mean(dim=0))
                start += size
            means = torch.stack(means)
            if self.attention is None:
                weights = torch.full((len(bag), 1), 1 / len(bag), dtype=means.dtype)
            else:
                weights = torch.softmax(self.attention(means), dim=0)
            self.weights.append(weights.flatten().tolist())
            pooled.append((weights * means).sum(dim=0))
        return part.fc(torch.stack(pooled))


def prepared(pooling):
    model = Bags(pooling)
    part = model.backbone
    frozen = [part.conv1, part.bn1, part.layer1, part.layer2, part.layer3]
    for module in frozen:
        module.requires_grad_(False)
    model.train()
    for module in frozen:
        module.eval()
    return model


def named(pairs):
    """Without the name of the attribute that holds the backbone."""
    return {name.removeprefix("backbone."): value for name, value in pairs}


def training(pooling, groups):
    model = prepared(pooling).eval()
    with torch.no_grad():
        predicted = model(images("bag", (6, 3, 64, 64)), groups)
    result = {"predicted": predicted.flatten().tolist(), "weights": model.weights}
    model = prepared(pooling)
    trained = named((name, value) for name, value in model.named_parameters() if value.requires_grad)
    result |= five_steps(trained, BATCHES, lambda batch: model(images(batch, (6, 3, 64, 64)), groups), TARGETS)
    state = named(entries(model))
    trained_names = {name for name in state if name.startswith(("layer4", "fc", "attention"))}
    result["after"] = {name: summary(state[name]) for name in sorted(trained_names)}
    return result


if __name__ == "__main__":
    golden = {
        f"{pooling} {name}": training(pooling, groups)
        for pooling in ["mean", "attention"]
        for name, groups in GROUPS.items()
    }
    text = json.dumps(golden, separators=(",", ":"))
    (FIXTURES / "bags.json").write_text(text + "\n")
    print(f"bags.json: {len(text)} bytes")
