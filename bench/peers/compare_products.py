#!/usr/bin/python3
"""Gathers rounds of products: compare_products.py FOLDER ROUNDS reads products-ours-1.json, products-openblas-1.json (its
fastest kernels), products-unset-1.json (those that it picks by itself) and so on, prints a table and writes products.json.
Its exit status is 1 when the geometric mean of the faster OpenBLAS's time over ours is below 1, or one of them below 0.6.
compare_products.py FOLDER shapes prints the shapes of products-ours-1.json, FOLDER fastest the core of the fastest of
products-core-*.json."""
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


def fastest(folder):
    speed = {}
    for path in folder.glob("products-core-*.json"):
        times = json.loads(path.read_text())["products"][0]
        speed[path.stem.removeprefix("products-core-")] = 1 / times["least_microseconds"]
    return max(speed, key=speed.get)


def kernels_of(path):
    return json.loads(path.read_text())["kernels"]


def main():
    folder = Path(sys.argv[1])
    if sys.argv[2] == "fastest":
        print(fastest(folder))
        return False
    shapes = ours_of(folder / "products-ours-1.json")
    if sys.argv[2] == "shapes":
        print(*shapes)
        return False
    rounds = range(1, int(sys.argv[2]) + 1)
    ours = [ours_of(folder / f"products-ours-{r}.json") for r in rounds]
    peers = [[theirs_of(folder / f"products-{way}-{r}.json") for r in rounds] for way in ("openblas", "unset")]
    names = [kernels_of(folder / f"products-{way}-1.json") for way in ("openblas", "unset")]
    table = {}
    print(f"{'M x N x K':16}  {'passband us':>11}  {names[0] + ' us':>13}  {'by itself us':>12}  {'times as fast':>13}  solver")
    for shape, (_, solver) in shapes.items():
        mine = statistics.median(r[shape][0] for r in ours)
        its, unset = (statistics.median(r[shape] for r in peer) for peer in peers)
        ratio = min(its, unset) / mine
        table[shape] = {"passband_us": mine, "openblas_us": its, "unset_us": unset, "ratio": ratio, "solver": solver}
        print(f"{shape:16}  {mine:11.1f}  {its:13.1f}  {unset:12.1f}  {ratio:13.2f}  {solver}")
    ratios = [row["ratio"] for row in table.values()]
    by_itself = [row["unset_us"] / row["passband_us"] for row in table.values()]
    mean = statistics.geometric_mean(ratios)
    print(f"geometric mean {mean:.2f} (wanted: {MEAN_WANTED}), least {min(ratios):.2f} (wanted: {EACH_WANTED})")
    print(
        f"against the kernels that it picks by itself, {names[1]}: geometric mean {statistics.geometric_mean(by_itself):.2f}, "
        f"least {min(by_itself):.2f}"
    )
    result = {"geometric_mean": mean, "kernels": names[0], "kernels_by_itself": names[1], "products": table}
    (folder / "products.json").write_text(json.dumps(result, indent=2) + "\n")
    return mean < MEAN_WANTED or min(ratios) < EACH_WANTED


if __name__ == "__main__":
    sys.exit(main())
