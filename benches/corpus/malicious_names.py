"""Payloads inside other files, under wrong names, beside or inside executables, and files of two formats at once."""

import base64
import struct
import zlib

from malicious_files import SCRIPT, Entry, elf, gz, macho, npy, pe, safetensors, tarred, zipped
from malicious_ops import (
    MARKER, PAYLOAD, PAYLOAD4, PYTHON, SHELL, Build, New, call, dump, g, system, wrap,
)
from malicious_torch import EVIL, PLAIN, legacy, torch_zip

EVIL4 = dump(system(), 4)
EVIL0 = dump(system(), 0)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00" + struct.pack(
    ">I", 0x3A7E9B55) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
CONFIG = b'{"model_type": "bert", "hidden_size": 8}\n'


def build_nested(corpus):
    def add(slug, data, technique, note="", name="model.pkl", files=None):
        corpus.add("nested", "nested-" + slug, name, data, technique, note=note, files=files)

    def loads(data, proto=4, loader="pickle:loads"):
        return dump(call(loader, data), proto)

    inner = dump(system(), 2)
    add("pickle-loads", loads(inner), "pickle in bytes")
    add("pickle-loads-protocol-0", loads(EVIL0, 0), "pickle in bytes", "all text")
    add("three-levels", loads(loads(loads(inner))), "pickle in bytes", "three levels")
    add("ten-levels", wrap(_levels(10)), "pickle in bytes", "ten levels")
    add("c-pickle", loads(inner, 4, "_pickle:loads"), "pickle in bytes", "C module")
    add("zlib-pickle", dump(call("pickle:loads", call("zlib:decompress", zlib.compress(inner, 9))), 4), "packed pickle in bytes")
    add("gzip-pickle", dump(call("pickle:loads", call("gzip:decompress", gz(inner))), 4), "packed pickle in bytes")
    add("base64-pickle", dump(call("pickle:loads", call("base64:b64decode", base64.b64encode(inner))), 4), "encoded pickle")
    add("base64-of-code", dump(call("builtins:exec", call("base64:b64decode", base64.b64encode(PYTHON.encode()))), 4), "encoded code")
    add("base64-text-in-dict", dump({"cfg": call("builtins:eval", "__import__('base64').b64decode('Q0xFQU5CSUxM')")}, 4), "encoded code")
    add("bytes-with-loader-elsewhere", dump({"blob": inner, "n": call("_pickle:loads", inner)}, 4), "pickle in bytes")
    add("bytearray8", wrap(c_loads() + b"\x96" + struct.pack("<Q", len(inner)) + inner + b"\x85R"), "pickle in a bytearray")
    add("numpy-frombuffer", dump(call("pickle:loads", call("numpy:frombuffer", inner, "uint8")), 4), "pickle in an array")
    add("joblib-array-pickle", dump(Build(New(g("joblib.numpy_pickle:NumpyArrayWrapper")), {
        "subclass": g("numpy:ndarray"), "shape": (1,), "order": "C", "dtype": call("numpy:dtype", "O8"), "allow_mmap": False}), 4)[:-1]
        + inner + b".", "pickle in an array")
    add("sklearn-pipeline", dump(Build(New(g("sklearn.pipeline:Pipeline")), {"steps": [("a", Build(
        New(g("sklearn.linear_model._logistic:LogisticRegression")), {"coef_": system(), "C": 1.0}))]}), 4), "inside an estimator")
    add("pandas-frame", dump(Build(New(g("pandas.core.frame:DataFrame")), {"_mgr": system(), "_typ": "dataframe"}), 4), "inside a frame")
    add("numpy-object-array", dump(Build(call("numpy.core.multiarray:_reconstruct", g("numpy:ndarray"), (0,), b"b"), (
        1, (1,), call("numpy:dtype", "O8", False, True), False, [system()])), 4), "inside an object array")
    add("xgboost-booster", dump(Build(New(g("xgboost.core:Booster")), {"handle": call("builtins:exec", PYTHON)}), 4), "inside a booster")
    add("vocabulary", dump({"token%d" % n: n for n in range(3000)} | {"<unk>": system()}, 4), "after 3,000 entries")
    add("padded-1mb", dump([b"\x00" * 1_000_000, system()], 4), "after 1 MB of zeros")
    add("padded-front-text", dump(["lorem ipsum " * 20000, system()], 2), "after 240 KB of text")
    add("beside-benign-shards", EVIL4, "one bad file among good ones", name="shard-00002-of-00003.bin", files={
        "shard-00001-of-00003.bin": dump({"a": [1.0]}, 2), "shard-00003-of-00003.bin": dump({"b": [2.0]}, 2), "config.json": CONFIG})
    add("subfolder", EVIL4, "deep in a folder", name="optimizer.pt", files={
        "README.md": b"# model\n", "checkpoint-10/rng_state.pth": EVIL4, "config.json": CONFIG})
    add("hidden-file", EVIL4, "hidden file", name=".cache.pkl", files={"config.json": CONFIG})
    add("training-args", EVIL, "training_args.bin", "as Transformers writes it", "training_args.bin", {"config.json": CONFIG})
    add("scheduler", legacy(dump(system(), 2)), "scheduler state", name="scheduler.pt", files={"model.safetensors": safetensors({})})


