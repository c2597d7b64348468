#!/usr/bin/env python3
"""Measures signing and verifying against `openssl dgst -sha256` and the reference `model-signing`.

    python3 benches/signing.py --program target/release/cleanbill [--gigabytes 4] [--reference PYTHON] [--folder DIR]

Two layouts of the same size: 4 large files, and 8,192 small ones. The files hold random bytes, since holes of sparse files are read
differently, and are read once before, so that they stand in the page cache. Each command runs `--rounds` times in turn with the others;
medians of processor and wall time, and the largest memory, are told. `--reference` names a Python that has `model-signing`.
"""

import argparse
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def run(command, folder):
    """Runs a command; returns processor seconds, wall seconds, peak memory in MiB."""
    before = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - before
    if child.returncode != 0:
        sys.exit(f"{command}: {child.returncode}\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def write(folder, count, size):
    """Writes `count` files of `size` random bytes; the generator is seeded, so every run reads the same."""
    folder.mkdir(parents=True)
    source = random.Random(count)
    block = source.randbytes(1 << 20)
    for index in range(count):
        with open(folder / f"{index:05}.bin", "wb") as out:
            left = size
            while left > 0:
                piece = min(left, len(block))
                # Another start in each file, so that no two are the same.
                out.write((index.to_bytes(8, "big") + block[8:])[:piece])
                left -= piece


def warm(folder):
    for path in folder.iterdir():
        with open(path, "rb", buffering=0) as source:
            while source.read(1 << 20):
                pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path)
    arguments = parser.parse_args()
    total = int(arguments.gigabytes * (1 << 30))
    program = arguments.program.resolve()
    work = pathlib.Path(tempfile.mkdtemp(prefix="signing-", dir=arguments.folder))
    try:
        subprocess.run([program, "keygen", "--private-key", "k.pem", "--public-key", "k.pub"], cwd=work, check=True)
        print(f"{total / (1 << 30):g} GiB, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        print("| layout | command | CPU s | ratio | wall s | peak MiB |\n|---|---|---|---|---|---|")
        for layout, count in [("4 large", 4), ("8,192 small", 8192)]:
            model = work / f"model-{count}"
            write(model, count, total // count)
            warm(model)
            files = sorted(str(path) for path in model.iterdir())
            commands = {
                "openssl dgst -sha256": ["openssl", "dgst", "-sha256", *files],
                "cleanbill sign key": [program, "sign", "key", model, "--private-key", "k.pem", "--signature", "o.sig"],
                "cleanbill verify key": [program, "verify", "key", model, "--public-key", "k.pub", "--signature", "o.sig"],
            }
            commands["cleanbill verify key --jobs 1"] = [*commands["cleanbill verify key"], "--jobs", "1"]
            if arguments.reference:
                python = [os.path.abspath(arguments.reference), "-m", "model_signing"]
                commands["model_signing sign key"] = [
                    *python, "sign", "key", model, "--private_key", "k.pem", "--signature", "r.sig"]
                commands["model_signing verify key"] = [
                    *python, "verify", "key", model, "--public_key", "k.pub", "--signature", "r.sig"]
            figures = {name: [] for name in commands}
            for _ in range(arguments.rounds):
                for name, command in commands.items():
                    figures[name].append(run(command, work))
            base = statistics.median(cpu for cpu, _, _ in figures["openssl dgst -sha256"])
            for name, rows in figures.items():
                cpu, wall = (statistics.median(column) for column in list(zip(*rows))[:2])
                peak = max(row[2] for row in rows)
                print(f"| {layout} | {name} | {cpu:.2f} | {cpu / base:.2f} | {wall:.2f} | {peak:.0f} |", flush=True)
            shutil.rmtree(model)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
