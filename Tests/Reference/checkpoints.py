"""Makes the files of weights, in every layout, that Tests/TorchTests/Checkpoint*Tests.swift read.

Run from the repository root, without arguments, with the packages of Tests/Reference/requirements.txt. Writes
Tests/TorchTests/Fixtures/checkpoints/ and a wheel for Tests/BackbonesTests. Every file is read back by torch.load or safetensors before it counts.
"""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file

FOLDER = Path("Tests/TorchTests/Fixtures/checkpoints")
WHEEL = Path("Tests/BackbonesTests/Fixtures/weights/test.whl")
LITE0 = Path(".deps/weights/efficientnet-lite0-57934424.pth")


def weights():
    """A state dictionary with every element type, and with tensors that are not simply laid out."""
    torch.manual_seed(1)
    shared = torch.arange(24, dtype=torch.float32) / 8
    state = OrderedDict()
    state["conv.weight"] = torch.randn(4, 3, 2, 2)
    state["conv.channels_last"] = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    state["float64"] = torch.randn(3, 2, dtype=torch.float64)
    state["half"] = torch.randn(5).half()
    state["bfloat16"] = torch.randn(5).bfloat16()
    state["int64"] = torch.tensor([-(2**62), -1, 0, 2**40])
    state["int32"] = torch.tensor([[-5, 7]], dtype=torch.int32)
    state["uint8"] = torch.tensor([0, 127, 255], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state["scalar"] = torch.tensor(17)
    state["empty"] = torch.zeros(0, 3)
    state["shared"] = shared.view(4, 6)
    state["transposed"] = shared.view(4, 6).t()
    state["sliced"] = shared[5:20:3]
    state["expanded"] = shared[2:5].expand(2, 3)
    state["parameter"] = torch.nn.Parameter(torch.randn(2, 2))
    return state


def values(state):
    """What the tests expect: the elements in row-major order, as texts, because JSON's numbers are too short for int64."""
    return {
        name: {
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "shape": list(tensor.shape),
            "elements": [repr(int(x) if isinstance(x, bool) else x) for x in tensor.detach().flatten().tolist()],
        }
        for name, tensor in state.items()
    }


def same(left, right):
    return left.keys() == right.keys() and all(
        left[n].dtype == right[n].dtype and left[n].shape == right[n].shape and torch.equal(left[n], right[n]) for n in left
    )


class TarPickler(pickle.Pickler):
    """Refers to tensors by number, as torch.save of PyTorch 0.1 did."""

    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.tensors = []

    def persistent_id(self, value):
        if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
            self.tensors.append(value)
            return str(len(self.tensors))
        return None

    def reducer_override(self, value):
        # A Parameter was made from its tensor, then given its state (requires_grad, volatile, hooks).
        if isinstance(value, torch.nn.Parameter):
            return torch.nn.Parameter, (value.data,), (True, False, OrderedDict())
        return NotImplemented


def write_tar(state, path):
    """The layout of PyTorch 0.1, written as torch.serialization.legacy_load reads it."""
    weights_file = io.BytesIO()
    pickler = TarPickler(weights_file)
    pickler.dump(state)
    tensors = dict(enumerate(pickler.tensors, start=1))

    storages_file, tensors_file = io.BytesIO(), io.BytesIO()
    storages = {tensor.untyped_storage().data_ptr(): tensor for tensor in tensors.values()}
    numbers = {pointer: 1000 + i for i, pointer in enumerate(storages)}
    pickle.dump(len(storages), storages_file, protocol=2)
    for pointer, tensor in storages.items():
        storage = tensor.storage()
        pickle.dump((numbers[pointer], "cpu", storage_class(tensor.dtype)), storages_file, protocol=2)
        storages_file.write(struct.pack("<q", len(storage)))
        storages_file.write(bytes(storage.untyped()))
    pickle.dump([], storages_file, protocol=2)  # no views
    pickle.dump(len(tensors), tensors_file, protocol=2)
    for number, tensor in tensors.items():
        pickle.dump(
            (number, numbers[tensor.untyped_storage().data_ptr()], tensor_class(tensor.dtype)), tensors_file, protocol=2
        )
        tensors_file.write(struct.pack("<q", tensor.dim()))
        tensors_file.write(struct.pack(f"<{2 * tensor.dim()}q", *tensor.shape, *tensor.stride()))
        tensors_file.write(struct.pack("<q", tensor.storage_offset()))
    facts = pickle.dumps({"protocol_version": 1000, "little_endian": True, "type_sizes": {"int": 4}}, protocol=2)
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        members = {
            "sys_info": facts, "pickle": weights_file.getvalue(), "tensors": tensors_file.getvalue(),
            "storages": storages_file.getvalue(),
        }
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def storage_class(dtype):
    return getattr(torch, CLASSES[dtype] + "Storage")


def tensor_class(dtype):
    return getattr(torch, CLASSES[dtype] + "Tensor")


CLASSES = {
    torch.float32: "Float", torch.float64: "Double", torch.float16: "Half", torch.bfloat16: "BFloat16", torch.int64: "Long",
    torch.int32: "Int", torch.uint8: "Byte", torch.bool: "Bool",
}


def python2_lite():
    """How Python 2 pickled: byte strings, and an OrderedDict made from a list of pairs; opcodes written by hand."""
    def text(s):
        return b"U" + bytes([len(s)]) + s
    elements = struct.pack("<3f", 1.5, -2.0, 0.25)
    tensor = (
        b"ctorch._utils\n_rebuild_tensor\n((" + text(b"storage") + b"ctorch\nFloatStorage\n" + text(b"7") + text(b"cpu")
        + b"K\x03NtQK\x00K\x03\x85K\x01\x85tR"
    )
    state = b"\x80\x02ccollections\nOrderedDict\n]]" + b"(" + text(b"weight") + tensor + b"e" + b"a\x85R."
    dumps = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "protocol_version": 1001, "type_sizes": {}}]
    return (
        b"".join(pickle.dumps(x, protocol=2) for x in dumps) + state + pickle.dumps(["7"], protocol=2)
        + struct.pack("<q", 3) + elements
    )


