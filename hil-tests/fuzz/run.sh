#!/bin/sh
# Fuzzes on a stable toolchain, by libFuzzer: `hil-tests/fuzz/run.sh [SECONDS [TARGET...]]`, 60 seconds each of all
# targets if left out. Those of the telemetry decoders and boards are in drivers/fuzz, those of the files that
# the program reads in hil-tests/fuzz. Begins with the inputs in the crate's corpus/TARGET; what is new is kept
# beside the build's output, and so is what made a target fail. With 0 for SECONDS, as in the gate, every target is
# built as the tests are, and meets its corpus alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=${CARGO_TARGET_DIR:-$here/../../target}
found=$output/fuzz/found
seconds=${1:-60}
[ $# -gt 0 ] && shift
if [ "$seconds" -eq 0 ]; then
    build=$output/debug
else
    host=$(rustc -vV | sed -n 's/^host: //p')
    build=$output/fuzz/$host/release
fi

# Builds targets of a crate: `build CRATE TARGET...`, all at once.
build() {
    manifest=$1/Cargo.toml
    shift
    bins=$(printf -- '--bin %s ' "$@")
    if [ "$seconds" -eq 0 ]; then
        CARGO_TARGET_DIR=$output cargo build --quiet --locked --manifest-path "$manifest" $bins
        return
    fi
    # What cargo-fuzz passes, without the sanitizers, which need nightly.
    RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks" \
        CARGO_TARGET_DIR=$output/fuzz cargo build --quiet --release --locked --target "$host" \
        --manifest-path "$manifest" $bins
}

failed=
for crate in "$here/../../drivers/fuzz" "$here"; do
    known=$(sed -n '/^\[\[bin/,$ s/^name = "\(.*\)"$/\1/p' "$crate/Cargo.toml")
    wanted=
    for target in ${*:-$known}; do
        echo "$known" | grep -qx "$target" && wanted="$wanted $target"
    done
    [ -z "$wanted" ] && continue
    build "$crate" $wanted
    for target in $wanted; do
        corpus=$crate/corpus/$target
        echo "== $target"
        if [ "$seconds" -eq 0 ]; then
            # Each input by its name: libFuzzer runs them once and makes up none.
            "$build/$target" "$corpus"/* -timeout=10 -rss_limit_mb=2048 >"$output/$target.log" 2>&1 || {
                tail -n 40 "$output/$target.log" >&2
                failed="$failed $target"
            }
            continue
        fi
        mkdir -p "$found/$target" "$corpus"
        "$build/$target" "$found/$target" "$corpus" -max_total_time="$seconds" \
            -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$found/$target-" -verbosity=0 \
            -print_final_stats=1 2>&1 | grep -vE '^(INFO|stat::(peak|slow|new))' || true
        ls "$found/$target"-* >/dev/null 2>&1 && failed="$failed $target"
    done
done
[ -z "$failed" ] || { echo "failed:$failed; inputs that were found are in $found" >&2; exit 1; }