def c_loads():
    """GLOBAL of pickle.loads."""
    return b"c_pickle\nloads\n"


def _levels(depth):
    tree = PAYLOAD4
    for _ in range(depth):
        data = b"\x80\x04" + tree + b"."
        tree = c_loads() + b"B" + struct.pack("<I", len(data)) + data + b"\x85R"
    return tree


NAMES = [
    ("txt", "notes.txt", EVIL4), ("bin", "weights.bin", EVIL4), ("json", "config.json", EVIL4), ("png", "preview.png", EVIL4),
    ("jpg", "image.jpg", EVIL4), ("md", "README.md", EVIL4), ("csv", "labels.csv", EVIL0), ("yaml", "params.yaml", EVIL0),
    ("onnx", "model.onnx", EVIL4), ("h5", "model.h5", EVIL4), ("keras", "model.keras", EVIL4), ("tflite", "model.tflite", EVIL4),
    ("pb", "saved_model.pb", EVIL4), ("npz", "arrays.npz", EVIL4), ("zip", "model.zip", EVIL4), ("tar", "model.tar", EVIL4),
    ("gz", "model.pkl.gz", EVIL4), ("log", "train.log", EVIL0), ("msgpack", "flax_model.msgpack", EVIL4), ("dat", "data.dat", EVIL4),
    ("none", "weights", EVIL4), ("none-protocol-0", "pytorch_model", EVIL0), ("upper-pkl", "MODEL.PKL", EVIL4),
    ("mixed-case", "Model.PkL", EVIL4), ("upper-pt", "MODEL.PT", EVIL), ("upper-bin", "PYTORCH_MODEL.BIN", torch_zip(EVIL)),
    ("double", "model.safetensors.pkl", EVIL4), ("double-reversed", "model.pkl.safetensors", EVIL4), ("backup", "model.pkl~", EVIL4),
    ("number", "model.pkl.1", EVIL4), ("trailing-dot", "model.pkl.", EVIL4), ("space", "model.pkl ", EVIL4),
    ("unicode", "mod\u0435l.pkl", EVIL4), ("torch-as-txt", "notes.txt", torch_zip(EVIL)), ("torch-as-png", "a.png", torch_zip(EVIL)),
    ("torch-as-json", "tokenizer.json", torch_zip(EVIL)), ("torch-none", "model", torch_zip(EVIL)),
    ("tar-as-txt", "a.txt", tarred([("m.pkl", EVIL4)])), ("legacy-as-bin", "model.bin", legacy(dump(system(), 2))),
    ("protocol-1-txt", "weights.txt", dump(system(), 1)),
]


