#!/usr/bin/python3
"""The main job of configs/no_bands.yaml in PyTorch, timed: prints one JSON object.

Run it as Debian's /usr/bin/python3 with OPENBLAS_NUM_THREADS=1 in the environment (bench/run does); left alone,
OpenBLAS and PyTorch both start threads and get into each other's way.

It is given what helps it: transforms done before, all data as tensors in memory, one index_select a batch, gradients
set to None, no value read back within an epoch, and the fastest of its settings (threads, MKL-DNN, the optimiser's
foreach), found by a trial of each.
"""
import argparse
import gzip
import itertools
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import scipy
import scipy.fft
import torch
from torch import nn

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


def blas():
    """The BLAS library that this process uses; PyTorch's matrix products are as fast as that is."""
    names = ("libblas", "libopenblas")
    maps = Path("/proc/self/maps").read_text().splitlines()
    paths = {line.split()[-1] for line in maps if line.rsplit("/", 1)[-1].startswith(names)}
    if not any("openblas" in path for path in paths):
        sys.exit(
            f"PyTorch would run on {', '.join(sorted(paths)) or 'no BLAS'}, which makes it slow, so no fair peer; "
            "apt-get install libopenblas0-pthread helps"
        )
    return sorted(paths)


def make_network():
    return nn.Sequential(
        nn.Conv1d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
        nn.Flatten(), nn.Linear(32 * KEEP * KEEP // 4, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


class Job:
    """A network in training."""

    def __init__(self, x, y, foreach):
        torch.manual_seed(0)
        self.x, self.y = x, y
        self.network = make_network()
        self.loss = nn.CrossEntropyLoss()
        self.optimiser = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9, foreach=foreach)

    def steps(self, order, count):
        """Runs `count` steps over the row numbers `order`; the mean loss, as a tensor."""
        total = torch.zeros(())
        for step in range(count):
            rows = order[step * BATCH : (step + 1) * BATCH]
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.loss(self.network(self.x.index_select(0, rows)), self.y.index_select(0, rows))
            loss.backward()
            self.optimiser.step()
            total += loss.detach()
        return total / count

    def epoch(self):
        return self.steps(torch.randperm(len(self.x)), len(self.x) // BATCH)

    def accuracy(self, x, y):
        with torch.no_grad():
            return float((self.network(x).argmax(1) == y).float().mean())


def seconds_of(call, *arguments):
    start = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - start, result


def apply(settings):
    torch.set_num_threads(settings["threads"])
    torch.backends.mkldnn.m.set_flags(settings["mkldnn"])


def trial(x, y, settings, steps=25):
    """Milliseconds of a step in these settings: the median of three short blocks."""
    apply(settings)
    job = Job(x, y, settings["foreach"])
    order = torch.randperm(len(x))
    job.steps(order, 5)
    return 1e3 / steps * statistics.median(seconds_of(job.steps, order, steps)[0] for _ in range(3))


def choose(x, y, threads):
    """The fastest settings, and what each took."""
    every = [
        {"threads": t, "mkldnn": m, "foreach": f}
        for t, m, f in itertools.product(threads, (True, False), (True, False))
    ]
    tried = [{**settings, "ms_per_step": round(trial(x, y, settings), 3)} for settings in every]
    return every[min(range(len(every)), key=lambda i: tried[i]["ms_per_step"])], tried


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--epochs", type=int, default=3, help="epochs to time, after one of warming up")
    parser.add_argument("--settings", help="JSON of threads, mkldnn and foreach: no trial then")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2], help="numbers of threads to try")
    options = parser.parse_args()

    blas()
    x, y, test_x, test_y = load(options.data)
    settings, tried = json.loads(options.settings or "null"), None
    if settings is None:
        settings, tried = choose(x, y, options.threads)
    apply(settings)
    job = Job(x, y, settings["foreach"])
    first_loss = last_loss = float(job.epoch())
    seconds = []
    for _ in range(options.epochs):
        took, loss = seconds_of(job.epoch)
        last_loss = float(loss)
        seconds.append(took)
    steps = len(x) // BATCH
    median = statistics.median(seconds)
    result = {
        "name": "no_bands in PyTorch",
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
        "blas": blas(),
        "settings": settings,
        "openblas_threads": os.environ.get("OPENBLAS_NUM_THREADS"),
        "steps_per_epoch": steps,
        "ms_per_step": 1e3 * median / steps,
        "seconds_per_epoch": median,
        "epoch_seconds": seconds,
        "first_loss": first_loss,
        "last_loss": last_loss,
        "test_accuracy": job.accuracy(test_x, test_y),
    }
    if tried:
        result["tried"] = tried
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
