#!/usr/bin/env python3
"""Measures memory and time on models of gigabytes and prints a table.

    python3 benches/large.py [--program target/release/cleanbill] [--folder target/large] [--runs 5] [--digests]

The models are written by this script, byte by byte, with the standard library only. Their numbers are holes in sparse files: they
cost no disk, and reading them costs what reading zeros costs.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import struct
import sys
import time

MIB = 1 << 20
GIB = 1 << 30
TENSOR = 8 * MIB
ROOT = pathlib.Path(__file__).resolve().parent.parent


# Protocol buffers.

def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def hole(path, pieces):
    """Writes pieces: bytes as they are, a number as so many zeros that take no disk."""
    with open(path, "wb") as file:
        size = 0
        for piece in pieces:
            if isinstance(piece, int):
                size += piece
                file.seek(size)
            else:
                file.write(piece)
                size += len(piece)
        file.truncate(size)


# The models.

def onnx_external(folder):
    """4 GiB in one file beside the model."""
    tensors = b""
    for at in range(0, 4 * GIB, TENSOR):
        place = {"location": "model.onnx.data", "offset": str(at), "length": str(TENSOR)}
        entries = b"".join(message(13, message(1, key) + message(2, value)) for key, value in place.items())
        tensor = number(1, TENSOR // 4) + number(2, 1) + message(8, f"w{at // TENSOR}") + entries + number(14, 1)
        tensors += message(5, tensor)
    node = message(1, message(1, "x") + message(2, "y") + message(4, "Relu"))
    hole(folder / "model.onnx", [number(1, 8) + message(7, node + message(2, "g") + tensors) + message(8, number(2, 17))])
    hole(folder / "model.onnx.data", [4 * GIB])


def hdf5(folder):
    """2 GiB of datasets in one HDF5 file."""
    count, undefined = 2 * GIB // TENSOR, b"\xff" * 8

    def header(messages):
        body = b""
        for kind, data in messages:
            data += bytes(-len(data) % 8)
            body += struct.pack("<HHB3x", kind, len(data), 0) + data
        return struct.pack("<BxHIIxxxx", 1, len(messages), 1, len(body)) + body

    def dataset(address):
        space = struct.pack("<BBB5xQ", 1, 1, 0, TENSOR // 4)
        float32 = bytes([0x11, 0x20, 0x1F, 0]) + struct.pack("<IHHBBBBI", 4, 0, 32, 23, 8, 0, 23, 127)
        layout = struct.pack("<BBQQ", 3, 1, address, TENSOR)
        return header([(1, space), (3, float32), (5, bytes([2, 2, 0, 0])), (8, layout)])

    each = len(dataset(0))

    def group(first):
        links = [(2, bytes([0, 0]) + undefined * 2), (10, bytes([0, 0]))]
        for at in range(count):
            name = f"w{at:04}".encode()
            links.append((6, bytes([1, 0, len(name)]) + name + struct.pack("<Q", first + at * each)))
        return header(links)

    first = 96 + len(group(0))
    data = (first + count * each + 4095) // 4096 * 4096
    end = data + count * TENSOR
    superblock = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    superblock += struct.pack("<Q", 0) + undefined + struct.pack("<Q", end) + undefined + struct.pack("<QQII16x", 0, 96, 0, 0)
    headers = b"".join(dataset(data + at * TENSOR) for at in range(count))
    head = superblock + group(first) + headers
    hole(folder / "model.h5", [head, end - len(head)])


def checksum(data):
    """CRC-32C, masked as LevelDB does."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def table(entries):
    """A sorted table of one block."""
    def sealed(block):
        block += struct.pack("<II", 0, 1)
        return block, b"\0" + struct.pack("<I", checksum(block + b"\0"))

    def handle(start, block):
        return varint(start) + varint(len(block))

    data = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    data, trailer = sealed(data)
    out = data + trailer
    meta, trailer = sealed(b"")
    footer = handle(len(out), meta)
    out += meta + trailer
    place = handle(0, data)
    index, trailer = sealed(varint(0) + varint(1) + varint(len(place)) + b"~" + place)
    footer += handle(len(out), index)
    out += index + trailer
    return out + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


def saved_model(folder):
    """A SavedModel with 2 GiB of variables."""
    (folder / "variables").mkdir()
    node = message(1, "x") + message(2, "Placeholder")
    meta = message(1, message(4, "serve") + message(5, "2.16.1")) + message(2, message(1, node))
    hole(folder / "saved_model.pb", [number(1, 1) + message(2, meta)])
    entries = [(b"", number(1, 1) + message(3, number(1, 1)))]
    for at in range(0, 2 * GIB, TENSOR):
        shape = message(2, number(1, TENSOR // 4))
        entry = number(1, 1) + message(2, shape) + number(4, at) + number(5, TENSOR) + b"\x35\0\0\0\0"
        entries.append((f"layer_{at // TENSOR:05}/kernel".encode(), entry))
    hole(folder / "variables/variables.index", [table(entries)])
    hole(folder / "variables/variables.data-00000-of-00001", [2 * GIB])


def frozen_graph(folder):
    """A graph with 1.9 GiB of constants within it; a protocol buffer ends at 2 GiB."""
    pieces = []
    for at in range(0, 1900 * MIB, TENSOR):
        kind = number(1, 1) + message(2, message(2, number(1, TENSOR // 4))) + varint(4 << 3 | 2) + varint(TENSOR)
        value = varint(8 << 3 | 2) + varint(len(kind) + TENSOR) + kind
        entry = message(1, "value") + varint(2 << 3 | 2) + varint(len(value) + TENSOR) + value
        node = message(1, f"c{at // TENSOR}") + message(2, "Const")
        node += message(5, message(1, "dtype") + message(2, number(6, 1)))
        node += varint(5 << 3 | 2) + varint(len(entry) + TENSOR) + entry
        pieces += [varint(1 << 3 | 2) + varint(len(node) + TENSOR) + node, TENSOR]
    hole(folder / "graph.pb", pieces)


MODELS = {
    "ONNX, 4 GiB of external data": onnx_external,
    "HDF5, 2 GiB": hdf5,
    "SavedModel, 2 GiB of variables": saved_model,
    "frozen graph, 1.9 GiB": frozen_graph,
}


def measured(command):
    """Wall seconds, CPU seconds, peak MiB and exit code of a command."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default=str(ROOT / "target/release/cleanbill"))
    options.add_argument("--folder", default=str(ROOT / "target/large"))
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--digests", action="store_true", help="compute the SHA-256 of every file as well")
    chosen = options.parse_args()
    root = pathlib.Path(chosen.folder)
    shutil.rmtree(root, ignore_errors=True)
    too_much = False
    print("| model | wall s | CPU s | peak MiB | exit code |\n|---|---|---|---|---|")
    for name, write in MODELS.items():
        folder = root / write.__name__
        folder.mkdir(parents=True)
        write(folder)
        command = [chosen.program, "scan", *(["--digests"] if chosen.digests else []), str(folder)]
        runs = [measured(command) for _ in range(chosen.runs)]
        wall, cpu = (statistics.median(run[at] for run in runs) for at in (0, 1))
        peak, code = (max(run[at] for run in runs) for at in (2, 3))
        too_much |= peak >= 256
        print(f"| {name} | {wall:.3f} | {cpu:.3f} | {peak:.0f} | {code} |", flush=True)
    shutil.rmtree(root, ignore_errors=True)
    if too_much:
        sys.exit("a peak is not below 256 MiB")


if __name__ == "__main__":
    main()
