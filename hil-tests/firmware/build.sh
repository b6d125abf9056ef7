#!/usr/bin/env bash
# Builds the reference board's firmware, and the four that are bad on purpose:
#
#     hil-tests/firmware/build.sh [FOLDER]      # target/firmware if left out
#
# Needs gcc-arm-none-eabi and python3; with --install it fetches them and QEMU from Debian.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packages=(gcc-arm-none-eabi qemu-system-arm python3 util-linux)

if [ "${1:-}" = --install ]; then
    shift
    if ! dpkg-query --show "${packages[@]}" >/dev/null 2>&1; then
        apt-get -o DPkg::Lock::Timeout=400 update
        apt-get -o DPkg::Lock::Timeout=400 install -y --no-install-recommends "${packages[@]}"
    fi
fi
command -v arm-none-eabi-gcc >/dev/null || {
    echo "there is no arm-none-eabi-gcc: apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 2
}
out=${1:-$here/../../target/firmware}
mkdir -p "$out"
python3 "$here/network.py" "$here/../../drivers/models/mlperf-tiny-kws.safetensors" "$out/network.h"

build() { # NAME [DEFINE...]
    local name=$1
    shift
    # -fno-tree-loop-distribute-patterns: else memcpy becomes a call of itself.
    arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -std=c11 -O2 -g -Wall -Wextra -Werror \
        -ffreestanding -nostdlib -fno-tree-loop-distribute-patterns -ffp-contract=off \
        -ffile-prefix-map="$here"=. -fdebug-prefix-map="$here"=. \
        "$@" -I "$here/src" -I "$out" -T "$here/board.ld" "$here"/src/*.c -o "$out/$name.elf.new" -lgcc
    mv "$out/$name.elf.new" "$out/$name.elf"
    echo "$out/$name.elf"
}

build board
build bad-quantisation -DFAULT_QUANTISATION
build bad-slow -DFAULT_SLOW
build bad-watchdog -DFAULT_WATCHDOG
build bad-packet -DFAULT_PACKET
