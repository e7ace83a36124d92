#!/usr/bin/python3
"""Writes tests/data/fixtures/mnist1d/: samples and statistics of mnist1d by NumPy and SciPy, and the random numbers
that NumPy's legacy stream gives. With a folder as argument it first compares what it generates by default with the
published arrays x.npy, y.npy, x_test.npy and y_test.npy there.

The procedure: Greydanus and Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024.
"""
import pathlib
import sys

import numpy as np
from scipy.ndimage import gaussian_filter

OUT = pathlib.Path(__file__).parent / "fixtures" / "mnist1d"
DEFAULTS = dict(num_samples=5000, train_split=0.8, template_len=12, padding=(36, 60), scale_coeff=0.4,
                max_translation=48, corr_noise_scale=0.25, iid_noise_scale=0.02, shear_scale=0.75,
                shuffle_seq=False, final_seq_length=40, seed=42)
PEN = np.array([
    [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
    [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
    [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
    [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
    [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
    [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
    [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
    [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
])


def templates():
    white = PEN - PEN.mean(1, keepdims=True)
    white /= white.std(1, keepdims=True)
    return (white - white[:, :1]) / 6.0


def resample(signal, count):
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(signal)), signal)


def sample(template, o, rng):
    low, high = o["padding"]
    zeros = np.zeros(low + int(rng.rand() * (high - low + 1)))
    x = resample(np.concatenate([template + 1e-8, zeros]), o["template_len"] + high)
    x = x * (1 + o["scale_coeff"] * (rng.rand() - 0.5))
    shift = rng.choice(o["max_translation"])
    if shift <= len(x):
        x = np.roll(x, shift)
    digit = x != 0
    noise = gaussian_filter(o["corr_noise_scale"] * rng.randn(len(x)), 2)
    x = digit * x + (1 - digit) * noise
    x = x + o["iid_noise_scale"] * rng.randn(len(x))
    slope = o["shear_scale"] * (rng.rand() - 0.5)
    return resample(x - slope * np.linspace(-0.5, 0.5, len(x)), o["final_seq_length"])


def generate(**options):
    """x, y, x_test, y_test."""
    o = DEFAULTS | options
    rng = np.random.RandomState(o["seed"])
    each = o["num_samples"] // 10
    x = np.stack([sample(t, o, rng) for t in templates() for _ in range(each)])
    order = rng.permutation(10 * each)
    x, y = x[order], np.repeat(np.arange(10), each)[order]
    if o["shuffle_seq"]:
        x = x[:, rng.permutation(o["final_seq_length"])]
    x = (x - x.mean()) / x.std()
    split = int(len(y) * o["train_split"])
    return x[:split], y[:split], x[split:], y[split:]


# Name, rows kept of the training and of the test part (None: all), options; tests/data/mnist1d_test.c has the same.
CASES = [
    ("published", 40, 10, {}),
    ("small", None, None, dict(num_samples=50, seed=7)),
    ("large", 15, 10, dict(num_samples=10000)),
    ("shuffled", None, None, dict(num_samples=39, seed=2**32 - 1, shuffle_seq=True)),
    ("strong", None, None, dict(num_samples=60, train_split=0.55, template_len=20, padding=(0, 7), scale_coeff=1.5,
                                max_translation=40, corr_noise_scale=0.5, iid_noise_scale=0.1, shear_scale=2.0,
                                final_seq_length=13, seed=0)),
    ("clean", None, None, dict(num_samples=20, scale_coeff=0.0, max_translation=1, corr_noise_scale=0.0,
                               iid_noise_scale=0.0, shear_scale=0.0, padding=(36, 36), final_seq_length=72, seed=3)),
    ("tiny", None, None, dict(num_samples=20, template_len=2, padding=(0, 0), max_translation=3,
                              final_seq_length=1, seed=11)),
    # Points of the stretched signal fall on those of the padded one but for rounding, which decides what gets noise.
    ("aligned", None, None, dict(num_samples=40, padding=(4, 49), final_seq_length=31, seed=5)),
]


def write_cases():
    for name, train_rows, test_rows, options in CASES:
        folder = OUT / name
        folder.mkdir(parents=True, exist_ok=True)
        x, y, x_test, y_test = generate(**options)
        for file, array, rows in [("x", x, train_rows), ("y", y, train_rows), ("x_test", x_test, test_rows),
                                  ("y_test", y_test, test_rows)]:
            np.save(folder / f"{file}.npy", np.ascontiguousarray(array[:rows]))


def write_stream():
    """1000 uniform numbers, 401 normal ones, 100 each of choice(48), choice(1) and choice(3), permutation(100), a
    uniform number."""
    rng = np.random.RandomState(42)
    parts = [rng.rand(1000), rng.randn(401), [rng.choice(n) for n in (48, 1, 3) for _ in range(100)],
             rng.permutation(100), [rng.rand()]]
    np.save(OUT / "stream.npy", np.concatenate(parts))


def compare_published(folder):
    for file, array in zip(["x", "y", "x_test", "y_test"], generate()):
        published = np.load(pathlib.Path(folder) / f"{file}.npy")
        assert published.shape == array.shape, file
        difference = np.abs(published - array).max()
        print(f"{file}: {difference:g} at most from what is published")
        assert difference <= (0 if file.startswith("y") else 1e-14)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        compare_published(sys.argv[1])
    write_cases()
    write_stream()
