"""Containers written byte by byte, so that every header field can lie."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zlib

DOS_TIME = 0x0000_0021_0000  # 1980-01-01 00:00, time in the low half
GZ = dict(mtime=0)


class Entry:
    """One zip member. Every field of either header can differ from the truth."""

    def __init__(self, name, data, *, method=0, local_name=None, flags=0, local_flags=None, crc=None, local_crc=None,
                 central=True, descriptor=False, zip64=False, claimed_size=None, local_method=None, mode=0, extra=b"",
                 local=True, offset=None, compressed=None):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.local_name = self.name if local_name is None else local_name.encode()
        self.data = data
        self.method, self.flags = method, flags
        self.local_flags = flags if local_flags is None else local_flags
        self.local_method = method if local_method is None else local_method
        self.true_crc = zlib.crc32(data)
        self.crc = self.true_crc if crc is None else crc
        self.local_crc = self.crc if local_crc is None else local_crc
        self.central, self.local, self.offset = central, local, offset
        self.descriptor, self.zip64, self.mode, self.extra = descriptor, zip64, mode, extra
        if compressed is not None:
            self.body = compressed
        elif method == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.body = packer.compress(data) + packer.flush()
        elif method == 12:
            self.body = bz2.compress(data)
        elif method == 14:
            filters = [{"id": lzma.FILTER_LZMA1, "preset": 6}]
            raw = lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
            self.body = b"\x09\x04\x05\x00\x5d\x00\x00\x80\x00" + raw
        else:
            self.body = data
        self.size = len(data) if claimed_size is None else claimed_size


def zipped(entries, *, prefix=b"", comment=b"", directory=True, shift=0, suffix=b"", align=0, count=None):
    """A zip file. `shift` is added to every recorded offset; `align` pads data as PyTorch does."""
    out, records = bytearray(prefix), []
    for entry in entries:
        at = len(out)
        if entry.local:
            flags = entry.local_flags | (8 if entry.descriptor else 0)
            crc, packed, size = entry.local_crc, len(entry.body), entry.size
            if entry.descriptor:
                crc = packed = size = 0
            extra = entry.extra
            if entry.zip64:
                extra = struct.pack("<HHQQ", 1, 16, size, packed) + extra
                packed = size = 0xFFFFFFFF
            if align:
                pad = (-(at + 30 + len(entry.local_name) + len(extra) + 4)) % align
                extra += b"FB" + struct.pack("<H", pad) + b"Z" * pad
            out += struct.pack("<4sHHHIIIIHH", b"PK\x03\x04", 45 if entry.zip64 else 20, flags, entry.local_method,
                               0x210000, crc, packed, size, len(entry.local_name), len(extra))
            out += entry.local_name + extra + entry.body
            if entry.descriptor:
                out += struct.pack("<4sIII", b"PK\x07\x08", entry.crc, len(entry.body), entry.size)
        records.append((entry, at if entry.offset is None else records[entry.offset][1]))
    start, listed = len(out), 0
    for entry, at in records:
        if not (entry.central and directory):
            continue
        listed += 1
        packed, size, at_field, extra = len(entry.body), entry.size, at + shift, entry.extra
        if entry.zip64:
            extra = struct.pack("<HHQQQ", 1, 24, size, packed, at_field) + extra
            packed = size = at_field = 0xFFFFFFFF
        flags = entry.flags | (8 if entry.descriptor else 0)
        out += struct.pack("<4sHHHHIIIIHHHHHII", b"PK\x01\x02", 0x0314, 45 if entry.zip64 else 20, flags, entry.method,
                           0x210000, entry.crc, packed, size, len(entry.name), len(extra), 0, 0, 0,
                           entry.mode << 16, at_field)
        out += entry.name + extra
    if directory:
        total = listed if count is None else count
        size = len(out) - start
        if any(entry.zip64 for entry, _ in records):
            end = len(out)
            out += struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, total, total, size, start + shift)
            out += struct.pack("<4sIQI", b"PK\x06\x07", 0, end + shift, 1)
        out += struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, total, total, size, start + shift, len(comment)) + comment
    return bytes(out) + suffix


def tarred(members):
    """A tar file from (name, data) or (name, data, dict of TarInfo fields)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data, *fields in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in (fields[0] if fields else {}).items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def gz(data):
    """gzip without a time."""
    return gzip.compress(data, 9, **GZ)


def xz(data):
    """xz container."""
    return lzma.compress(data, preset=6)


