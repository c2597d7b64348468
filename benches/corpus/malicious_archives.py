"""Zip header tricks, archives in archives, path traversal, links and bombs."""

import bz2
import copy
import struct
import tarfile
import zlib

from malicious_files import SCRIPT, Entry, elf, gz, lz4, seven_zip, tarred, xz, zipped, zstd
from malicious_ops import dump, system
from malicious_torch import EVIL, PLAIN, STORAGE

EVIL4 = dump(system(), 4)
NOTE = b"CLEANBILL-INERT\n"
OUT = "../../cleanbill-inert/"


def members(evil=None, **fields):
    """Usual torch members; the fields go to the pickle member."""
    return [Entry("archive/data.pkl", evil or EVIL, **fields), Entry("archive/data/0", STORAGE), Entry("archive/version", b"3\n")]


def build_zip_tricks(corpus):
    def add(slug, data, technique, advisory=None, note="", name="pytorch_model.bin"):
        corpus.add("zip-tricks", ("" if advisory else "zip-") + slug, name, data, technique, advisory, note)

    crc, flags = "GHSA-mjqp-26hc-grxg, CVE-2025-10156", "GHSA-w8jq-xcqf-f792, CVE-2025-1945"
    names, extension = "GHSA-7q5r-7gvp-wc82, CVE-2025-1944", "GHSA-769v-p64c-89pr, CVE-2025-1889"
    add("bad-crc", zipped(members(crc=0x12345678)), "bad CRC", crc, "both headers")
    add("bad-crc-other-member", zipped([Entry("archive/version", b"3\n", crc=1), *members()[:2]]), "bad CRC", crc,
        "an earlier member is broken")
    add("bad-crc-central", zipped(members(crc=1, local_crc=0x2)), "bad CRC", crc, "two different wrong sums")
    add("flag-encrypted-both", zipped(members(flags=1)), "encryption flag", flags, "both headers")
    add("flag-encrypted-local", zipped(members(local_flags=1)), "encryption flag", flags, "local header only")
    add("flag-encrypted-central", zipped(members(flags=1, local_flags=0)), "encryption flag", flags, "central header only")
    add("flag-patch", zipped(members(flags=0x20)), "odd flags", flags, "compressed patch data")
    add("flag-strong", zipped(members(flags=0x40)), "odd flags", flags, "strong encryption")
    add("flag-masked", zipped(members(flags=0x2000)), "odd flags", flags, "masked headers")
    add("local-name-differs", zipped(members(local_name="archive/readme.txt")), "local name differs", names)
    add("central-name-differs", zipped([Entry("archive/notes.txt", EVIL, local_name="archive/data.pkl"), *members(PLAIN)[1:]]),
        "local name differs", names, "the pickle name stands in the local header only")
    add("local-name-longer", zipped(members(local_name="archive/data.pkl.backup")), "local name differs", names)
    add("no-extension", zipped([*members(PLAIN), Entry("archive/weights", EVIL4)]), "pickle member without extension", extension)
    add("odd-extension", zipped([*members(PLAIN), Entry("archive/tokenizer.model", EVIL4)]), "pickle member with odd extension",
        extension)
    add("first-entry-bad", zipped([Entry("archive/a.bin", b"\xff" * 40, method=8, compressed=b"\xff" * 40), *members()]),
        "one broken member first", "modelscan-issue-354", "the reader that stops there misses data.pkl")
    add("unsupported-method-first", zipped([Entry("archive/a.bin", b"x" * 9, method=99), *members()]), "one broken member first",
        "modelscan-issue-354", "method 99")
    add("duplicate-evil-last", zipped([Entry("archive/data.pkl", PLAIN), *members()]), "duplicate names", note="last wins")
    add("duplicate-evil-first", zipped([*members(), Entry("archive/data.pkl", PLAIN)]), "duplicate names", note="first wins")
    add("case-duplicate", zipped([*members(PLAIN), Entry("archive/DATA.PKL", EVIL)]), "duplicate names", note="other case")
    add("overlapping", zipped([Entry("archive/data/0", EVIL), Entry("archive/data.pkl", EVIL, local=False, offset=0),
                               Entry("archive/version", b"3\n")]), "two records of the same bytes", note="names differ")
    add("prefix-bytes", zipped(members(), prefix=b"CLEANBILL-INERT " * 8), "bytes before the zip")
    add("prefix-shifted", zipped(members(), prefix=b"#" * 77, shift=-77), "bytes before the zip", note="offsets count from the zip")
    add("appended-zip", zipped(members(PLAIN)) + zipped(members()), "second zip appended", note="offsets of the second are relative")
    first = zipped(members(PLAIN))
    add("appended-zip-absolute", zipped(members(), prefix=first), "second zip appended", note="whole benign zip before it")
    add("trailing-bytes", zipped(members(), suffix=b"\0" * 300), "bytes after the zip")
    add("comment-holds-zip", zipped(members(PLAIN), comment=zipped(members())), "zip in the comment")
    add("zip64", zipped(members(zip64=True)), "zip64 fields")
    add("zip64-all", zipped([Entry("archive/data.pkl", EVIL, zip64=True), Entry("archive/data/0", STORAGE, zip64=True)]), "zip64 fields")
    add("data-descriptor", zipped(members(descriptor=True)), "data descriptor", note="stored, sizes after the data")
    add("data-descriptor-deflate", zipped(members(descriptor=True, method=8)), "data descriptor")
    add("wrong-method-local", zipped(members(local_method=8)), "wrong method", note="local says deflate, data is stored")
    add("wrong-method-central", zipped(members(method=0, local_method=0)[:1] + [
        Entry("archive/data.pkl2", EVIL, method=8, local_method=0)]), "wrong method", note="headers disagree")
    add("method-bzip2", zipped(members(method=12)), "unusual method", note="bzip2")
    add("method-lzma", zipped(members(method=14)), "unusual method", note="lzma")
    add("no-central-directory", zipped(members(), directory=False), "no central directory", note="local headers only")
    add("hidden-entry", zipped([*members(PLAIN), Entry("archive/data.pkl", EVIL, central=False)]), "entry not in the directory")
    add("hidden-only", zipped([Entry("archive/hook.pkl", EVIL4, central=False), *members(PLAIN)]), "entry not in the directory")
    add("gap-payload", zipped([Entry("archive/pad", EVIL4, central=False, local_name=""),
                                                                *members(PLAIN)]), "payload in a gap between members")
    add("count-too-small", zipped([*members(PLAIN), Entry("archive/x.pkl", EVIL4)], count=3), "wrong entry count")
    add("count-zero", zipped(members(), count=0), "wrong entry count")
    add("size-too-small", zipped(members(claimed_size=10, method=8)), "wrong size", note="inflates beyond the claim")
    add("size-too-large", zipped(members(claimed_size=1 << 31, method=8)), "wrong size", note="claims 2 GiB")
    add("backslash-name", zipped([Entry("archive\\data.pkl", EVIL), *members()[1:]]), "odd name", note="Windows separator")
    add("null-in-name", zipped([Entry(b"archive/data.pkl\0.txt", EVIL), *members()[1:]]), "odd name", note="NUL ends the name for C")
    add("utf8-name", zipped([Entry("archive/d\u0430ta.pkl", EVIL, flags=0x800), *members(PLAIN)]), "odd name", note="Cyrillic letter")
    unicode_path = struct.pack("<HHBI", 0x7075, 5 + 16, 1, zlib.crc32(b"archive/note.txt")) + b"archive/data.pkl"
    add("unicode-path-extra", zipped([Entry("archive/note.txt", EVIL, extra=unicode_path), *members(PLAIN)[1:]]), "odd name",
        note="Unicode path field names data.pkl")
    add("directory-entry-data", zipped([Entry("archive/data.pkl/", EVIL), *members(PLAIN)]), "odd name", note="folder entry with data")
    inner = zipped(members())
    add("stored-zip-in-zip", zipped([Entry("archive/model.pt", inner), Entry("archive/readme.txt", NOTE)]), "zip in zip", name="bundle.zip")
    add("zip-in-zip-no-extension", zipped([Entry("weights", zipped([Entry("part", inner)]))]), "zip in zip in zip", name="bundle.zip")


