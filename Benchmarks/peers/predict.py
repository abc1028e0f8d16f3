"""Predicts one exam from cold start by the five networks of a run: DICOM files and contours in, probabilities out.

`stock` is float32, five whole networks one after the other; `tuned` is channels-last and bfloat16, and runs the frozen stages
once. `--make` writes the checkpoints that both load, by torch.save of the same tensors, and predicts nothing.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

THREADS = int(os.environ.get("BENCHMARK_THREADS") or os.cpu_count())


def make(run, folder):
    import torch
    from safetensors.torch import load_file

    folder.mkdir(parents=True)
    for path in sorted(Path(run, "folds").glob("fold-*/model.safetensors")):
        torch.save(load_file(path), folder / f"{path.parent.name}.pth")


def centroid(vertices):
    import numpy as np

    x, y = np.asarray(vertices, dtype=np.float64).T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = cross.sum() / 2
    return (((x + np.roll(x, -1)) * cross).sum() / (6 * area), ((y + np.roll(y, -1)) * cross).sum() / (6 * area))


def crop(path, vertices, side=128, air=-1000.0):
    import numpy as np
    import pydicom

    dataset = pydicom.dcmread(path)
    hounsfield = dataset.pixel_array.astype(np.float32) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    left, top = (math.floor(value - (side - 1) / 2 + 0.5 + 1e-6) for value in centroid(vertices))
    box = np.full((side, side), air, dtype=np.float32)
    rows, columns = hounsfield.shape
    y, x = slice(max(top, 0), min(top + side, rows)), slice(max(left, 0), min(left + side, columns))
    box[y.start - top : y.stop - top, x.start - left : x.stop - left] = hounsfield[y, x]
    return (np.clip(box, -160, 240) + 160) / 400


def exam(dicom, contours):
    import pydicom

    files = {}
    for path in Path(dicom).rglob("*.dcm"):
        header = pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True)
        files[header.SOPInstanceUID] = path
    annotations = json.loads(Path(contours).read_text())["datasets"][0]["annotations"]
    return [
        crop(files[a["SOPInstanceUID"]], a["data"]["vertices"]) for a in annotations if a["SOPInstanceUID"] in files]


def predict(arguments):
    import numpy as np
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        # Its compiled operators do not fit this build of torch. The way round takes time that is not the peer's: measure
        # beside a torchvision that fits.
        sys.path.append(str(Path(__file__).resolve().parents[2] / "Tests/Reference"))
        import torchvision_without_ops  # noqa: F401
    from torchvision.models import resnet50
    from torchvision.transforms import v2

    torch.set_num_threads(THREADS)
    tuned = arguments.variant == "tuned"
    prepare = v2.Compose([
        v2.Resize(224, antialias=False), v2.Lambda(lambda grey: grey.expand(-1, 3, -1, -1)),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    images = prepare(torch.from_numpy(np.stack(exam(arguments.dicom, arguments.contours)))[:, None])
    format = torch.channels_last if tuned else torch.contiguous_format
    images = images.to(memory_format=format)
    batches, features = images.split(arguments.batch), None
    probabilities = []
    for path in sorted(Path(arguments.checkpoints).glob("fold-*.pth")):
        network = resnet50(weights=None, num_classes=2)
        # RenalGrade's checkpoints hold no counters of batches, which prediction does not need.
        network.load_state_dict(torch.load(path, weights_only=True), strict=False)
        network.eval().to(memory_format=format)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=tuned):
            if not tuned:
                logits = [network(batch) for batch in batches]
            else:
                if features is None:
                    stem = torch.nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
                    features = [network.layer2(network.layer1(stem(batch))) for batch in batches]
                head = torch.nn.Sequential(network.layer3, network.layer4, network.avgpool, torch.nn.Flatten(), network.fc)
                logits = [head(batch) for batch in features]
            probabilities.append(torch.cat(logits).float().softmax(1)[:, 1])
    by_network = torch.stack(probabilities)
    by_slice = by_network.mean(0)
    json.dump({
        "probability": by_slice.mean().item(), "networks": by_network.mean(1).tolist(), "slices": by_slice.tolist(),
    }, sys.stdout)  # fmt: skip
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, help="a folder of fold-<n>.pth")
    parser.add_argument("--make", metavar="RUN", help="write the checkpoints of this run")
    parser.add_argument("--dicom")
    parser.add_argument("--contours")
    parser.add_argument("--variant", choices=["stock", "tuned"])
    parser.add_argument("--batch", type=int, default=8)
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.make, arguments.checkpoints)
    else:
        predict(arguments)
