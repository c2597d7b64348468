#!/usr/bin/env bash
# Builds the wheel of the Python package, with the command line in it: scripts/wheel.sh FOLDER [--release]
#
# The wheel is for the machine it is built on; MATURIN names the program maturin where it is not on the path.
set -euo pipefail
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
profile=(${2:+"$2"})
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
crate=crates/cleanbill-python
scripts=$crate/cleanbill.data/scripts

if [ ${#profile[@]} = 0 ]; then
    # As the tests build it, so that they have built it.
    cargo build --quiet --target-dir "$target" --workspace --bin cleanbill
else
    cargo build --quiet --target-dir "$target" -p cleanbill "${profile[@]}"
fi
mkdir -p "$scripts"
built=$target/$([ ${#profile[@]} = 0 ] && echo debug || echo release)/cleanbill
# What debuggers want is left out: it is many times the program.
strip -o "$scripts/cleanbill" "$built" 2>/dev/null || cp "$built" "$scripts/cleanbill"
"${MATURIN:-maturin}" build --quiet --manifest-path "$crate/Cargo.toml" --target-dir "$target" --out "$out" "${profile[@]}"
