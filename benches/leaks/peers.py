#!/usr/bin/env python3
"""Measures `cleanbill leaks` beside its peers: recall, precision and decoys on the labelled corpus, MB a second on a bulk file.

Run benches/leaks/peers.sh, which installs the peers first. Results go to target/bench-results/: leaks.json and leaks.md.
"""

import argparse
import json
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

import tools
from score import load_labels, number, read_lines, score, score_poison, table

ROOT = tools.HERE.parent.parent


def say(text):
    print(text, file=sys.stderr, flush=True)


def make(options, *what):
    """Writes a corpus with the Python that has Faker."""
    python = options.peers_dir / "corpus" / "bin" / "python"
    subprocess.run([str(python), str(tools.HERE / "corpus.py"), *map(str, what), "--seed", options.seed], check=True, stdout=sys.stderr)


def quality(found, options, home, cut):
    """Scores of every tool on the corpus."""
    folder = options.data / "corpus"
    if not (folder / "labels.jsonl").exists():
        make(options, folder)
    texts = {row["id"]: row["text"] for row in read_lines(folder / "corpus.jsonl")}
    labels = load_labels(folder / "labels.jsonl")
    # Not below `target`: some scanners leave out folders of that name.
    files = pathlib.Path(tempfile.mkdtemp(prefix="leaks-"))
    tools.lay_out(texts, files)
    results = {}
    for tool in found:
        source = folder / "corpus.jsonl" if tool.layout == "jsonl" else files
        target = home / f"{tool.name}.out"
        result = tools.run(tool, tool.command(source, target), target, home, cut)
        if result is None:
            continue
        hits = list(tool.hits(target, texts, result.stdout))
        results[tool.name] = {**score(tool.name, hits, labels, tool.classes, list(texts)), "hits": len(hits), "cpu": result.cpu,
            "peak_mib": result.peak_mib}
        say(f"{tool.name}: {len(hits)} findings in {result.cpu:.1f} CPU s")
    shutil.rmtree(files)
    return results, len(texts)


def poison(found, options, home, cut):
    """Scores of ours on the poisoned rows; no peer reads them."""
    folder = options.data / "poison"
    if not (folder / "labels.jsonl").exists():
        make(options, folder, "--poison")
    for tool in found:
        if tool.name == "cleanbill":
            target = home / "poison.out"
            result = tools.run(tool, tool.command(folder / "train.jsonl", target), target, home, cut)
            if result is not None:
                texts = {row["id"]: row["text"] for row in read_lines(folder / "train.jsonl")}
                return score_poison(list(tool.hits(target, texts, result.stdout)), load_labels(folder / "labels.jsonl"))
    return None


def speed(found, options, home, cut):
    """Bytes a CPU second. What one record costs is taken off, so that start and reading of rules do not count."""
    bulk = options.data / f"bulk-{options.bulk}.jsonl"
    if not bulk.exists():
        make(options, options.data, "--bulk", options.bulk)
    rows, parts = {}, pathlib.Path(tempfile.mkdtemp(prefix="leaks-"))
    for tool in found:
        layout, target = tool.speed_layout(), home / "speed.out"
        source, size = tools.slices(bulk, tool.speed_bytes, parts, layout)
        small, _ = tools.slices(bulk, 1, parts, layout)
        runs = [tools.run(tool, tool.speed_command(path, target), target, home, cut) for path in (small, source)]
        if None in runs:
            continue
        start, whole = runs
        rows[tool.name] = {"bytes": size, "cpu": whole.cpu, "wall": whole.wall, "start_cpu": start.cpu, "peak_mib": whole.peak_mib,
            "layout": layout, "mb_per_cpu_second": size / 1e6 / max(whole.cpu - start.cpu, 1e-3)}
        say(f"{tool.name}: {rows[tool.name]['mb_per_cpu_second']:.2f} MB/s on {size / 1e6:.0f} MB, {whole.cpu:.1f} CPU s")
    shutil.rmtree(parts)
    return rows