def write_zip64(source, target):
    """Repacks an archive as one of over 4 GiB is packed: every size and place in the zip64 fields."""
    body, directory = b"", b""
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            name, data, place = member.filename.encode(), archive.read(member), len(body)
            head = struct.pack("<HHHHHI", 45, 0, 0, 0, 0, member.CRC)
            body += b"PK\3\4" + head + struct.pack("<IIHH", len(data), len(data), len(name), 0) + name + data
            extra = struct.pack("<HHQQQ", 1, 24, len(data), len(data), place)
            directory += b"PK\1\2" + struct.pack("<H", 45) + head + struct.pack(
                "<IIHHHHHII", 2**32 - 1, 2**32 - 1, len(name), len(extra), 0, 0, 0, 0, 2**32 - 1
            ) + name + extra
        count, start, size = len(archive.infolist()), len(body), len(directory)
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, start + size, 1)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    target.write_bytes(body + directory + record + locator + end)


def write_wheel():
    """A wheel with members packed in every way that deflate knows: dynamic and fixed codes, stored blocks, none."""
    WHEEL.parent.mkdir(parents=True, exist_ok=True)
    squares = bytes(i * i % 251 for i in range(100_000))
    noise = torch.randint(0, 256, (5_000,), generator=torch.Generator().manual_seed(2)).to(torch.uint8).numpy().tobytes()
    with zipfile.ZipFile(WHEEL, "w") as wheel:
        for name, data, method in [
            ("package/__init__.py", b"", zipfile.ZIP_STORED), ("package/weights.pth", squares, zipfile.ZIP_DEFLATED),
            ("package/noise", noise, zipfile.ZIP_DEFLATED), ("package/short", b"abcabcabc", zipfile.ZIP_DEFLATED),
        ]:
            wheel.writestr(zipfile.ZipInfo(name), data, method)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    state = weights()

    torch.save(state, FOLDER / "zip.pth")
    torch.save(state, FOLDER / "pickle.pth", _use_new_zipfile_serialization=False)
    plain = OrderedDict((n, t) for n, t in state.items() if n != "empty")  # torch 0.1 had no empty tensors with a shape
    write_tar(plain, FOLDER / "tar.pth")
    for name, expected in [("zip", state), ("pickle", state), ("tar", plain)]:
        assert same(torch.load(FOLDER / f"{name}.pth", weights_only=False), expected), name

    contiguous = {n: t.detach().clone(memory_format=torch.contiguous_format) for n, t in state.items()}
    save_file(contiguous, FOLDER / "all.safetensors", metadata={"made by": 'checkpoints.py "golden"'})
    assert same(load_file(FOLDER / "all.safetensors"), contiguous)

    small = OrderedDict(weight=torch.tensor([[1.0, 2.0]]), bias=torch.tensor([3.0]))
    training = {
        "epoch": 3, "arch": "resnet", "best": 0.75, "done": False, "nothing": None, "lrs": [0.1, 0.01],
        "state_dict": small, "optimizer": {"state": {0: {"step": 5}}, "param_groups": [{"lr": 1e-5, "betas": (0.8, 0.999)}]},
    }
    torch.save(training, FOLDER / "nested.pth")
    torch.save({"model": small, "state_dict": small}, FOLDER / "ambiguous.pth")
    torch.save({"epoch": 3}, FOLDER / "no-tensors.pth")
    torch.save(torch.nn.Linear(2, 1), FOLDER / "whole-model.pth")
    torch.save([torch.ones(2)], FOLDER / "list.pth")
    torch.save({"x": torch.ones(2, dtype=torch.complex64)}, FOLDER / "complex.pth")
    torch.save(torch.nn.Linear(2, 1).state_dict(), FOLDER / "linear.pth")
    base = torch.arange(100, dtype=torch.float32)
    torch.save({"huge": base[:1].expand(1_000_000, 1_000_000)}, FOLDER / "expanded-beyond-measure.pth")
    write_zip64(FOLDER / "zip.pth", FOLDER / "zip64.pth")
    assert same(torch.load(FOLDER / "zip64.pth", weights_only=True), state)
    (FOLDER / "python2.pth").write_bytes(python2_lite())
    assert torch.load(FOLDER / "python2.pth")["weight"].tolist() == [1.5, -2.0, 0.25]
    with zipfile.ZipFile(FOLDER / "zip.pth") as source, zipfile.ZipFile(
        FOLDER / "deflated.pth", "w", zipfile.ZIP_DEFLATED
    ) as target:
        for member in source.infolist():
            target.writestr(zipfile.ZipInfo(member.filename), source.read(member), zipfile.ZIP_DEFLATED)

    class Attack:
        def __reduce__(self):
            import os
            return os.system, ("true",)

    torch.save({"weight": torch.ones(1), "attack": Attack()}, FOLDER / "attack.pth")

    write_wheel()
    golden = {"versions": {"torch": torch.__version__, "safetensors": safetensors.__version__}, "tensors": values(state)}
    if LITE0.exists():
        lite0 = torch.load(LITE0, weights_only=True)
        golden["lite0"] = {
            "count": len(lite0),
            "elements": sum(t.numel() for t in lite0.values()),
            "sums": {n: t.double().sum().item() for n, t in list(lite0.items())[::37]},
            "sumOfSquares": sum(t.double().square().sum().item() for t in lite0.values()),
        }
    (FOLDER / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
