#!/usr/bin/env python3
"""Measures Cleanbill beside its peers: speed on eight workloads, detection on a corpus.

Run benches/peers.sh, which installs the peers first. Standard library only. Results go to target/bench-results/:
speed.json, detection.json and benchmarks.md, the fragment for docs/benchmarks.md.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys

import peers_tools
import peers_workloads

ROOT = peers_tools.ROOT


def say(text):
    print(text, file=sys.stderr, flush=True)


def machine():
    """The facts a reader needs to judge the numbers."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError):
        memory = 0.0
    return {"cores": os.cpu_count(), "memory_gib": round(memory), "system": platform.system(), "architecture": platform.machine(),
            "python": platform.python_version()}


def versions(tools, home):
    """The version each tool gives, or that of its environment."""
    found = {}
    for tool in tools:
        python = pathlib.Path(tool.program).with_name("python")
        if tool.name != "cleanbill" and python.exists():
            code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
            text = subprocess.run([python, "-c", code, tool.name], capture_output=True, text=True, check=False).stdout
        else:
            text = peers_tools.run(tool.version_command(), 30, home).stdout
        found[tool.name] = (re.findall(r"\d+\.\d+[^\s]*", text) or ["?"])[0]
    return found


# Speed.

def proof(tool, target, timeout, home):
    """Whether the tool reports the payload of the twin: None where it did not end well."""
    report = home / "report.json"
    report.unlink(missing_ok=True)
    result = peers_tools.run(tool.scan(target, report), timeout, home)
    if result.timed_out:
        return f"no (over {timeout:g} s)"
    base = target if target.is_dir() else target.parent
    seen = tool.read(result, report, base)
    if seen is None:
        return f"no (broke off, exit {result.code})"
    evil = (target.name,) if target.is_file() else peers_workloads.EVIL[target.name.removesuffix("-proof")]
    reported = [path for path, severity in seen.findings if severity in peers_tools.HIGH]
    silent = [name for name in evil if not any(name in path or path in ("", ".") for path in reported)]
    if not silent:
        return "yes"
    if len(evil) == 1:
        return f"no (silent, exit {result.code})"
    return "no (silent on " + ", ".join(name.rpartition(".")[2] for name in silent) + ")"


def speed(tools, options, home):
    """Medians of all runs, the tools in turn within each round so that a busy machine hits all alike."""
    results, proofs = collections.defaultdict(list), {}
    keys = [key for key in options.workloads if key == "start" or key in peers_workloads.MAKERS]
    targets = {}
    for key in keys:
        if key != "start":
            say(f"preparing {key}: {peers_workloads.WORKLOADS[key]}")
            targets[key] = peers_workloads.prepare(key, options.data)
            for tool in tools:
                proofs[tool.name, key] = proof(tool, targets[key][1], options.timeout, home)
                say(f"  {tool.name} examines {key}: {proofs[tool.name, key]}")
    lost = set()
    for round_ in range(options.runs):
        for key in keys:
            for tool in tools:
                if (tool.name, key) in lost:
                    continue
                report = home / "report.json"
                report.unlink(missing_ok=True)
                command = tool.version_command() if key == "start" else tool.scan(targets[key][0], report)
                result = peers_tools.run(command, options.timeout, home)
                results[tool.name, key].append((result.wall, result.cpu, result.peak_mib, result.code, result.timed_out))
                if result.timed_out:
                    lost.add((tool.name, key))
        say(f"round {round_ + 1} of {options.runs} done")
    rows = {}
    for key in keys:
        for tool in tools:
            runs = results[tool.name, key]
            code = runs[0][3]
            examined = "yes" if key == "start" else proofs[tool.name, key]
            if examined == "yes" and key != "start" and code not in tool.fine_codes:
                examined = f"no (exit {code} on the clean file)"
            if runs[-1][4]:
                examined = f"no (over {options.timeout:g} s)"
            rows.setdefault(key, {})[tool.name] = {
                "wall": statistics.median(run[0] for run in runs), "cpu": statistics.median(run[1] for run in runs),
                "peak_mib": statistics.median(run[2] for run in runs), "runs": len(runs), "exit": code, "examined": examined}
    return rows


