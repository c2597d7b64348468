#!/usr/bin/env python3
"""Measures `cleanbill diff` on two large models beside the time that reading both once takes.

    python3 benches/tensors.py [--program target/release/cleanbill] [--folder target/tensors] [--gibibytes 2] [--runs 5]

The models are made by crates/cleanbill-tensors/tests/pairs.py, which needs NumPy: run this with a Python that has it. Files are read once
before, so that they stand in the page cache; `read` is `cat` of both to /dev/null. Needs three files of that size.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(command):
    """Returns wall seconds, CPU seconds and peak MiB."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"exit code {process.returncode}: {' '.join(map(str, command))}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(ROOT / "target/release/cleanbill"))
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "target/tensors")
    parser.add_argument("--gibibytes", type=float, default=2)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    folder = arguments.folder
    if not (folder / "same.safetensors").exists():
        script = ROOT / "crates/cleanbill-tensors/tests/pairs.py"
        subprocess.run([sys.executable, script, "--large", folder, str(arguments.gibibytes)], check=True)
    one, other, same = (folder / f"{name}.safetensors" for name in ("a", "b", "same"))
    size = one.stat().st_size / (1 << 30)
    commands = {
        "read both once": ["cat", one, other],
        "diff, every number moved": [arguments.program, "diff", one, other],
        "diff, nothing moved": [arguments.program, "diff", one, same],
        "tensors of one": [arguments.program, "tensors", one],
        "read one once": ["cat", one],
        "sha256 of one": ["openssl", "dgst", "-sha256", one],
        "sha256 of both": ["openssl", "dgst", "-sha256", one, other],
    }
    results = {name: [] for name in commands}
    for number in range(arguments.runs + 1):
        for name, command in commands.items():
            measured = run(command)
            # The first round fills the cache.
            if number > 0:
                results[name].append(measured)
    print(f"Two models of {size:.2f} GiB, medians of {arguments.runs}\n")
    print("| what | wall s | CPU s | peak MiB |\n|---|---|---|---|")
    for name, measured in results.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*measured))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
