"""Apache Spark: `leaks` for data frames, and the job `python -m cleanbill.spark`.

The job wants the folder of its output on a file system that driver and executors share. Spark runs the tasks of a lost executor again;
what a task wrote is counted once, since Spark commits one attempt of each.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cleanbill import _build, _findings, _frames, _job, _native, _options, _plan, _sources
from cleanbill._errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {pa.string(): "string", pa.int64(): "bigint", pa.bool_(): "boolean"}
# Rows that a driver takes at a time.
_ROWS = 10_000


def _ddl(schema: pa.Schema) -> str:
    return ", ".join(f"`{field.name}` {_TYPES[field.type]}" for field in schema)


def leaks(
    frame: DataFrame,
    *,
    columns: Sequence[str] | None = None,
    id_field: str | None = None,
    classes: Sequence[str] = (),
    rules: Sequence[_options.Paths] = (),
    hash_key: bytes | None = None,
    artifact: str = "dataframe",
    artifact_column: str | None = None,
    index_column: str | None = None,
) -> DataFrame:
    """Returns the findings of a data frame as a data frame, with a column `problem` for what could not be examined.

    The record index is the value of `index_column`, such as `_metadata.row_index` of a Parquet file under a name of its own, or
    else what `monotonically_increasing_id` gives. `artifact_column` names the file of a row; it is `artifact` otherwise. Neither
    column is searched.
    """
    wishes = _options.options(columns=columns, id_field=id_field, classes=classes, rules=rules, hash_key=hash_key)
    for name in (artifact_column, index_column):
        if name is not None and name not in frame.columns:
            raise UsageError(f"there is no column `{name}`")
    search = _of_frame(wishes, _build.build_id(), artifact, artifact_column, index_column)
    return frame.mapInArrow(search, _ddl(_frames.SCHEMA))


def _of_frame(
    wishes: _options.Options, build: str, artifact: str, artifact_column: str | None, index_column: str | None
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def search(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext

        _build.check(build)
        context = TaskContext.get()
        first = (context.partitionId() if context is not None else 0) << 33
        for batch in batches:
            yield from _frames.rows(batch, wishes, first, artifact, artifact_column, index_column, first == 0)
            first += batch.num_rows

    return search


def _distributed(spark: SparkSession, tasks: Sequence[str]) -> DataFrame:
    """Gives each task a partition of its own."""
    tasks_of_spark = spark.sparkContext.parallelize([(task,) for task in tasks], max(len(tasks), 1))
    return spark.createDataFrame(tasks_of_spark, "task string")


def _searching(work: _plan.Work) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def search(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from _plan.search(batch.column(0).to_pylist(), work)

    return search


def _placing(shifts: _findings.Shifts) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def place(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _findings.placed(batch, shifts)

    return place


def _lines(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Writes findings as lines of the report `jsonl`."""
    for batch in _findings.bare(batches):
        yield pa.RecordBatch.from_pydict({"value": _native.json_lines(batch)}, schema=pa.schema([("value", pa.string())]))


def _collected(frame: DataFrame) -> Iterator[pa.RecordBatch]:
    """Brings findings to the driver, a few at a time."""
    held: list[dict[str, Any]] = []
    for row in frame.select(*_findings.SCHEMA.names).toLocalIterator():
        held.append(row.asDict())
        if len(held) >= _ROWS:
            yield pa.RecordBatch.from_pylist(held, schema=_findings.SCHEMA)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, schema=_findings.SCHEMA)


def search(
    spark: SparkSession,
    targets: Sequence[str],
    output: str,
    wishes: _options.Options,
    *,
    format: str = "parquet",
    part_bytes: int = _plan.PART_BYTES,
) -> _native.Summary:
    """Searches files and writes what is found: the job `python -m cleanbill.spark` with a session of the caller's."""
    engine = wishes.engine()
    work = _plan.Work(wishes, _build.build_id())
    parts = _plan.parts(_sources.listing(targets), part_bytes)
    with _job.Staging(output) as staging:
        raw = os.path.join(staging.root, "raw")
        tasks = _distributed(spark, _plan.tasks(parts, part_bytes))
        tasks.mapInArrow(_searching(work), _ddl(_findings.RAW_SCHEMA)).write.parquet(_address(raw))
        rows = spark.read.schema(_ddl(_findings.RAW_SCHEMA)).parquet(_address(raw))
        reports = rows.where("report is not null").select("part", "report").collect()
        summary, shifts = _plan.merge(
            ((row.part, row.report) for row in reports), len(parts), engine, ", ".join(targets)
        )
        found = rows.where("report is null").mapInArrow(_placing(shifts), _ddl(_findings.RAW_SCHEMA))
        found = found.orderBy("part", "position")
        if format == "parquet":
            found.select(*_findings.SCHEMA.names).write.parquet(_address(staging.result))
            _job.write_summary(staging, summary)
        elif format == "jsonl":
            found.mapInArrow(_lines, "value string").write.text(_address(staging.result))
            _job.write_summary(staging, summary)
        else:
            _job.write(staging, format, engine, _collected(found), summary)
        staging.publish()
    return summary


def scan(
    spark: SparkSession,
    targets: Sequence[str],
    output: str,
    *,
    depth: int | None = None,
    format: str = "parquet",
    fail_on: str = "high",
) -> list[str]:
    """Examines models, one a task, and writes a row for each; returns the verdicts."""
    build = _build.build_id()

    def examine(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from _plan.examine(batch.column(0).to_pylist(), build, fail_on)

    found = _plan.models(targets, depth)
    with _job.Staging(output) as staging:
        tasks = _distributed(spark, _plan.model_tasks(found))
        rows = tasks.mapInArrow(examine, _ddl(_plan.MODEL_SCHEMA))
        if format == "parquet":
            rows.write.parquet(_address(staging.result))
            written = spark.read.schema(_ddl(_plan.MODEL_SCHEMA)).parquet(_address(staging.result))
        else:
            rows.write.option("ignoreNullFields", "false").json(_address(staging.result))
            written = spark.read.schema(_ddl(_plan.MODEL_SCHEMA)).json(_address(staging.result))
        verdicts = [row.verdict for row in written.select("verdict").collect()]
        staging.publish()
    return verdicts


def _address(path: str) -> str:
    """Names a folder of the shared file system, whatever the file system that Spark takes by default."""
    from urllib.request import pathname2url

    return "file://" + pathname2url(path)


def _run(arguments: argparse.Namespace) -> int:
    from pyspark.sql import SparkSession

    wishes = _job.options(arguments)
    builder = SparkSession.builder.appName("cleanbill")
    if arguments.master:
        builder = builder.master(arguments.master)
    for setting in arguments.conf:
        name, _, value = setting.partition("=")
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        if arguments.models:
            verdicts = scan(
                spark, arguments.input, arguments.output, depth=arguments.depth, format=arguments.format, fail_on=arguments.fail_on
            )
            return _job.end(arguments, *_job.models_ended(verdicts))
        summary = search(
            spark, arguments.input, arguments.output, wishes, format=arguments.format, part_bytes=arguments.part_bytes
        )
        return _job.end(arguments, summary.verdict, str(summary), summary.internal_errors)
    finally:
        spark.stop()


def _more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--master", metavar="URL", help="of Spark, where spark-submit does not say it")
    parser.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="a setting of Spark; may be repeated")


def main(words: Sequence[str] | None = None) -> int:
    """Runs the job."""
    return _job.main("Spark", _run, words, _more)


if __name__ == "__main__":
    # Functions travel by the name of their module, which is `__main__` here.
    from cleanbill import spark as this

    sys.exit(this.main())
