#!/usr/bin/python3
"""Steps of configs/baseline_mnist1d.yaml and configs/ssc_mnist1d.yaml in PyTorch, timed: prints one JSON object.

--data is a folder that `build/passband data export mnist1d FOLDER num_samples=10000` wrote.

Given what helps it: all data as tensors in memory, one index_select a batch, gradients set to None, no value read back
within an epoch, the variance within classes as two products rather than a loop over classes, and the fastest of its
settings: threads, the optimiser's foreach, and the spectrum by torch.fft.rfft or as a product with a DFT matrix. Before
anything is timed, the loss and its gradients must be those of tests/stage/fixtures/ssc.txt, which passband's own are
held to.
"""
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import torch_peer

FIXTURES = Path(__file__).resolve().parents[2] / "tests/stage/fixtures"
BATCH, POINTS, CLASSES = 128, 40, 10
RATES = {"baseline_mnist1d": (9.53e-3, 1.62e-4), "ssc_mnist1d": (6.28e-3, 1.65e-2)}  # lr, weight decay
WEIGHT = 1.73e-3


def load(folder):
    x, test_x = (torch.from_numpy(np.load(f"{folder}/{name}.npy").astype(np.float32)) for name in ("x", "x_test"))
    y, test_y = (torch.from_numpy(np.load(f"{folder}/{name}.npy").astype(np.int64)) for name in ("y", "y_test"))
    return x.flatten(1).contiguous(), y, test_x.flatten(1).contiguous(), test_y


def make_network():
    return nn.Sequential(nn.Linear(POINTS, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, CLASSES))


class Spectrum:
    """Magnitudes of the frequencies of rows over their 2-norm."""

    def __init__(self, way, dtype=torch.float32):
        self.way = way
        angle = 2 * np.pi / POINTS * np.outer(np.arange(POINTS), np.arange(POINTS // 2 + 1))
        self.basis = torch.tensor(np.hstack([np.cos(angle), np.sin(angle)]), dtype=dtype)

    def __call__(self, rows):
        if self.way == "rfft":
            magnitude = torch.fft.rfft(rows).abs()
        else:
            real, imaginary = (rows @ self.basis).chunk(2, 1)
            magnitude = torch.sqrt(real * real + imaginary * imaginary + 1e-30)
        return magnitude / (magnitude.norm(dim=1, keepdim=True) + 1e-8)


def consistency(spectra, y):
    """Mean over the classes of the batch, mean over frequencies, of the biased variance: with shares s = one hot / n of
    a class it is sum of s P^2 - sum of (s^T P)^2."""
    member = F.one_hot(y, CLASSES).to(spectra.dtype)
    samples = member.sum(0)
    share = member / samples.clamp(min=1)
    squares = share.sum(1, keepdim=True) * spectra * spectra
    sums = squares.sum() - (share.t() @ spectra).square().sum()
    return sums / (samples.clamp(max=1).sum() * spectra.shape[1])


def losses(network, spectrum, x, y):
    """Cross-entropy and consistency; the gradient of the latter passes through a gradient."""
    x.requires_grad_()
    logits = network(x)
    (saliency,) = torch.autograd.grad(logits.gather(1, y[:, None]).sum(), x, create_graph=True)
    return F.cross_entropy(logits, y), consistency(spectrum(saliency), y)


def make_job(data, rates, settings):
    """The network in training, with the term where a spectrum is among the settings."""
    rate, decay = rates

    def adamw(parameters):
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, foreach=settings["foreach"])

    if "spectrum" not in settings:
        return torch_peer.Job(data, make_network, adamw, BATCH)
    spectrum = Spectrum(settings["spectrum"])

    def loss(network, x, y):
        cross_entropy, ssc = losses(network, spectrum, x, y)
        return cross_entropy + WEIGHT * ssc

    return torch_peer.Job(data, make_network, adamw, BATCH, loss)


# ---- is it the same loss? ----


def read_case(name):
    """{key: numbers} of a case of ssc.txt."""
    cases = (FIXTURES / "ssc.txt").read_text().split("case ")
    lines = next(case for case in cases if case.startswith(name + "\n")).splitlines()
    words = [line.split() for line in lines if line.startswith("numbers ")]
    return {w[1]: np.array([float(n) for n in w[3:]]) for w in words}


def require(what, got, wanted, tolerance):
    if not abs(got - wanted) <= tolerance * abs(wanted):
        sys.exit(f"{what} is {got:.9g} and not {wanted:.9g}: this is another loss, so there is nothing to compare")


def check_loss(way):
    """Loss, term and norms of gradients, in float64, of the fixture's step: with the published weight of the term and
    with one that gives it nearly all of the gradient."""
    sys.path.insert(0, str(FIXTURES))
    from make_fixtures import Params, floats

    for name, weight in (("step", WEIGHT), ("heavy_step", 200)):
        wanted, params, network = read_case(name), Params(), make_network().double()
        for layer in network[::2]:
            layer.weight.data, layer.bias.data = (
                p.data for p in params.layer(layer.out_features, (layer.in_features,))
            )
        y = torch.tensor(wanted["labels"].astype(np.int64))
        cross_entropy, ssc = losses(network, Spectrum(way, torch.float64), floats((BATCH, POINTS)), y)
        loss = cross_entropy + weight * ssc
        loss.backward()
        require(f"{name}: the loss", float(loss), wanted["loss"][0], 1e-9)
        require(f"{name}: the term", float(ssc), wanted["ssc"][0], 1e-9)
        for i, p in enumerate(network.parameters()):
            require(f"{name}: the norm of gradient {i}", float(p.grad.norm()), wanted[f"gradient_{i}"][1], 1e-7)
    torch.set_default_dtype(torch.float32)  # make_fixtures works in float64


def main():
    options = torch_peer.arguments(__doc__.splitlines()[0], 20, (None, "folder with x.npy, y.npy and the test part"))
    if not options.data:
        sys.exit("--data FOLDER is needed: build/passband data export mnist1d FOLDER num_samples=10000")
    for way in ("rfft", "product"):
        check_loss(way)
    data = load(options.data)
    plain = {"threads": options.threads, "foreach": (True, False)}
    axes = {"baseline_mnist1d": plain, "ssc_mnist1d": {**plain, "spectrum": ("rfft", "product")}}
    makers = {name: lambda settings, r=rates: make_job(data, r, settings) for name, rates in RATES.items()}
    torch_peer.run(options, makers, axes, steps=60)


if __name__ == "__main__":
    main()
