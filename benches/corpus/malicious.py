#!/usr/bin/env python3
"""Writes the malicious half of the reference corpus: `python3 benches/corpus/malicious.py OUT_DIR`.

Every payload is inert: it prints the marker CLEANBILL-INERT, names a host below example.invalid, or a file below a
folder that does not exist. Pickles are written opcode by opcode and never loaded. Python 3.11 standard library only.
Two runs give the same bytes.
"""

import collections
import json
import pathlib
import shutil
import sys

import malicious_advisories
import malicious_archives
import malicious_arrays
import malicious_deploy
import malicious_evasion
import malicious_gadgets
import malicious_graphs
import malicious_headers
import malicious_indirect
import malicious_keras
import malicious_names
import malicious_native
import malicious_notebooks
import malicious_prompts
import malicious_python
import malicious_secrets
import malicious_tables
import malicious_tensors
import malicious_tokenizers
import malicious_torch
import malicious_unlisted
import malicious_web
from malicious_ops import Corpus

PARTS = (
    malicious_advisories,
    malicious_gadgets,
    malicious_unlisted,
    malicious_indirect,
    malicious_evasion,
    malicious_names,
    malicious_native,
    malicious_arrays,
    malicious_torch,
    malicious_archives,
    malicious_headers,
    malicious_deploy,
    malicious_graphs,
    malicious_keras,
    malicious_notebooks,
    malicious_prompts,
    malicious_python,
    malicious_secrets,
    malicious_tables,
    malicious_tensors,
    malicious_web,
    malicious_tokenizers,
)


def main(arguments):
    if len(arguments) != 1:
        print("usage: malicious.py OUT_DIR", file=sys.stderr)
        return 2
    corpus = Corpus()
    for part in PARTS:
        part.build(corpus)
    root = pathlib.Path(arguments[0])
    if (root / "malicious").exists() and not (root / "malicious" / "manifest.jsonl").exists():
        print(f"{root / 'malicious'} exists and is not a corpus: nothing written", file=sys.stderr)
        return 2
    shutil.rmtree(root / "malicious", ignore_errors=True)
    lines, groups = [], collections.Counter()
    for slug in sorted(corpus.samples):
        record, files = corpus.samples[slug]
        folder = root / "malicious" / record["group"] / slug
        for name in sorted(files):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files[name])
        groups[record["group"]] += 1
        lines.append(json.dumps(record, ensure_ascii=False))
    (root / "malicious" / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for group, count in sorted(groups.items()):
        print(f"{group}: {count}")
    print(f"total: {len(lines)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
