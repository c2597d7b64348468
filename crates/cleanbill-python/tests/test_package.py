#!/usr/bin/env python3
"""Tests of the package `cleanbill` as it is installed: tables of every kind, files, models, errors."""

from __future__ import annotations

import io
import json
import pathlib
import random
import tempfile
import threading
import time
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

import cleanbill
import support
from cleanbill import _build, _findings, _native, _options, _plan, _sources


class Package(unittest.TestCase):
    """Has a folder of its own."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        self.key = support.key_file(self.folder)


def bare(found):
    """Findings without what depends on the artifact."""
    return [{name: value for name, value in one.items() if name not in ("artifact", "record_line")} for one in found]


class Tables(Package):
    def setUp(self):
        super().setUp()
        self.rows = support.rows(5, 400)
        self.table = support.table(self.rows)
        pq.write_table(self.table, self.folder / "rows.parquet", row_group_size=90)
        findings, self.summary = support.by_command(self.folder / "rows.parquet", self.key)
        self.expected = bare(map(support.flat, findings))

    def check(self, data, **more):
        found = cleanbill.leaks(data, id_field="id", hash_key=support.KEY, **more)
        self.assertGreater(len(found), 100)
        self.assertEqual(bare(found.table.to_pylist()), self.expected)
        self.assertEqual(found.verdict, self.summary["verdict"])
        self.assertEqual(found.problems, [])
        return found

    def test_tables_batches_and_streams_of_arrow(self):
        found = self.check(self.table)
        self.assertEqual(set(found.table.column("artifact").to_pylist()), {"table"})
        self.assertEqual(found.summary["records"], 400)
        self.check(self.table.to_batches(max_chunksize=7))
        self.check(self.table.to_reader(max_chunksize=150))
        self.check(self.table.combine_chunks().to_batches()[0])
        self.check([self.table.slice(0, 100), self.table.slice(100)], jobs=1)

    def test_frames_of_other_libraries(self):
        import daft
        import duckdb
        import polars

        self.check(self.table.to_pandas())
        self.check(polars.from_arrow(self.table))
        self.check(duckdb.sql(f"select * from '{self.folder}/rows.parquet'"))
        self.check(daft.read_parquet(str(self.folder / "rows.parquet")))

    def test_findings_go_into_other_libraries(self):
        import duckdb
        import polars

        found = self.check(self.table)
        self.assertEqual(polars.DataFrame(found).height, len(found))
        self.assertEqual(len(found.to_pandas()), len(found))
        self.assertEqual(duckdb.sql("select count(*) from found").fetchall(), [(len(found),)])

    def test_functions_of_sql_and_expressions(self):
        import daft
        import duckdb

        from cleanbill import daft as cleanbill_daft
        from cleanbill import duckdb as cleanbill_duckdb

        expected = [
            (one["record_index"], one["type"], one["start"], one["hash"]) for one in self.expected if one["record_column"] == "text"
        ]
        with duckdb.connect() as connection:
            cleanbill_duckdb.register(connection, hash_key=support.KEY, column="text")
            asked = f"select number, unnest(leaks(text)) as found from '{self.folder}/rows.parquet' order by number"
            found = [(number, one["type"], one["start"], one["hash"]) for number, one in connection.sql(asked).fetchall()]
        self.assertEqual(found, expected)
        frame = daft.from_arrow(self.table)
        frame = frame.select("number", cleanbill_daft.leaks(frame["text"], hash_key=support.KEY, column="text").alias("found"))
        found = [
            (one["number"], leak["type"], leak["start"], leak["hash"]) for one in frame.to_pylist() for leak in one["found"] or ()
        ]
        self.assertEqual(found, expected)

    def test_options_are_those_of_the_command_line(self):
        for words, wishes in [
            (["--columns", "messages.content"], {"columns": ["messages.content"]}),
            (["--class", "pii", "--class", "hidden"], {"classes": ["pii", "hidden"]}),
        ]:
            findings, _ = support.by_command(self.folder / "rows.parquet", self.key, *words)
            found = cleanbill.leaks(self.table, id_field="id", hash_key=support.KEY, **wishes)
            self.assertEqual(bare(found.table.to_pylist()), bare(map(support.flat, findings)), words)

    def test_a_table_without_findings_or_rows_passes(self):
        for rows in ([], ["nothing"]):
            found = cleanbill.leaks(pa.table({"a": pa.array(rows, pa.string())}))
            self.assertEqual((len(found), found.verdict), (0, "pass"))

    def test_what_is_not_read_is_said(self):
        found = cleanbill.leaks(pa.table({"a": pa.array([b"\xff\xfe", b"text"], pa.binary())}), artifact="bytes")
        self.assertEqual(found.verdict, "incomplete")
        self.assertEqual([problem["artifact"] for problem in found.problems], ["bytes"])

    def test_other_threads_run_meanwhile(self):
        text = "words and more words, " * 2_000
        batch = pa.record_batch({"text": [f"{text} {number}" for number in range(2_000)]})
        ticks, over = [], threading.Event()

        def tick():
            while not over.is_set():
                ticks.append(time.monotonic())
                time.sleep(0.001)

        other = threading.Thread(target=tick)
        other.start()
        begun = time.monotonic()
        _options.options(hash_key=support.KEY).engine().rows(batch, "table", True)
        ended = time.monotonic()
        over.set()
        other.join()
        self.assertGreater(sum(begun < tick < ended for tick in ticks), 3, f"{ended - begun:.2f} s")


class Files(Package):
    def test_a_folder_is_searched_as_by_the_command_line(self):
        data = support.dataset(self.folder / "data", 3)
        findings, summary = support.by_command(data, self.key)
        for jobs in (1, 4):
            found = cleanbill.leaks(data, id_field="id", hash_key=support.KEY, jobs=jobs)
            self.assertEqual(found.table.to_pylist(), list(map(support.flat, findings)))
            self.assertEqual(support.without_target(found.summary), support.without_target(summary))

    def test_parts_find_what_the_whole_finds(self):
        for seed, part_bytes in ((1, 700), (2, 2_500), (3, 20_000)):
            data = support.dataset(self.folder / f"data-{seed}", seed, long_text=seed == 1)
            findings, summary = support.by_command(data, self.key)
            wishes = _options.options(id_field="id", hash_key=support.KEY)
            parts = _plan.parts(_sources.listing([str(data)]), part_bytes)
            self.assertGreater(len(parts), len(summary["artifacts"]) + 3)
            raw = list(_plan.search(reversed(_plan.tasks(parts, part_bytes)), _plan.Work(wishes, _build.build_id())))
            self.check(raw, len(parts), wishes, findings, summary)

    def check(self, raw, count, wishes, findings, summary):
        reports, rows = [], []
        for batch in raw:
            for one in batch.to_pylist():
                (reports if one["report"] is not None else rows).append(one)
        merged, shifts = _plan.merge(((one["part"], one["report"]) for one in reports), count, wishes.engine(), "data")
        table = pa.Table.from_pylist(rows, schema=_findings.RAW_SCHEMA).sort_by([("part", "ascending"), ("position", "ascending")])
        placed = [_findings.placed(batch, shifts) for batch in table.to_batches()]
        found = pa.Table.from_batches(list(_findings.bare(placed)), schema=_findings.SCHEMA)
        self.assertEqual(found.to_pylist(), list(map(support.flat, findings)))
        expected, got = support.without_target(summary), support.without_target(json.loads(merged.json()))
        self.assertEqual(got, expected)

    def test_objects_that_seek_are_read_like_files(self):
        path = self.folder / "rows.jsonl"
        path.write_bytes(support.lines(random.Random(1), support.rows(1, 50)))
        engine = _options.options(hash_key=support.KEY).engine()
        for part in [None, *_native.parts("rows.jsonl", str(path), 1_000)]:
            expected = pa.Table.from_batches(engine.part("rows.jsonl", str(path), part), schema=_findings.SCHEMA)
            with open(path, "rb") as file:
                found = pa.Table.from_batches(engine.part("rows.jsonl", file, part), schema=_findings.SCHEMA)
            self.assertEqual(found.to_pylist(), expected.to_pylist())

    def test_what_cannot_be_opened_is_said(self):
        found = cleanbill.leaks(self.folder / "nowhere")
        self.assertEqual(found.verdict, "incomplete")


class Models(Package):
    PICKLE = b"cposix\nsystem\n(S'echo this ran while loading'\ntR."

    def test_a_model_is_scanned_as_by_the_command_line(self):
        path = self.folder / "model.bin"
        path.write_bytes(self.PICKLE)
        ran = support.command("scan", path, "-f", "json")
        expected = json.loads(ran.stdout)
        self.assertEqual(cleanbill.scan(path), expected)
        self.assertEqual(expected["verdict"], "fail")

    def test_bytes_files_and_folders_of_them(self):
        for source in (self.PICKLE, bytearray(self.PICKLE), io.BytesIO(self.PICKLE)):
            report = cleanbill.scan(source, name="model.bin")
            self.assertEqual([artifact["path"] for artifact in report["artifacts"]], ["model.bin"])
            self.assertEqual(report["verdict"], "fail")
        report = cleanbill.scan({"a/model.bin": io.BytesIO(self.PICKLE), "config.json": b"{}"})
        self.assertEqual(len(report["artifacts"]), 2)
        self.assertEqual(cleanbill.scan(b"hello\n", name="a.txt")["verdict"], "pass")

    def test_wishes(self):
        self.assertEqual(cleanbill.scan(self.PICKLE, only=["target-look-alike"])["findings"], [])
        with self.assertRaisesRegex(cleanbill.UsageError, "no detector is called `nonsense`"):
            cleanbill.scan(self.PICKLE, only=["nonsense"])
        with self.assertRaisesRegex(cleanbill.UsageError, "no limit is called `nonsense`"):
            cleanbill.scan(self.PICKLE, limits={"nonsense": 1})


class Errors(Package):
    def test_each_wrong_use_is_said(self):
        for message, wishes in [
            ("no class is called `nonsense`", {"classes": ["nonsense"]}),
            ("poison is looked for", {"classes": ["poison"]}),
            ("no severity is called `nonsense`", {"fail_on": "nonsense"}),
            ("a key has 16 bytes or more", {"hash_key": b"short"}),
            ("`jobs` is 1 or more", {"jobs": 0}),
        ]:
            with self.assertRaisesRegex(cleanbill.UsageError, message):
                cleanbill.leaks(pa.table({}), **wishes)
        with self.assertRaisesRegex(cleanbill.UsageError, "no path, table or batches of Arrow: `int`"):
            cleanbill.leaks(7)
        with self.assertRaises(TypeError):
            cleanbill.leaks(pa.table({}), columns="text")

    def test_a_panic_is_an_exception(self):
        with self.assertRaisesRegex(cleanbill.InternalError, "this is a bug of Cleanbill"):
            _native.break_down()

    def test_a_worker_of_another_build_refuses(self):
        wishes = _options.options()
        with self.assertRaisesRegex(cleanbill.BuildMismatch, "install the same wheel on all machines"):
            list(_plan.search(["[]"], _plan.Work(wishes, "0.0.1+0000000000000000")))
        self.assertRegex(cleanbill.build_id(), r"^\d+\.\d+\.\d+\+[0-9a-f]{16}$")

    def test_a_key_is_never_shown(self):
        self.assertNotIn("thirty", repr(_options.options(hash_key=support.KEY)))

    def test_the_command_line_came_with_the_package(self):
        ran = support.command("--version")
        self.assertEqual((ran.returncode, ran.stdout.strip()), (0, f"cleanbill {cleanbill.__version__}"))


if __name__ == "__main__":
    unittest.main()
