"""Data sets with what is hard in them, and what the command line finds there."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import sysconfig
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PROGRAM = os.path.join(sysconfig.get_path("scripts"), "cleanbill")
KEY = b"thirty-two bytes that are no key"


def token(numbers: random.Random) -> str:
    """A token of the right form with the right checksum, made up here so that none stands in this file."""
    body = "".join(numbers.choice(DIGITS) for _ in range(30))
    rest, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        check = DIGITS[digit] + check
    return "_".join(["g" + "hp", body + check])


def text(numbers: random.Random) -> str:
    """A text with something or nothing in it."""
    begin = numbers.choice(["", "a \"q\" é 中文 😀\n\t", "some words, and more. ", "x" * numbers.randrange(200)])
    value = numbers.choice(
        [
            "nothing",
            "nothing at all",
            f"write to ann.{numbers.randrange(10**6)}@mail-{numbers.randrange(99)}.net now",
            f"use {token(numbers)} end",
            f"server 203.0.{numbers.randrange(110)}.{numbers.randrange(250)} 中文",
            "password = \"" + "".join(numbers.choice(DIGITS) for _ in range(16)) + "\"",
            "zero\u200b\u200c\u200b\u200c\u200b\u200b\u200c\u200c\u200b\u200c width",
        ]
    )
    return begin + value


def row(numbers: random.Random, number: int) -> dict:
    """A record."""
    return {
        "id": f"row-{number}",
        **({f"bob.{numbers.randrange(4)}@mail-1.net": "sent"} if numbers.randrange(30) == 0 else {}),
        "text": None if numbers.randrange(6) == 0 else text(numbers),
        "messages": [{"role": "user", "content": text(numbers)} for _ in range(numbers.randrange(3))],
        "number": number,
    }


def rows(seed: int, count: int) -> list[dict]:
    numbers = random.Random(seed)
    return [row(numbers, number) for number in range(count)]


SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("number", pa.int64()),
    ]
)


def table(made: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(made, schema=SCHEMA)


def lines(numbers: random.Random, made: list[dict]) -> bytes:
    """JSON Lines with blank lines, lines that are no JSON, and bytes that are no UTF-8."""
    out = b""
    for one in made:
        kind = numbers.randrange(40)
        line = json.dumps(one, ensure_ascii=numbers.randrange(2) == 0).encode()
        if kind == 0:
            out += b"  \n"
        elif kind == 1:
            line = b"{no JSON: " + text(numbers).replace("\n", " ").encode()
        elif kind == 2:
            line = line.replace(b"row-", b"row-\xff")
        out += line + b"\n"
    return out[:-1] if numbers.randrange(2) else out


def dataset(folder: pathlib.Path, seed: int, *, count: int = 300, long_text: bool = False) -> pathlib.Path:
    """Writes a data set of every kind that jobs are asked to read, sound and damaged."""
    numbers = random.Random(seed)
    folder.mkdir(parents=True)
    (folder / "notes" / "deep").mkdir(parents=True)
    made = rows(seed, count)
    (folder / "rows.jsonl").write_bytes(lines(numbers, made))
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress(lines(numbers, rows(seed + 1, count // 4)), mtime=0))
    pq.write_table(table(made), folder / "rows.parquet", row_group_size=numbers.randrange(20, 70))
    pq.write_table(table(made[:40]), folder / "more.parquet", row_group_size=7)
    header = "id,text,more\n" if numbers.randrange(2) else ""
    cells = ['"' + text(numbers).replace('"', '""') + '"' for _ in range(60)]
    (folder / "cells.csv").write_text(header + "".join(f"{at},{cell},x\n" for at, cell in enumerate(cells)), "utf-8")
    (folder / "notes" / "a.txt").write_text("\n".join(text(numbers) for _ in range(80)), "utf-8")
    (folder / "notes" / "deep" / "b.md").write_text("\n".join(text(numbers) for _ in range(9)), "utf-8")
    (folder / "list.json").write_text(json.dumps(made[:20]), "utf-8")
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "cut.parquet").write_bytes((folder / "rows.parquet").read_bytes()[:900])
    (folder / "bytes.bin").write_bytes(bytes(numbers.randrange(256) for _ in range(600)))
    if long_text:
        with open(folder / "long.txt", "w", encoding="utf-8") as out:
            while out.tell() < 13 << 20:
                out.write(text(numbers) + "\n" + "words that are nobody's business, 中文, again and again\n" * 60)
    return folder


def key_file(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "key"
    path.write_bytes(KEY)
    return path


def command(*arguments: object) -> subprocess.CompletedProcess:
    """Runs the command line that the wheel brought."""
    words = [PROGRAM, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"})


def by_command(target: object, key: object, *arguments: object) -> tuple[list[dict], dict]:
    """Findings and summary of the command line."""
    ran = command("leaks", target, "-f", "json", "--hash-key-file", key, "--id-field", "id", *arguments)
    if ran.returncode not in (0, 1, 3):
        raise AssertionError(f"exit code {ran.returncode}: {ran.stderr}")
    summary = json.loads(ran.stdout)
    return summary.pop("findings"), summary


def flat(finding: dict) -> dict:
    """A finding of the document `json` as a row of the table."""
    made = {name: value for name, value in finding.items() if name != "record"}
    made |= {f"record_{name}": finding["record"].get(name) for name in ("index", "id", "column", "line")}
    made.setdefault("replaced", None)
    return made


def without_target(summary: dict) -> dict:
    """Leaves out what names the target as it was called."""
    return {name: value for name, value in summary.items() if name not in ("target", "findings")}


def job(engine: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """Runs a job as its users do."""
    words = [sys.executable, "-m", f"cleanbill.{engine}", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | environment)


def descendants(pid: int) -> dict[int, str]:
    """The processes below one of ours, with their command lines."""
    above, named = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()
                named[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                above[int(entry.name)] = int(status[1])
            except (OSError, IndexError):
                continue
    found: dict[int, str] = {}
    grown = True
    while grown:
        grown = False
        for child, parent in above.items():
            if child not in found and (parent == pid or parent in found):
                found[child] = named.get(child, "")
                grown = True
    return found
