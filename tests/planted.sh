#!/usr/bin/env bash
# Runs the journal's tests with one fault planted at a time and demands that they see it. A fault
# that no test sees would mean that the same mistake could be made for real.
set -euo pipefail
cd "$(dirname "$0")/.."
# The same tests as `cargo test --workspace` builds, in which a fault is named by the environment.
binary=$(cargo test -q --workspace --lib --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*tacenda_shared[^"]*\)".*/\1/p' | tail -1)
caught=0
for fault in no_data_sync no_folder_sync no_tail_cut acknowledge_before_sync retry_after_eio decision_from_sled; do
    if TACENDA_PLANTED=$fault "$binary" --quiet journal >target/planted.log 2>&1; then
        echo "planted fault $fault: NOT seen"
        exit 1
    fi
    failed=$(grep -c -- '--- FAILED\|FAILED$' target/planted.log || true)
    # A run that fails before any test does has seen nothing.
    [ "$failed" -gt 0 ] || { echo "planted fault $fault: no test failed"; exit 1; }
    echo "planted fault $fault: seen by $failed tests"
    caught=$((caught + 1))
done
echo "$caught planted faults of 6 are seen"
