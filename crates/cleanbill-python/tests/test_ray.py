#!/usr/bin/env python3
"""Tests of the jobs of Ray Data, with two nodes on one machine."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import tempfile
import threading
import time
import unittest

import pyarrow.parquet as pq

import cluster
import support

os.environ |= {"RAY_DATA_DISABLE_PROGRESS_BARS": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0"}
STORE_BYTES = 120 << 20


class Ray(unittest.TestCase, cluster.SameAsCommand):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        self.key = support.key_file(self.folder)
        self.data = support.dataset(self.folder / "data", 11, long_text=True)

    def options(self):
        from cleanbill import _options

        return _options.options(id_field="id", hash_key=support.KEY)

    def begin(self, nodes):
        """Starts a cluster, whose head does nothing but keep it together."""
        import ray
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False})
        workers = [made.add_node(num_cpus=1, object_store_memory=STORE_BYTES) for _ in range(nodes)]
        made.wait_for_nodes()
        ray.init(address=made.address, log_to_driver=False, logging_level="error")

        def end():
            ray.shutdown()
            made.shutdown()

        return made, workers, end

    def test_jobs_find_what_the_command_line_finds(self):
        from cleanbill import ray as job

        _, _, end = self.begin(2)
        try:
            for part_bytes, format in ((1 << 30, "parquet"), (4_000, "jsonl")):
                output = self.folder / f"out-{part_bytes}"
                summary = job.search([str(self.data)], str(output), self.options(), part_bytes=part_bytes, format=format)
                self.assertGreater(self.check_same(output, self.data, self.key), 500)
                self.assertEqual(summary.verdict, "fail")
            output = self.folder / "sarif"
            job.search([str(self.data)], str(output), self.options(), format="sarif")
            ran = support.command("leaks", self.data, "-f", "sarif", "--hash-key-file", self.key, "--id-field", "id")
            self.assertEqual(json.loads((output / "leaks.sarif").read_text("utf-8")), json.loads(ran.stdout))
            self.datasets()
            mirror = cluster.models(self.folder / "mirror")
            verdicts = job.scan([str(mirror)], str(self.folder / "models"))
            self.assertEqual(sorted(verdicts), ["fail", "fail", "fail", "pass"])
            cluster.check_models(self, pq.read_table(self.folder / "models").to_pylist(), mirror)
        finally:
            end()

    def datasets(self):
        import ray

        import cleanbill.ray

        dataset = ray.data.from_arrow(pq.read_table(self.data / "rows.parquet"))
        found = cleanbill.ray.leaks(dataset, id_field="id", hash_key=support.KEY, index_column="number")
        expected, _ = support.by_command(self.data / "rows.parquet", self.key)
        wanted = sorted((one["record"]["index"], one["record"]["column"], one["start"], one["hash"]) for one in expected)
        rows = [row for row in found.take_all() if row["problem"] is None]
        self.assertEqual(sorted((row["record_index"], row["record_column"], row["start"], row["hash"]) for row in rows), wanted)

    def test_a_killed_node_changes_nothing(self):
        from cleanbill import ray as job

        for number in range(12):
            path = self.data / f"more-{number}.jsonl"
            path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in support.rows(number, 4_000)))
        took = {}
        for nodes, killing in ((1, False), (2, False), (2, True)):
            made, workers, end = self.begin(nodes)
            output = self.folder / f"out-{nodes}-{killing}"
            over, killed = threading.Event(), []
            try:
                self.warm(nodes)
                other = threading.Thread(target=self.kill, args=(made, workers, over, killed))
                if killing:
                    other.start()
                begun = time.monotonic()
                job.search([str(self.data)], str(output), self.options(), part_bytes=60_000)
                took[nodes, killing] = time.monotonic() - begun
                over.set()
                if killing:
                    other.join()
                    self.assertEqual(len(killed), 1, "a node was to be killed in the middle")
            finally:
                end()
            self.assertGreater(self.check_same(output, self.data, self.key), 5_000)
        one, two, killed_one = took[1, False], took[2, False], took[2, True]
        print(
            f"ray: 1 node {one:.1f} s, 2 nodes {two:.1f} s: {one / two:.2f} times the throughput; with one killed {killed_one:.1f} s",
            file=sys.stderr,
        )

    def warm(self, nodes):
        import ray

        @ray.remote
        def wait():
            time.sleep(0.5)

        ray.get([wait.remote() for _ in range(2 * nodes)])

    def kill(self, made, workers, over, killed):
        """Kills a node soon after the first tasks run."""
        import ray

        while ray.available_resources().get("CPU", 0) >= len(workers) and not over.wait(0.05):
            pass
        if not over.wait(0.3):
            killed.append(workers[-1])
            made.remove_node(workers[-1], allow_graceful=False)

    def test_the_command_of_the_job(self):
        output = self.folder / "out"
        words = ["--input", self.data, "--output", output, "--hash-key-file", self.key, "--id-field", "id"]
        ran = support.job("ray", *words)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.check_same(output, self.data, self.key)
        self.assertEqual(support.job("ray", *words).returncode, 2, "the output exists already")


if __name__ == "__main__":
    unittest.main()
