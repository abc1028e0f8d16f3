"""Times training steps of a network of images, bags of images or volumes on random input: `stock` is float32 as torchvision's own training loop
has it, `tuned` adds channels-last, autocast in --precision, frozen stages under `no_grad`, and the fused optimiser."""

import argparse
import time

import torch
import torchvision
from common import WORKERS, report


def inflated(module):
    """2D layers as 3D ones without a stride along z, the kernel in the middle slice."""
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Conv2d):
            size, stride = child.kernel_size[0], child.stride[0]
            volume = torch.nn.Conv3d(
                child.in_channels, child.out_channels, size, (1, stride, stride), (size - 1) // 2, bias=False
            )
            torch.nn.init.zeros_(volume.weight)
            volume.weight.data[:, :, size // 2] = child.weight.data
            setattr(module, name, volume)
        elif isinstance(child, torch.nn.BatchNorm2d):
            setattr(module, name, torch.nn.BatchNorm3d(child.num_features))
        else:
            inflated(child)
    return module


class AttentionHead(torch.nn.Module):
    """Gated attention of width 128 over the slices of each lesion (Ilse 2018), which all have as many."""

    def __init__(self, slices):
        super().__init__()
        self.slices = slices
        self.value, self.gate, self.weight = torch.nn.Linear(2048, 128), torch.nn.Linear(2048, 128), torch.nn.Linear(128, 1)
        self.classifier = torch.nn.Linear(2048, 2)

    def forward(self, x):
        vectors = x.mean((2, 3)).unflatten(0, (-1, self.slices))
        scores = self.weight(self.value(vectors).tanh() * self.gate(vectors).sigmoid())
        return self.classifier((scores.softmax(1) * vectors).sum(1))


class SliceBySlice(torch.nn.Sequential):
    def forward(self, x):
        slices = x.transpose(1, 2)
        return super().forward(slices.flatten(0, 1)).unflatten(0, slices.shape[:2]).transpose(1, 2)


def stages(name, slices=16):
    """Each stage's name and module, the classifier last."""
    if name == "resnet50-attention":
        network = torchvision.models.resnet50(num_classes=2)
        stem = torch.nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
        layers = [(key, getattr(network, key)) for key in ["layer1", "layer2", "layer3", "layer4"]]
        return [("stem", stem), *layers, ("", AttentionHead(slices))]
    if name == "inception_v3":
        network = torchvision.models.inception_v3(num_classes=2, aux_logits=False, init_weights=False)
        children = list(network.named_children())
        first = [key for key, _ in children].index("Mixed_5b")
        last = [key for key, _ in children].index("avgpool")
        return (
            [("stem", torch.nn.Sequential(*(child for _, child in children[:first])))]
            + children[first:last]
            + [("", torch.nn.Sequential(network.avgpool, network.dropout, torch.nn.Flatten(), network.fc))]
        )
    if name == "resnet50-inflated":
        network = torchvision.models.resnet50(num_classes=2)
        head = torch.nn.Sequential(torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten(), network.fc)
        stem = SliceBySlice(network.conv1, network.bn1, network.relu, network.maxpool)
        return [
            ("stem", stem), ("layer1", SliceBySlice(network.layer1)), ("layer2", SliceBySlice(network.layer2)),
            ("layer3", inflated(network.layer3)), ("layer4", inflated(network.layer4)), ("", head),
        ]  # fmt: skip
    network = getattr(torchvision.models.video, name)(num_classes=2)
    head = torch.nn.Sequential(network.avgpool, torch.nn.Flatten(), network.fc)
    return [(key, getattr(network, key)) for key in ["stem", "layer1", "layer2", "layer3", "layer4"]] + [("", head)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backbone")
    parser.add_argument("--variant", choices=["stock", "tuned"], required=True)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16", help="of tuned")
    parser.add_argument("--frozen-through")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--slices", type=int, default=16)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()

    torch.set_num_threads(WORKERS)
    torch.manual_seed(1)
    tuned, device = arguments.variant == "tuned", arguments.device
    parts = stages(arguments.backbone, arguments.slices)
    cut = [name for name, _ in parts].index(arguments.frozen_through) + 1 if arguments.frozen_through else 0
    frozen = torch.nn.Sequential(*(part for _, part in parts[:cut])).requires_grad_(False).eval().to(device)
    trained = torch.nn.Sequential(*(part for _, part in parts[cut:])).train().to(device)
    images, bags = arguments.backbone == "inception_v3", arguments.backbone == "resnet50-attention"
    shape = (arguments.size,) * 2 if images or bags else (arguments.slices, arguments.size, arguments.size)
    batch = torch.randn(arguments.batch * (arguments.slices if bags else 1), 3, *shape).to(device)
    labels = (torch.arange(arguments.batch) % 2).to(device)
    if tuned:
        layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
        for network in (frozen, trained):
            for parameter in network.parameters():
                if parameter.dim() in layouts:
                    parameter.data = parameter.data.to(memory_format=layouts[parameter.dim()])
        batch = batch.to(memory_format=layouts[batch.dim()])
        torch.backends.cudnn.benchmark = True
    loss_of = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.5], device=device))
    optimiser = torch.optim.Adam(
        trained.parameters(), lr=1e-5, betas=(0.8, 0.999), weight_decay=0.8, fused=True if tuned else None
    )

    def step():
        optimiser.zero_grad(set_to_none=True)
        if tuned:
            with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=arguments.precision == "bfloat16"):
                with torch.no_grad():
                    features = frozen(batch)
                logits = trained(features)
        else:
            logits = trained(frozen(batch))
        loss = loss_of(logits.float(), labels)
        loss.backward()
        optimiser.step()
        return loss.item()

    seconds = []
    for number in range(2 + arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    report(seconds[2:], arguments.batch)
