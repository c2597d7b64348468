#!/usr/bin/env python3
"""Scores findings against the labels of the corpus: `score.py CORPUS_DIR FINDINGS.jsonl`, findings as `cleanbill leaks` writes them.

A finding counts where it overlaps a value of an equivalent type by at least half of the value (of a long value marked `part`, any
piece). A finding on nothing, or on a decoy, is false. The lenient columns take any type of the right class. Writes Markdown to the
standard output and, with --json, everything as JSON.
"""

import argparse
import collections
import json
import pathlib
import sys

from equivalents import BESIDE, LEFT_OUT, OURS, equivalents

CLASSES = ("secret", "pii", "hidden")
# How much longer than the value a finding may be.
TIMES, MORE = 6, 64
SHORTEST_PIECE = 4


def read_lines(path):
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def load_labels(path):
    """Labels of each record."""
    labels = collections.defaultdict(list)
    for label in read_lines(path):
        labels[label["id"]].append(label)
    return labels


def load_findings(path, ids):
    """Our findings as hits; a record without an id is told by its number."""
    for found in read_lines(path):
        if "type" not in found:
            continue
        record = found.get("record") or {}
        name = record.get("id")
        if name is None and isinstance(record.get("index"), int) and record["index"] < len(ids):
            name = ids[record["index"]]
        yield {"id": str(name), "type": found["type"], "class": found["class"], "start": found["start"], "end": found["end"]}


def overlap(a, b):
    return min(a["end"], b["end"]) - max(a["start"], b["start"])


def covers(hit, label):
    """Says whether a hit is about the value."""
    common, size = overlap(hit, label), label["end"] - label["start"]
    if common <= 0 or hit["end"] - hit["start"] > size * TIMES + MORE:
        return False
    return 2 * common >= size or bool(label.get("part")) and common >= SHORTEST_PIECE


def takes(hit, decoy):
    """Says whether a hit lies on a decoy by half of either."""
    return overlap(hit, decoy) > 0 and 2 * overlap(hit, decoy) >= min(decoy["end"] - decoy["start"], hit["end"] - hit["start"])


def ratio(part, whole):
    return part / whole if whole else None


def score(tool, hits, labels, classes=CLASSES, records=None):
    """Counts for one tool. Only labels of its classes are asked for; its hits elsewhere are false."""
    by_record = collections.defaultdict(dict)
    for hit in hits:
        if hit["class"] in classes and not (hit["class"] == "pii" and hit["type"] in LEFT_OUT):
            by_record[hit["id"]][hit["start"], hit["end"], hit["type"]] = hit
    found = {"strict": collections.Counter(), "lenient": collections.Counter()}
    wanted, decoys, taken = collections.Counter(), collections.Counter(), collections.Counter()
    right, false, false_lenient = collections.Counter(), collections.Counter(), collections.Counter()
    examples = collections.defaultdict(list)
    for name in records if records is not None else set(labels) | set(by_record):
        values = [label for label in labels.get(name, ()) if label["class"] in classes]
        traps = [label for label in labels.get(name, ()) if label["type"] == "decoy"]
        wanted.update((value["class"], value["type"]) for value in values)
        decoys.update(trap["decoy"] for trap in traps)
        seen = {"strict": set(), "lenient": set()}
        caught, credited = set(), set()
        for hit in by_record.get(name, {}).values():
            same = equivalents(tool, hit["type"])
            near = [at for at, value in enumerate(values) if covers(hit, value)]
            exact = [at for at in near if values[at]["type"] in same]
            alike = [at for at in near if values[at]["class"] == hit["class"]]
            seen["strict"].update(exact)
            seen["lenient"].update(alike)
            beside = any(hit["type"] in BESIDE.get(values[at]["type"], ()) for at in near)
            key = hit["class"], hit["type"]
            if exact:
                if (hit["type"], exact[0]) not in credited:
                    right[key] += 1
                credited.add((hit["type"], exact[0]))
            elif beside:
                continue
            else:
                false[key] += 1
                examples[hit["type"]].append((name, hit["start"], hit["end"]))
                if not alike:
                    false_lenient[key] += 1
                    caught.update(at for at, trap in enumerate(traps) if takes(hit, trap))
        for way, places in seen.items():
            found[way].update((values[at]["class"], values[at]["type"]) for at in places)
        taken.update(traps[at]["decoy"] for at in caught)
        for at, value in enumerate(values):
            if at not in seen["strict"]:
                examples["missed " + value["type"]].append((name, value["start"], value["end"]))
    return summary(classes, wanted, found, right, false, false_lenient, decoys, taken, examples)


