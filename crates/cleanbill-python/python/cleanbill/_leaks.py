"""`leaks`: one function for tables, batches, files and folders."""

from __future__ import annotations

import collections
import concurrent.futures
import functools
import json
import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cleanbill import _native
from cleanbill._errors import UsageError
from cleanbill._options import Options, Paths, options

if TYPE_CHECKING:
    import pyarrow as pa


class Leaks:
    """What was found, and how much was examined. It is a table of Arrow for whoever asks: pandas, Polars, DuckDB, pyarrow."""

    def __init__(self, table: pa.Table, summary: _native.Summary) -> None:
        self.table = table
        self._summary = summary

    @property
    def verdict(self) -> str:
        """`pass`, `fail` (something at or above `fail_on` was found) or `incomplete` (not all could be examined)."""
        return self._summary.verdict

    @functools.cached_property
    def summary(self) -> dict[str, Any]:
        """The document `cleanbill.leaks/1` without its findings: counts, and what became of each artifact."""
        return json.loads(self._summary.json())

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What could not be examined as what it is, each with its artifact."""
        return [
            {"artifact": artifact["path"], **problem}
            for artifact in self.summary["artifacts"]
            for problem in artifact["problems"]
        ]

    @property
    def internal_errors(self) -> list[str]:
        """Artifacts on which a part of Cleanbill broke down."""
        return self._summary.internal_errors

    def to_pandas(self) -> Any:
        """Returns the table as a data frame of pandas."""
        return self.table.to_pandas()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return self.table.num_rows

    def __str__(self) -> str:
        return str(self._summary)

    def __repr__(self) -> str:
        return f"<Leaks: {len(self)} findings, {self.verdict}>"


def leaks(
    data: Any,
    *,
    columns: Sequence[str] | None = None,
    id_field: str | None = None,
    classes: Sequence[str] = (),
    rules: Sequence[Paths] = (),
    hash_key: bytes | None = None,
    fail_on: str = "high",
    artifact: str = "table",
    jobs: int | None = None,
) -> Leaks:
    """Finds secrets, personal data and hidden text.

    `data` is a path, or anything that gives Arrow batches: tables of pyarrow, pandas, Polars, DuckDB and Daft, record batches, or
    an iterable of them. `artifact` names a table in the findings. Equal values have equal hashes under one `hash_key`.
    """
    wishes = options(
        columns=columns, id_field=id_field, classes=classes, rules=rules, hash_key=hash_key, fail_on=fail_on
    )
    if jobs is not None and jobs < 1:
        raise UsageError("`jobs` is 1 or more")
    import pyarrow as pa

    from cleanbill import _findings

    if isinstance(data, (str, os.PathLike)):
        found, summary = _of_path(os.fspath(data), wishes, jobs)
    else:
        found, summary = _of_batches(batches(data), wishes, artifact, jobs or os.cpu_count() or 1)
    return Leaks(pa.Table.from_batches(found, schema=_findings.SCHEMA), summary)


def _of_path(target: str, wishes: Options, jobs: int | None) -> tuple[list[pa.RecordBatch], _native.Summary]:
    from cleanbill import _sources

    listed = _sources.local(target)
    sources = [(source.artifact, source.open()) for source in listed]
    run = wishes.engine().whole(target, sources, jobs)
    return list(run), run.summary


def batches(data: Any) -> Iterator[pa.RecordBatch]:
    """Returns the record batches of whatever holds some."""
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        return iter([data])
    if isinstance(data, (pa.Table, pa.RecordBatchReader)):
        return iter(data.to_batches() if isinstance(data, pa.Table) else data)
    if hasattr(data, "__arrow_c_stream__"):
        return iter(pa.RecordBatchReader.from_stream(data))
    if hasattr(data, "__arrow_c_array__"):
        return iter([pa.record_batch(data)])
    if hasattr(data, "to_arrow_iter"):
        return iter(data.to_arrow_iter())
    if type(data).__module__.startswith("pandas"):
        return iter(pa.Table.from_pandas(data, preserve_index=False).to_batches())
    if isinstance(data, Iterable) and not isinstance(data, (bytes, dict)):
        return (batch for one in data for batch in batches(one))
    raise UsageError(f"no path, table or batches of Arrow: `{type(data).__name__}`")


def _of_batches(
    given: Iterator[pa.RecordBatch], wishes: Options, artifact: str, jobs: int
) -> tuple[list[pa.RecordBatch], _native.Summary]:
    from cleanbill import _findings

    engine = wishes.engine()
    merge = _native.Merge(engine)
    found = []

    def take(future: concurrent.futures.Future[tuple[pa.RecordBatch, str]]) -> None:
        batch, report = future.result()
        found.append(_findings.shifted(batch, merge.add(report)))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        is_first = True
        waiting: collections.deque[concurrent.futures.Future[tuple[pa.RecordBatch, str]]] = collections.deque()
        for batch in given:
            # A large batch is cut, so that all threads have work; nothing is copied.
            for start in range(0, batch.num_rows, _ROWS):
                if len(waiting) > 2 * jobs:
                    take(waiting.popleft())
                waiting.append(pool.submit(engine.rows, batch.slice(start, _ROWS), artifact, is_first))
                is_first = False
        while waiting:
            take(waiting.popleft())
    if not found:
        # A table without rows was examined in full.
        import pyarrow as pa

        batch, report = engine.rows(pa.record_batch({"": pa.array([], pa.string())}), artifact, True)
        merge.add(report)
    return found, merge.finish(artifact, engine)


_ROWS = 65_536


def key(path: Paths) -> bytes:
    """Reads a key as `--hash-key-file` does: all of the bytes of the file are the key."""
    return pathlib.Path(path).read_bytes()