def speed_table(rows, names):
    """Markdown, with the ratio of the fastest peer that examined the file to Cleanbill."""
    lines = ["| workload | " + " | ".join(names) + " | Cleanbill against the fastest peer that examines |",
             "|---" * (len(names) + 2) + "|"]
    for key, cells in rows.items():
        title = "start (version or help)" if key == "start" else f"{key}: {peers_workloads.WORKLOADS[key]}"
        texts = []
        for name in names:
            cell = cells.get(name)
            if cell is None:
                texts.append("")
                continue
            if cell["examined"].startswith("no (over"):
                texts.append(cell["examined"])
                continue
            mark = "" if cell["examined"] == "yes" else f"; examined: {cell['examined']}"
            texts.append("%.3f / %.3f / %.0f%s" % (cell["cpu"], cell["wall"], cell["peak_mib"], mark))
        lines.append(f"| {title} | " + " | ".join(texts) + f" | {ratio(cells)} |")
    return "\n".join(lines)


def ratio(cells):
    peers = [(cell["cpu"], cell["wall"], name) for name, cell in cells.items() if name != "cleanbill" and cell["examined"] == "yes"]
    if "cleanbill" not in cells or not peers:
        return "-"
    ours = cells["cleanbill"]
    if ours["examined"] != "yes":
        return "Cleanbill does not examine it"
    cpu, _, by_cpu = min(peers)
    wall, by_wall = min((wall, name) for _, wall, name in peers)
    return "CPU %.0fx (%s), wall %.0fx (%s)" % (cpu / max(ours["cpu"], 0.001), by_cpu, wall / max(ours["wall"], 0.001), by_wall)


# Detection.

def corpus_samples(corpus, halves, groups):
    """(half, group, sample) of every sample folder, and the manifest records; no groups means all."""
    samples, facts = [], {}
    for half in halves:
        for folder in sorted((corpus / half).glob("*/*")):
            if folder.is_dir() and (not groups or folder.parent.name in groups):
                samples.append((half, folder.parent.name, folder.name))
        manifest = corpus / half / "manifest.jsonl"
        if manifest.exists():
            for line in manifest.read_text("utf-8").splitlines():
                record = json.loads(line)
                facts[half, record["group"], record["id"]] = record
    return samples, facts


def link_tree(corpus, samples, folder):
    """A tree of hard links, so that one run can take just these samples."""
    shutil.rmtree(folder, ignore_errors=True)
    for sample in samples:
        source = corpus.joinpath(*sample)
        for path in sorted(source.rglob("*")):
            target = folder.joinpath(*sample) / path.relative_to(source)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target, follow_symlinks=False)
            except OSError:
                shutil.copy2(path, target, follow_symlinks=False)


