"""Any number of bytes of JSONL for measuring speed: 35 % Python code, 60 % prose in many languages, 5 % texts of the corpus.

The code is that of the running Python's own library, cut up, with its names and numbers changed; the prose is made of sentences of
Faker and of ours; the texts of the corpus are made anew in every round. No two records are alike.
"""

import json
import pathlib
import re
import sysconfig

import texts
from base import Draw

CODE, PROSE = 0.35, 0.60
PIECE = 2000


def code_lines(d):
    """The lines of the standard library, file after file."""
    paths = sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*.py")) + sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*/*.py"))
    paths = [path for path in paths if not {"site-packages", "dist-packages", "test", "lib2to3", "idlelib"} & set(path.parts)]
    d.shuffle(paths)
    return [line for path in paths for line in path.read_text("utf-8", "replace").splitlines()]


def pieces_of_code(d):
    lines = code_lines(d)
    while True:
        at, size, piece = d.randrange(len(lines)), 0, []
        while size < PIECE and at < len(lines):
            piece.append(lines[at])
            size += len(lines[at]) + 1
            at += 1
        text = "\n".join(piece)
        old, new = d.choice(("self", "data", "name", "path", "value")), texts.name(d)
        text = re.sub(r"(?<=[ (=])\d{1,3}\b", lambda _: str(d.randint(0, 999)), text, count=20)
        yield text.replace(f" {old}", f" {new}")


def pieces_of_prose(d, people):
    import make_people

    pools = {locale: list(sentences) * 8 for locale, sentences in texts.PROSE.items()}
    for locale in make_people.WORDS_OF_THEIR_OWN:
        pools[locale] += people.sentences(locale, 3000)
    locales = list(pools)
    while True:
        locale = d.choice(locales)
        pool, count = pools[locale], d.randint(12, 40)
        sentences = d.choices(pool, k=count)
        sentences.insert(d.randrange(count), str(d.randint(1, 99_999)) + ".")
        yield ("" if locale in ("zh_CN", "zh_TW", "ja_JP") else " ").join(sentences)


def pieces_of_corpus(seed, make):
    round_ = 0
    while True:
        round_ += 1
        for text, _ in make(f"{seed}-bulk-{round_}"):
            yield text


def write(path, size, seed, people, make):
    """Writes at least `size` bytes; `make` gives the texts of a corpus for a seed."""
    d = Draw(f"bulk-{seed}")
    kinds = {"code": pieces_of_code(d), "prose": pieces_of_prose(d, people), "corpus": pieces_of_corpus(seed, make)}
    wanted = {"code": CODE, "prose": PROSE, "corpus": 1 - CODE - PROSE}
    done, total, count = dict.fromkeys(kinds, 0), 0, 0
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        while total < size:
            kind = min(kinds, key=lambda kind: done[kind] / wanted[kind])
            line = json.dumps({"id": f"b{count:08d}", "text": next(kinds[kind])}, ensure_ascii=False) + "\n"
            length = len(line.encode())
            done[kind] += length
            total += length
            count += 1
            out.write(line)
    print(f"{path}: {total} bytes, {count} records, " + ", ".join(f"{kind} {100 * part / total:.1f} %" for kind, part in done.items()))


def bytes_of(text):
    """`200M` and the like, in powers of ten."""
    match = re.fullmatch(r"(\d+)([kMG]?)B?", text)
    if not match:
        raise ValueError(f"no size: `{text}`")
    return int(match[1]) * {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[match[2]]