def summary(classes, wanted, found, right, false, false_lenient, decoys, taken, examples):
    types, totals = {}, {}
    for part in classes:
        for key in sorted(key for key in set(wanted) | set(right) | set(false) if key[0] == part):
            types[key[1]] = {"class": part, "values": wanted[key], "recall": ratio(found["strict"][key], wanted[key]),
                "recall_lenient": ratio(found["lenient"][key], wanted[key]),
                             "right": right[key], "false": false[key], "precision": ratio(right[key], right[key] + false[key])}
        total = lambda counts, part=part: sum(count for key, count in counts.items() if key[0] == part)
        lenient = total(right) + total(false) - total(false_lenient)
        totals[part] = {"values": total(wanted), "recall": ratio(total(found["strict"]), total(wanted)),
            "recall_lenient": ratio(total(found["lenient"]), total(wanted)), "right": total(right), "false": total(false),
                        "precision": ratio(total(right), total(right) + total(false)),
                        "precision_lenient": ratio(lenient, lenient + total(false_lenient))}
    return {"totals": totals, "types": types, "decoys": {kind: {"decoys": count, "taken": taken[kind]} for kind, count in sorted(decoys.items())},
            "decoys_taken": ratio(sum(taken.values()), sum(decoys.values())),
            "examples": {kind: places[:20] for kind, places in sorted(examples.items())}}


def score_poison(hits, labels):
    """Rows found against rows poisoned. Any finding of the class counts for its row."""
    hits = [hit for hit in hits if hit["class"] == "poison"]
    flagged = {hit["id"] for hit in hits}
    kinds = collections.defaultdict(set)
    for name, marks in labels.items():
        for mark in marks:
            kinds[mark["type"]].add(name)
    poisoned = set().union(*kinds.values()) if kinds else set()
    return {"rows": len(poisoned), "flagged": len(flagged), "recall": ratio(len(flagged & poisoned), len(poisoned)),
        "precision": ratio(len(flagged & poisoned), len(flagged)),
            "false": collections.Counter(hit.get("type", "") for hit in {hit["id"]: hit for hit in hits if hit["id"] not in poisoned}.values()),
            "kinds": {kind: {"rows": len(rows), "recall": ratio(len(rows & flagged), len(rows))} for kind, rows in sorted(kinds.items())},
            "examples": {f"missed {kind}": [(name, 0, 0) for name in sorted(rows - flagged)[:20]] for kind, rows in sorted(kinds.items())}}


def poison_table(result):
    """Markdown: each kind of poison, and all rows."""
    lines = ["| poison | rows | recall |", "|---|---|---|"]
    lines += [f"| {kind} | {row['rows']} | {number(row['recall'])} |" for kind, row in result["kinds"].items()]
    lines += [f"| all | {result['rows']} | {number(result['recall'])} |", "",
        f"Rows found: {result['flagged']}, precision {number(result['precision'])}"]
    return "\n".join(lines + [f"{kind}: {count} false" for kind, count in sorted(result["false"].items())])


def number(value):
    return "-" if value is None else f"{value:.3f}"


def table(result):
    """Markdown of one tool: totals, types, decoys that were taken."""
    lines = ["| class | values | recall | recall, any type | precision | precision, any type |", "|---|---|---|---|---|---|"]
    for part, row in result["totals"].items():
        cells = [number(row[key]) for key in ("recall", "recall_lenient", "precision", "precision_lenient")]
        lines.append(f"| {part} | {row['values']} | " + " | ".join(cells) + " |")
    lines += ["", "| type | values | recall | recall, any type | right | false | precision |", "|---|---|---|---|---|---|---|"]
    for kind, row in result["types"].items():
        cells = [row["values"], number(row["recall"]), number(row["recall_lenient"]), row["right"], row["false"], number(row["precision"])]
        lines.append(f"| {kind} | " + " | ".join(map(str, cells)) + " |")
    lines += ["", f"Decoys taken: {number(result['decoys_taken'])}", "", "| decoy | of | taken |", "|---|---|---|"]
    lines += [f"| {kind} | {row['decoys']} | {row['taken']} |" for kind, row in result["decoys"].items() if row["taken"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("findings", type=pathlib.Path)
    parser.add_argument("--poison", action="store_true", help="the corpus is that of `corpus.py --poison`")
    parser.add_argument("--json", type=pathlib.Path, help="write everything here")
    parser.add_argument("--show", metavar="TYPE", help="print texts of wrong findings of this type; `missed TYPE` for what was not found")
    options = parser.parse_args()
    labels = load_labels(options.corpus / "labels.jsonl")
    rows = read_lines(options.corpus / ("train.jsonl" if options.poison else "corpus.jsonl"))
    texts = {row["id"]: row.get("text") or json.dumps(row, ensure_ascii=False) for row in rows}
    hits = list(load_findings(options.findings, list(texts)))
    result = score_poison(hits, labels) if options.poison else score(OURS, hits, labels)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    if options.show:
        for name, start, end in result["examples"].get(options.show, ()):
            raw = texts.get(name, "").encode()
            pieces = (raw[max(0, start - 60):start], raw[start:end], raw[end:end + 30])
            print(f"{name} {start}-{end}: " + " | ".join(repr(piece.decode("utf-8", "replace")) for piece in pieces))
    else:
        print(poison_table(result) if options.poison else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
