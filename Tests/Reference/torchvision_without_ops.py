"""Imports torchvision on a CPU-only torch, whose compiled operators (nms, ...) cannot load: models and transforms need none.

Use as `from torchvision_without_ops import torchvision`.
"""
import re
import sys

import torch

while True:
    try:
        import torchvision
        break
    except RuntimeError as error:
        missing = re.search(r"operator torchvision::(\w+) does not exist", str(error))
        if not missing:
            raise
        _library = torch.library.Library("torchvision", "FRAGMENT")
        _library.define(missing.group(1) + "(Tensor t) -> Tensor")
        globals().setdefault("_kept", []).append(_library)
        for name in [name for name in sys.modules if name.startswith("torchvision") and name != __name__]:
            del sys.modules[name]

__all__ = ["torchvision"]