def lzma_alone(data):
    """Legacy .lzma container."""
    return lzma.compress(data, lzma.FORMAT_ALONE)


def lz4(data):
    """An lz4 frame whose blocks are stored. The header checksum is the second byte of xxh32 of the descriptor."""
    descriptor = b"\x60\x70"  # version 1, independent blocks, no checksums; 4 MB blocks
    out = b"\x04\x22\x4d\x18" + descriptor + bytes([xxh32(descriptor) >> 8 & 0xFF])
    for at in range(0, len(data), 1 << 22):
        block = data[at:at + (1 << 22)]
        out += struct.pack("<I", len(block) | 1 << 31) + block
    return out + b"\x00\x00\x00\x00"


def xxh32(data):
    """xxHash32 with seed 0 of fewer than 16 bytes."""
    prime1, prime2, prime3, prime4, prime5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    mask = 0xFFFFFFFF
    acc = (prime5 + len(data)) & mask
    at = 0
    while at + 4 <= len(data):
        acc = (acc + struct.unpack_from("<I", data, at)[0] * prime3) & mask
        acc = ((acc << 17 | acc >> 15) * prime4) & mask
        at += 4
    for byte in data[at:]:
        acc = (acc + byte * prime5) & mask
        acc = ((acc << 11 | acc >> 21) & mask) * prime1 & mask
    acc = (acc ^ acc >> 15) * prime2 & mask
    acc = (acc ^ acc >> 13) * prime3 & mask
    return acc ^ acc >> 16


def zstd(data):
    """A zstd frame of raw blocks: single segment, 8-byte content size, no checksum."""
    out = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", len(data))
    blocks = [data[at:at + 131072] for at in range(0, len(data), 131072)] or [b""]
    for number, block in enumerate(blocks):
        out += struct.pack("<I", len(block) << 3 | (number == len(blocks) - 1))[:3] + block
    return out


def seven_zip(members):
    """A 7z archive with the copy codec, one folder for all members."""
    def number(value):
        if value < 0x80:
            return bytes([value])
        if value < 0x4000:
            return bytes([0x80 | value >> 8, value & 0xFF])
        return b"\xe0" + struct.pack("<I", value)[:3]

    packed = b"".join(data for _, data in members)
    names = b"".join(name.encode("utf-16-le") + b"\0\0" for name, _ in members)
    header = b"\x01\x04\x06" + number(0) + number(1) + b"\x09" + number(len(packed)) + b"\x00"
    header += b"\x07\x0b" + number(1) + b"\x00" + b"\x01\x01\x00" + b"\x0c" + number(len(packed)) + b"\x00"
    header += b"\x08"
    if len(members) > 1:
        header += b"\x0d" + number(len(members)) + b"\x09" + b"".join(number(len(d)) for _, d in members[:-1])
    header += b"\x0a\x01" + b"".join(struct.pack("<I", zlib.crc32(data)) for _, data in members) + b"\x00\x00"
    header += b"\x05" + number(len(members)) + b"\x11" + number(len(names) + 1) + b"\x00" + names + b"\x00\x00"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def npy(payload, header=None, version=1, descr="|O", shape="(1,)"):
    """An npy file; the header text can be given whole."""
    text = header if header is not None else "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    size = 2 if version == 1 else 4
    pad = (-(6 + 2 + size + len(text) + 1)) % 64
    raw = text.encode() + b" " * pad + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(raw).to_bytes(size, "little") + raw + payload


def safetensors(header, data=b"", length=None):
    """A safetensors file from a header as text or as an object."""
    text = header if isinstance(header, bytes) else (
        header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def elf():
    """ELF64 header and a body of marker text: no program headers, so it cannot start."""
    return b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0) + (
        b"CLEANBILL-INERT\0" * 8)


def pe():
    """MZ and PE headers without sections."""
    head = b"MZ" + b"\x90" + b"\0" * 57 + struct.pack("<I", 128)
    return head.ljust(128, b"\0") + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 240, 0x22) + (
        b"\x0b\x02" + b"\0" * 238) + b"CLEANBILL-INERT\0" * 8


def macho():
    """Mach-O 64 header without load commands."""
    return struct.pack("<IiiIIIII", 0xFEEDFACF, 0x01000007, 3, 2, 0, 0, 0, 0) + b"CLEANBILL-INERT\0" * 8


SCRIPT = b"#!/bin/sh\n# does nothing\necho CLEANBILL-INERT\n"
