#!/bin/sh
# Fuzzes on a stable toolchain, by libFuzzer: `hil-tests/fuzz/run.sh [SECONDS [TARGET...]]`, 60 seconds each of all
# targets if left out. Those of the telemetry decoders and boards are in drivers/fuzz, those of the files that
# the program reads in hil-tests/fuzz. Begins with the inputs in the crate's corpus/TARGET; what is new is kept
# beside the build's output, and so is what made a target fail.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${CARGO_TARGET_DIR:-$here/../../target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
seconds=${1:-60}
[ $# -gt 0 ] && shift
# What cargo-fuzz passes, without the sanitizers, which need nightly.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks"
failed=
for crate in "$here/../../drivers/fuzz" "$here"; do
    known=$(sed -n '/^\[\[bin/,$ s/^name = "\(.*\)"$/\1/p' "$crate/Cargo.toml")
    for target in ${*:-$known}; do
        echo "$known" | grep -qx "$target" || continue
        CARGO_TARGET_DIR=$build cargo build --quiet --release --locked --target "$host" \
            --manifest-path "$crate/Cargo.toml" --bin "$target"
        found=$build/found/$target
        mkdir -p "$found" "$crate/corpus/$target"
        echo "== $target"
        "$build/$host/release/$target" "$found" "$crate/corpus/$target" -max_total_time="$seconds" \
            -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$build/found/$target-" -verbosity=0 \
            -print_final_stats=1 2>&1 | grep -vE '^(INFO|stat::(peak|slow|new))' || true
        ls "$build/found/$target"-* >/dev/null 2>&1 && failed="$failed $target"
    done
done
[ -z "$failed" ] || { echo "failed:$failed; the inputs are in $build/found" >&2; exit 1; }
