"""What every peer in PyTorch needs: data, the choice of its fastest settings, timing, and the JSON it prints.

Run peers as Debian's /usr/bin/python3 with OPENBLAS_NUM_THREADS=1 in the environment (bench/run does); left alone,
OpenBLAS and PyTorch both start threads and get into each other's way.
"""
import argparse
import itertools
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


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


def cross_entropy(network, x, y):
    return F.cross_entropy(network(x), y)


class Job:
    """A network in training.

    data: samples [n, ...] and their labels [n], then those of the test part; tensors all of them. `make_network()` is
    called with the random numbers of seed 0, `make_optimiser(parameters)` gets what it learns, and `loss(network, x, y)`
    is what a step on `batch` rows lowers.
    """

    def __init__(self, data, make_network, make_optimiser, batch, loss=cross_entropy):
        torch.manual_seed(0)
        self.x, self.y, self.test_x, self.test_y = data
        self.batch, self.steps_per_epoch = batch, len(self.x) // batch
        self.network = make_network()
        self.parameters = list(self.network.parameters())
        self.optimiser = make_optimiser(self.parameters)
        self.loss = loss

    def step(self, rows):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(self.network, self.x.index_select(0, rows), self.y.index_select(0, rows))
        loss.backward(inputs=self.parameters)  # not of x as well, where the loss asks for its gradient
        self.optimiser.step()
        return loss.detach()

    def steps(self, count):
        """Takes `count` steps; the mean loss as a tensor, so that no value is read back on the way."""
        order = torch.randperm(len(self.x))
        total = torch.zeros(())
        for i in range(count):
            total += self.step(order[i * self.batch : (i + 1) * self.batch])
        return total / count

    def epoch(self):
        return self.steps(self.steps_per_epoch)

    def accuracy(self):
        with torch.no_grad():
            return float((self.network(self.test_x).argmax(1) == self.test_y).float().mean())


def seconds_of(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def apply(settings):
    torch.set_num_threads(settings["threads"])
    torch.backends.mkldnn.m.set_flags(settings.get("mkldnn", True))


def choose(make_job, axes, steps):
    """The fastest of all settings along these axes, by three short blocks each, and what each of them took."""
    every = [dict(zip(axes, values)) for values in itertools.product(*axes.values())]
    jobs = [make_job(settings) for settings in every]
    blocks = [[] for _ in every]
    for round_ in range(4):
        for settings, job, block in zip(every, jobs, blocks):
            apply(settings)
            took, _ = seconds_of(lambda: job.steps(steps))
            block += [took] if round_ else []  # the first round warms up
    tried = [{**s, "ms_per_step": round(1e3 / steps * statistics.median(b), 3)} for s, b in zip(every, blocks)]
    return every[min(range(len(every)), key=lambda i: tried[i]["ms_per_step"])], tried


def measure(name, job, settings):
    return {"name": name, "job": job, "settings": settings, "losses": [], "seconds": []}


def train_epoch(row):
    apply(row["settings"])
    seconds, loss = seconds_of(row["job"].epoch)
    row["seconds"].append(seconds)
    row["losses"].append(float(loss))


def told(row):
    """One configuration, in the words of bench-steps; the first epoch warmed up. Only what learns is told."""
    losses, accuracy, seconds = row["losses"], row["job"].accuracy(), row["seconds"][1:]
    if not losses[-1] < losses[0]:
        sys.exit(f"{row['name']} in PyTorch does not learn: loss {losses[0]:.4f} to {losses[-1]:.4f}")
    steps, median = row["job"].steps_per_epoch, statistics.median(seconds)
    return {
        "name": row["name"],
        "settings": row["settings"],
        "steps_per_epoch": steps,
        "ms_per_step": 1e3 * median / steps,
        "seconds_per_epoch": median,
        "epoch_seconds": seconds,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "test_accuracy": accuracy,
    }


def arguments(about, epochs, data):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--data", default=data[0], help=data[1])
    parser.add_argument("--epochs", type=int, default=epochs, help="epochs to time, after one of warming up")
    parser.add_argument("--settings", help="JSON list, settings of each configuration: nothing is tried then")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2], help="numbers of threads to try")
    return parser.parse_args()


def run(options, makers, axes, steps):
    """Times configurations {name: settings -> job}, an epoch of each in turn, and prints the JSON. axes {name: {setting:
    values}} are what is tried, `steps` the length of a block that tries them."""
    library = blas()
    given = json.loads(options.settings) if options.settings else None
    chosen, tried = given, []
    if given is None:
        chosen, tried = zip(*(choose(make, axes[name], steps) for name, make in makers.items()))
    rows = [measure(name, make(settings), settings) for (name, make), settings in zip(makers.items(), chosen)]
    for _ in range(1 + options.epochs):
        for row in rows:
            train_epoch(row)
    configurations = [told(row) for row in rows]
    for configuration, trials in zip(configurations, tried):
        configuration["tried"] = trials
    result = {
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "blas": library,
        "openblas_threads": os.environ.get("OPENBLAS_NUM_THREADS"),
        "configurations": configurations,
    }
    print(json.dumps(result, indent=2))
