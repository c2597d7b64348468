"""Peak memory of `leaks` on a data set that is made while it is read: `python3 benches/leaks/memory.py PROGRAM [GB] [FOLDER]`.

First through a pipe (`cleanbill leaks -`), then as files: JSON Lines, CSV and, where pyarrow is there, Parquet, of at most 3 GB
together, each a link to one of them many times over, so that the same number of bytes is read. Prints one line of JSON for each.
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

WORDS = "data model train weight layer token river stone paper light green engine window garden letter number people market winter summer".split()


def block(seed, size=8 << 20):
    """Lines of JSON: prose, numbers, now and then something to find."""
    draw = random.Random(seed)
    lines, length = [], 0
    while length < size:
        number = draw.randrange(1 << 40)
        text = " ".join(draw.choice(WORDS) for _ in range(draw.randrange(20, 120)))
        if draw.random() < 0.01:
            text += f" write to {draw.choice(WORDS)}.{draw.choice(WORDS)}{number % 997}@uni-bonn.de"
        row = {"id": number, "text": text, "score": draw.random(), "vector": [draw.randrange(60_000) for _ in range(8)]}
        if draw.random() < 0.01:
            row["phone"] = 13_800_000_000 + number % 99_999_999
        line = json.dumps(row) + "\n"
        lines.append(line)
        length += len(line)
    return "".join(lines).encode()


def run(command, feed=None):
    """Runs a command; returns its seconds of the processor, its wall time and its peak memory."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE if feed else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    count = [0]

    def drain():
        for part in iter(lambda: child.stdout.read(1 << 20), b""):
            count[0] += part.count(b"\n")

    reader = threading.Thread(target=drain)
    reader.start()
    if feed:
        feed(child.stdin)
        child.stdin.close()
    reader.join()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {"exit": child.returncode, "findings": count[0], "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "wall_seconds": round(time.monotonic() - start, 1), "peak_mib": round(usage.ru_maxrss / 1024)}


def shown(what, size, result):
    result = {"what": what, "gigabytes": round(size / 1e9, 2), **result}
    result["mb_per_cpu_second"] = round(size / 1e6 / result["cpu_seconds"]) if result["cpu_seconds"] else 0
    print(json.dumps(result), flush=True)
    return result["exit"] in (0, 1) and result["peak_mib"] < 512


def piped(program, size, blocks):
    def feed(pipe):
        left, number = size, 0
        while left > 0:
            pipe.write(blocks[number % len(blocks)])
            left -= len(blocks[number % len(blocks)])
            number += 1

    return shown("pipe, JSON Lines", size, run([program, "leaks", "-", "-f", "jsonl"], feed))


def files(program, size, blocks, folder):
    """Files that are read many times under many names."""
    lake = folder / "lake"
    lake.mkdir()
    large = folder / "large.jsonl"
    with large.open("wb") as out:
        for number in range(64):
            out.write(blocks[number % len(blocks)])
    rows = [json.loads(line) for line in blocks[0].splitlines()]
    table = folder / "table.csv"
    with table.open("w") as out:
        out.write("id,text,score,phone\n")
        for _ in range(20):
            out.writelines(f"{row['id']},\"{row['text']}\",{row['score']},{row.get('phone', '')}\n" for row in rows)
    made = [large, table]
    try:
        import pyarrow
        import pyarrow.parquet

        columns = pyarrow.Table.from_pylist(rows)
        with pyarrow.parquet.ParquetWriter(folder / "rows.parquet", columns.schema, compression="zstd") as out:
            for _ in range(30):
                out.write_table(columns)
        made.append(folder / "rows.parquet")
    except ImportError:
        print("SKIPPED: pyarrow is not installed, so no Parquet file is made", file=sys.stderr)
    total, number = 0, 0
    while total < size:
        file = made[number % len(made)]
        os.link(file, lake / f"part-{number:04}{file.suffix}")
        total += file.stat().st_size
        number += 1
    return shown(f"{number} files", total, run([program, "leaks", str(lake), "-f", "jsonl"]))


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    size = int(float(sys.argv[2]) * 1e9) if len(sys.argv) > 2 else 20_000_000_000
    blocks = [block(seed) for seed in range(12)]
    fine = piped(program, size, blocks)
    folder = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[3] if len(sys.argv) > 3 else None))
    try:
        fine &= files(program, size, blocks, folder)
    finally:
        shutil.rmtree(folder)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