def side_by_side(results, rows, found):
    """Markdown: one line for each tool, then recall by type."""
    notes = {tool.name: tool.note for tool in found}
    lines = ["| tool | how | class | recall | recall, any type | precision, any type | decoys taken | MB/s a core | on |",
        "|---|---|---|---|---|---|---|---|---|"]
    for name in dict.fromkeys([*results, *rows]):
        pace = rows.get(name)
        cells = [f"{pace['mb_per_cpu_second']:.2f}",
            f"{pace['bytes'] / 1e6:.0f} MB, {'files of 1 MB' if pace['layout'] == 'folder' else 'one file'}"] if pace else ["", ""]
        for part, row in (results[name]["totals"] if name in results else {"": {}}).items():
            taken = number(results[name]["decoys_taken"]) if name in results else ""
            numbers = [number(row.get(key)) for key in ("recall", "recall_lenient", "precision_lenient")] if row else ["", "", ""]
            lines.append(f"| {name} | {notes.get(name, '')} | {part} | " + " | ".join([*numbers, taken, *cells]) + " |")
    for part in ("secret", "pii", "hidden"):
        names = [name for name, result in results.items() if part in result["totals"]]
        kinds = sorted({kind for name in names for kind, row in results[name]["types"].items() if row["class"] == part and row["values"]})
        if not names or not kinds:
            continue
        lines += ["", f"Recall of {part} by type: its own type / any type of the class.", "", "| type | values | " + " | ".join(names) + " |",
            "|---" * (len(names) + 2) + "|"]
        for kind in kinds:
            cells = [results[name]["types"][kind] for name in names]
            lines.append(f"| {kind} | {cells[0]['values']} | " + " | ".join(f"{cell['recall']:.2f} / {cell['recall_lenient']:.2f}"
                for cell in cells) + " |")
    if results:
        names = list(results)
        lines += ["", "Decoys taken by kind.", "", "| decoy | of | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
        for kind, row in results[names[0]]["decoys"].items():
            taken = [results[name]["decoys"][kind]["taken"] for name in names]
            if any(taken):
                lines.append(f"| {kind} | {row['decoys']} | " + " | ".join(map(str, taken)) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("all", "quality", "speed"), default="all")
    parser.add_argument("--peers-dir", type=pathlib.Path, default=ROOT / "target" / "peers" / "leaks")
    parser.add_argument("--peers", default=",".join(tools.PEERS), help="names, with commas; empty for none")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target" / "release" / "cleanbill")
    parser.add_argument("--no-cleanbill", action="store_true")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "target" / "bench-leaks", help="folder of the corpora")
    parser.add_argument("--bulk", default="1G", help="size of the file for speed; slow tools take its first megabytes")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target" / "bench-results")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    options.data, options.peers_dir = options.data.resolve(), options.peers_dir.resolve()
    names = [name for name in options.peers.split(",") if name]
    unknown = [name for name in names if name not in tools.PEERS]
    if unknown:
        parser.error("unknown peer " + ", ".join(unknown))
    home = (options.results / "leaks-home").resolve()
    home.mkdir(parents=True, exist_ok=True)
    found = [] if options.no_cleanbill else [tools.Cleanbill("cleanbill", options.binary.resolve())]
    found += [tools.PEERS[name](name, options.peers_dir) for name in names]
    for tool in [tool for tool in found if not tool.present()]:
        say(f"note: {tool.name} is not there ({tool.program()})")
        found.remove(tool)
    if not found:
        say("nothing to measure")
        return 2
    cut = tools.offline()
    if not cut:
        say("note: no network namespace to be had; the tools run with their own switches against live validation only")
    facts = {"machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": {tool.name: tool.version(home) for tool in found}, "seed": options.seed, "offline": bool(cut)}
    fragments = ["Versions: " + ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        + f". Network cut off: {'yes' if cut else 'no'}."]
    results, rows = {}, {}
    if options.what in ("all", "quality"):
        results, count = quality(found, options, home, cut)
        fragments.append(f"{count} records, seed {options.seed}.")
        facts["quality"], facts["poison"] = results, poison(found, options, home, cut)
    if options.what in ("all", "speed"):
        rows = facts["speed"] = speed(found, options, home, cut)
    fragments.append(side_by_side(results, rows, found))
    if facts.get("poison"):
        fragments.append("Poisoned rows: recall %s, precision %s." % tuple(number(facts["poison"][key]) for key in ("recall", "precision")))
    if "cleanbill" in results:
        fragments += ["## Cleanbill by type", table(results["cleanbill"])]
    text = "\n\n".join(fragments) + "\n"
    suffix = "" if options.what == "all" else f"-{options.what}"
    (options.results / f"leaks{suffix}.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    (options.results / f"leaks{suffix}.md").write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
