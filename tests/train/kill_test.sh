#!/bin/bash
# Kills a run with SIGKILL at random moments, resumes it, and compares every bit with a run never interrupted.
#
#   PROGRAM=build/passband KILLS=50 tests/train/kill_test.sh
#
# KILLS      how many runs to kill (default 10)
# KILL_SEED  of the random moments (default: from the clock; printed, to repeat a failure)
set -eu
program=$(realpath "${PROGRAM:-build/passband}")
kills=${KILLS:-10}
RANDOM=${KILL_SEED:=$((SECONDS + $(date +%s) % 30000))}
work=$(mktemp -d)
cd "$work"
ended() { # says what the program said where something went wrong
    local code=$?
    [ $code = 0 ] || tail -n 20 log
    rm -rf "$work"
    exit $code
}
trap ended EXIT

# ---- a data set in IDX: 12 x 12 noise with a bright row for its label ----
part() { # NAME COUNT
    local images=$1-images-idx3-ubyte labels=$1-labels-idx1-ubyte count
    printf -v count '\\0\\0\\%03o\\%03o' $(($2 / 256)) $(($2 % 256))
    printf "\0\0\10\1$count" > "$labels"
    printf "\0\0\10\3$count\0\0\0\14\0\0\0\14" > "$images"
    awk -v count="$2" -v seed="$2" 'BEGIN {
        srand(seed)
        for (i = 0; i < count; i++) {
            label = int(10 * rand())
            printf "%d", label
            for (p = 0; p < 144; p++) printf " %d", int(128 * rand()) + (int(p / 12) == label ? 60 : 0)
            print ""
        }
    }' > rows
    printf "$(awk '{ printf "\\%03o", $1 }' rows)" >> "$labels"
    printf "$(awk '{ for (p = 2; p <= NF; p++) printf "\\%03o", $p }' rows)" >> "$images"
    rm rows
}
mkdir data
(cd data && part train 800 && part t10k 210)

cat > config.yaml <<'EOF'
name: kill
data: {name: idx, path: data}
train: {epochs: 12, batch_size: 32, seeds: [0, 1]}
stages:
  - load
  - dct2: {keep: 8}
  - band_mask: {bands: 4}
  - reshape: {shape: [1, 64]}
  - conv1d: {channels: 4, kernel: 3, padding: 1}
  - relu
  - max_pool1d: {kernel: 2}
  - linear: {features: 10}
  - cross_entropy
  - reconstruction: {weight: 0.1}
  - adam: {params: "band_mask*", lr: 0.01}
  - sgd: {lr: 0.05, momentum: 0.9, schedule: cosine}
EOF

# ---- comparing ----
tensors() { # FILE: the data of a safetensors file without its header, which holds seconds
    tail -c +$((9 + $(od -An -tu8 -N8 "$1"))) "$1"
}
timeless() { # FILE: metrics without what the clock said
    sed 's/"seconds": [^,}]*//' "$1"
}
same() { # FOLDER: equal to the run never interrupted
    local file
    for file in "$1"/*.npy "$1"/seed-*/best.safetensors; do
        cmp "$file" "whole/${file#"$1"/}" || return 1
    done
    for file in "$1"/seed-*/checkpoint.safetensors; do
        cmp <(tensors "$file") <(tensors "whole/${file#"$1"/}") || return 1
    done
    cmp <(timeless "$1/metrics.jsonl") <(timeless whole/metrics.jsonl)
}

# ---- one whole run, to compare with and to know how long it takes ----
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
"$program" run config.yaml --output warm train.epochs=1 &>> log # fills the caches
start=$(milliseconds)
"$program" run config.yaml --output whole &>> log &
appeared() { # FILE: milliseconds until it is there
    until [ -e "$1" ] || ! kill -0 $! 2> /dev/null; do sleep 0.01; done
    echo $(($(milliseconds) - start))
}
first=$(appeared whole/seed-0/checkpoint.safetensors)
length=$(appeared whole/summary.json)
wait $!
echo "the first checkpoint takes $first ms, the training $length ms; KILL_SEED=$KILL_SEED"

# Lets a command live for a random time: from shortly before the first checkpoint to the end.
strike() {
    local from=$((first * 8 / 10))
    "$@" &>> log &
    local child=$! wait_ms=$((from + (RANDOM * 32768 + RANDOM) % (length - from)))
    sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
    kill -9 "$child" 2> /dev/null && struck=$((struck + 1)) || true
    wait "$child" 2> /dev/null || true
}

# Every other one has its seeds side by side, where that can be, and goes on in turn, or the other way round.
struck=0
for ((i = 1; i <= kills; i++)); do
    first_way=(--side-by-side $((1 + i % 2))) next_way=(--side-by-side $((1 + i / 2 % 2)))
    strike "$program" run config.yaml --output "killed-$i" "${first_way[@]}"
    [ $((i % 3)) != 0 ] || [ ! -e "killed-$i/config.yaml" ] || strike "$program" resume "killed-$i" "${next_way[@]}"
    epochs=$(cat "killed-$i/metrics.jsonl" 2> /dev/null | wc -l)
    if [ -e "killed-$i/config.yaml" ]; then
        "$program" resume "killed-$i" "${next_way[@]}" &>> log
    else
        "$program" run config.yaml --output "killed-$i" "${next_way[@]}" &>> log # killed before the run began
    fi
    same "killed-$i" || { echo "run $i, killed after $epochs epochs, differs"; exit 1; }
    echo "run $i, killed after $epochs of 24 epochs: the same bits"
    rm -rf "killed-$i"
done
[ "$struck" -gt 0 ] || { echo "no run was killed in time"; exit 1; }
echo "$struck kills, every run came to the same bits"
