#!/usr/bin/env python3
"""What the arithmetic coder of compressed networks is worth: the bytes of the codes in a model.pbw against zstd's of the
same codes.

    bench/model_coder.py RUN/seed-0

RUN has hard thresholds, as configs/lenet_haar.yaml. The codes come from best.safetensors and the steps in model.pbw, as
src/train/MODEL.md tells. zstd takes each layout of them that it may like: a byte a code; which are not 0 (a bit each), then
those; distances between those that are not 0, then those.
"""
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np

ZSTD = {
    "zstd -19": ["-19"],
    "zstd -19 --long=27": ["-19", "--long=27"],
    "zstd --ultra -22 --long=27": ["--ultra", "-22", "--long=27"],
}


def tensors(path):
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    head = json.loads(data[8 : 8 + size])
    head.pop("__metadata__", None)
    for name, t in head.items():
        begin, end = t["data_offsets"]
        yield name, np.frombuffer(data[8 + size + begin : 8 + size + end], "<f4").reshape(t["shape"])


def steps_and_bytes(path):
    """The steps of a file whose stages learned nothing before training, and how many bytes its codes take."""
    data = path.read_bytes()
    packed, _, count = struct.unpack_from("<3I", data, 8)
    at = 20 + packed
    return np.frombuffer(data[at : at + 4 * count], "<f4"), len(data) - 8 - (at + 4 * count)


def thresholded(coefficients, settings, parts):
    c = coefficients.copy()
    for i, part in enumerate(parts):
        own = c[:, part["offset"] : part["offset"] + part["count"]]
        own[np.abs(own) <= settings[0, i]] = 0
    return c


def codes_of(folder):
    """All codes one after another, and the bytes that they take in the file."""
    steps, size = steps_and_bytes(folder / "model.pbw")
    layers = json.loads((folder.parent / "weights" / "layers.json").read_text())
    parts = {layer["layer"]: layer["parts"] for layer in layers}
    if any(layer["kind"] != "hard" for layer in layers):
        sys.exit(f"{folder}: its thresholds are not hard")
    all_tensors = dict(tensors(folder / "best.safetensors"))
    names = [name for name in all_tensors if not name.endswith(".settings")]
    if len(names) != len(steps):
        sys.exit(f"{folder}: {len(names)} parameters, but {len(steps)} steps in model.pbw")
    codes = []
    for name, step in zip(names, steps.astype(float)):
        numbers = all_tensors[name]
        layer, _, what = name.rpartition(".")
        if what == "coefficients":
            numbers = thresholded(numbers, all_tensors[layer + ".settings"], parts[layer])
        ratio = numbers.ravel().astype(float) / step if step > 0 else np.zeros(numbers.size)
        code = (np.sign(ratio) * np.floor(np.abs(ratio) + 0.5)).astype(int)
        if np.abs(code).max() > 127 or np.abs(ratio - code).max() > 0.51:
            sys.exit(f"{folder}: {name} and its step in model.pbw do not belong together, or a code needs two bytes")
        codes.append(code)
    return np.concatenate(codes), size


def layouts(codes):
    kept = np.flatnonzero(codes)
    values = codes[kept].astype(np.int8).tobytes()
    gaps = np.diff(kept, prepend=-1) - 1
    distances = b"".join(bytes([255] * (gap // 255) + [gap % 255]) for gap in gaps.tolist())
    return {
        "a byte a code": codes.astype(np.int8).tobytes(),
        "bits, then codes": np.packbits(codes != 0).tobytes() + values,
        "distances, then codes": distances + values,
    }


def main():
    codes, size = codes_of(Path(sys.argv[1]))
    print(f"{len(codes)} codes, {np.count_nonzero(codes)} not 0")
    print(f"{'arithmetic coder':50} {size:7}")
    for layout, data in layouts(codes).items():
        for name, options in ZSTD.items():
            packed = subprocess.run(["zstd", "-q", "-c", "--no-check", *options], input=data, stdout=subprocess.PIPE, check=True)
            print(f"{name + ', ' + layout:50} {len(packed.stdout):7}  {len(packed.stdout) / size:.2f} times")


if __name__ == "__main__":
    main()
