#!/usr/bin/python3
"""safetensors by NumPy, written from the format's description alone: the other side of safetensors_test.c.

    read_safetensors.py check FILE   asserts what safetensors_test.c wrote
    read_safetensors.py write FILE   writes what safetensors_test.c expects to read
"""
import json
import struct
import sys

import numpy as np

DTYPES = {"F32": "<f4", "I32": "<i4", "U8": "u1"}


def load(path):
    raw = open(path, "rb").read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    data = raw[8 + length :]
    notes = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
        arrays[name] = flat.reshape(entry["shape"])
    assert sum(a.nbytes for a in arrays.values()) == len(data)
    return arrays, notes


def check(path):
    arrays, notes = load(path)
    assert list(arrays) == ["weight", "scalar", "steps", "pixels"], list(arrays)
    assert np.array_equal(arrays["weight"], np.arange(6, dtype="f4").reshape(2, 3) / 4 - 1)
    assert arrays["scalar"].shape == () and arrays["scalar"] == np.float32(0.1)
    assert arrays["steps"].dtype == np.int32 and list(arrays["steps"]) == [-1, 2147483647]
    assert list(arrays["pixels"]) == [0, 127, 255]
    assert notes == {"epoch": "3", "quote": 'a "b"\n'}, notes


def write(path):
    arrays = {"b": np.array([[1.5], [-2.5]], "<f4"), "a": np.array([7, 8, 9], "<i4")}
    header, offset = {"__metadata__": {"by": "numpy"}}, 0
    for name, array in arrays.items():
        dtype = {"<f4": "F32", "<i4": "I32"}[array.dtype.str]
        end = offset + array.nbytes
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            out.write(array.tobytes())


{"check": check, "write": write}[sys.argv[1]](sys.argv[2])
