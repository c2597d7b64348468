#!/usr/bin/env bash
# Runs every check that a change must pass: scripts/test.sh
#
# Installs what is missing where it can (python3 by apt-get, cargo-deny by cargo). Stops at the first failure.
#   FUZZ_SECONDS=0   leaves out the fuzz smoke (default 60)
#   CORPUS=0         leaves out the generated corpus
#   PACKAGES=0       leaves out the real packages
#   LIBRARIES=0      leaves out the models that real libraries write
#   CLUSTERS=0       leaves out the Python package with Spark and Ray
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
fuzz_seconds=${FUZZ_SECONDS:-60}
deny_version=0.20.2
log=$target/test.log
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never} RUST_BACKTRACE=1
mkdir -p "$target"

step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

step "tools"
rustc --version
for component in rustfmt clippy; do
    command -v "cargo-${component/rustfmt/fmt}" >/dev/null || rustup component add "$component"
done
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    as_root apt-get update -qq || true
    as_root apt-get install -y -qq python3 python3-venv >/dev/null || echo "SKIPPED: python3 cannot be installed" >&2
fi

# Numbers of persons are compared with another implementation of their checks.
if [ ! -x "$target/stdnum-venv/bin/python" ]; then
    python3 -m venv "$target/stdnum-venv" &&
        "$target/stdnum-venv/bin/pip" install --quiet --disable-pip-version-check python-stdnum==2.2 ||
        { rm -rf "$target/stdnum-venv"; echo "SKIPPED: python-stdnum cannot be installed" >&2; }
fi

step "format"
# By path: cargo fmt does not see modules that a registry macro declares.
git ls-files -z '*.rs' | xargs -0 rustfmt --check --edition 2024 --config-path rustfmt.toml

step "clippy"
cargo clippy --quiet --workspace --all-targets -- -D warnings
cargo clippy --quiet --workspace --no-default-features -- -D warnings
cargo clippy --quiet -p cleanbill -p cleanbill-attest --features cleanbill/pkcs11 --all-targets -- -D warnings

step "tests"
# The whole output goes to a file, for the skips below; the screen gets the closing lines, or everything after a failure.
if command -v cargo-nextest >/dev/null; then
    tests=(cargo nextest run --workspace --no-fail-fast --success-output immediate)
else
    tests=(cargo test --workspace --no-fail-fast -- --show-output)
fi
if ! "${tests[@]}" >"$log" 2>&1; then
    cat "$log"
    echo "tests failed" >&2
    exit 1
fi
grep -E '^ *Summary|^test result:' "$log"
cargo test --quiet --workspace --doc >>"$log" 2>&1 || { cat "$log"; exit 1; }

step "keys in tokens"
# A security module in software; the feature is not in the default program.
if ! command -v softhsm2-util >/dev/null; then
    as_root apt-get update -qq || true
    as_root apt-get install -y -qq softhsm2 >/dev/null || echo "SKIPPED: SoftHSM cannot be installed" | tee -a "$log"
fi
if ! cargo test --quiet -p cleanbill --features pkcs11 --test it token:: -- --show-output >"$log.tokens" 2>&1; then
    cat "$log.tokens"
    echo "keys in tokens failed" >&2
    exit 1
fi
grep -E '^test result:' "$log.tokens"
grep -hE '^SKIPPED:' "$log.tokens" >>"$log" || true

step "benches"
python3 benches/leaks/test_leaks.py --quiet

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps

step "dependencies"
# Only what can be checked without a network: see deny.toml.
deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    deny=$target/tools/bin/cargo-deny
    # A debug build: the tool runs for a second and builds for minutes.
    [ -x "$deny" ] || cargo install --quiet --locked --debug cargo-deny --version "$deny_version" \
        --root "$target/tools" --target-dir "$target/tools/build"
    rm -rf "$target/tools/build"
fi
"$deny" check bans licenses sources 2>&1 | tail -n 3

if [ "$fuzz_seconds" -gt 0 ]; then
    step "fuzz smoke, $fuzz_seconds s"
    # Nothing printed by a panicking input is lost: it is written to fuzz/artifacts. The seed is fixed, so that two runs of
    # one commit agree; hunts with other seeds are for people: fuzz/README.md.
    cargo run --quiet -p cleanbill-fuzz -- run --seconds "$fuzz_seconds" --seed 1 | tail -n 5
fi

if [ "${CORPUS:-1}" != 0 ] && [ -f benches/corpus/malicious.py ]; then
    step "corpus"
    corpus=$target/corpus
    python3 benches/corpus/malicious.py "$corpus" | tail -n 3
    if ! CLEANBILL_CORPUS="$(cd "$corpus" && pwd)" \
        cargo test --quiet --workspace corpus -- --show-output >"$log.corpus" 2>&1; then
        cat "$log.corpus"
        echo "corpus test failed" >&2
        exit 1
    fi
    grep -E '^test result:.* [1-9][0-9]* passed' "$log.corpus" || echo "SKIPPED: no test reads the corpus yet" | tee -a "$log"
fi

