#!/bin/bash
# Two processes work on one search and are killed with SIGKILL at random moments and started again: no finished trial is
# lost or changed, no number is given twice, and the search ends with all its trials.
#
#   PROGRAM=build/passband KILLS=20 tests/train/sweep_kill_test.sh
#
# KILLS      how many processes to kill (default 6)
# KILL_SEED  of the random moments (default: from the clock; printed, to repeat a failure)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "${PROGRAM:-build/passband}")
kills=${KILLS:-6}
RANDOM=${KILL_SEED:=$(date +%s)}
python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || { echo "skipped: the data set needs NumPy (python3-numpy)"; exit 77; }
work=$(mktemp -d)
cd "$work"
worker=()
ended() { # says what the program said where something went wrong
    local code=$? pid
    for pid in "${worker[@]}"; do kill -9 "$pid" 2> /dev/null || true; done
    [ $code = 0 ] || [ $code = 77 ] || tail -n 20 log
    rm -rf "$work"
    exit $code
}
trap ended EXIT

"$python" - <<'EOF'
import os
import numpy as np
rng = np.random.default_rng(0)
centres = rng.normal(size=(3, 10))
os.mkdir("data")
for suffix, count in (("", 300), ("_test", 60)):
    label = rng.integers(0, 3, count)
    np.save(f"data/x{suffix}.npy", (centres[label] + rng.normal(size=(count, 10))).astype("f4"))
    np.save(f"data/y{suffix}.npy", label.astype("i4"))
EOF
cat > base.yaml <<'EOF'
name: base
data: {name: npy, path: data}
train: {epochs: 60, batch_size: 8}
stages:
  - load
  - linear: {features: 8}
  - relu
  - linear: {features: 3}
  - cross_entropy
  - sgd: {lr: 0.1}
EOF
cat > search.yaml <<'EOF'
name: search
sweep:
  sampler: tpe
  pruner: median
  trials: 14
  final_seeds: [1]
  space: {stages.sgd.lr: {type: log, low: 0.001, high: 0.3}}
  arms:
    one: {config: base.yaml}
    two: {config: base.yaml, set: {stages.linear.0.features: 16}}
EOF

# Every finished trial: study, number, state, value. SQLite's own lock keeps this from seeing half a trial.
finished() {
    "$python" - <<'EOF'
import os, sqlite3
if os.path.exists("out/study.db"):
    with sqlite3.connect("out/study.db", timeout=60) as db:
        try:
            rows = db.execute(
                "SELECT study_name, number, state, value FROM trials JOIN studies USING (study_id) LEFT JOIN"
                " trial_values USING (trial_id) WHERE state IN ('COMPLETE', 'PRUNED') ORDER BY study_id, number"
            ).fetchall()
        except sqlite3.OperationalError:
            rows = []  # killed before the tables were made
    for row in rows:
        print(*row)
EOF
}

begin() { # WHICH: starts a worker
    "$program" sweep search.yaml --output out &>> log &
    worker[$1]=$!
}

"$program" run base.yaml --output warm train.epochs=1 &>> log # fills the caches
echo "KILL_SEED=$KILL_SEED"
begin 0
begin 1
struck=0
finished > before
for ((i = 1; i <= kills; i++)); do
    which=$((RANDOM % 2))
    wait_ms=$((300 + RANDOM % 2500))
    sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
    if kill -9 "${worker[$which]}" 2> /dev/null; then struck=$((struck + 1)); fi
    wait "${worker[$which]}" 2> /dev/null || true
    finished > after
    # Every line of before is in after, as it was.
    if [ -n "$(comm -23 <(sort before) <(sort after))" ]; then
        echo "kill $i lost or changed a finished trial:"
        diff before after || true
        exit 1
    fi
    mv after before
    begin "$which"
done
for which in 0 1; do
    wait "${worker[$which]}" || { echo "worker $which failed"; exit 1; }
done
worker=()
finished > after
[ -z "$(comm -23 <(sort before) <(sort after))" ] || { echo "the end lost a finished trial"; exit 1; }
[ -e out/sweep.json ] || { echo "there is no sweep.json"; exit 1; }

"$python" - <<'EOF'
import json, sqlite3
db = sqlite3.connect("out/study.db")
for study, name in db.execute("SELECT study_id, study_name FROM studies").fetchall():
    rows = db.execute("SELECT number, state FROM trials WHERE study_id = ? ORDER BY trial_id", (study,)).fetchall()
    numbers, states = [n for n, _ in rows], [s for _, s in rows]
    assert numbers == list(range(len(rows))), f"{name}: numbers {numbers}"
    done = sum(s in ("COMPLETE", "PRUNED") for s in states)
    assert done == 14, f"{name}: {done} finished trials"
    assert "RUNNING" not in states, f"{name}: a trial runs for ever"
    print(f"{name}: {done} trials finished, {states.count('FAIL')} killed")
arms = json.load(open("out/sweep.json"))["arms"]
for arm in arms:
    best = max(t["value"] for t in arm["trials"] if t["state"] == "COMPLETE")
    assert arm["best"]["value"] == best
EOF
"$python" "$here/optuna_reads.py" finished out/study.db > optuna || [ $? = 77 ] || exit 1
if [ -s optuna ] && ! grep -q 'not installed' optuna; then
    [ "$(wc -l < optuna)" = "$(grep -c COMPLETE after)" ] || { echo "Optuna sees other trials"; exit 1; }
    echo "Optuna sees the same $(wc -l < optuna) complete trials"
else
    echo "skipped: the study is not shown to Optuna, which is not installed"
fi
[ "$struck" -gt 0 ] || { echo "no process was killed in time"; exit 1; }
echo "$struck kills, no finished trial lost"
