#!/bin/bash
# Every configuration in the README's chapter on the training toolbox trains for an epoch on few samples, and what it kept
# of its network scores as it did when it was trained; the first network is looked into and exported too.
# configs/conv1d_mnist1d.yaml trains for an epoch as well.
# Usage: toolbox_test.sh SOURCE_FOLDER PROGRAM
set -euo pipefail
program=$(realpath "$2")
readme=$(realpath "$1/README.md")
configs=$(realpath "$1/configs")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Kernels are not optimised: compiling them takes longest.
export POCL_CACHE_DIR=$work/kernels POCL_EXTRA_BUILD_FLAGS=-cl-opt-disable

sed -n '/^## The training toolbox$/,/^## [^T]/p' "$readme" |
    awk '/^```yaml$/ { count++; inside = 1; next } /^```$/ { inside = 0 } inside { print > "example-" count ".yaml" }'
ls example-*.yaml >/dev/null

# The object "test_accuracy" of a JSON text.
scores() { tr -d ' \n' | grep -o '"test_accuracy":{[^}]*}'; }

for example in example-*.yaml; do
    # What an example starts from is here a run of the same network.
    first=$(sed -n 's/^transfer: {from: \([^,]*\),.*/\1/p' "$example")
    if [[ -n $first ]]; then
        grep -v '^transfer:' "$example" >first.yaml
        "$program" run first.yaml train.epochs=1 data.limit=640 --output "$first" --quiet
    fi
    shorter=(train.epochs=1)
    if grep -q 'kind: snapshots' "$example"; then # at the ends of two epochs
        shorter=(train.epochs=2 ensemble.members=2 stages.sgd.period=1)
    fi
    "$program" run "$example" "${shorter[@]}" data.limit=640 --output run --quiet
    line=$(head -1 run/metrics.jsonl)
    [[ $line == *'"val_loss": '[0-9]* ]] || { echo "$example: $line"; exit 1; }
    echo "$example: $line"
    [[ -z $first || -s run/start.safetensors ]]
    diff <(scores <run/summary.json) <("$program" eval run --quiet | scores)
    if grep -q '^ensemble:' "$example"; then # judged as finished runs are
        cp run/ensemble_probabilities.npy run/ensemble.json .
        "$program" ensemble run --quiet
        cmp ensemble_probabilities.npy run/ensemble_probabilities.npy
        cmp ensemble.json run/ensemble.json
    fi
    if [[ $example == example-1.yaml ]]; then
        "$program" look run --samples 10 --quiet
        [[ -s run/inside/look.json ]]
        "$program" export run --onnx network.onnx --quiet
        [[ -s network.onnx ]]
    fi
    rm -r run
done

"$program" run "$configs/conv1d_mnist1d.yaml" \
    train.epochs=1 train.seeds=0 train.batch_size=16 data.limit=64 --output run --quiet
line=$(head -1 run/metrics.jsonl)
[[ $line == *'"train_loss": '[0-9]* ]] || { echo "conv1d_mnist1d: $line"; exit 1; }
echo "conv1d_mnist1d: $line"
