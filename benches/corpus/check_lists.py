"""Check the callable lists and what they say about the benign corpus.

    python check_lists.py [--callables DIR] [--corpus OUT_DIR] [--quiet]

1. Syntax, duplicates and conflicts of allow-*.txt, danger.txt and stdlib-modules.txt.
2. Every global of every benign pickle (raw, in zip and tar, compressed, joblib, npy, torch) that no allow file has.
Exits 1 when the lists have an error or a global is not covered.
"""
import argparse
import bz2
import collections
import glob
import gzip
import io
import json
import lzma
import os
import pickletools
import re
import struct
import sys
import tarfile
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
KIND = re.compile(r"^(class|call|value|rule:[a-z0-9]+(-[a-z0-9]+)*)$")
ATTACK = {"execute", "import", "attribute", "load", "write", "read", "network", "deny"}
NAME = re.compile(r"^[^\W\d]\w*(\.[^\W\d]\w*)*$")


def lines(path, errors):
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.strip() and not line.startswith("#"):
                if line != line.strip() or "\t" in line:
                    errors.append("%s:%d: stray white space" % (os.path.basename(path), n))
                yield n, line


def parents(module):
    parts = module.split(".")
    for i in range(len(parts), 0, -1):
        yield ".".join(parts[:i])


def read_lists(folder):
    errors, allow, danger, counts = [], {}, {}, collections.Counter()
    noted = set()
    for path in sorted(glob.glob(os.path.join(folder, "allow-*.txt"))):
        base = os.path.basename(path)
        with open(path, encoding="utf-8") as f:
            noted |= set(re.findall(r"^# rule ([a-z0-9-]+):", f.read(), re.M))
        for n, line in lines(path, errors):
            parts = line.split(" | ")
            head = parts[0].split(" ")
            if len(parts) != 3 or len(head) != 3 or not KIND.match(head[0]) or not all(p.strip() for p in parts):
                errors.append("%s:%d: bad line: %s" % (base, n, line))
                continue
            kind, module, name = head
            if not NAME.match(module) or not NAME.match(name):
                errors.append("%s:%d: bad name: %s %s" % (base, n, module, name))
            if (module, name) in allow:
                errors.append("%s:%d: duplicate: %s %s (also %s)" % (base, n, module, name, allow[module, name][1]))
            allow[module, name] = (kind, base)
            counts[base, kind.split(":")[0]] += 1
    path = os.path.join(folder, "danger.txt")
    for n, line in lines(path, errors):
        parts = line.split(" | ")
        head = parts[0].split(" ")
        if len(parts) != 2 or len(head) != 3 or head[0] not in ATTACK or not parts[1].strip():
            errors.append("danger.txt:%d: bad line: %s" % (n, line))
            continue
        if not NAME.match(head[1]) or not (head[2] == "*" or NAME.match(head[2])):
            errors.append("danger.txt:%d: bad name: %s" % (n, line))
        if (head[1], head[2]) in danger:
            errors.append("danger.txt:%d: duplicate: %s %s" % (n, head[1], head[2]))
        danger[head[1], head[2]] = head[0]
        counts["danger.txt", head[0]] += 1
    for (module, name), (kind, base) in sorted(allow.items()):
        rule = kind[5:] if kind.startswith("rule:") else None
        if rule and rule not in noted:
            errors.append("%s: rule %s has no comment that describes it" % (base, rule))
        if not rule:
            if (module, name) in danger:
                errors.append("conflict: %s %s is in %s and in danger.txt" % (module, name, base))
            for p in parents(module):
                if (p, "*") in danger:
                    errors.append("conflict: %s %s of %s is covered by danger %s *" % (module, name, base, p))
    seen = set()
    for n, line in lines(os.path.join(folder, "stdlib-modules.txt"), errors):
        if not re.match(r"^\w+$", line) or line in seen:
            errors.append("stdlib-modules.txt:%d: bad or duplicate: %s" % (n, line))
        seen.add(line)
    return errors, allow, danger, counts


def pickle_globals(data, pos=0):
    """Globals of one pickle at pos, as far as it parses; returns (globals, end, stop reached)."""
    found, strings, memo, last = [], [], {}, None
    f = io.BytesIO(data)
    f.seek(pos)
    nested = []
    try:
        for op, arg, at in pickletools.genops(f):
            n = op.name
            if n in ("GLOBAL", "INST"):
                found.append(tuple(arg.split(" ", 1)))
                strings.append(None)
            elif n == "STACK_GLOBAL":
                s = [x for x in strings if x is not None][-2:]
                found.append((s[0], s[1]) if len(s) == 2 else ("?", "?"))
                strings = []
            elif "UNICODE" in n or (n.endswith("STRING")):
                last = arg
                strings.append(arg)
            elif n in ("BINGET", "LONG_BINGET", "GET"):
                v = memo.get(int(arg))
                if isinstance(v, str):
                    strings.append(v)
            elif n == "MEMOIZE":
                memo[len(memo)] = last
            elif n in ("BINPUT", "LONG_BINPUT", "PUT"):
                memo[int(arg)] = last
            elif n in ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8") and len(arg) > 20:
                nested.append(arg)
            if n not in ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "PROTO", "FRAME") and "UNICODE" not in n and not n.endswith("STRING"):
                last = None
        return found, f.tell(), True
    except Exception:
        return found, f.tell(), False


