#!/usr/bin/env python3
"""Measures advisories and the hashing of bills, and prints two tables.

    python3 benches/advisories.py --osv PyPI.zip [--osv npm.zip ...] [--program target/release/cleanbill] [--runs 3]
    python3 benches/advisories.py --hash [--folder target/hashing]

Records: those of the archives (`all.zip` of an ecosystem, as OSV publishes them), copied under new ids and package names until there
are 250,000, so that their lengths, ranges and versions are those of real ones. Components: 10,000 libraries of a CycloneDX document,
half of which are packages that the index knows. The ratio of `bom` to `openssl dgst -sha256` is taken over the same files, in turn, in
one run: four files of 1 GiB, sparse (reading them is reading zeros), and one of 1 GiB of other bytes out of the page cache.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import zipfile

from large import ROOT, measured

RECORDS, COMPONENTS = 250_000, 10_000
GIB = 1 << 30


def load(archives):
    records = []
    for archive in archives:
        with zipfile.ZipFile(archive) as opened:
            records += [json.loads(opened.read(name)) for name in opened.namelist() if name.endswith(".json")]
    return records


def copied(record, copy):
    """The record under another id, of packages with another name."""
    if copy == 0:
        return record
    record = json.loads(json.dumps(record))
    record["id"] = f"{record['id']}-{copy}"
    record["aliases"] = [f"{alias}-{copy}" for alias in record.get("aliases", [])]
    for affected in record.get("affected", []):
        package = affected.get("package", {})
        package["name"] = f"{package.get('name', 'unknown')}-{copy}"
        package.pop("purl", None)
    return record


def write_records(folder, real):
    """Writes an archive and a file of lines; returns the bytes of JSON and the packages with a version that each knows."""
    packages, size, count = [], 0, 0
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive, open(folder / "records.jsonl", "w") as lines:
        for copy in range(RECORDS // len(real) + 1):
            for record in real:
                if count == RECORDS:
                    break
                made = copied(record, copy)
                text = json.dumps(made)
                archive.writestr(f"{made['id']}.json", text)
                lines.write(text + "\n")
                size += len(text)
                count += 1
                for affected in made.get("affected", []):
                    versions = affected.get("versions") or ["1.0"]
                    packages.append((affected["package"]["name"], versions[len(versions) // 2]))
    return size, packages


def write_bill(file, packages):
    chosen = random.Random(7)
    # Each package once, whatever the number of its records.
    versions = dict(packages)
    known = [(name, versions[name]) for name in chosen.sample(sorted(versions), COMPONENTS // 2)]
    names = known + [(f"nobody-knows-{number}", "1.0") for number in range(COMPONENTS - len(known))]
    components = [{"type": "library", "bom-ref": f"c{number}", "name": name, "version": version,
                   "purl": f"pkg:pypi/{name.lower().replace('_', '-')}@{version.replace('+', '%2B').replace(' ', '')}"}
                  for number, (name, version) in enumerate(names)]
    file.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}))


def row(name, runs, size=None):
    wall, cpu = (statistics.median(run[at] for run in runs) for at in (0, 1))
    rate = f" | {size / 1e6 / cpu:.0f} | {size / 1e6 / wall:.0f}" if size else " | | "
    print(f"| {name} | {cpu:.2f} | {wall:.2f}{rate} | {max(run[2] for run in runs):.0f} |", flush=True)


def advisories(chosen):
    folder = ROOT / "target/advisories"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    real = load(chosen.osv)
    size, packages = write_records(folder, real)
    write_bill(folder / "bom.json", packages)
    index = folder / "index"
    print(f"{len(real)} real records, {RECORDS} in all, {size / 1e6:.0f} MB of JSON, "
          f"{(folder / 'all.zip').stat().st_size / 1e6:.0f} MB as an archive\n")
    print("| work | CPU s | wall s | MB a CPU second | MB a second | peak MiB |\n|---|---|---|---|---|---|")
    for source in ("records.jsonl", "all.zip"):
        command = [chosen.program, "advisories", "import", str(folder / source), "--index", str(index), "--date", "2026-11-28"]
        row(f"import of {RECORDS} records from {source}", [measured(command) for _ in range(chosen.runs)], size)
    check = [chosen.program, "advisories", "check", "--bom", str(folder / "bom.json"), "--index", str(index), "--format", "json"]
    row(f"check of {COMPONENTS} components, index of {index.stat().st_size / 1e6:.0f} MB", [measured(check) for _ in range(chosen.runs)])
    found = json.loads(subprocess.run(check, capture_output=True, check=False).stdout)
    print(f"\n{len(found['advisories'])} advisories, {len(found['gaps'])} gaps, {found['asked']} packages asked")
    if not chosen.keep:
        shutil.rmtree(folder, ignore_errors=True)


def safetensors(path, size, sparse):
    """Writes a file of one tensor; `sparse` leaves its numbers as a hole."""
    numbers = size - 4096
    header = json.dumps({"weight": {"dtype": "U8", "shape": [numbers], "data_offsets": [0, numbers]}}).encode()
    header = header.ljust(4096 - 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        if sparse:
            file.truncate(size)
        else:
            source = random.Random(1)
            for _ in range(numbers // (1 << 20)):
                file.write(source.randbytes(1 << 20))
            file.write(source.randbytes(numbers % (1 << 20)))


def hashing(chosen):
    folder = pathlib.Path(chosen.folder)
    print("| files | `openssl dgst -sha256` CPU s / wall s | `cleanbill bom` CPU s / wall s / peak MiB | ratio of CPU | ratio of wall |"
          "\n|---|---|---|---|---|")
    for name, count, size, sparse in (("4 sparse files of 1 GiB", 4, GIB, True), ("1 sparse file of 4 GiB", 1, 4 * GIB, True),
                                      ("1 file of 1 GiB, not sparse", 1, GIB, False), ("2 files of 512 MiB, not sparse", 2, GIB // 2, False)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for number in range(count):
            safetensors(folder / f"model-{number:05}-of-{count:05}.safetensors", size, sparse)
        (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
        files = sorted(str(file) for file in folder.iterdir())
        theirs, ours = [], []
        for file in files:
            subprocess.run(["cat", file], stdout=subprocess.DEVNULL, check=True)
        for _ in range(chosen.runs):
            theirs.append(measured(["openssl", "dgst", "-sha256", *files]))
            ours.append(measured([chosen.program, "bom", str(folder)]))
        pick = lambda runs, at: statistics.median(run[at] for run in runs)
        print(f"| {name} | {pick(theirs, 1):.2f} / {pick(theirs, 0):.2f} | {pick(ours, 1):.2f} / {pick(ours, 0):.2f} / "
              f"{max(run[2] for run in ours):.0f} | {pick(ours, 1) / pick(theirs, 1):.2f} | {pick(ours, 0) / pick(theirs, 0):.2f} |", flush=True)
    shutil.rmtree(folder, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default=str(ROOT / "target/release/cleanbill"))
    options.add_argument("--osv", type=pathlib.Path, action="append", default=[])
    options.add_argument("--hash", action="store_true")
    options.add_argument("--folder", default=str(ROOT / "target/hashing"))
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--keep", action="store_true", help="leave the records, the bill and the index in target/advisories")
    chosen = options.parse_args()
    print(f"processor: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    if chosen.osv:
        advisories(chosen)
    if chosen.hash:
        hashing(chosen)


if __name__ == "__main__":
    main()
