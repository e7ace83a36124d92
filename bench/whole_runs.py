#!/usr/bin/python3
"""Times whole runs of build/passband: whole_runs.py FOLDER start ROUNDS CONFIG..., or stream ROUNDS LIMIT CONFIG, or
seeds ROUNDS CONFIG. Prints a table and writes start.json, stream.json or seeds.json into the folder, where the runs lie too.

start: seconds from the start of the process until the first training step is done. Warm, everything that passband and the
OpenCL driver cache is there; cold, both caches are empty folders. Exit status 1: above 0.5 s warm or 8 s cold.
stream: an epoch with device.memory_limit=LIMIT against one with all data on the device. Both must end with the same
weights, bit for bit. Exit status 1: more than 1.3 times as long, or more than 600 MB of host memory.
seeds: five seeds with --side-by-side 2 against the same in turn, from the end of the set-up until the last epoch. Both must
end with the same weights, bit for bit. Exit status 1: more than 0.8 times as long."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

WARM, COLD = 0.5, 8.0
SLOWER, HOST_BYTES = 1.3, 600e6
SEEDS, SIDE_BY_SIDE = [0, 1, 2, 3, 4], 0.8


def run(config, folder, overrides, environment=None):
    """Seconds until the first step was done."""
    shutil.rmtree(folder, ignore_errors=True)
    command = ["build/passband", "run", config, "train.seeds=[0]", "-v", "-o", str(folder), *overrides]
    start, first, said = time.monotonic(), None, []
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        for line in process.stderr:
            said.append(line)
            if "set-up took" in line:
                first = time.monotonic() - start
    if process.returncode or first is None:
        sys.exit(f"bench/run: {' '.join(command)} failed:\n{''.join(said[-5:])}")
    return first, next((line.split("set-up took ")[1].strip() for line in said if "set-up took" in line))


def cold_run(config, folder):
    caches = {name: folder / name for name in ("POCL_CACHE_DIR", "XDG_CACHE_HOME")}
    for path in caches.values():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    return run(config, folder / "cold", ["train.epochs=1"], {k: str(v.resolve()) for k, v in caches.items()})


def start(folder, rounds, configs):
    told = {}
    print(f"{'configuration':18}  {'warm s':>7}  {'cold s':>7}  of a warm start")
    for config in configs:
        name = Path(config).stem
        run(config, folder / "warm", ["train.epochs=1"])  # fills the caches
        warm, cold = [], []
        for _ in range(rounds):
            cold.append(cold_run(config, folder))
            warm.append(run(config, folder / "warm", ["train.epochs=1"]))
        middle = sorted(warm)[len(warm) // 2]
        told[name] = {
            "warm_seconds": statistics.median(w[0] for w in warm),
            "cold_seconds": statistics.median(c[0] for c in cold),
            "parts": middle[1],
        }
        print(f"{name:18}  {told[name]['warm_seconds']:7.2f}  {told[name]['cold_seconds']:7.2f}  {middle[1]}")
    (folder / "start.json").write_text(json.dumps(told, indent=2) + "\n")
    return any(t["warm_seconds"] > WARM or t["cold_seconds"] > COLD for t in told.values())


def weights(folder, seed=0):
    """What a safetensors file holds behind its header, which names the run's configuration."""
    content = (folder / f"seed-{seed}" / "checkpoint.safetensors").read_bytes()
    return content[8 + int.from_bytes(content[:8], "little") :]


def stream(folder, rounds, limit, config):
    ways = {"resident": [], "streamed": [f"device.memory_limit={limit}"]}
    epochs, host, device, ends = ({way: [] for way in ways} for _ in range(4))
    for _ in range(rounds):
        for way, overrides in ways.items():
            run(config, folder / way, ["train.epochs=4", *overrides])
            summary = json.loads((folder / way / "summary.json").read_text())
            epochs[way].append(summary["seconds_per_epoch"])
            host[way].append(summary["peak_host_bytes"])
            device[way].append(summary["device_bytes"])
            ends[way].append(weights(folder / way))
    same = len({end for way in ways for end in ends[way]}) == 1
    middle = {way: statistics.median(epochs[way]) for way in ways}
    ratio = middle["streamed"] / middle["resident"]
    print(f"{Path(config).stem:18}  {'s an epoch':>10}  {'device MB':>9}  {'peak host MB':>12}")
    for way in ways:
        print(f"  {way:16}  {middle[way]:10.3f}  {1e-6 * max(device[way]):9.1f}  {1e-6 * max(host[way]):12.0f}")
    print(f"  {'ratio':16}  {ratio:10.3f}\nweights after 4 epochs: {'the same bits' if same else 'different'}")
    result = {"seconds_per_epoch": middle, "ratio": ratio, "same_bits": same, "peak_host_bytes": host, "device_bytes": device}
    (folder / "stream.json").write_text(json.dumps(result, indent=2) + "\n")
    return not same or ratio > SLOWER or max(host["resident"] + host["streamed"]) > HOST_BYTES


def train_seeds(config, folder, options):
    """Seconds from the end of the set-up until the last epoch of the last seed."""
    shutil.rmtree(folder, ignore_errors=True)
    command = ["build/passband", "run", config, f"train.seeds={SEEDS}", "-v", "-o", str(folder), *options]
    begin, end, said = None, None, []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            said.append(line)
            if "set-up took" in line:
                begin = time.monotonic()
            if ", epoch " in line:
                end = time.monotonic()
    if process.returncode or begin is None or end is None:
        sys.exit(f"bench/run: {' '.join(command)} failed:\n{''.join(said[-5:])}")
    return end - begin


def seeds(folder, rounds, config):
    ways = {"in turn": [], "side by side": ["--side-by-side", "2"]}
    took, ends = {way: [] for way in ways}, set()
    for _ in range(rounds):
        for way, options in ways.items():
            took[way].append(train_seeds(config, folder / way.replace(" ", "-"), options))
            ends.add(tuple(weights(folder / way.replace(" ", "-"), seed) for seed in SEEDS))
    middle = {way: statistics.median(took[way]) for way in ways}
    least = {way: min(took[way]) for way in ways}
    ratio = middle["side by side"] / middle["in turn"]
    print(f"{len(SEEDS)} seeds of {Path(config).stem}, {rounds} processes of each way in turn")
    print(f"{'':16}  {'median s':>8}  {'least s':>8}")
    for way in ways:
        print(f"{way:16}  {middle[way]:8.3f}  {least[way]:8.3f}")
    print(f"{'ratio':16}  {ratio:8.3f}  {least['side by side'] / least['in turn']:8.3f}")
    print(f"weights of all seeds: {'the same bits' if len(ends) == 1 else 'different'}")
    result = {"seconds": took, "ratio": ratio, "same_bits": len(ends) == 1}
    (folder / "seeds.json").write_text(json.dumps(result, indent=2) + "\n")
    return len(ends) != 1 or ratio > SIDE_BY_SIDE


def main():
    folder, what, rounds, *rest = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:]
    if what == "start":
        return start(folder, rounds, rest)
    return stream(folder, rounds, *rest) if what == "stream" else seeds(folder, rounds, *rest)


if __name__ == "__main__":
    sys.exit(main())
