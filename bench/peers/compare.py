#!/usr/bin/python3
"""Gathers the rounds of a comparison with a peer: compare.py FOLDER NAME ROUNDS MOST reads NAME-ours-1.json,
NAME-torch-1.json and so on, prints a table for each configuration and writes NAME.json. Its exit status is 1 when a
ratio is above MOST."""
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
    """One configuration on one side, over the rounds."""
    steps = [row["ms_per_step"] for row in rows]
    return {
        "ms_per_step": statistics.median(steps),
        "middle_half": quartiles(steps),
        "seconds_per_epoch": statistics.median(row["seconds_per_epoch"] for row in rows),
        "test_accuracy": statistics.median(row["test_accuracy"] for row in rows),
        "rounds": steps,
    }


def tell(name, sides, ratio):
    print(f"{name:17}  {'ms a step':>9}  {'middle half':>17}  {'s an epoch':>10}  {'accuracy':>9}")
    for side, told in sides.items():
        low, high = told["middle_half"]
        print(
            f"  {side:15}  {told['ms_per_step']:9.3f}  {low:7.3f} - {high:7.3f}"
            f"  {told['seconds_per_epoch']:10.3f}  {100 * told['test_accuracy']:7.2f} %"
        )
    print(f"  {'ratio':15}  {ratio:9.3f}")


def main():
    folder, stem, rounds, most = Path(sys.argv[1]), sys.argv[2], range(1, int(sys.argv[3]) + 1), float(sys.argv[4])
    ours, theirs = (
        [json.loads((folder / f"{stem}-{side}-{r}.json").read_text()) for r in rounds] for side in ("ours", "torch")
    )
    compared = {}
    for i, configuration in enumerate(ours[0]["configurations"]):
        name = configuration["name"]
        assert name == theirs[0]["configurations"][i]["name"]
        sides = {
            "passband": gather([r["configurations"][i] for r in ours]),
            "PyTorch": gather([r["configurations"][i] for r in theirs]),
        }
        ratio = sides["passband"]["ms_per_step"] / sides["PyTorch"]["ms_per_step"]
        tell(name, sides, ratio)
        settings = theirs[0]["configurations"][i]["settings"]
        compared[name] = {**sides, "ratio": ratio, "settings": settings}
    result = {"most": most, "versions": theirs[0]["versions"], "configurations": compared}
    (folder / f"{stem}.json").write_text(json.dumps(result, indent=2) + "\n")
    return any(c["ratio"] > most for c in compared.values())


if __name__ == "__main__":
    sys.exit(main())
