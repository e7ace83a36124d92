#!/usr/bin/python3
"""ONNX models evaluated with NumPy, after the operators' specification: the other side of the tests of exports.

    onnx_numpy.py cases FOLDER              every NAME.onnx in it, on NAME.in, gives NAME.out (raw float64)
    onnx_numpy.py logits MODEL X Y LOGITS   MODEL gives LOGITS (.npy, float32) for the samples of X.npy, whatever the
                                            size of a batch, and the same classes

Exits with 77 where python3-onnx is not installed."""
import glob
import os
import sys

import numpy as np

try:
    import onnx
    from onnx import numpy_helper
except ImportError:
    print("ONNX is not installed (apt-get install python3-onnx)")
    sys.exit(77)

np.seterr(all="ignore")


def windows(x, kernel, strides, pads, fill):
    """x [N, C, H, W] -> [N, C, H', W', kh, kw]"""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, :: strides[0], :: strides[1]]


def conv(x, w, kernel_shape, strides, pads):
    assert list(w.shape[2:]) == list(kernel_shape)
    return np.einsum("nchwij,ocij->nohw", windows(x, kernel_shape, strides, pads, 0), w, optimize=True)


def max_pool(x, kernel_shape, strides, pads):
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return windows(x, kernel_shape, strides, pads, least).max(axis=(4, 5))


def pad(x, pads):
    n = len(pads) // 2
    return np.pad(x, [(pads[i], pads[n + i]) for i in range(n)]) if n else x


def cut(x, starts, ends, axes=None):
    at = [slice(None)] * x.ndim
    for start, end, axis in zip(starts, ends, range(x.ndim) if axes is None else axes):
        at[axis] = slice(start, end)
    return x[tuple(at)]


def scatter(x, index, updates, axis, reduction):
    assert reduction == b"add" and axis == 1 and index.min() >= 0 and index.max() < x.shape[1]
    y = x.copy()
    np.add.at(y, (np.arange(len(x))[:, None], index), updates)
    return y


def arg_max(x, axis, keepdims, select_last_index):
    assert keepdims == 1 and select_last_index == 0
    return np.expand_dims(np.argmax(x, axis), axis).astype(np.int64)


def gemm(a, b, transA=0, transB=0):
    assert a.ndim == 2 and b.ndim == 2
    return (a.T if transA else a) @ (b.T if transB else b)


def expand(x, shape):
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape)))


def reshape(x, shape):
    assert 0 not in shape
    return x.reshape(tuple(shape))


OPERATORS = {
    "Abs": np.abs, "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Neg": np.negative,
    "Max": np.maximum, "Min": np.minimum, "Sign": np.sign, "Exp": np.exp, "Log": np.log, "Sqrt": np.sqrt,
    "Sin": np.sin, "Cos": np.cos, "Tanh": np.tanh, "Floor": np.floor, "Less": np.less, "Equal": np.equal,
    "Greater": np.greater, "Where": np.where, "MatMul": np.matmul, "Identity": lambda x: x,
    "Relu": lambda x: np.maximum(x, np.zeros_like(x)), "Conv": conv, "MaxPool": max_pool, "Pad": pad, "Slice": cut,
    "ScatterElements": scatter, "ArgMax": arg_max, "Gemm": gemm, "Expand": expand, "Reshape": reshape,
    "Cast": lambda x, to: x.astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[to]),
    "Transpose": lambda x, perm: x.transpose(perm),
    "Concat": lambda *parts, axis: np.concatenate(parts, axis),
    "Gather": lambda x, index, axis: np.take(x, index, axis),
    "GatherElements": lambda x, index, axis: np.take_along_axis(x, index, axis),
    "Shape": lambda x: np.array(x.shape, np.int64),
    "ReduceSum": lambda x, axes, keepdims: x.sum(tuple(axes), keepdims=bool(keepdims), dtype=x.dtype),
    "ReduceMax": lambda x, axes, keepdims: x.max(tuple(axes), keepdims=bool(keepdims)),
}


def load(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.input) == 1 and len(model.graph.output) == 1, path
    return model


def evaluate(model, x):
    """The output, for the input x."""
    graph = model.graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    values[graph.input[0].name] = x
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        y = OPERATORS[node.op_type](*[values[name] for name in node.input], **attributes)
        assert node.output[0] not in values, node.output[0]
        values[node.output[0]] = np.asarray(y)
    y = values[graph.output[0].name]
    kind = graph.output[0].type.tensor_type
    assert y.dtype == onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[kind.elem_type], y.dtype
    for extent, dim in list(zip(y.shape, kind.shape.dim))[1:]:
        assert extent == dim.dim_value, (y.shape, kind.shape)
    return y


def shaped(values, kind, rows):
    """Numbers as the input or output that is described; the first extent is free."""
    dtype = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[kind.elem_type]
    shape = [d.dim_value for d in kind.shape.dim]
    return values.astype(dtype).reshape([rows] + shape[1:] if shape else [])


def check_case(path):
    model = load(path)
    x, wanted = (np.fromfile(path[:-5] + ending) for ending in (".in", ".out"))
    y = evaluate(model, shaped(x, model.graph.input[0].type.tensor_type, -1))
    wanted = shaped(wanted, model.graph.output[0].type.tensor_type, -1)
    assert y.shape == wanted.shape, (y.shape, wanted.shape)
    np.testing.assert_allclose(y, wanted, rtol=2e-5, atol=2e-5)


def check_cases(folder):
    paths = sorted(glob.glob(os.path.join(folder, "*.onnx")))
    failed = 0
    for path in paths:
        try:
            check_case(path)
        except Exception as e:
            failed += 1
            print(f"{os.path.basename(path)}: {type(e).__name__}: {e}")
    print(f"{len(paths) - failed} of {len(paths)} models agree")
    assert paths and not failed


def check_logits(path, samples, labels, logits):
    model = load(path)
    x, y, wanted = np.load(samples), np.load(labels), np.load(logits)
    assert len(x) == len(y) == len(wanted)
    for batch in (min(len(x), 1000), 1, 7):
        found = np.concatenate([evaluate(model, x[i : i + batch]) for i in range(0, len(x), batch)])
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
        assert (found.argmax(1) == wanted.argmax(1)).all()
    print(f"largest difference {np.abs(found - wanted).max():.2g} of logits up to {np.abs(wanted).max():.3g}")
    print(f"{path}: {len(x)} samples, {(found.argmax(1) == y).mean():.4f} of them classified correctly")


if sys.argv[1] == "cases":
    check_cases(sys.argv[2])
else:
    check_logits(*sys.argv[2:6])
