"""What the jobs of all engines have in common: arguments, output that appears whole or not at all, exit codes."""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cleanbill import _leaks, _native, _options
from cleanbill._errors import CleanbillError, InternalError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("parquet", "jsonl", "json", "sarif")
SUMMARY = "_summary.json"
EXIT = {"pass": 0, "fail": 1, "incomplete": 3}
USAGE, INTERNAL = 2, 70


def parser(engine: str) -> argparse.ArgumentParser:
    """Describes the arguments of a job."""
    made = argparse.ArgumentParser(
        prog=f"python -m cleanbill.{engine.lower()}",
        description=f"Finds leaks in data, or examines models, as a job of {engine}. Exit codes are those of the command line.",
    )
    made.add_argument("--input", nargs="+", required=True, metavar="TARGET", help="files, folders, or addresses that fsspec reads")
    made.add_argument("--output", required=True, metavar="FOLDER", help="must not exist; appears whole or not at all")
    made.add_argument("--format", choices=FORMATS, default="parquet", help="of the findings (default: parquet)")
    made.add_argument("--models", action="store_true", help="examine models instead of data: a row for each, with its report")
    made.add_argument("--depth", type=int, metavar="LEVELS", help="with --models: how deep models stand; by default org/name")
    made.add_argument("--columns", metavar="NAMES", help="search only these columns, such as text,messages.content")
    made.add_argument("--id-field", metavar="NAME", help="show the value of this field as the id of a record")
    made.add_argument(
        "--class", dest="classes", action="append", default=[], metavar="CLASS", help="secret, pii or hidden; may be repeated"
    )
    made.add_argument("--rules", action="append", default=[], metavar="FILE", help="more rules; may be repeated")
    made.add_argument("--hash-key-file", metavar="FILE", help="make the hashes of values with this key")
    made.add_argument("--fail-on", default="high", metavar="SEVERITY")
    made.add_argument("--part-bytes", type=int, default=32 << 20, metavar="BYTES", help="how much a task searches (default: 32 MiB)")
    made.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever the verdict")
    return made


def options(arguments: argparse.Namespace) -> _options.Options:
    """Makes options of arguments."""
    return _options.options(
        columns=arguments.columns.split(",") if arguments.columns else None,
        id_field=arguments.id_field,
        classes=arguments.classes,
        rules=arguments.rules,
        hash_key=_leaks.key(arguments.hash_key_file) if arguments.hash_key_file else None,
        fail_on=arguments.fail_on,
    )


def check(arguments: argparse.Namespace) -> None:
    """Refuses what cannot be, before anything is begun."""
    if arguments.part_bytes < 1:
        raise UsageError("`--part-bytes` is 1 or more")
    if arguments.models and arguments.format not in ("parquet", "jsonl"):
        raise UsageError("reports of models are written as parquet or jsonl")
    if arguments.depth is not None and arguments.depth < 1:
        raise UsageError("`--depth` is 1 or more")


class Staging:
    """A folder beside the output, which takes its name when all is written, and is removed otherwise."""

    def __init__(self, output: str) -> None:
        self.output = os.path.abspath(output)
        if os.path.lexists(self.output):
            raise UsageError(f"`{output}` exists already")
        above, name = os.path.split(self.output)
        if not os.path.isdir(above):
            raise UsageError(f"the folder of `{output}` does not exist")
        self.root = tempfile.mkdtemp(prefix=f".{name}.", dir=above)
        # Workers may belong to another user of a shared file system, as far as the umask lets them.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(self.root, 0o777 & ~umask)
        self.result = os.path.join(self.root, "result")

    def __enter__(self) -> Staging:
        return self

    def publish(self) -> None:
        """Gives the result its name."""
        for path in pathlib.Path(self.result).glob(".*.crc"):
            path.unlink()
        if os.path.lexists(self.output):
            raise UsageError(f"`{self.output}` exists already")
        os.rename(self.result, self.output)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def write(
    staging: Staging, format: str, engine: _native.Engine, batches: Iterable[pa.RecordBatch], summary: _native.Summary
) -> None:
    """Writes findings and summary by the writers of the command line, as one file beside the summary."""
    os.makedirs(staging.result, exist_ok=True)
    path = os.path.join(staging.result, f"leaks.{format}")
    _native.write_report(path, format, engine, iter(batches), summary)
    write_summary(staging, summary)


def write_summary(staging: Staging, summary: _native.Summary) -> None:
    """Writes the document `cleanbill.leaks/1` without findings; readers of tables pass over its name."""
    pathlib.Path(staging.result, SUMMARY).write_text(summary.json(), encoding="utf-8")


def end(arguments: argparse.Namespace, verdict: str, said: str, internal_errors: Sequence[str] = ()) -> int:
    """Says how it ended; returns the exit code."""
    print(said, file=sys.stderr)
    if internal_errors:
        print(f"a part of Cleanbill broke down on: {', '.join(internal_errors)}", file=sys.stderr)
        return INTERNAL
    return 0 if arguments.exit_zero else EXIT[verdict]


def main(
    engine: str,
    run: Callable[[argparse.Namespace], int],
    words: Sequence[str] | None,
    more: Callable[[argparse.ArgumentParser], None],
) -> int:
    """Runs a job with the arguments of its command."""
    described = parser(engine)
    more(described)
    arguments = described.parse_args(words)
    try:
        check(arguments)
        return run(arguments)
    except (CleanbillError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return INTERNAL if isinstance(error, InternalError) else USAGE


def models_ended(verdicts: Sequence[str]) -> tuple[str, str]:
    """Joins the verdicts of models, and says how many there are of each."""
    counts = {verdict: list(verdicts).count(verdict) for verdict in EXIT}
    joined = "fail" if counts["fail"] else "incomplete" if counts["incomplete"] or not verdicts else "pass"
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    return joined, f"{joined.upper()}: {len(verdicts)} models{': ' if told else ''}{told}"
