#!/usr/bin/python3
"""Writes tests/data/fixtures/: arrays by NumPy, IDX files by NumPy and gzip, splits by a Philox of its own.

Every array counts: element k of the row-major order is 3 k - 5 (floats: 1.5 k - 3; bytes: 7 k mod 251).
"""
import gzip
import math
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).parent / "fixtures"


def counting(shape, dtype):
    k = np.arange(math.prod(shape)).reshape(shape)
    kind = np.dtype(dtype).kind
    values = {"f": 1.5 * k - 3, "i": 3 * k - 5, "u": 7 * k % 251, "b": k % 3 == 0}[kind]
    return values.astype(dtype)


def write_npy():
    folder = OUT / "npy"
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape, dtype in [
        ("f4", (2, 3, 4), "<f4"), ("f8", (2, 3, 4), "<f8"), ("u1", (24,), "u1"), ("i4", (4, 6), "<i4"),
        ("i8", (24,), "<i8"), ("bool", (4, 6), "?"), ("i1", (24,), "i1"), ("i2", (24,), "<i2"),
        ("u2", (24,), "<u2"), ("u4", (24,), "<u4"), ("u8", (24,), "<u8"), ("f4_big", (2, 3, 4), ">f4"),
        ("f8_big", (2, 3, 4), ">f8"), ("i2_big", (24,), ">i2"), ("scalar", (), "<f8"), ("empty", (0, 3), "<f4"),
        ("axes8", (1, 2, 1, 3, 1, 2, 1, 2), "<f4"),
    ]:
        np.save(folder / f"{name}.npy", counting(shape, dtype))
    np.save(folder / "i8_fortran.npy", np.asfortranarray(counting((2, 3, 4), "<i8")))
    np.save(folder / "f4_fortran_big.npy", np.asfortranarray(counting((4, 6), ">f4")))
    for version in [(2, 0), (3, 0)]:
        with open(folder / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, counting((2, 3, 4), "<f4"), version=version)
    np.save(folder / "refused_object.npy", np.array([1, None], dtype=object))
    np.save(folder / "refused_structured.npy", np.zeros(3, dtype=[("a", "<f4"), ("b", "<i4")]))
    np.save(folder / "refused_complex.npy", np.zeros(3, dtype="<c8"))
    np.save(folder / "refused_half.npy", np.zeros(3, dtype="<f2"))
    np.save(folder / "refused_text.npy", np.array(["a", "bc"]))


def idx(array):
    array = np.asarray(array, np.uint8)
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_idx():
    folder = OUT / "idx"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train-images-idx3-ubyte").write_bytes(idx(counting((6, 4, 3), "u1")))
    (folder / "train-labels-idx1-ubyte").write_bytes(idx([2, 0, 1, 1, 0, 2]))
    for name, array in [("t10k-images-idx3-ubyte.gz", counting((3, 4, 3), "u1")),
                        ("t10k-labels-idx1-ubyte.gz", [1, 2, 0])]:
        (folder / name).write_bytes(gzip.compress(idx(array), mtime=0))


def philox4x32(counter, key):
    """Salmon, Moraes, Dror and Shaw (2011), 10 rounds."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def fnv1a(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    return h


def split(labels, fraction, seed):
    """Held-out indices: shuffle all, then take each class's quota in the shuffled order."""
    key = ((seed ^ seed >> 32) & 0xFFFFFFFF, fnv1a("split"))
    order = list(range(len(labels)))
    for i in range(len(order) - 1, 0, -1):
        j = philox4x32((i // 4, 0, 0, 0), key)[i % 4] * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    classes = sorted(set(labels))
    shares = {c: fraction * labels.count(c) for c in classes}
    quota = {c: math.floor(shares[c]) for c in classes}
    left = math.floor(fraction * len(labels) + 0.5) - sum(quota.values())
    for c in sorted(classes, key=lambda c: (quota[c] - shares[c], c))[:left]:
        quota[c] += 1
    held_out = []
    for i in order:
        if quota[labels[i]]:
            quota[labels[i]] -= 1
            held_out.append(i)
    return sorted(held_out)


def folds(labels, count, stratified, seed, repeat):
    """The fold of each sample: all shuffled, then each class in turn dealt out, going on where the last one ended."""
    key = ((seed ^ seed >> 32) & 0xFFFFFFFF, fnv1a("folds"))
    order = list(range(len(labels)))
    for i in range(len(order) - 1, 0, -1):
        j = philox4x32((i // 4, 0, repeat, 0), key)[i % 4] * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    if stratified:
        order.sort(key=lambda i: labels[i])  # stable
    fold_of = [0] * len(labels)
    for place, i in enumerate(order):
        fold_of[i] = place % count
    return fold_of


def write_folds():
    labels = [(i * i + 3 * i) % 7 % 4 for i in range(60)]
    with open(OUT / "folds.txt", "w") as file:
        for count, stratified, seed, repeat in [(5, 1, 0, 0), (5, 1, 0, 1), (7, 1, 2**40 + 3, 0), (4, 0, 9, 2), (60, 0, 1, 0)]:
            rows = folds(labels, count, stratified, seed, repeat)
            print(count, stratified, seed, repeat, *rows, file=file)


def write_splits():
    """label i is (i i + 3 i) mod 7 mod 4, for i < 60; a line: fraction, seed, held-out indices."""
    labels = [(i * i + 3 * i) % 7 % 4 for i in range(60)]
    with open(OUT / "splits.txt", "w") as file:
        for fraction, seed in [(0.2, 0), (0.2, 1), (0.25, 12345678901234), (0.5, 7), (0.9, 3)]:
            print(fraction, seed, *split(labels, fraction, seed), file=file)


write_npy()
write_idx()
write_splits()
write_folds()
