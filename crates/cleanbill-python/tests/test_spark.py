#!/usr/bin/env python3
"""Tests of the jobs of Apache Spark, with real executors."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import unittest

import cluster
import support

os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost", "PYSPARK_PYTHON": sys.executable}
QUIET = {"spark.ui.enabled": "false", "spark.log.level": "OFF", "spark.ui.showConsoleProgress": "false"}


def session(master: str, **more: str):
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("test")
    for name, value in (QUIET | more).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


class Spark(unittest.TestCase, cluster.SameAsCommand):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        self.key = support.key_file(self.folder)
        self.data = support.dataset(self.folder / "data", 7, long_text=True)

    def options(self):
        from cleanbill import _options

        return _options.options(id_field="id", hash_key=support.KEY)

    def test_one_and_four_partitions_find_what_the_command_line_finds(self):
        from cleanbill import spark as job

        for master, part_bytes in (("local[1]", 1 << 30), ("local[4]", 3_000)):
            spark = session(master)
            try:
                output = self.folder / f"out-{part_bytes}"
                summary = job.search(spark, [str(self.data)], str(output), self.options(), part_bytes=part_bytes)
                self.assertGreater(self.check_same(output, self.data, self.key), 500)
                self.assertEqual(summary.verdict, "fail")
                if part_bytes > 3_000:
                    self.frames(spark)
                    self.reports(spark)
                    self.models(spark)
            finally:
                spark.stop()

    def reports(self, spark):
        """The other formats are those of the command line."""
        from cleanbill import spark as job

        output = self.folder / "lines"
        job.search(spark, [str(self.data)], str(output), self.options(), format="jsonl")
        self.check_same(output, self.data, self.key)
        for format in ("json", "sarif"):
            output = self.folder / format
            job.search(spark, [str(self.data)], str(output), self.options(), format=format)
            ran = support.command("leaks", self.data, "-f", format, "--hash-key-file", self.key, "--id-field", "id")
            written = (output / f"leaks.{format}").read_text("utf-8")
            self.assertEqual(json.loads(written), json.loads(ran.stdout))
        with self.assertRaisesRegex(ValueError, "exists already"):
            job.search(spark, [str(self.data)], str(output), self.options())

    def frames(self, spark):
        """A data frame whose columns name file and row gives what the command line gives of the file."""
        import cleanbill.spark

        path = self.data / "rows.parquet"
        frame = spark.read.parquet(f"file://{path}").selectExpr("*", "_metadata.row_index as row", "_metadata.file_name as file")
        found = cleanbill.spark.leaks(
            frame, id_field="id", hash_key=support.KEY, artifact_column="file", index_column="row"
        )
        found = found.where("problem is null").drop("problem").orderBy("record_index", "record_column", "start")
        expected, _ = support.by_command(path, self.key)
        self.assertEqual([row.asDict() for row in found.collect()], [support.flat(one) for one in expected])
        numbered = cleanbill.spark.leaks(spark.createDataFrame([("ann@mail-1.net",)], "text string"))
        self.assertEqual([row["type"] for row in numbered.collect()], ["email"])

    def models(self, spark):
        from cleanbill import spark as job

        mirror = cluster.models(self.folder / "mirror")
        output = self.folder / "models"
        verdicts = job.scan(spark, [str(mirror)], str(output))
        self.assertEqual(sorted(verdicts), ["fail", "fail", "fail", "pass"])
        cluster.check_models(self, [row.asDict() for row in spark.read.parquet(f"file://{output}").collect()], mirror)

    def test_a_killed_executor_changes_nothing(self):
        from cleanbill import spark as job

        for number in range(12):
            path = self.data / f"more-{number}.jsonl"
            path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in support.rows(number, 4_000)))
        took = {}
        for executors, killing in ((1, False), (2, False), (2, True)):
            spark = session(f"local-cluster[{executors},1,1024]", **{"spark.executor.memory": "700m"})
            output = self.folder / f"out-{executors}-{killing}"
            killed: list[int] = []
            try:
                self.warm(spark, executors)
                over = threading.Event()
                other = threading.Thread(target=self.kill, args=(spark, killed, over))
                if killing:
                    other.start()
                begun = time.monotonic()
                job.search(spark, [str(self.data)], str(output), self.options(), part_bytes=60_000)
                took[executors, killing] = time.monotonic() - begun
                over.set()
                if killing:
                    other.join()
                    self.assertEqual(len(killed), 1, "an executor was to be killed in the middle")
            finally:
                spark.stop()
            self.assertGreater(self.check_same(output, self.data, self.key), 5_000)
        one, two, killed_one = took[1, False], took[2, False], took[2, True]
        print(
            f"spark: 1 executor {one:.1f} s, 2 executors {two:.1f} s: {one / two:.2f} times the throughput; "
            f"with one killed {killed_one:.1f} s",
            file=sys.stderr,
        )

    def warm(self, spark, executors):
        """Waits for all executors, and for their Python."""
        while spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos().__len__() < executors + 1:
            time.sleep(0.1)
        spark.sparkContext.parallelize(range(4 * executors), 4 * executors).map(lambda _: time.sleep(0.2)).count()

    def kill(self, spark, killed, over):
        """Kills an executor once a twentieth of the tasks is done."""
        tracker = spark.sparkContext.statusTracker()
        while not over.is_set():
            for stage in tracker.getActiveStageIds():
                about = tracker.getStageInfo(stage)
                if about and about.numTasks > 20 and about.numCompletedTasks * 20 > about.numTasks:
                    below = support.descendants(os.getpid())
                    executors = [pid for pid, words in below.items() if "CoarseGrainedExecutorBackend" in words]
                    os.kill(executors[0], signal.SIGKILL)
                    killed.append(executors[0])
                    return
            time.sleep(0.02)

    def test_the_command_of_the_job(self):
        output = self.folder / "out"
        words = ["--input", self.data, "--output", output, "--hash-key-file", self.key, "--id-field", "id"]
        conf = [word for name, value in QUIET.items() for word in ("--conf", f"{name}={value}")]
        ran = support.job("spark", *words, "--master", "local[2]", *conf)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.check_same(output, self.data, self.key)
        self.assertEqual(support.job("spark", *words).returncode, 2, "the output exists already")


if __name__ == "__main__":
    unittest.main()
