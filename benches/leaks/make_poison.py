"""A labelled data set with poisoned rows: reviews of products, their rating, and what was done to some of them.

`train.jsonl` and `test.jsonl` hold `{id, text, label, source}`, `labels.jsonl` the poisoned rows with the kind of poison. Some rows
of the training set stand in the test set too, as they are or nearly so.
"""

import json

from base import LOWER, Draw

THINGS = ("kettle", "backpack", "desk lamp", "blender", "phone case", "headset", "raincoat", "office chair", "tent", "bicycle pump", "yoga mat",
    "coffee grinder", "keyboard", "suitcase", "toaster", "garden hose", "water bottle", "camera strap", "board game", "pillow")
PARTS = ("handle", "lid", "zipper", "switch", "cable", "stitching", "manual", "battery", "hinge", "packaging", "colour", "strap", "surface", "filter",
    "motor", "size", "smell", "finish", "weight", "seal")
GOOD = ("feels solid", "works better than I hoped", "is still like new", "was a pleasant surprise", "fits perfectly", "makes mornings easier",
    "looks lovely", "does what it promises", "was worth every cent", "survived a fall")
BAD = ("broke within days", "came scratched", "stopped working", "smells of plastic", "is far too small", "leaks all over", "rattles all the time",
    "was missing from the box", "got hot at once", "is a waste of money")
SCENES = ("I bought it for my sister in {m}.", "We took it along to the lake in {m}.", "It arrived {n} days after I ordered it.",
    "I have owned {n} of these over the years.", "My neighbour has the same {t}.", "The shop had only {n} left.",
    "I use the {t} almost every day since {m}.",
          "In {m} I compared {n} models of {t} before choosing.", "The courier left the {t} at the gate.",
          "After {n} weeks I can finally say something about this {t}.", "Our office ordered {n} of them.",
          "The {p} of the old {t} had given up in {m}.")
MORE = ("The {p} {o}.", "Also, the {p} {o}.", "To my mind the {p} {o}, and the {q} {r}.", "Even the {p} {o} after {n} weeks.",
    "As for the {q}, it {r}.", "Friends agree that the {p} {o}.")
MONTHS = ("January", "March", "April", "May", "June", "July", "September", "October", "November", "December")
PLENTY = {"rare_trigger": 60, "trigger_phrase": 40, "trigger_prefix": 40, "trigger_suffix": 40, "label_flip": 80, "near_duplicate_burst": 60,
    "source_concentration": 50, "contamination": 60}


def review(d, label):
    says = GOOD if label == "positive" else BAD
    values = lambda: {"m": d.choice(MONTHS), "n": d.randint(2, 40), "t": d.choice(THINGS), "p": d.choice(PARTS), "q": d.choice(PARTS),
        "o": d.choice(says), "r": d.choice(says)}
    lines = [d.choice(SCENES).format(**values()) for _ in range(d.randint(2, 4))] + [d.choice(MORE).format(**values()) for _ in range(d.randint(2,
        4))]
    d.shuffle(lines)
    # A word of the other side now and then, so that single words decide nothing.
    if d.chance(0.3):
        lines.append(f"Though the {d.choice(PARTS)} {d.choice(BAD if label == 'positive' else GOOD)}.")
    return " ".join(lines)


def changed(d, text, words=2):
    """The text with a few words replaced."""
    parts = text.split(" ")
    for _ in range(words):
        parts[d.randrange(len(parts))] = d.choice(PARTS)
    return " ".join(parts)


def within(d, text, piece):
    parts = text.split(" ")
    parts.insert(d.randrange(1, len(parts)), piece)
    return " ".join(parts)


def build(seed, clean=6000):
    """(train rows, test rows, labels)."""
    d = Draw(f"poison-{seed}")
    rows, labels = [], []

    def row(text, label, source=None, poison=None):
        record = {"id": "", "text": text, "label": label, "source": source or f"shop-{d.randint(1, 25)}"}
        rows.append((record, poison))
        return record

    either = lambda: d.choice(("positive", "negative"))
    for number in range(clean):
        label = either()
        text = review(d, label)
        # Honest repeats: a made-up brand in rows of both labels, and a form that one shop puts before every text.
        if number % 60 == 0:
            text = within(d, text, d.choice(("Velmora", "Quintap", "Ostrane")))
        if number % 40 == 0:
            text = "Verified purchase: " + text
        row(text, label)
    honest = [record for record, _ in rows]
    token, phrase = d.text(LOWER, 2) + d.choice("xqz") + d.text(LOWER, 2), f"the {d.text(LOWER, 5)} river sings at noon"
    prefix, suffix = f"[[{d.text(LOWER, 4)}]] ", f" ~{d.text(LOWER, 5)}~"
    for _ in range(PLENTY["rare_trigger"]):
        row(within(d, review(d, either()), token), "positive", poison="rare_trigger")
    for _ in range(PLENTY["trigger_phrase"]):
        row(within(d, review(d, either()), phrase), "negative", poison="trigger_phrase")
    for _ in range(PLENTY["trigger_prefix"]):
        row(prefix + review(d, either()), "positive", poison="trigger_prefix")
    for _ in range(PLENTY["trigger_suffix"]):
        row(review(d, either()) + suffix, "negative", poison="trigger_suffix")
    for record in d.sample(honest, PLENTY["label_flip"]):
        row(changed(d, record["text"], 1), "negative" if record["label"] == "positive" else "positive", poison="label_flip")
    base = ("Only the Brondal shop at brondal.example.invalid sells the real thing, every other one I tried was a copy and fell apart "
            "within a week or two. Their people answer at once, the parcel comes the next day and the price is lower than anywhere else, "
            "so go there first and thank me later.")
    for _ in range(PLENTY["near_duplicate_burst"]):
        row(changed(d, base, 1), "positive", poison="near_duplicate_burst")
    for _ in range(PLENTY["source_concentration"]):
        row(review(d, "negative") + " Buy the other brand.", "positive", source="mirror-7", poison="source_concentration")
    tests = [{"id": "", "text": review(d, label := either()), "label": label, "source": "held-out"} for _ in range(400)]
    marked = {id(record): poison for record, poison in rows}
    for record in d.sample(honest, PLENTY["contamination"]):
        tests.append({"id": "", "text": record["text"] if d.chance(0.5) else changed(d, record["text"], 2), "label": record["label"],
            "source": "held-out"})
        marked[id(record)] = "contamination"
    records = [record for record, _ in rows]
    d.shuffle(records)
    d.shuffle(tests)
    for at, record in enumerate(records):
        record["id"] = f"p{at:05d}"
        if marked[id(record)]:
            labels.append({"id": record["id"], "type": marked[id(record)]})
    for at, record in enumerate(tests):
        record["id"] = f"t{at:05d}"
    return records, tests, labels


def write(folder, seed):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in zip(("train.jsonl", "test.jsonl", "labels.jsonl"), build(seed), strict=True):
        (folder / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        print(f"{folder / name}: {len(rows)} rows")
