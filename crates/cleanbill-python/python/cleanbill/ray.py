"""Ray Data: `leaks` for datasets, and the job `python -m cleanbill.ray`.

Ray runs the tasks of a lost worker or node again, and makes lost blocks anew from what they were made of; a block counts once. The
driver joins the parts and writes the findings, block by block.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet

from cleanbill import _build, _findings, _frames, _job, _native, _options, _plan, _sources

if TYPE_CHECKING:
    from ray.data import Dataset


def leaks(
    dataset: Dataset,
    *,
    columns: Sequence[str] | None = None,
    id_field: str | None = None,
    classes: Sequence[str] = (),
    rules: Sequence[_options.Paths] = (),
    hash_key: bytes | None = None,
    artifact: str = "dataset",
    artifact_column: str | None = None,
    index_column: str | None = None,
) -> Dataset:
    """Returns the findings of a dataset as a dataset, with a column `problem` for what could not be examined.

    Blocks have no numbers, so without `index_column` the record index is that within its batch, and names of columns are not searched. `artifact_column` names the file
    of a row, such as the `path` that `ray.data.read_parquet(..., include_paths=True)` gives. Neither column is searched.
    """
    wishes = _options.options(columns=columns, id_field=id_field, classes=classes, rules=rules, hash_key=hash_key)
    build = _build.build_id()

    def search(table: pa.Table) -> pa.Table:
        _build.check(build)
        found = [
            rows
            for batch in table.combine_chunks().to_batches()
            for rows in _frames.rows(batch, wishes, 0, artifact, artifact_column, index_column)
        ]
        return pa.Table.from_batches(found, schema=_frames.SCHEMA)

    return dataset.map_batches(search, batch_format="pyarrow", zero_copy_batch=True)


def _tasks(tasks: Sequence[str]) -> Dataset:
    """Gives each task a block of its own."""
    import ray

    return ray.data.from_items([{"task": task} for task in tasks], override_num_blocks=max(len(tasks), 1))


def _batches(dataset: Dataset) -> Iterator[pa.RecordBatch]:
    """Brings blocks to the driver, one at a time, in their order."""
    for table in dataset.iter_batches(batch_format="pyarrow", batch_size=None):
        yield from table.to_batches()


def _ordered() -> None:
    import ray

    ray.data.DataContext.get_current().execution_options.preserve_order = True


def search(
    targets: Sequence[str],
    output: str,
    wishes: _options.Options,
    *,
    format: str = "parquet",
    part_bytes: int = _plan.PART_BYTES,
) -> _native.Summary:
    """Searches files and writes what is found: the job `python -m cleanbill.ray` on the cluster that Ray is connected to."""
    engine = wishes.engine()
    work = _plan.Work(wishes, _build.build_id())
    parts = _plan.parts(_sources.listing(targets), part_bytes)

    def searched(table: pa.Table) -> Iterator[pa.Table]:
        for batch in _plan.search(table.column("task").to_pylist(), work):
            yield pa.Table.from_batches([batch])

    _ordered()
    with _job.Staging(output) as staging:
        tasks = _tasks(_plan.tasks(parts, part_bytes))
        raw = tasks.map_batches(searched, batch_format="pyarrow", batch_size=1, zero_copy_batch=True).materialize()

        def reports() -> Iterator[tuple[int, str]]:
            for batch in _batches(raw):
                rows = batch.filter(batch.column("report").is_valid())
                yield from zip(rows.column("part").to_pylist(), rows.column("report").to_pylist())

        summary, shifts = _plan.merge(reports(), len(parts), engine, ", ".join(targets))

        def found() -> Iterator[pa.RecordBatch]:
            for batch in _batches(raw):
                rows = batch.filter(batch.column("report").is_null())
                if rows.num_rows:
                    yield _findings.placed(rows, shifts)

        _job.write(staging, format, engine, _findings.bare(found()), summary)
        staging.publish()
    return summary


def scan(
    targets: Sequence[str],
    output: str,
    *,
    depth: int | None = None,
    format: str = "parquet",
    fail_on: str = "high",
) -> list[str]:
    """Examines models, one a task, and writes a row for each; returns the verdicts."""
    build = _build.build_id()

    def examined(table: pa.Table) -> Iterator[pa.Table]:
        for batch in _plan.examine(table.column("task").to_pylist(), build, fail_on):
            yield pa.Table.from_batches([batch])

    _ordered()
    verdicts: list[str] = []
    with _job.Staging(output) as staging:
        tasks = _tasks(_plan.model_tasks(_plan.models(targets, depth)))
        rows = tasks.map_batches(examined, batch_format="pyarrow", batch_size=1, zero_copy_batch=True)
        os.makedirs(staging.result)
        path = os.path.join(staging.result, f"models.{format}")
        if format == "parquet":
            with pyarrow.parquet.ParquetWriter(path, _plan.MODEL_SCHEMA) as writer:
                for batch in _batches(rows):
                    verdicts += batch.column("verdict").to_pylist()
                    writer.write_batch(batch.cast(_plan.MODEL_SCHEMA))
        else:
            with open(path, "x", encoding="utf-8") as lines:
                for batch in _batches(rows):
                    verdicts += batch.column("verdict").to_pylist()
                    lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist())
        staging.publish()
    return verdicts


def _run(arguments: argparse.Namespace) -> int:
    import ray

    wishes = _job.options(arguments)
    if not ray.is_initialized():
        settings: dict[str, Any] = {"address": arguments.address} if arguments.address else {}
        ray.init(log_to_driver=False, **settings)
    try:
        if arguments.models:
            verdicts = scan(
                arguments.input, arguments.output, depth=arguments.depth, format=arguments.format, fail_on=arguments.fail_on
            )
            return _job.end(arguments, *_job.models_ended(verdicts))
        summary = search(arguments.input, arguments.output, wishes, format=arguments.format, part_bytes=arguments.part_bytes)
        return _job.end(arguments, summary.verdict, str(summary), summary.internal_errors)
    finally:
        ray.shutdown()


def _more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", metavar="ADDRESS", help="of a cluster of Ray; one on this machine is started otherwise")


def main(words: Sequence[str] | None = None) -> int:
    """Runs the job."""
    return _job.main("Ray", _run, words, _more)


if __name__ == "__main__":
    # Functions travel by the name of their module, which is `__main__` here.
    from cleanbill import ray as this

    sys.exit(this.main())
