#!/usr/bin/python3
"""Gathers what the rounds of bench/run measured: compare.py FOLDER ROUNDS prints a table and writes peers.json."""
import json
import statistics
import sys
from pathlib import Path


def quartiles(numbers):
    if len(numbers) < 2:
        return numbers * 2
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return [low, high]


def gather(rows):
    seconds = [row["seconds_per_epoch"] for row in rows]
    return {
        "seconds_per_epoch": statistics.median(seconds),
        "middle_half": quartiles(seconds),
        "ms_per_step": statistics.median(row["ms_per_step"] for row in rows),
        "test_accuracy": statistics.median(row["test_accuracy"] for row in rows),
        "rounds": seconds,
    }


def main():
    folder, rounds = Path(sys.argv[1]), range(1, int(sys.argv[2]) + 1)
    ours = [json.loads((folder / f"ours-{r}.json").read_text())["configurations"][0] for r in rounds]
    theirs = [json.loads((folder / f"torch-{r}.json").read_text()) for r in rounds]
    sides = {"passband": gather(ours), "PyTorch": gather(theirs)}
    ratio = sides["passband"]["seconds_per_epoch"] / sides["PyTorch"]["seconds_per_epoch"]
    print(f"{'':10}  {'s an epoch':>10}  {'middle half':>17}  {'ms a step':>9}  {'accuracy':>9}")
    for name, side in sides.items():
        low, high = side["middle_half"]
        print(
            f"{name:10}  {side['seconds_per_epoch']:10.3f}  {low:7.3f} - {high:7.3f}"
            f"  {side['ms_per_step']:9.3f}  {100 * side['test_accuracy']:7.2f} %"
        )
    print(f"{'ratio':10}  {ratio:10.3f}")
    result = {**sides, "ratio": ratio, "torch": {k: theirs[0][k] for k in ("settings", "versions")}}
    (folder / "peers.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
