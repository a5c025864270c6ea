#!/usr/bin/env bash
# Builds the journal with one fault planted at a time and demands that its tests see it. A fault
# that no test sees would mean that the same mistake could be made for real.
set -euo pipefail
cd "$(dirname "$0")/.."
caught=0
for fault in no_data_sync no_folder_sync no_tail_cut acknowledge_before_sync retry_after_eio decision_from_sled; do
    binary=$(cargo rustc -q -p tacenda-shared --features sled --lib --profile test \
        --message-format=json -- --cfg "planted=\"$fault\"" |
        sed -n 's/.*"executable":"\([^"]*tacenda_shared[^"]*\)".*/\1/p' | tail -1)
    if "$binary" --quiet journal >target/planted.log 2>&1; then
        echo "planted fault $fault: NOT seen"
        exit 1
    fi
    echo "planted fault $fault: seen by $(grep -c -- '--- FAILED\|FAILED$' target/planted.log || true) tests"
    caught=$((caught + 1))
done
echo "$caught planted faults of 6 are seen"