def build_executables(corpus):
    def add(slug, name, data, technique, note="", files=None):
        corpus.add("executables", "exec-" + slug, name, data, technique, note=note, files=files)

    plain = dump({"weights": [0.1] * 20}, 4)
    for kind, data, name in (("elf", elf(), "libops.so"), ("pe", pe(), "ops.dll"), ("macho", macho(), "libops.dylib")):
        add(f"{kind}-library", name, data, "native library in a model folder", files={"config.json": CONFIG})
        add(f"{kind}-as-bin", "pytorch_model.bin", data, "executable named as weights")
        add(f"{kind}-after-pickle", "model.pkl", plain + data, "executable after a pickle")
        add(f"{kind}-in-torch", "model.pt", torch_zip(PLAIN, more=[Entry(f"archive/{name}", data)]), "executable in a torch zip")
    add("elf-as-storage", "model.pt", torch_zip(PLAIN, storage=elf()), "executable as tensor bytes")
    add("elf-in-pickle-bytes", "model.pkl", dump({"weights": elf()}, 4), "executable in pickle bytes")
    add("elf-in-npy", "weights.npy", npy(elf(), descr="|u1", shape="(%d,)" % len(elf())), "executable as array bytes")
    add("pe-in-tar", "model.tar", tarred([("setup.exe", pe()), ("model.pkl", plain)]), "executable in an archive")
    add("pe-double-extension", "model.pkl.exe", pe(), "executable with a double extension")
    add("shell", "install.sh", SCRIPT, "shell script in a model folder", files={"config.json": CONFIG})
    add("shell-as-bin", "pytorch_model.bin", SCRIPT, "shell script named as weights")
    add("shell-as-json", "config.json", SCRIPT, "shell script named json")
    add("shell-after-zip", "model.pt", torch_zip(PLAIN, suffix=b"\n" + SCRIPT), "script after a zip")
    add("shell-before-zip", "model.pt", torch_zip(PLAIN, prefix=SCRIPT + b"exit 0\n"), "script before a zip", "self-extracting archive")
    add("python-as-bin", "model.bin", b"#!/usr/bin/env python3\n" + PYTHON.encode() + b"\n", "script named as weights")
    add("batch", "run.bat", b"@echo off\r\necho CLEANBILL-INERT\r\n", "batch file in a model folder", files={"config.json": CONFIG})
    add("powershell", "setup.ps1", b"Write-Output 'CLEANBILL-INERT'\r\n", "PowerShell file in a model folder", files={"config.json": CONFIG})
    add("pth-file", "model.pth", b"import os; os.system('echo CLEANBILL-INERT')\n", "Python path file named as weights")
    add("llamafile", "model.llamafile", b"MZqFpD='\n" + SCRIPT + b"\0" * 64 + b"GGUF\x03\0\0\0" + b"\0" * 16, "executable model")
    add("pyc", "model.pyc", bytes.fromhex("a70d0d0a") + b"\0" * 12 + bytes.fromhex("e300000000"), "compiled Python")
    add("wheel", "ops-1.0-py3-none-any.whl", zipped([Entry("ops/__init__.py", b"import os\nos.system('echo CLEANBILL-INERT')\n"),
                                                    Entry("ops-1.0.dist-info/METADATA", b"Name: ops\n")]), "Python package")