if [ "${PACKAGES:-1}" != 0 ]; then
    step "real packages"
    # Models that others publish; unpacked, never imported. Kept between runs.
    packages=$target/packages
    if [ ! -f "$packages/.complete" ]; then
        rm -rf "$packages"
        mkdir -p "$packages"
        python3 -m venv "$target/packages-venv"
        "$target/packages-venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$packages" \
            --requirement testdata/packages-requirements.txt
        for wheel in "$packages"/*.whl; do
            python3 -m zipfile -e "$wheel" "$packages/$(basename "$wheel" | cut -d- -f1)"
            rm "$wheel"
        done
        touch "$packages/.complete"
    fi
    if ! CLEANBILL_PACKAGES="$(cd "$packages" && pwd)" \
        cargo test --quiet -p cleanbill-scan --test it packages -- --show-output >"$log.packages" 2>&1; then
        cat "$log.packages"
        echo "real packages failed" >&2
        exit 1
    fi
    if ! CLEANBILL_PACKAGES="$(cd "$packages" && pwd)" \
        cargo test --quiet -p cleanbill --test it packages -- --show-output >"$log.bills" 2>&1; then
        cat "$log.bills"
        echo "bills of real packages failed" >&2
        exit 1
    fi
    if ! CLEANBILL_PACKAGES="$(cd "$packages" && pwd)" \
        cargo test --quiet -p cleanbill-tensors --test it lineage -- --show-output >"$log.lineage" 2>&1; then
        cat "$log.lineage"
        echo "lineage of real models failed" >&2
        exit 1
    fi
    grep -hE '^test result:' "$log.packages" "$log.bills" "$log.lineage"
    grep -hE '^SKIPPED:' "$log.bills" "$log.lineage" >>"$log" || true
fi

if [ "${LIBRARIES:-1}" != 0 ]; then
    step "what libraries write"
    # Harmless models, made on the spot by the libraries of testdata/library-requirements.txt. Kept between runs.
    libraries=$target/libraries
    if [ ! -f "$libraries/.complete" ]; then
        rm -rf "$libraries"
        python3 -m venv "$target/libraries-venv"
        pip=("$target/libraries-venv/bin/pip" install --quiet --disable-pip-version-check)
        if ! "${pip[@]}" --requirement testdata/library-requirements.txt 2>"$log.pip"; then
            grep -v '^#' testdata/library-requirements.txt | while read -r library; do
                "${pip[@]}" "$library" 2>>"$log.pip" || echo "SKIPPED: $library cannot be installed" | tee -a "$log"
            done
        fi
        TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES="" OMP_NUM_THREADS=1 KERAS_BACKEND=tensorflow \
            "$target/libraries-venv/bin/python" benches/corpus/benign.py "$libraries" --only benign_tensors benign_stdlib \
            benign_numeric benign_learn benign_files benign_graphs benign_keras benign_tables benign_native benign_notebooks \
            benign_tokenizers benign_words >"$log.benign" 2>&1 || true
        grep -E '^benign: [0-9]+ samples' "$log.benign" || { cat "$log.benign"; exit 1; }
        touch "$libraries/.complete"
    fi
    if ! CLEANBILL_LIBRARIES="$(cd "$libraries/benign" && pwd)" \
        cargo test --quiet -p cleanbill-scan --test it libraries -- --show-output >"$log.libraries" 2>&1; then
        cat "$log.libraries"
        echo "models of libraries failed" >&2
        exit 1
    fi
    grep -E 'samples of libraries|^test result:' "$log.libraries"
fi

if [ "${CLUSTERS:-1}" != 0 ]; then
    step "python package"
    # The wheel, installed as its users do, in a cluster of Spark and one of Ray on this machine. The environment is kept between runs.
    clusters=$target/clusters-venv
    if ! command -v java >/dev/null; then
        as_root apt-get update -qq || true
        as_root apt-get install -y -qq openjdk-17-jre-headless >/dev/null || echo "SKIPPED: Java cannot be installed" | tee -a "$log"
    fi
    if ! cmp -s testdata/cluster-requirements.txt "$clusters/requirements.txt"; then
        rm -rf "$clusters"
        python3 -m venv "$clusters"
        "$clusters/bin/pip" install --quiet --disable-pip-version-check --requirement testdata/cluster-requirements.txt &&
            cp testdata/cluster-requirements.txt "$clusters/requirements.txt" ||
            echo "SKIPPED: Spark and Ray cannot be installed" | tee -a "$log"
    fi
    if [ -f "$clusters/requirements.txt" ]; then
        rm -rf "$target/wheels"
        MATURIN=$clusters/bin/maturin scripts/wheel.sh "$target/wheels"
        "$clusters/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$target"/wheels/cleanbill-*.whl
        for test in package ray spark; do
            if [ "$test" = spark ] && ! command -v java >/dev/null; then
                continue
            fi
            if ! "$clusters/bin/python" "crates/cleanbill-python/tests/test_$test.py" >"$log.$test" 2>&1; then
                cat "$log.$test"
                echo "python package failed" >&2
                exit 1
            fi
            grep -E '^(Ran|spark:|ray:|SKIPPED)' "$log.$test"
        done
    fi
fi

step "left out"
grep -hoE 'SKIPPED:.*' "$log" | sort | uniq -c || echo "nothing was skipped"
echo "all checks passed in ${SECONDS}s"
