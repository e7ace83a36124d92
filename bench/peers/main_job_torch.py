#!/usr/bin/python3
"""The main job of configs/no_bands.yaml in PyTorch, timed: prints one JSON object.

It is given what helps it: transforms done before, all data as tensors in memory, one index_select a batch, gradients
set to None, no value read back within an epoch, and the fastest of its settings (threads, MKL-DNN, the optimiser's
foreach), found by a trial of each.
"""
import gzip
import os
import sys
from pathlib import Path

import numpy as np
import scipy.fft
import torch
from torch import nn

import torch_peer

BATCH, KEEP, VALIDATION = 128, 16, 0.2


def find_folder(name):
    """Where passband looks for data sets."""
    places = [os.environ.get("PASSBAND_DATA"), Path.home() / ".local/share/passband", "/usr/share/datasets"]
    for place in places:
        if place and (Path(place) / name).is_dir():
            return Path(place) / name
    sys.exit(f"{name} is in none of {', '.join(str(p) for p in places if p)}")


def read_idx(folder, stem):
    """An IDX file of unsigned bytes, raw or gzipped, as an array."""
    for path, opener in ((folder / stem, open), (folder / f"{stem}.gz", gzip.open)):
        if path.exists():
            with opener(path, "rb") as file:
                raw = file.read()
            axes = raw[3]
            shape = [int.from_bytes(raw[4 + 4 * a : 8 + 4 * a], "big") for a in range(axes)]
            return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)
    sys.exit(f"{folder}: there is no {stem}")


def coefficients(images):
    """[n, 28, 28] bytes -> [n, 1, 256]: the low-frequency corner of the orthonormal DCT of x / 255 - 0.5."""
    pixels = images.astype(np.float32) / 255 - 0.5
    corner = scipy.fft.dctn(pixels, axes=(1, 2), norm="ortho")[:, :KEEP, :KEEP]
    return torch.from_numpy(np.ascontiguousarray(corner.reshape(-1, 1, KEEP * KEEP)))


def load(name):
    folder = find_folder(name)
    train_x, test_x = (coefficients(read_idx(folder, f"{part}-images-idx3-ubyte")) for part in ("train", "t10k"))
    train_y, test_y = (
        torch.from_numpy(read_idx(folder, f"{part}-labels-idx1-ubyte").astype(np.int64)) for part in ("train", "t10k")
    )
    kept = len(train_x) - int(VALIDATION * len(train_x))
    return train_x[:kept], train_y[:kept], test_x, test_y


def make_network():
    return nn.Sequential(
        nn.Conv1d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
        nn.Flatten(), nn.Linear(32 * KEEP * KEEP // 4, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def make_job(data, settings):
    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, foreach=settings["foreach"])

    return torch_peer.Job(data, make_network, sgd, BATCH)


def main():
    options = torch_peer.arguments(__doc__.splitlines()[0], 3, ("fashion-mnist", "name of a data set"))
    data = load(options.data)
    axes = {"threads": options.threads, "mkldnn": (True, False), "foreach": (True, False)}
    torch_peer.run(options, {"no_bands": lambda settings: make_job(data, settings)}, {"no_bands": axes}, steps=25)


if __name__ == "__main__":
    main()
