#!/usr/bin/python3
"""Time per sample against the size of the data set and of the batch.

growth.py images FOLDER COUNT writes x.npy and y.npy: images of 28 x 28, ten patterns in noise, a thousand of them again
and again. growth.py tell FILE MOST FIRST BATCH NAME... reads what bench-steps wrote of configurations NAME..., all with
batches of BATCH or, where it is 0, of what their names say, prints microseconds a sample and writes them beside it. Its
exit status is 1 when one takes more than MOST times the first (FIRST is first) or the one before it (before)."""
import json
import random
import sys
from pathlib import Path

SIDE, CLASSES, DIFFERENT = 28, 10, 1000


def npy(kind, shape):
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def images(folder, count):
    numbers = random.Random(0)
    patterns = [[numbers.randrange(128) for _ in range(SIDE * SIDE)] for _ in range(CLASSES)]
    pool = [bytes(p + numbers.randrange(128) for p in patterns[i % CLASSES]) for i in range(DIFFERENT)]
    order = [numbers.randrange(DIFFERENT) for _ in range(count)]
    folder.mkdir(parents=True)
    with open(folder / "x.npy", "wb") as file:
        file.write(npy("|u1", (count, SIDE, SIDE)))
        file.writelines(pool[i] for i in order)
    (folder / "y.npy").write_bytes(npy("|u1", (count,)) + bytes(i % CLASSES for i in order))


def tell(path, most, against, batch, names):
    rows = {c["name"]: c for c in json.loads(path.read_text())["configurations"]}
    micro = {}
    print(f"{'':12}  {'ms a step':>9}  {'us a sample':>11}  {'middle half':>15}  {'against ' + against:>14}")
    worst = 0
    for name in names:
        of = batch or int(name.removeprefix("batch_"))
        low, high = (1e3 * x / of for x in rows[name]["middle_half"])
        micro[name] = 1e3 * rows[name]["ms_per_step"] / of
        base = list(micro.values())[0 if against == "first" else max(len(micro) - 2, 0)]
        worst = max(worst, micro[name] / base)
        print(
            f"{name:12}  {rows[name]['ms_per_step']:9.3f}  {micro[name]:11.3f}  {low:6.2f} - {high:6.2f}"
            f"  {micro[name] / base:14.3f}"
        )
    path.with_suffix(".growth.json").write_text(json.dumps(micro, indent=2) + "\n")
    return worst > most


def main():
    if sys.argv[1] == "images":
        return images(Path(sys.argv[2]), int(sys.argv[3]))
    _, _, path, most, against, batch, *names = sys.argv
    return tell(Path(path), float(most), against, int(batch), names)


if __name__ == "__main__":
    sys.exit(main())
