"""Write the benign corpus: harmless model files made by the real libraries.

    python benign.py OUT_DIR [--tag TAG] [--only MODULE ...]

Layout: OUT_DIR/benign/<group>/<sample-id>/<file> and OUT_DIR/benign/manifest.jsonl with one JSON object per
sample: id, group, technique, path (relative to OUT_DIR), note.

The script may be run several times on one OUT_DIR from environments with different library versions; a tag keeps
the sample ids apart ("old", "torch", ...). Runs with the same tag replace each other's samples. A module whose
library is missing is skipped with a line on stderr.
"""
import argparse
import importlib
import json
import os
import random
import sys
import traceback
import warnings

MODULES = [
    # First: it makes each library a process of its own, out of one that has not loaded any.
    "benign_tensors",
    "benign_stdlib",
    "benign_native",
    "benign_numeric",
    "benign_learn",
    "benign_torch",
    "benign_torch_apps",
    "benign_files",
    "benign_deploy",
    "benign_graphs",
    "benign_keras",
    "benign_notebooks",
    "benign_prompts",
    "benign_python",
    "benign_secrets",
    "benign_tables",
    "benign_web",
    "benign_tokenizers",
    "benign_words",
]


class Missing(Exception):
    """A library that a module needs is not installed."""


class Writer:
    def __init__(self, out, tag):
        self.out = out
        self.tag = tag
        self.rows = []
        self.ids = set()
        self.failed = 0

    def path(self, group, sample, filename):
        sample = sample + ("-" + self.tag if self.tag else "")
        if (group, sample) in self.ids:
            raise ValueError("duplicate sample id %s/%s" % (group, sample))
        self.ids.add((group, sample))
        folder = os.path.join(self.out, "benign", group, sample)
        os.makedirs(folder, exist_ok=True)
        return sample, os.path.join(folder, filename)

    def add(self, group, sample, filename, data, technique, note=""):
        """Write one sample; data is bytes, text, or a function that is given the path to write."""
        sample, path = self.path(group, sample, filename)
        try:
            if callable(data):
                data(path)
            else:
                with open(path, "wb") as f:
                    f.write(data.encode("utf-8") if isinstance(data, str) else data)
        except Exception as e:
            self.failed += 1
            print("benign: FAILED %s/%s: %s: %s" % (group, sample, type(e).__name__, e), file=sys.stderr)
            return
        if not os.path.exists(path) or (os.path.isfile(path) and os.path.getsize(path) == 0):
            self.failed += 1
            print("benign: EMPTY %s/%s" % (group, sample), file=sys.stderr)
            return
        self.rows.append({"id": sample, "group": group, "technique": technique,
                          "path": os.path.relpath(path, self.out).replace(os.sep, "/"), "note": note})

    def skip(self, what, why):
        print("benign: SKIPPED %s: %s" % (what, why), file=sys.stderr)


def main():
    ap = argparse.ArgumentParser(description="write the benign corpus")
    ap.add_argument("out")
    ap.add_argument("--tag", default="")
    ap.add_argument("--only", nargs="*", default=MODULES)
    args = ap.parse_args()
    warnings.simplefilter("ignore")
    w = Writer(args.out, args.tag)
    for name in args.only:
        random.seed(7)
        try:
            importlib.import_module(name).samples(w)
        except Missing as e:
            w.skip(name, str(e))
        except Exception:
            w.failed += 1
            print("benign: FAILED module %s" % name, file=sys.stderr)
            traceback.print_exc()
    root = os.path.join(args.out, "benign")
    os.makedirs(root, exist_ok=True)
    manifest = os.path.join(root, "manifest.jsonl")
    mine = {(r["group"], r["id"]) for r in w.rows}
    kept = []
    if os.path.exists(manifest):
        with open(manifest) as f:
            for line in f:
                r = json.loads(line)
                if (r["group"], r["id"]) not in mine and os.path.exists(os.path.join(args.out, r["path"])):
                    kept.append(r)
    rows = sorted(kept + w.rows, key=lambda r: (r["group"], r["id"]))
    with open(manifest, "w") as f:
        for r in rows:
            f.write(json.dumps(r, sort_keys=True) + "\n")
    groups = {}
    for r in rows:
        groups[r["group"]] = groups.get(r["group"], 0) + 1
    print("benign: %d samples written, %d in the manifest, %d failed" % (len(w.rows), len(rows), w.failed))
    for g in sorted(groups):
        print("  %-18s %d" % (g, groups[g]))
    return 1 if w.failed else 0


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import benign  # the sample modules raise benign.Missing, so run under that name
    sys.exit(benign.main())
