"""What the tests of all clusters ask: the job finds what the command line finds, row for row, also when a part of it is killed."""

from __future__ import annotations

import json
import pathlib

import pyarrow.parquet as pq

import support


def findings(output: pathlib.Path) -> list[dict]:
    """Findings of a job, in the order of its files."""
    parquet = sorted(output.glob("*.parquet"))
    if parquet:
        return [row for path in parquet for row in pq.read_table(path).to_pylist()]
    texts = sorted(output.glob("*.txt")) + sorted(output.glob("*.jsonl"))
    return [support.flat(json.loads(line)) for path in texts for line in path.read_text("utf-8").splitlines()]


class SameAsCommand:
    """To be mixed into a test case."""

    def check_same(self, output: pathlib.Path, data: pathlib.Path, key: pathlib.Path) -> int:
        expected, summary = support.by_command(data, key)
        found = findings(output)
        self.assertEqual(len(found), len(expected))
        self.assertEqual(found, [support.flat(one) for one in expected])
        told = json.loads((output / "_summary.json").read_text("utf-8"))
        self.assertEqual(support.without_target(told), support.without_target(summary))
        return len(found)


def models(folder: pathlib.Path) -> pathlib.Path:
    """Writes a mirror of a hub: folders of models, a cache, and a file by itself."""
    bad = b"cposix\nsystem\n(S'echo this ran while loading'\ntR."
    for name, content in [
        ("org/good/config.json", b"{}"),
        ("org/bad/model.bin", bad),
        ("org/bad/config.json", b"{}"),
        ("models--org--cached/snapshots/0123/model.bin", bad),
        ("models--org--cached/blobs/4567", bad),
        ("models--org--cached/refs/main", b"0123"),
        ("alone.bin", bad),
    ]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def check_models(test, rows: list[dict], folder: pathlib.Path) -> None:
    """Compares rows of models with what the command line says of each."""
    import cleanbill

    expected = {
        "alone.bin": "fail",
        "models--org--cached/snapshots/0123": "fail",
        "org/bad": "fail",
        "org/good": "pass",
    }
    test.assertEqual({row["model"]: row["verdict"] for row in rows}, expected)
    for row in rows:
        test.assertIsNone(row["error"])
        report = json.loads(row["report"])
        alone = cleanbill.scan(folder / row["model"])
        report.pop("target"), alone.pop("target")
        test.assertEqual(report, alone)
