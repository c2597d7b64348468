"""Findings as tables of Arrow: the columns of `cleanbill leaks --format parquet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

SCHEMA = pa.schema(
    [
        pa.field("type", pa.string(), nullable=False),
        pa.field("class", pa.string(), nullable=False),
        pa.field("artifact", pa.string(), nullable=False),
        pa.field("record_index", pa.int64(), nullable=False),
        pa.field("record_id", pa.string()),
        pa.field("record_column", pa.string()),
        pa.field("record_line", pa.int64()),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("char_start", pa.int64(), nullable=False),
        pa.field("char_end", pa.int64(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("confidence", pa.string(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),
        pa.field("hash", pa.string(), nullable=False),
        pa.field("validated", pa.bool_(), nullable=False),
        pa.field("replaced", pa.string()),
    ]
)

# What workers hand on: findings with the part that they are of and their place in it, and one row with the report of the part.
RAW_SCHEMA = pa.schema(
    [field.with_nullable(True) for field in SCHEMA]
    + [pa.field("part", pa.int64()), pa.field("position", pa.int64()), pa.field("report", pa.string())]
)

# What stands before a part: records, lines, characters; and which of its findings an earlier part reported already.
Shift = tuple[int, int, int, list[int]]
Shifts = Mapping[int, Shift]


def replace(batch: pa.RecordBatch, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """Returns the batch with other values in some columns."""
    arrays = [columns.get(name, batch.column(at)) for at, name in enumerate(batch.schema.names)]
    arrays = [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in arrays]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def shifted(batch: pa.RecordBatch, shift: Shift) -> pa.RecordBatch:
    """Adds what stands before a part to the places of its findings, which are all of them."""
    records, lines, chars, repeated = shift
    if repeated:
        left = set(range(batch.num_rows)) - set(repeated)
        batch = batch.take(pa.array(sorted(left), pa.int64()))
    if (records, lines, chars) == (0, 0, 0):
        return batch
    return replace(
        batch,
        {
            "record_index": pc.add(batch.column("record_index"), records),
            "record_line": pc.add(batch.column("record_line"), lines),
            "char_start": pc.add(batch.column("char_start"), chars),
            "char_end": pc.add(batch.column("char_end"), chars),
        },
    )


def placed(batch: pa.RecordBatch, shifts: Shifts) -> pa.RecordBatch:
    """Adds what stands before their parts to the places of findings of many parts."""
    wanted = [(part, shifts[part]) for part in batch.column("part").unique().to_pylist() if part in shifts]
    repeated = {(part, place) for part, shift in wanted for place in shift[3]}
    if repeated:
        named = zip(batch.column("part").to_pylist(), batch.column("position").to_pylist())
        batch = batch.filter(pa.array([place not in repeated for place in named]))
    if not wanted or not batch.num_rows:
        return batch
    parts = batch.column("part")
    known = pc.index_in(parts, value_set=pa.array([part for part, _ in wanted], pa.int64()))
    columns = {}
    for name, at in (("record_index", 0), ("record_line", 1), ("char_start", 2), ("char_end", 2)):
        added = pa.array([shift[at] for _, shift in wanted], pa.int64()).take(known)
        columns[name] = pc.add(batch.column(name), pc.fill_null(added, 0))
    return replace(batch, columns)


def raw(batch: pa.RecordBatch, part: int, first: int) -> pa.RecordBatch:
    """Makes rows of `RAW_SCHEMA` of findings of a part."""
    rows = batch.num_rows
    arrays = [
        *batch.columns,
        pa.array([part] * rows, pa.int64()),
        pa.array(range(first, first + rows), pa.int64()),
        pa.nulls(rows, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=RAW_SCHEMA)


def raw_report(part: int, report: str) -> pa.RecordBatch:
    """Makes the row of `RAW_SCHEMA` that ends a part."""
    arrays = [pa.nulls(1, field.type) for field in SCHEMA]
    arrays += [pa.array([part], pa.int64()), pa.nulls(1, pa.int64()), pa.array([report], pa.string())]
    return pa.RecordBatch.from_arrays(arrays, schema=RAW_SCHEMA)


def bare(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Leaves the columns of findings."""
    for batch in batches:
        arrays = [batch.column(name) for name in SCHEMA.names]
        yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
