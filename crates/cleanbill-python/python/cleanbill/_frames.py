"""Rows of frames whose batches come one by one: findings, and what could not be examined, in one table."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from cleanbill import _findings, _native, _options

SCHEMA = pa.schema([field.with_nullable(True) for field in _findings.SCHEMA] + [pa.field("problem", pa.string())])


def rows(
    batch: pa.RecordBatch,
    wishes: _options.Options,
    first: int,
    artifact: str,
    artifact_column: str | None,
    index_column: str | None,
    is_first: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Searches a batch; its rows have the numbers and files that its columns say, or those from `first` on.

    The names of the columns are searched where the batch is the first.
    """
    engine = wishes.engine()
    names = [name for name in batch.schema.names if name not in (artifact_column, index_column)]
    if not names:
        return
    found, report = engine.rows(batch.select(names), artifact, is_first)
    numbers = found.column("record_index")
    changed = {"record_index": pc.add(numbers, first)}
    if artifact_column is not None:
        changed["artifact"] = batch.column(artifact_column).cast(pa.string()).take(numbers).fill_null(artifact)
    if index_column is not None:
        changed["record_index"] = batch.column(index_column).cast(pa.int64()).take(numbers)
    if found.num_rows:
        arrays = [changed.get(field.name, found.column(at)) for at, field in enumerate(found.schema)]
        yield pa.RecordBatch.from_arrays([*arrays, pa.nulls(found.num_rows, pa.string())], schema=SCHEMA)
    for record, reason in _problems(engine, report):
        row = dict.fromkeys(SCHEMA.names) | {"artifact": artifact, "problem": reason}
        if record is not None and record < batch.num_rows:
            row["record_index"] = batch.column(index_column)[record].as_py() if index_column else first + record
            if artifact_column is not None:
                row["artifact"] = batch.column(artifact_column)[record].as_py()
        yield pa.RecordBatch.from_pylist([row], schema=SCHEMA)


def _problems(engine: _native.Engine, report: str) -> list[tuple[int | None, str]]:
    merged = _native.Merge(engine)
    merged.add(report)
    [artifact] = json.loads(merged.finish("", engine).json())["artifacts"]
    return [(problem["record"], problem["reason"]) for problem in artifact["problems"]]


# What is said of a value by itself: a finding without its record.
VALUE = pa.struct(
    [field for field in _findings.SCHEMA if field.name not in ("artifact", "record_index", "record_id", "record_line", "replaced")]
)


def of_values(values: pa.Array, wishes: _options.Options, name: str) -> pa.ListArray:
    """Returns the findings of each value; `name` is that of their column, which may be what makes a secret of a value."""
    found, _ = wishes.engine().rows(pa.record_batch([values], names=[name]), "", False)
    counts = [0] * (len(values) + 1)
    for record in found.column("record_index").to_pylist():
        counts[record + 1] += 1
    for at in range(len(values)):
        counts[at + 1] += counts[at]
    structs = pa.StructArray.from_arrays([found.column(field.name) for field in VALUE], fields=list(VALUE))
    return pa.ListArray.from_arrays(pa.array(counts, pa.int32()), structs)
