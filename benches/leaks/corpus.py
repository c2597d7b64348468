#!/usr/bin/env python3
"""Writes the labelled corpus of `cleanbill leaks`: `corpus.py OUT_DIR`, and with `--holdout`, `--poison` or `--bulk SIZE` the others.

OUT_DIR/corpus.jsonl holds `{id, text}`, OUT_DIR/labels.jsonl `{id, type, class, start, end}` with places in bytes of the UTF-8 of the
text; a decoy has the type `decoy` and its kind under `decoy`. All values are made up when the script runs; the same seed gives the
same bytes. Needs Faker, which `peers.sh` installs in an environment of its own.
"""

import argparse
import collections
import json
import pathlib
import sys

import make_bulk
import make_decoys
import make_hidden
import make_holdout
import make_people
import make_poison
import make_poison_more
import make_secrets
import texts
from base import Doc, Draw

CLEAN = 900
TABLES = 60
SENTENCES = 150


def class_of(kind):
    """secret, pii, hidden or decoy."""
    if kind == "decoy":
        return "decoy"
    if kind in make_hidden.BY_NAME:
        return "hidden"
    return "pii" if kind in make_people.IDS or kind in make_people.FREE else "secret"


def jobs(d, scale):
    """What each record holds, in the order of the records."""
    made = [("clean", "")] * round(CLEAN * scale) + [("table", "")] * round(TABLES * scale)
    for part, source in (("secret", make_secrets), ("pii", make_people), ("hidden", make_hidden), ("decoy", make_decoys)):
        for kind, often in source.plan(scale):
            made += [(part, kind)] * often
    d.shuffle(made)
    return made


def one(part, kind, d, people):
    """The text of one record, with its labels."""
    doc = Doc()
    if part == "clean":
        doc.add(texts.record(d))
    elif part == "table":
        make_people.rows(d, doc, people)
    elif part == "secret":
        texts.around(d, doc, lambda doc: make_secrets.put(kind, d, doc))
    elif part == "hidden":
        texts.around(d, doc, lambda doc: make_hidden.put(kind, d, doc))
    elif kind == "bom":
        make_decoys.put(kind, d, doc)
    elif part == "decoy":
        texts.around(d, doc, lambda doc: make_decoys.put(kind, d, doc))
    else:
        inner = Doc()
        locale = make_people.put(kind, d, inner, people)
        snippet = inner.text()

        def put(doc):
            for label in inner.labels:
                label["start"] += doc.size
                label["end"] += doc.size
            doc.labels += inner.labels
            doc.add(snippet)

        # Half stands in prose of its language, half in data, logs or code.
        kind_of_text = "prose" if d.chance(0.5) else d.choice(("csv", "json", "log", "html", "chat", "table", "settings", "python", "chinese"))
        texts.around(d, doc, put, kind_of_text, locale if kind_of_text == "prose" else None)
    return doc


def build(seed, scale=1, people=None):
    """(text, labels) of every record."""
    people = people or make_people.People(seed)
    d = Draw(f"corpus-{seed}")
    texts.MORE.update({locale: people.sentences(locale, SENTENCES) for locale in make_people.WORDS_OF_THEIR_OWN})
    for part, kind in jobs(d, scale):
        doc = one(part, kind, d, people)
        yield doc.text(), doc.labels


def held_out(seed, scale):
    """(text, labels) of every record of the corpus that the rules were not written beside."""
    people = make_people.People(seed)
    yield from make_holdout.build(seed, scale, people, Draw(f"holdout-{seed}"), Doc)


def write(folder, seed, scale, make=build):
    folder.mkdir(parents=True, exist_ok=True)
    counts, records = collections.Counter(), 0
    with open(folder / "corpus.jsonl", "w", encoding="utf-8", newline="\n") as out, open(folder / "labels.jsonl", "w", encoding="utf-8",
        newline="\n") as marks:
        for text, labels in make(seed, scale):
            name = f"r{records:05d}"
            out.write(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n")
            for label in labels:
                part = class_of(label["type"])
                counts[part, label.get("decoy") or label["type"]] += 1
                marks.write(json.dumps({"id": name, "class": part, **label}) + "\n")
            records += 1
    for part in ("secret", "pii", "hidden", "decoy"):
        kinds = [count for (found, _), count in counts.items() if found == part]
        print(f"{part}: {sum(kinds)} of {len(kinds)} kinds")
    print(f"{folder / 'corpus.jsonl'}: {records} records")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--scale", type=float, default=1, help="how many times the usual number of records")
    parser.add_argument("--holdout", action="store_true", help="other surroundings and languages instead")
    parser.add_argument("--poison", nargs="?", const="reviews", choices=["reviews", *make_poison_more.FAMILIES],
        help="a data set with poisoned rows instead")
    parser.add_argument("--bulk", metavar="SIZE", help="that many bytes (200M, 1G) for measuring speed instead")
    options = parser.parse_args()
    if options.poison == "reviews":
        make_poison.write(options.folder, options.seed)
    elif options.poison:
        make_poison_more.write(options.folder, options.poison, options.seed)
    elif options.bulk:
        options.folder.mkdir(parents=True, exist_ok=True)
        people = make_people.People(options.seed)
        make_bulk.write(options.folder / f"bulk-{options.bulk}.jsonl", make_bulk.bytes_of(options.bulk), options.seed, people,
            lambda seed: build(seed, 1, people))
    elif options.holdout:
        write(options.folder, options.seed, options.scale, held_out)
    else:
        write(options.folder, options.seed, options.scale)
    return 0


if __name__ == "__main__":
    sys.exit(main())
