"""How a job is cut: sources into parts, parts into tasks, and what a worker does with a task.

Files are not read by the engine of the cluster but by the readers of Cleanbill, on the worker: so records, places and findings are
those of the command line, whatever the cluster. A part knows the number of its records only when it was searched; the driver adds
up what stands before each part, in their order, when all are done. A part that is searched twice says the same twice.
"""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from cleanbill import _build, _findings, _native, _sources
from cleanbill._options import Options

PART_BYTES = 32 << 20
# Files beside each other in one task, however small they are.
TASK_PARTS = 10_000


@dataclasses.dataclass(frozen=True)
class Part:
    """An artifact, or a part of it; `cut` is how the native half names the part."""

    number: int
    source: _sources.Source
    cut: tuple[str, int, int, int] | None


@dataclasses.dataclass(frozen=True)
class Work:
    """What all tasks of a job have in common."""

    options: Options
    build: str


def parts(sources: Sequence[_sources.Source], part_bytes: int) -> list[Part]:
    """Cuts sources into parts, in the order of both; only files that may be cut are opened for it."""
    made: list[Part] = []
    for source in sources:
        cuts: Sequence[Any] = ()
        if source.size_bytes > part_bytes:
            cuts = _native.parts(source.artifact, source.open(), part_bytes)
        for cut in cuts or (None,):
            made.append(Part(len(made), source, None if cut is None else tuple(cut)))
    return made


def tasks(made: Sequence[Part], part_bytes: int) -> list[str]:
    """Joins parts into tasks of about `part_bytes`, each as JSON."""
    joined: list[list[Part]] = []
    held = 0
    for part in made:
        size = min(part.source.size_bytes, part_bytes)
        if not joined or held + size > part_bytes or len(joined[-1]) >= TASK_PARTS:
            joined.append([])
            held = 0
        joined[-1].append(part)
        held += size
    return [json.dumps([dataclasses.asdict(part) for part in task]) for task in joined]


def _task(text: str) -> list[Part]:
    return [
        Part(one["number"], _sources.Source(**one["source"]), None if one["cut"] is None else tuple(one["cut"]))
        for one in json.loads(text)
    ]


def search(texts: Iterable[str], work: Work) -> Iterator[pa.RecordBatch]:
    """Does tasks: findings of each part, and its report, as rows of `RAW_SCHEMA`."""
    _build.check(work.build)
    engine = work.options.engine()
    for text in texts:
        for part in _task(text):
            source = part.source
            opened = source.open()
            run = engine.part(source.artifact, opened, part.cut)
            position = 0
            for batch in run:
                yield _findings.raw(batch, part.number, position)
                position += batch.num_rows
            if hasattr(opened, "close"):
                opened.close()
            yield _findings.raw_report(part.number, run.report)


def merge(
    reports: Iterable[tuple[int, str]], count: int, engine: _native.Engine, target: str
) -> tuple[_native.Summary, dict[int, _findings.Shift]]:
    """Joins the reports of all parts; returns what stands before each part, where that is not nothing."""
    merged = _native.Merge(engine)
    by_part = dict(reports)
    missing = count - len(by_part)
    if missing or set(by_part) != set(range(count)):
        raise RuntimeError(f"{missing} of {count} parts did not report")
    shifts = {}
    for part in range(count):
        shift = merged.add(by_part[part])
        if shift != (0, 0, 0, []):
            shifts[part] = shift
    return merged.finish(target, engine), shifts


MODEL_SCHEMA = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("findings", pa.int64()),
        pa.field("worst", pa.string()),
        pa.field("report", pa.string()),
        pa.field("error", pa.string()),
    ]
)


def models(targets: Sequence[str], depth: int | None) -> list[tuple[str, list[_sources.Source]]]:
    """Lists models: the snapshots of a hub's cache, or else the folders `depth` levels down, by default that of `org/name`.

    A file above that level is a model by itself.
    """
    found: dict[str, list[_sources.Source]] = collections.defaultdict(list)
    for source in _sources.listing(targets):
        steps = source.artifact.split("/")
        if any(step.startswith(_CACHED) and steps[at + 1] in _STORED for at, step in enumerate(steps[:-1])):
            # What snapshots link to, and notes of the cache.
            continue
        name = "/".join(steps[: depth if depth is not None else _depth(steps)])
        found[name].append(source)
    return sorted(found.items())


def _depth(steps: list[str]) -> int:
    for at, step in enumerate(steps):
        if step.startswith(_CACHED):
            return at + 3 if steps[at + 1 : at + 2] == ["snapshots"] else at + 1
    return 2


def model_tasks(found: Sequence[tuple[str, list[_sources.Source]]]) -> list[str]:
    """Makes a task of each model, as JSON."""
    return [json.dumps([name, [dataclasses.asdict(source) for source in sources]]) for name, sources in found]


def examine(texts: Iterable[str], build: str, fail_on: str) -> Iterator[pa.RecordBatch]:
    """Does tasks of models; what goes wrong with one of them is a row that says so."""
    from cleanbill import _models

    _build.check(build)
    for text in texts:
        name, listed = json.loads(text)
        sources = [_sources.Source(**one) for one in listed]
        row: dict[str, Any] = dict.fromkeys(MODEL_SCHEMA.names)
        row["model"] = name
        try:
            report = _models.scan(_target(name, sources), name=name, fail_on=fail_on)
            counts = report["summary"]["findings"]
            row["verdict"] = report["verdict"]
            row["findings"] = sum(counts.values())
            row["worst"] = next((level for level in _LEVELS if counts.get(level)), None)
            row["report"] = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
        except Exception as error:  # noqa: BLE001: one model never ends the job
            row["verdict"] = "incomplete"
            row["error"] = f"{type(error).__name__}: {error}"
        yield pa.RecordBatch.from_pylist([row], schema=MODEL_SCHEMA)


def _target(name: str, sources: list[_sources.Source]) -> Any:
    """Returns the folder or file where a model is all there is in it, and its files by name otherwise."""
    if not any(_sources.is_remote(source.path) or source.reason for source in sources):
        roots = {source.path[: len(source.path) - len(source.artifact)] + name for source in sources}
        if len(roots) == 1:
            return roots.pop()
    opened = {source.artifact[len(name) :].lstrip("/") or name: source.open() for source in sources}
    for error in opened.values():
        if isinstance(error, Exception):
            raise error
    return opened


_CACHED = ("models--", "datasets--", "spaces--")
_STORED = ("blobs", "refs", ".no_exist")
_LEVELS = ("critical", "high", "medium", "low", "info")
