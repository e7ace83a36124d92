#!/usr/bin/python3
"""Kernels of 64 MB and a training step against what the device allows at most.

ceilings.py FOLDER ROUNDS LEAST MOST reads FOLDER/ceilings-<part>-<round>.json, which `passband bench ops` (parts maps and
sums) and `passband bench train` (part train) wrote, prints medians over the rounds and writes them to
FOLDER/ceilings.json. Its exit status is 1 when a kernel's share of the copy is below LEAST, or a step takes more than MOST
times as long as at the ceilings."""
import json
import statistics
import sys
from pathlib import Path


def rows(folder, part, rounds):
    """Rows of all rounds by name, in the order of the first; a row that could not be measured ends everything."""
    found = {}
    for number in range(1, rounds + 1):
        for row in json.loads((folder / f"ceilings-{part}-{number}.json").read_text())["results"][0]["rows"]:
            if "problem" in row:
                sys.exit(f"bench/run: {row['name']}: {row['problem']}")
            found.setdefault(row["name"], []).append(row)
    return found


def median(of, key):
    return statistics.median(row[key] for row in of)


def main():
    folder, rounds, least, most = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    told, missed = {}, False
    print(f"{'64 MB':26}  {'ms':>7}  {'GB/s':>6}  {'copy, GB/s':>10}  {'share of the copy':>17}  {'of each round':>13}")
    for name, of in (rows(folder, "maps", rounds) | rows(folder, "sums", rounds)).items():
        shares = sorted(row["bytes"] / row["bytes_ceiling"] / (row["value"] / 1e3) for row in of)
        share = statistics.median(shares)
        missed |= share < least
        told[name] = share
        print(
            f"{name:26}  {median(of, 'value'):7.3f}  {median(of, 'gigabytes_per_second'):6.1f}"
            f"  {median(of, 'bytes_ceiling') / 1e9:10.1f}  {share:17.3f}  {shares[0]:.2f} - {shares[-1]:.2f}"
        )
    print(f"\n{'step':26}  {'ms':>7}  {'ms at the ceilings':>18}  {'ratio':>6}  {'of each round':>13}")
    for name, of in rows(folder, "train", rounds).items():
        ratios = sorted(row["ratio_to_floor"] for row in of)
        ratio = statistics.median(ratios)
        missed |= ratio > most
        told[name] = ratio
        print(
            f"{name:26}  {1e3 * median(of, 'step_seconds'):7.3f}  {1e3 * median(of, 'floor_seconds'):18.3f}"
            f"  {ratio:6.3f}  {ratios[0]:.2f} - {ratios[-1]:.2f}"
        )
    (folder / "ceilings.json").write_text(json.dumps(told, indent=2) + "\n")
    return missed


if __name__ == "__main__":
    sys.exit(main())
