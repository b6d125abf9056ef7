#!/bin/sh
# Drives the emulators with other people's clients: `hil-tests/clients/run.sh [pytest arguments]`.
# Makes a Python environment beside the build's output, and builds the program first. With --install it does no
# more than the environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../target}
venv=$target/clients-venv
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-deps --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi
[ "${1:-}" = --install ] && exit
if [ -z "${BENCH:-}" ]; then
    cargo build --quiet --manifest-path "$here/../../Cargo.toml" --package bench-runner
    BENCH=$target/debug/bench
fi
export BENCH
# Most wait for real time, so twice as many of them run at once as there are processors.
"$venv/bin/python" -B -m pytest -q -p no:cacheprovider --numprocesses $(($(nproc) * 2)) --dist worksteal \
    "$here" --ignore "$here/bus" "$@"
# Those that need a bus of the kernel's, in a Linux that has one.
"$here/../uml/boot" "$venv/bin/python" -B -m pytest -q -p no:cacheprovider "$here/bus" "$@"
