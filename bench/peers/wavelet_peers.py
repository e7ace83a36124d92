"""The wavelet transform of images by PyWavelets and by convolutions of PyTorch, timed: a peer of `passband bench ops`.

    wavelet_peers.py [--images 60000] [--blocks 5]                 measures, prints JSON
    wavelet_peers.py compare FOLDER ROUNDS                         tells how many times as fast ours is, from files

Both transform float32 images of 28 x 28 that lie in memory, db2, 2 levels, symmetric extension. PyTorch's coefficients must be
PyWavelets' before anything is timed. Each is tried in several ways, a block of each in turn, and the fastest is told.
"""
import argparse
import itertools
import json
import statistics
import sys
import time
from pathlib import Path

WAVELET, LEVELS, MODE, SIDE = "db2", 2, "symmetric", 28
WANTED = {"PyWavelets": 3.0, "PyTorch": 2.0}


def pywavelets(x, images_last):
    """PyWavelets along the first two axes of [28, 28, n] or the last two of [n, 28, 28]."""
    import pywt

    axes = (0, 1) if images_last else (-2, -1)
    return pywt.wavedec2(x, WAVELET, MODE, LEVELS, axes)


class Convolutions:
    """Levels as convolutions with stride 2 of planes that were extended before."""

    def __init__(self, torch):
        import pywt

        self.torch = torch
        wavelet = pywt.Wavelet(WAVELET)
        # Convolution in PyTorch is correlation, so filters lie mirrored.
        low, high = (torch.tensor(f[::-1], dtype=torch.float32) for f in (wavelet.dec_lo, wavelet.dec_hi))
        self.taps = len(low)
        # [approximation, across rows (cH), across columns (cV), both (cD)]: the first factor goes down the rows
        pairs = ((low, low), (high, low), (low, high), (high, high))
        self.planes = torch.stack([torch.outer(down, right) for down, right in pairs])[:, None]
        self.down = torch.stack([low, high])[:, None, :, None]
        self.right = torch.stack([low, high])[:, None, None, :]

    def extended(self, x):
        """Mirrored at both ends of both axes, the ends repeated."""
        torch, side = self.torch, x.shape[-1]
        width = self.taps - 2
        length = (side + self.taps - 1) // 2
        index = torch.arange(-width, 2 * length - width + self.taps - 2) % (2 * side)
        index = torch.minimum(index, 2 * side - 1 - index)
        return x.index_select(2, index).index_select(3, index)

    def level(self, x, separable):
        convolve = self.torch.nn.functional.conv2d
        x = self.extended(x)
        if not separable:
            return convolve(x, self.planes, stride=2)
        n = x.shape[0]
        y = convolve(x, self.right, stride=(1, 2))  # [n, 2, ...]: low, high along the rows
        y = convolve(y.reshape(2 * n, 1, *y.shape[2:]), self.down, stride=(2, 1))
        return y.reshape(n, 4, *y.shape[2:])  # low or high along the rows, then down the columns

    def __call__(self, x, separable, rows):
        """Coefficients as pywt.wavedec2 lists them, `rows` images at a time."""
        chunks = []
        for part in x.split(rows):
            fine = self.level(part, separable)
            coarse = self.level(fine[:, :1], separable)
            chunks.append((coarse, fine))
        coarse, fine = (self.torch.cat([c[i] for c in chunks]) if len(chunks) > 1 else chunks[0][i] for i in (0, 1))
        return [coarse[:, 0], tuple(coarse[:, 1:].unbind(1)), tuple(fine[:, 1:].unbind(1))]


def flat(coefficients):
    """All arrays of a wavedec2 in its order."""
    return [coefficients[0], *(a for level in coefficients[1:] for a in level)]


def check(np, found, wanted, who):
    for a, b in zip(found, wanted, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or np.abs(a - b).max() > 1e-5 * np.abs(b).max():
            sys.exit(f"wavelet_peers: {who} has other coefficients than PyWavelets: nothing to time")


def seconds(job):
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def measure(images, blocks):
    import numpy as np
    import torch

    x = np.random.default_rng(0).standard_normal((images, SIDE, SIDE), dtype=np.float32)
    last = np.ascontiguousarray(x.transpose(1, 2, 0))
    tensor = torch.from_numpy(x)[:, None]
    convolutions = Convolutions(torch)
    some = flat(pywavelets(x[:100], False))
    check(np, [a.transpose(2, 0, 1) for a in flat(pywavelets(last[..., :100], True))], some, "[28, 28, n]")
    jobs = {"PyWavelets": {}, "PyTorch": {}}
    jobs["PyWavelets"]["[n, 28, 28]"] = lambda: pywavelets(x, False)
    jobs["PyWavelets"]["[28, 28, n]"] = lambda: pywavelets(last, True)

    def by_torch(threads, mkldnn, separable, rows):
        torch.set_num_threads(threads)
        with torch.no_grad(), torch.backends.mkldnn.flags(enabled=mkldnn):
            return convolutions(tensor, separable, rows)

    for way in itertools.product((1, 2), (True, False), (True, False), (1000, images)):
        name = "{} threads, MKL-DNN {}, separable {}, {} images at a time".format(*way)
        jobs["PyTorch"][name] = lambda way=way: by_torch(*way)
    with torch.no_grad():
        for separable, rows in itertools.product((True, False), (30, 100)):
            check(np, flat(convolutions(tensor[:100], separable, rows)), some, "PyTorch")

    result = {}
    for who, ways in jobs.items():  # one pass to warm up, then those that are within twice the fastest
        first = {name: seconds(job) for name, job in ways.items()}
        good = [name for name in ways if first[name] < 2 * min(first.values())]
        times = {name: [] for name in good}
        for _ in range(blocks):
            for name in good:
                times[name].append(seconds(ways[name]))
        best = min(good, key=lambda name: statistics.median(times[name]))
        result[who] = {"seconds": statistics.median(times[best]), "way": best}
    return result


def compare(folder, rounds):
    ours, peers, ways = [], {who: [] for who in WANTED}, {}
    for i in range(1, rounds + 1):
        rows = json.loads((folder / f"wavelets-ours-{i}.json").read_text())["results"][0]["rows"]
        ours.append(next(r for r in rows if r["name"].startswith("wavedec2"))["value"] / 1e3)
        found = json.loads((folder / f"wavelets-peers-{i}.json").read_text())
        for who in WANTED:
            peers[who].append(found[who]["seconds"])
            ways[who] = found[who]["way"]
    mine, missed = statistics.median(ours), False
    print(f"{'':12} {'seconds':>9} {'times as fast':>14} {'wanted':>7}   the fastest way of it")
    print(f"{'passband':12} {mine:9.4f}")
    for who, wanted in WANTED.items():
        theirs = statistics.median(peers[who])
        missed |= theirs / mine < wanted
        print(f"{who:12} {theirs:9.4f} {theirs / mine:14.2f} {wanted:7.1f}   {ways[who]}")
    sys.exit(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["compare"]:
        compare(Path(sys.argv[2]), int(sys.argv[3]))
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=60000)
    parser.add_argument("--blocks", type=int, default=3)
    given = parser.parse_args()
    json.dump(measure(given.images, given.blocks), sys.stdout, indent=1)