def judge(tool, corpus, samples, facts, home, verdicts):
    """Runs a batch; where the tool breaks off, cuts it up until the sample that broke it stands alone."""
    tree, report = home / "batch", home / "report.json"
    link_tree(corpus, samples, tree)
    report.unlink(missing_ok=True)
    limit = tool.base_seconds + tool.seconds_per_sample * len(samples)
    result = peers_tools.run(tool.scan(tree, report), limit, home)
    seen = None if result.timed_out else tool.read(result, report, tree)
    if seen is None and len(samples) > 1:
        step = max(1, -(-len(samples) // tool.parts))
        for at in range(0, len(samples), step):
            judge(tool, corpus, samples[at:at + step], facts, home, verdicts)
        return
    if seen is None:
        state = "timeout" if result.timed_out else f"broke off, exit {result.code}"
        verdicts["/".join(samples[0])] = {"severity": None, "covered": False, "state": state}
        return
    worst, covered, gaps = collections.defaultdict(list), set(), set()
    for path, severity in seen.findings:
        worst["/".join(path.split("/")[:3])].append(severity)
    for paths, into in ((seen.covered, covered), (seen.gaps, gaps)):
        into.update(path.split(":")[0] for path in paths)
    for sample in samples:
        key = "/".join(sample)
        main = facts.get(sample, {}).get("path")
        files = [main] if main else [str(path.relative_to(tree)) for path in tree.joinpath(*sample).rglob("*") if path.is_file()]
        verdicts[key] = {"severity": severest(worst.get(key, [])), "state": "",
                         "covered": any(path in covered for path in files) and not any(path in gaps for path in files)}


def severest(severities):
    order = ["critical", "high", "medium", "low", "unknown"]
    loud = [severity for severity in severities if severity not in peers_tools.QUIET]
    return min(loud, key=lambda name: order.index(name) if name in order else 3) if loud else None


def detection(tools, options, home, partial):
    """Verdicts of every tool on every sample. What is known is kept in a file, so that a run that was stopped goes on."""
    corpus = pathlib.Path(options.corpus).resolve()
    samples, facts = corpus_samples(corpus, options.halves, options.groups)
    verdicts = load_partial(partial) if options.resume else {}
    for tool in tools:
        found = verdicts.setdefault(tool.name, {})
        every = options.every.get(tool.name, 1)
        wanted = [sample for at, sample in enumerate(samples) if sample[0] == "malicious" or at % every == 0]
        wanted = [sample for sample in wanted if "/".join(sample) not in found]
        # Groups stay together within a batch; the order is that of the folders.
        for at in range(0, len(wanted), tool.batch):
            judge(tool, corpus, wanted[at:at + tool.batch], facts, home, found)
            partial.write_text(json.dumps(verdicts) + "\n")
            say(f"{tool.name}: {min(at + tool.batch, len(wanted))} of {len(wanted)} samples")
        broken = [key for key, verdict in found.items() if verdict["state"]]
        if broken:
            say(f"{tool.name} broke off on {len(broken)} samples, the first {broken[0]}")
    shutil.rmtree(home / "batch", ignore_errors=True)
    if "picklescan" in verdicts:
        # One run gives both modes: findings that only `--strict` raises carry the severity `unknown`.
        both = verdicts["picklescan"]
        verdicts["picklescan --strict"] = both
        verdicts["picklescan"] = {key: {**verdict, "severity": None if verdict["severity"] == "unknown" else verdict["severity"]}
                                  for key, verdict in both.items()}
    return samples, verdicts


def load_partial(path):
    """The verdicts of a run that was stopped."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def rates(verdicts, keys, half):
    """Percent at the level that counts, and at any; malicious samples count from high, benign ones from medium."""
    keys = [key for key in keys if key in verdicts]
    if not keys:
        return "-"
    counts = peers_tools.HIGH if half == "malicious" else (*peers_tools.HIGH, "medium")
    worst = [verdicts[key]["severity"] for key in keys]
    loud = sum(severity in counts for severity in worst)
    return "%.1f / %.1f" % (100 * loud / len(keys), 100 * sum(severity is not None for severity in worst) / len(keys))


def uncovered(verdicts, keys):
    """The number neither flagged nor examined."""
    return sum(not verdicts[key]["covered"] and verdicts[key]["severity"] is None for key in keys if key in verdicts)


def interval(count):
    """Half width of the 95% interval at the worst rate, in points."""
    return 98 / math.sqrt(count) if count else 0


def detection_tables(samples, verdicts):
    """Markdown: all samples, then by group."""
    halves = {half: ["/".join(sample) for sample in samples if sample[0] == half] for half in ("malicious", "benign")}
    lines = [f"{len(halves['malicious'])} malicious and {len(halves['benign'])} benign samples. Percent of malicious ones at high or above / at any "
             "level, and of benign ones at medium or above / at any level. "
             f"The 95% interval is at most +-{interval(len(halves['malicious'])):.1f} and +-{interval(len(halves['benign'])):.1f} points. "
             "Not covered: neither flagged nor examined.", "",
             "| scanner | malicious | benign | malicious not covered (n) | benign not covered (n) |", "|---|---|---|---|---|"]
    for name, found in verdicts.items():
        cells = [rates(found, halves[half], half) for half in halves] + [str(uncovered(found, halves[half])) for half in halves]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for half in ("malicious", "benign"):
        groups = collections.defaultdict(list)
        for sample in samples:
            if sample[0] == half:
                groups[sample[1]].append("/".join(sample))
        if not groups:
            continue
        lines += ["", f"| {half} group | n | " + " | ".join(verdicts) + " |", "|---" * (len(verdicts) + 2) + "|"]
        for group, keys in sorted(groups.items()):
            lines.append(f"| {group} | {len(keys)} | " + " | ".join(rates(found, keys, half) for found in verdicts.values()) + " |")
    return "\n".join(lines)


def make_corpus(corpus, halves):
    """Writes the malicious half if it is not there. The benign half needs several environments, see corpus/benign.py."""
    if "malicious" in halves and not (corpus / "malicious" / "manifest.jsonl").exists():
        say("writing malicious samples")
        script = ROOT / "benches" / "corpus" / "malicious.py"
        subprocess.run([sys.executable, script, corpus], check=True, stdout=subprocess.DEVNULL)
    for half in halves:
        if not (corpus / half).is_dir():
            say(f"no {half} samples in {corpus}: that column stays empty")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("all", "speed", "detect"), default="all")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one run of the speed part")
    parser.add_argument("--corpus", default=ROOT / "target" / "bench-corpus", help="folder with malicious/ and benign/")
    parser.add_argument("--halves", default="malicious,benign", help="halves of the corpus to measure")
    parser.add_argument("--groups", default="", help="groups of both halves to measure, with commas; empty for all")
    parser.add_argument("--every", default="", help="tool=n, with commas: give a slow tool only every n-th benign sample")
    parser.add_argument("--resume", action="store_true", help="go on with the detection that was stopped")
    parser.add_argument("--data", default=ROOT / "target" / "bench-data", help="folder of the speed workloads")
    parser.add_argument("--results", default=ROOT / "target" / "bench-results")
    parser.add_argument("--peers-dir", default=ROOT / "target" / "peers")
    parser.add_argument("--peers", default=",".join(peers_tools.PEERS), help="names, with commas; empty for none")
    parser.add_argument("--binary", default=ROOT / "target" / "release" / "cleanbill")
    parser.add_argument("--no-cleanbill", action="store_true")
    parser.add_argument("--workloads", default="start,a,b,c,d,e,f")
    options = parser.parse_args()
    options.workloads = options.workloads.split(",")
    options.halves = options.halves.split(",")
    options.groups = {group for group in options.groups.split(",") if group}
    options.every = {name: int(count) for name, _, count in (pair.partition("=") for pair in options.every.split(",") if pair)}
    options.timeout = options.timeout if options.timeout > 0 else 300
    names = [name for name in options.peers.split(",") if name]
    unknown = [name for name in names if name not in peers_tools.PEERS]
    if unknown:
        parser.error("unknown peer " + ", ".join(unknown))
    results = pathlib.Path(options.results)
    home = results / "home"
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    binary = None if options.no_cleanbill else pathlib.Path(options.binary).resolve()
    tools, notes = peers_tools.tools(names, pathlib.Path(options.peers_dir).resolve(), binary)
    for note in notes:
        say("note: " + note)
    if not tools:
        say("nothing to measure")
        return 2
    facts = {"machine": machine(), "versions": versions(tools, home)}
    used = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    fragments = [f"Machine: {facts['machine']['cores']} cores, {facts['machine']['memory_gib']} GiB, {facts['machine']['system']} "
                 f"{facts['machine']['architecture']}. Versions: {used}."]
    if options.what in ("all", "speed"):
        rows = speed(tools, options, home)
        (results / "speed.json").write_text(json.dumps({**facts, "runs": options.runs, "workloads": rows}, indent=1) + "\n")
        fragments += ["## Speed", f"CPU s / wall s / peak MiB, medians of {options.runs} runs, the scanners in turn. \"Examined\" is "
                      "tested: a twin of each workload holds an inert payload that the scanner must report as high or critical. "
                      "The files of b and c are sparse. Peaks below about 9 MiB cannot be seen.", speed_table(rows, [tool.name for tool in tools])]
    if options.what in ("all", "detect"):
        make_corpus(pathlib.Path(options.corpus), options.halves)
        samples, verdicts = detection(tools, options, home, results / "detection-partial.json")
        (results / "detection.json").write_text(json.dumps({**facts, "verdicts": verdicts}, indent=1) + "\n")
        fragments += ["## Detection", detection_tables(samples, verdicts)]
    text = "\n\n".join(fragments) + "\n"
    (results / ("benchmarks.md" if options.what == "all" else f"benchmarks-{options.what}.md")).write_text(text)
    print(text)
    ours = options.what != "speed" and verdicts.get("cleanbill")
    if ours:
        for half, wanted in (("malicious", False), ("benign", True)):
            odd = [key for key, verdict in ours.items() if key.startswith(half) and (verdict["severity"] is not None) == wanted]
            say(f"cleanbill, {half} {'flagged' if wanted else 'missed'}: {len(odd)}")
            for key in odd[:60]:
                say("  " + key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