def build_polyglots(corpus):
    def add(slug, name, data, technique, note=""):
        corpus.add("polyglots", "polyglot-" + slug, name, data, technique, note=note)

    gif = b"GIF89a\x01\x00\x010" + PAYLOAD4 + b"."
    evil_zip = torch_zip(EVIL)
    add("gif-pickle", "preview.gif", gif, "GIF and pickle")
    add("png-zip", "preview.png", PNG + evil_zip, "PNG and zip")
    add("pickle-zip", "model.pkl", dump({"a": 1}, 4) + evil_zip, "pickle and zip", "benign pickle first")
    add("evil-pickle-benign-zip", "model.pt", EVIL4 + torch_zip(PLAIN), "pickle and zip", "the pickle runs, zip readers see the rest")
    add("pickle-tar", "model.tar", _pickle_tar(), "pickle and tar", "the first member's name is a pickle")
    add("mz-pickle", "setup.bin", b"MZ\x900" + b"N0" * 28 + PAYLOAD4 + b".", "PE magic and pickle")
    add("gguf-pickle", "model.gguf", b"GGUF\x03\x00\x00\x00\x010" + PAYLOAD4 + b".", "GGUF magic and pickle")
    add("gguf-zip", "model.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + evil_zip, "GGUF and zip")
    add("safetensors-zip", "model.safetensors", safetensors({"a": {"dtype": "U8", "shape": [len(evil_zip)], "data_offsets": [
        0, len(evil_zip)]}}, evil_zip), "safetensors and zip", "the tensor bytes are a torch zip")
    add("safetensors-pickle", "model.safetensors", _safetensors_pickle(), "safetensors and pickle", "valid as both")
    add("npy-zip", "weights.npy", npy(evil_zip, descr="|u1", shape="(%d,)" % len(evil_zip)), "npy and zip")
    add("tar-zip", "model.tar", tarred([("a.txt", MARKER.encode())]) + evil_zip, "tar and zip")
    add("zip-tar", "model.zip", tarred([("archive", evil_zip)]), "zip inside the bytes of a tar")
    add("pdf-pickle", "paper.pdf", b"N0V%PDF-1.7\n0" + PAYLOAD4 + b".", "PDF and pickle", "header in the first kilobyte")
    add("html-pickle", "card.html", b"V<html><body>model card</body></html>\n0" + PAYLOAD + b".", "text and pickle")
    add("json-pickle", "config.json", b"I1\n0V{\"model_type\": \"bert\"}\n0" + EVIL0, "text and pickle")
    add("python-pickle", "setup.py", b"V# setup of the model\n0" + PAYLOAD + b".", "text and pickle")
    add("xml-pickle", "model.xml", b"V<?xml version='1.0'?>\n0" + PAYLOAD + b".", "text and pickle")
    add("gzip-extra-pickle", "model.gz", gz(b"{}") + EVIL4, "gzip and pickle", "pickle after the gzip stream")
    add("jpeg-zip", "photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9" + evil_zip, "JPEG and zip")
    add("onnx-pickle", "model.onnx", b"\x80\x04" + PAYLOAD4 + b".", "pickle named onnx")
    add("zip-npz-torch", "model.npz", torch_zip(EVIL, more=[Entry("x.npy", npy(EVIL4))]), "npz and torch zip")


def _pickle_tar():
    """A pickle shorter than a tar name field; the header is patched, then its checksum is made right again."""
    pickle = b"cos\nsystem\n(Vecho CLEANBILL-INERT\ntR."
    block = bytearray(tarred([("x" * len(pickle), b"data")]))
    block[:len(pickle)] = pickle
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


def _safetensors_pickle():
    """The length field reads as PROTO, BINSTRING...: header length 0x...; the header text ends the string."""
    # 'I' (INT) takes a line: length 0x0a31_49 = "I1\n" would end after three bytes; five zero bytes follow, so the
    # number is written as a GLOBAL-free line: 'V' takes every byte up to the newline inside the JSON text.
    head = b'{"__metadata__":{"n":"x"},"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}'
    tail = b"0" + PAYLOAD4 + b"."
    text = head % (len(tail), len(tail))
    length = 0x0156  # low byte 'V', so that the length field opens a line
    text = text + b" " * (length - len(text) - 1) + b"\n"
    return struct.pack("<Q", length) + text + tail


def build(corpus):
    """Adds the groups `nested`, `wrong-names`, `executables` and `polyglots`."""
    build_nested(corpus)
    variants = [dump(tree, 4) for tree in (
        system(), call("subprocess:Popen", ["echo", MARKER]), call("builtins:exec", PYTHON), call("posix:system", SHELL),
        {"weights": [0.1] * 50, "hook": system()}, call("distutils.spawn:spawn", ["echo", MARKER]),
        call("runpy:_run_code", PYTHON, {}))]
    for number, (slug, name, data) in enumerate(NAMES):
        # The usual sample takes turns among payloads; the others keep their container.
        data = variants[number % len(variants)] if data is EVIL4 else data
        corpus.add("wrong-names", "name-" + slug, name, data, "wrong or missing extension", note=repr(name))
    build_executables(corpus)
    build_polyglots(corpus)