def streams(data, depth=0):
    """Yield the pickles found in a file."""
    if depth > 4:
        return
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as z:
                for i in z.infolist():
                    yield from streams(z.read(i), depth + 1)
        except Exception:
            pass
        return
    for magic, fn in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress),
                      (b"\x5d\x00\x00", lzma.decompress), (b"\x78", zlib.decompress)):
        if data.startswith(magic):
            try:
                yield from streams(fn(data), depth + 1)
                return
            except Exception:
                pass
    if data[:4] == b"\x04\x22\x4d\x18":
        try:
            import lz4.frame
            yield from streams(lz4.frame.decompress(data), depth + 1)
        except Exception:
            pass
        return
    if data[257:262] == b"ustar":
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as t:
                for m in t:
                    if m.isfile():
                        yield from streams(t.extractfile(m).read(), depth + 1)
        except Exception:
            pass
        return
    if data[:6] == b"\x93NUMPY":
        hl = struct.unpack("<H", data[8:10])[0] + 10 if data[6] == 1 else struct.unpack("<I", data[8:12])[0] + 12
        if b"|O" in data[:hl]:
            yield data, hl
        return
    if data[:1] == b"\x80" or (data[:1] in b"(c]}lid" and pickle_globals(data)[2]):
        yield data, 0


def corpus_globals(root):
    by_global, unparsed, files = collections.defaultdict(set), [], 0
    with open(os.path.join(root, "benign", "manifest.jsonl")) as f:
        rows = [json.loads(x) for x in f]
    for r in rows:
        with open(os.path.join(root, r["path"]), "rb") as f:
            data = f.read()
        for body, pos in streams(data):
            files += 1
            first = True
            while pos < len(body):
                found, end, ok = pickle_globals(body, pos)
                if not ok and not first:
                    break
                for g in found:
                    # array pickles inside a joblib file restart the memo, this simple reader loses it
                    if g == ("?", "?") and b"NumpyArrayWrapper" in body:
                        continue
                    by_global[g].add(r["group"] + "/" + r["id"])
                if not ok:
                    # joblib: raw array bytes in the stream; look for the globals in what follows
                    if b"NumpyArrayWrapper" in body:
                        for m in re.finditer(rb"c([A-Za-z_][\w.]{2,80})\n([A-Za-z_][\w.]{1,80})\n", body):
                            by_global[m.group(1).decode(), m.group(2).decode()].add(r["group"] + "/" + r["id"])
                    elif r["group"] != "hard" and body[:1] == b"\x80":
                        unparsed.append(r["group"] + "/" + r["id"])
                    break
                first, pos = False, end
    return by_global, unparsed, files, len(rows)


def main():
    ap = argparse.ArgumentParser(description="check the callable lists against themselves and the benign corpus")
    ap.add_argument("--callables", default=os.path.join(HERE, "..", "..", "crates", "cleanbill-scan", "callables"))
    ap.add_argument("--corpus")
    ap.add_argument("--quiet", action="store_true")
    args = ap.parse_args()
    errors, allow, danger, counts = read_lists(args.callables)
    for e in errors:
        print("ERROR", e)
    if not args.quiet:
        table = collections.defaultdict(dict)
        for (base, kind), n in counts.items():
            table[base][kind] = n
        for base in sorted(table):
            print("%-24s %s" % (base, "  ".join("%s=%d" % kv for kv in sorted(table[base].items()))))
    print("lists: %d allowed, %d dangerous, %d errors" % (len(allow), len(danger), len(errors)))
    bad = 0
    if args.corpus:
        by_global, unparsed, files, rows = corpus_globals(args.corpus)
        for (m, n), where in sorted(by_global.items()):
            # script archives name their own compiled classes, which are read from the archive's code
            if (m, n) in allow or m.startswith("__torch__"):
                continue
            bad += 1
            d = [p for p in parents(m) if (p, "*") in danger] or ([m] if (m, n) in danger else [])
            print("UNCOVERED %s %s%s in %d: %s" % (m, n, " (DANGER)" if d else "", len(where), ", ".join(sorted(where)[:4])))
        for u in unparsed:
            print("note: does not parse to its end: %s" % u)
        print("corpus: %d samples, %d pickles, %d distinct globals, %d not covered" % (rows, files, len(by_global), bad))
    return 1 if errors or bad else 0


if __name__ == "__main__":
    sys.exit(main())