def build_archives(corpus):
    def add(slug, name, data, technique, note=""):
        corpus.add("archives", "archive-" + slug, name, data, technique, note=note)

    plain = ("readme.txt", NOTE)
    for label, name, pack in (("tar", "model.tar", lambda d: tarred([plain, ("model.pkl", d)])),
                              ("tar-gz", "model.tar.gz", lambda d: gz(tarred([("m/model.pkl", d), plain]))),
                              ("tar-bz2", "model.tar.bz2", lambda d: bz2.compress(tarred([("m/model.pkl", d)]))),
                              ("tar-xz", "model.tar.xz", lambda d: xz(tarred([("m/model.pkl", d)]))),
                              ("tar-zst", "model.tar.zst", lambda d: zstd(tarred([("m/model.pkl", d)]))),
                              ("gz", "model.pkl.gz", gz), ("bz2", "model.pkl.bz2", bz2.compress), ("xz", "model.pkl.xz", xz),
                              ("zst", "model.pkl.zst", zstd), ("lz4", "model.pkl.lz4", lz4),
                              ("7z", "model.7z", lambda d: seven_zip([("model.pkl", d), plain])),
                              ("zip", "model.zip", lambda d: zipped([Entry("model.pkl", d, method=8)]))):
        add(f"{label}-pickle", name, pack(EVIL4), f"pickle in {label}")
        inner = zipped(members())
        add(f"{label}-torch", name.replace("model.pkl", "model.pt"), pack(inner), f"torch zip named .pkl in {label}")
    add("7z-torch-as-bin", "pytorch_model.bin", seven_zip([("archive/data.pkl", EVIL), ("archive/version", b"3\n")]),
        "7z under a torch name", note="as in the nullifAI case")
    add("7z-broken-pickle", "model.pt", seven_zip([("data.pkl", EVIL4[:-1] + b"X\xff")]), "7z under a torch name", note="stream broken "
        "after the payload")
    add("five-levels", "data.zip", zipped([Entry("a.tar", tarred([("b.tar.gz", gz(tarred([("c.zip", zipped([
        Entry("d.gz", gz(EVIL4))]))])))]))]), "five containers deep")
    add("gz-named-bin", "pytorch_model.bin", gz(EVIL4), "compressed pickle under another name")
    add("zst-named-pkl", "model.pkl", zstd(EVIL4), "compressed pickle under another name")
    add("tar-no-extension", "weights", tarred([("w", EVIL4)]), "tar without extension")
    add("tar-evil-second-archive", "model.tar", tarred([plain]) + tarred([("model.pkl", EVIL4)]), "tar after the end marks",
        "readers with ignore_zeros go on")
    add("mar", "model.mar", zipped([Entry("MAR-INF/MANIFEST.json", b'{"model":{"handler":"handler.py","serializedFile":"m.pt"}}'),
                                    Entry("m.pt", zipped(members())), Entry("handler.py", b"import os\nos.system('echo CLEANBILL-INERT')\n")]),
        "TorchServe archive")
    add("nemo", "model.nemo", tarred([("./model_config.yaml", b"target: os.system\n_args_: [echo CLEANBILL-INERT]\n"),
                                      ("./model_weights.ckpt", EVIL4)]), "NeMo archive")

    link = {"type": tarfile.SYMTYPE}
    hard = {"type": tarfile.LNKTYPE}
    slips = [
        ("zip-dotdot", "model.zip", zipped([Entry(OUT + "a.txt", NOTE)]), "path traversal"),
        ("zip-absolute", "model.zip", zipped([Entry("/cleanbill-inert/a.txt", NOTE)]), "absolute path"),
        ("zip-backslash", "model.zip", zipped([Entry("..\\..\\cleanbill-inert\\a.txt", NOTE)]), "path traversal"),
        ("zip-drive", "model.zip", zipped([Entry("C:\\cleanbill-inert\\a.txt", NOTE)]), "absolute path"),
        ("zip-mixed", "model.zip", zipped([Entry("model/./x/../../" + OUT + "a.txt", NOTE)]), "path traversal"),
        ("zip-local-name", "model.zip", zipped([Entry("a.txt", NOTE, local_name=OUT + "a.txt")]), "path traversal"),
        ("zip-symlink", "model.zip", zipped([Entry("weights.bin", b"/etc/hostname", mode=0o120777)]), "link out of the archive"),
        ("zip-symlink-folder", "model.zip", zipped([Entry("d", b"../../cleanbill-inert", mode=0o120777), Entry("d/a.txt", NOTE)]),
         "write through a link"),
        ("torch-dotdot", "model.pt", zipped([*members(PLAIN), Entry("archive/" + OUT + "a.py", NOTE)]), "path traversal"),
        ("keras-dotdot", "model.keras", zipped([Entry("config.json", b"{}"), Entry(OUT + "a.txt", NOTE)]), "path traversal"),
        ("tar-dotdot", "model.tar", tarred([(OUT + "a.txt", NOTE)]), "path traversal"),
        ("tar-absolute", "model.tar", tarred([("/cleanbill-inert/a.txt", NOTE)]), "absolute path"),
        ("tar-symlink", "model.tar", tarred([("weights", b"", link | {"linkname": "/etc/hostname"})]), "link out of the archive"),
        ("tar-hardlink", "model.tar", tarred([("weights", b"", hard | {"linkname": "../../etc/hostname"})]), "link out of the archive"),
        ("tar-symlink-write", "model.tar", tarred([("d", b"", link | {"linkname": "../../cleanbill-inert"}), ("d/a.txt", NOTE)]),
         "write through a link"),
        ("tar-symlink-chain", "model.tar", tarred([("a", b"", link | {"linkname": "."}), ("a/b", b"", link | {"linkname": ".."}),
                                                   ("a/b/c", NOTE)]), "write through a link"),
        ("tar-device", "model.tar", tarred([("dev", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})]), "device file"),
        ("tar-fifo", "model.tar", tarred([("pipe", b"", {"type": tarfile.FIFOTYPE})]), "named pipe"),
        ("tar-setuid", "model.tar", tarred([("run", elf(), {"mode": 0o4755})]), "setuid executable"),
        ("tar-gz-dotdot", "model.tar.gz", gz(tarred([(OUT + "a.txt", NOTE)])), "path traversal"),
        ("nemo-dotdot", "model.nemo", tarred([("./" + OUT + "a.txt", NOTE), ("./model_config.yaml", b"a: 1\n")]), "path traversal"),
        ("7z-dotdot", "model.7z", seven_zip([(OUT + "a.txt", NOTE)]), "path traversal"),
    ]
    for slug, name, data, technique in slips:
        corpus.add("archive-paths", "slip-" + slug, name, data, technique)
    zeros = b"\0" * (64 << 20)
    big = Entry("0", zeros, method=8)
    flat = zipped([Entry("archive/data.pkl", PLAIN), Entry("archive/data/0", zeros, method=8)])
    bombs = [
        ("zip-64mb", "model.pt", flat, "64 MB of zeros, deflated"),
        ("zip-overlap", "model.zip", zipped([big] + [
            renamed(big, str(n)) for n in range(1, 200)]), "200 records of the same 64 MB"),
        ("zip-nested", "model.zip", zipped([Entry(f"{n}.zip", flat, method=8) for n in range(16)]), "16 zips of 64 MB"),
        ("gzip", "model.pkl.gz", gz(zeros), "64 MB of zeros"),
        ("gzip-twice", "model.pkl.gz", gz(gz(zeros) * 12), "12 members of 64 MB, packed twice"),
        ("bz2", "model.pkl.bz2", bz2.compress(zeros), "64 MB of zeros"),
        ("xz", "model.pkl.xz", xz(zeros), "64 MB of zeros"),
        ("zlib-joblib", "model.joblib", zlib.compress(zeros, 9), "64 MB of zeros"),
        ("npz", "arrays.npz", zipped([Entry("x.npy", b"\x93NUMPY" + zeros, method=8)]), "64 MB of zeros"),
        ("zip-many-entries", "model.zip", zipped([Entry("%05d" % n, b"") for n in range(9000)]), "9,000 empty members"),
        ("tar-sparse-size", "model.tar", tarred([("a", b"x")]).replace(b"00000000001", b"77777777777", 1), "claims 8 GiB"),
        ("zst-window", "model.zst", b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x02\x00\x40" + b"\0" * 1 + b"\x03\x00\x40\x00", "run-length "
         "blocks and a large window"),
    ]
    for slug, name, data, note in bombs:
        corpus.add("archive-bombs", "bomb-" + slug, name, data, "decompression bomb", note=note)
    corpus.add("archive-bombs", "bomb-nested-depth", "model.zip", nested(40), "decompression bomb", note="40 zips in each other")
    corpus.add("archives", "archive-script-in-zip", "model.zip", zipped([Entry("install.sh", SCRIPT, mode=0o100755),
                                                                         Entry("config.json", b"{}")]), "script in an archive")


def renamed(entry, name):
    """A second record of the first member, without its own data."""
    twin = copy.copy(entry)
    twin.name, twin.local, twin.offset = name.encode(), False, 0
    return twin


def nested(depth):
    """Zips in each other, a pickle at the bottom."""
    data, name = EVIL4, "model.pkl"
    for _ in range(depth):
        data, name = zipped([Entry(name, data)]), "inner.zip"
    return data


def build(corpus):
    """Adds the groups `zip-tricks`, `archives`, `archive-paths` and `archive-bombs`."""
    build_zip_tricks(corpus)
    build_archives(corpus)
