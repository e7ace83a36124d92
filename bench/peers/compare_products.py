#!/usr/bin/python3
"""Gathers rounds of products: compare_products.py FOLDER ROUNDS reads products-ours-1.json, products-openblas-1.json and
so on, prints a table and writes products.json. Its exit status is 1 when the geometric mean of OpenBLAS's time over ours
is below 1, or one of them below 0.6. compare_products.py FOLDER prints the shapes of products-ours-1.json."""
import json
import statistics
import sys
from pathlib import Path

MEAN_WANTED, EACH_WANTED = 1.0, 0.6


def shape_of(row):
    """128x256x256At of "product 128x256x256 At"; None for batches, which OpenBLAS has no call for."""
    words = row["name"].split()
    return None if "x" in words[1:] else "".join(words[1:])


def ours_of(path):
    rows = json.loads(path.read_text())["results"][0]["rows"]
    return {shape_of(row): (1e6 * row["flops"] / row["gflops_per_second"] / 1e9, row["solver"]) for row in rows if shape_of(row)}


def theirs_of(path):
    return {row["shape"]: row["microseconds"] for row in json.loads(path.read_text())["products"]}


def main():
    folder = Path(sys.argv[1])
    shapes = ours_of(folder / "products-ours-1.json")
    if len(sys.argv) == 2:
        print(*shapes)
        return False
    rounds = range(1, int(sys.argv[2]) + 1)
    ours = [ours_of(folder / f"products-ours-{r}.json") for r in rounds]
    theirs = [theirs_of(folder / f"products-openblas-{r}.json") for r in rounds]
    table = {}
    print(f"{'M x N x K':20}  {'passband us':>11}  {'OpenBLAS us':>11}  {'times as fast':>13}  solver")
    for shape, (_, solver) in shapes.items():
        mine, its = (statistics.median(times) for times in ([r[shape][0] for r in ours], [r[shape] for r in theirs]))
        table[shape] = {"passband_us": mine, "openblas_us": its, "ratio": its / mine, "solver": solver}
        print(f"{shape:20}  {mine:11.1f}  {its:11.1f}  {its / mine:13.2f}  {solver}")
    ratios = [row["ratio"] for row in table.values()]
    mean = statistics.geometric_mean(ratios)
    print(f"geometric mean {mean:.2f} (wanted: {MEAN_WANTED}), least {min(ratios):.2f} (wanted: {EACH_WANTED})")
    (folder / "products.json").write_text(json.dumps({"geometric_mean": mean, "products": table}, indent=2) + "\n")
    return mean < MEAN_WANTED or min(ratios) < EACH_WANTED


if __name__ == "__main__":
    sys.exit(main())
