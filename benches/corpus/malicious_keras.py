"""Keras models and HDF5 files that run code, open files or lead their reader astray."""

import base64
import json
import struct

from malicious_files import Entry, elf, zipped
from malicious_ops import HOST, MARSHALLED, NOWHERE, SHELL, URL, dump, system
from malicious_torch import torch_zip

NONE = 0xFFFFFFFFFFFFFFFF
CODE = base64.b64encode(MARSHALLED).decode()
# Marshalled texts with the names that a hostile function uses; it is no whole function, so that nothing can run.
FEARED = base64.b64encode(b"\xe3" + b"\0" * 12 + b"\xda\x0a__import__\xda\x02os\xda\x06system\xf5" + SHELL.encode()).decode()


# HDF5 ---------------------------------------------------------------------------------------------------------------

class H5:
    """Writes HDF5: superblock 0, object headers of version 1, groups by link messages."""

    def __init__(self):
        self.out = bytearray(96)

    def place(self, data):
        self.out += b"\0" * (-len(self.out) % 8)
        at = len(self.out)
        self.out += data
        return at

    def header(self, messages):
        body = b""
        for kind, data in messages:
            data += b"\0" * (-len(data) % 8)
            body += struct.pack("<HHB3x", kind, len(data), 0) + data
        return self.place(struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body)

    def heap(self, segment):
        at = self.place(segment)
        return self.place(b"HEAP\0\0\0\0" + struct.pack("<QQQ", len(segment), 1, at))

    def global_heap(self, value):
        padded = value + b"\0" * (-len(value) % 8)
        body = struct.pack("<HH4xQ", 1, 1, len(value)) + padded
        body += struct.pack("<HH4xQ", 0, 0, max(4096 - len(body) - 16, 16))
        body += b"\0" * max(4096 - len(body) - 16, 0)
        return self.place(b"GCOL\1\0\0\0" + struct.pack("<Q", len(body) + 16) + body)

    def attribute(self, name, value):
        """A text of fixed length, or one in the global heap where it is long."""
        name = name.encode() + b"\0"
        data = value.encode() if isinstance(value, str) else value
        kind = b"\x13\0\0\0" + struct.pack("<I", max(len(data), 1))
        if len(data) > 4000:
            at = self.global_heap(data)
            kind = b"\x19\1\0\0\x10\0\0\0" + b"\x13\0\0\0\1\0\0\0"
            data = struct.pack("<IQI", len(data), at, 1)
        pad = lambda part: part + b"\0" * (-len(part) % 8)
        return (0x0C, struct.pack("<BxHHH", 1, len(name), len(kind), 8) + pad(name) + pad(kind) + b"\1\0\0\0\0\0\0\0" + data)

    def link(self, name, form, value):
        name = name.encode()
        return (0x06, bytes([1, 9, form]) + struct.pack("<H", len(name)) + name + value)

    def dataset(self, data=None, rows=None, width=1, layout=None, extra=(), kind=None):
        size = len(data) if data is not None else rows
        if layout is None:
            layout = b"\3\1" + struct.pack("<QQ", self.place(data), len(data))
        rows = size // width if rows is None else rows
        kind = kind or b"\x10\0\0\0" + struct.pack("<IHH", width, 0, width * 8)
        space = b"\1\1\0\0\0\0\0\0" + struct.pack("<Q", rows)
        return self.header([(1, space), (3, kind), (5, b"\2\2\2\0"), (8, layout)] + list(extra))

    def group(self, attributes=(), links=()):
        messages = [self.attribute(name, value) for name, value in attributes]
        messages.append((2, b"\0\0" + struct.pack("<QQ", NONE, NONE)))
        messages.append((0x0A, b"\0\0"))
        for name, target in links:
            if isinstance(target, int):
                messages.append(self.link(name, 0, struct.pack("<Q", target)))
            elif target[0] == "soft":
                path = target[1].encode()
                messages.append(self.link(name, 1, struct.pack("<H", len(path)) + path))
            else:
                value = b"\0" + target[1].encode() + b"\0" + target[2].encode() + b"\0"
                messages.append(self.link(name, target[0] if isinstance(target[0], int) else 64, struct.pack("<H", len(value)) + value))
        return self.header(messages)

    def external(self, name, size=64, rows=64):
        heap = self.heap(b"\0" * 8 + name.encode() + b"\0" * (16 - len(name) % 8))
        message = b"\1\0\0\0\1\0\1\0" + struct.pack("<QQQQ", heap, 8, 0, size)
        return self.dataset(rows=rows, layout=b"\3\1" + struct.pack("<QQ", NONE, size), extra=[(7, message)])

    def virtual(self, file, path):
        selection = struct.pack("<IIII", 3, 1, 0, 0)
        block = b"\0" + struct.pack("<Q", 1) + file.encode() + b"\0" + path.encode() + b"\0" + selection + selection + b"\0" * 4
        return self.dataset(rows=8, layout=b"\4\3" + struct.pack("<QI", self.global_heap(block), 1))

    def finish(self, root, end=None):
        self.out[:96] = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\4\0\x10\0\0\0\0\0" + struct.pack(
            "<QQQQQQII16x", 0, NONE, len(self.out) if end is None else end, NONE, 0, root, 0, 0)
        return bytes(self.out)


def h5(attributes=(), build=None):
    file = H5()
    links = [("w", file.dataset(struct.pack("<4f", 1, 2, 3, 4), width=4))]
    if build:
        links += build(file)
    return file.finish(file.group(attributes, links))


def legacy(config, **attributes):
    """A model of Keras 2 in HDF5."""
    rows = [("keras_version", "2.15.0"), ("backend", "tensorflow"), ("model_config", json.dumps(config))]
    return h5(rows + list(attributes.items()))


# Configurations -----------------------------------------------------------------------------------------------------

def obj(module, name, config=None, registered=None, **extra):
    return {"module": module, "class_name": name, "config": {} if config is None else config, "registered_name": registered, **extra}


def function(module, name, registered=None):
    return obj(module, "function", name, registered)


def dense(**extra):
    return obj("keras.layers", "Dense", {"name": "d", "units": 1, "activation": "linear"}, **extra)


def model(*layers, **extra):
    first = obj("keras.layers", "InputLayer", {"batch_shape": [None, 1], "dtype": "float32", "name": "i"})
    return obj("keras", "Sequential", {"name": "s", "layers": [first, *layers]}, **extra)


def lam(code=CODE, module="keras.layers"):
    return obj(module, "Lambda", {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}})


def old(*layers):
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}}


def old_lambda(code=CODE, **extra):
    return {"class_name": "Lambda", "config": {"name": "l", "function": [code, None, None], "function_type": "lambda", **extra}}


def archive(config, raw=None, assets=(), weights=None):
    text = raw if raw is not None else json.dumps(config).encode()
    entries = [("metadata.json", b'{"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}'), ("config.json", text),
               ("model.weights.h5", weights or h5())]
    return zipped([Entry(*entry) for entry in entries + list(assets)])


def build(corpus):
    def add(slug, data, technique, advisory=None, name="model.keras", note="", files=None, textual=False):
        corpus.add("keras", slug, name, data, technique, advisory, note, files, textual)

    def keras(slug, *layers, technique, advisory=None, **extra):
        add(slug, archive(model(*layers, **extra)), technique, advisory)

    keras("lambda", lam(), technique="Lambda layer with marshalled code", advisory="CVE-2024-3660")
    keras("lambda-feared", lam(FEARED), technique="Lambda layer whose code names os.system", advisory="CVE-2024-3660")
    keras("lambda-in-time-distributed", obj("keras.layers", "TimeDistributed", {"layer": lam()}), technique="Lambda in a wrapper")
    keras("lambda-in-bidirectional", obj("keras.layers", "Bidirectional", {"layer": obj("keras.layers", "RNN", {"cell": lam()})}),
          technique="Lambda as the cell of a wrapped layer")
    keras("lambda-nested-model", model(model(model(lam()))), technique="Lambda three models down")
    keras("lambda-as-activation", obj("keras.layers", "Dense", {"units": 1, "activation": {"class_name": "__lambda__", "config": {"code": CODE}}}),
          technique="serialised function as activation")
    keras("lambda-as-initializer", obj("keras.layers", "Dense", {"units": 1, "kernel_initializer": {"class_name": "__lambda__", "config": {"code": CODE}}}),
          technique="serialised function as initializer")
    keras("lambda-output-shape", obj("keras.layers", "Lambda", {"function": function("keras.activations", "relu"),
          "output_shape": {"class_name": "__lambda__", "config": {"code": CODE}}}), technique="code in the output shape of a Lambda")
    keras("jax-layer", obj("keras.layers", "JaxLayer", {"call_fn": {"class_name": "__lambda__", "config": {"code": CODE}}}),
          technique="serialised function of a JaxLayer")
    keras("module-os", obj("os", "system", SHELL), technique="module injection of a class", advisory="CVE-2025-1550")
    keras("module-builtins", function("builtins", "exec"), technique="builtins as function", advisory="CVE-2025-1550")
    keras("module-subprocess", obj("keras.layers", "Dense", {"units": 1, "activation": function("subprocess", "run")}),
          technique="subprocess as activation", advisory="CVE-2025-1550")
    keras("module-registered", obj("os", "system", SHELL, registered="mine>system"), technique="registered name that lies")
    keras("module-stdlib-unlisted", function("antigravity", "geohash"), technique="standard library nobody lists")
    keras("module-foreign", function("acme_helpers.run", "start"), technique="function of an unknown package")
    keras("module-numpy", function("numpy", "load"), technique="numpy reader as function")
    keras("module-pydoc", obj("pydoc", "locate", "os.system"), technique="resolver of the standard library")
    keras("get-file", obj("keras.layers", "Lambda", {"function": function("keras.utils", "get_file"),
          "arguments": {"origin": URL, "extract": True}}), technique="get_file as function", advisory="CVE-2025-8747")
    keras("load-model", function("keras.saving", "load_model"), technique="load_model as function", advisory="CVE-2025-8747")
    keras("keras-src-helper", function("keras.src.utils.file_utils", "extract_archive"), technique="helper that extracts archives",
          advisory="CVE-2025-12060")
    keras("keras-io-helper", function("keras.src.utils.io_utils", "print_msg"), technique="helper of Keras on nobody's list")
    keras("keras-callback", obj("keras.callbacks", "CSVLogger", {"filename": NOWHERE}), technique="callback that writes a file")
    keras("unsafe-switch", function("keras.config", "enable_unsafe_deserialization"), technique="switches safe mode off",
          advisory="CVE-2025-9906")
    keras("unsafe-switch-src", obj("keras.src.saving.serialization_lib", "SafeModeScope", {"safe_mode": False}), technique="safe mode scope as class")
    keras("torch-wrapper", obj("keras.layers", "TorchModuleWrapper", {"module": base64.b64encode(torch_zip(dump(system()))).decode()}),
          technique="PyTorch pickle in a wrapper", advisory="CVE-2025-49655")
    keras("torch-wrapper-src", obj("keras.src.utils.torch_utils", "TorchModuleWrapper", {"module": base64.b64encode(dump(system())).decode()}),
          technique="PyTorch wrapper by its inner module")
    keras("tfsm-layer", obj("keras.layers", "TFSMLayer", {"filepath": NOWHERE}), technique="SavedModel by path")
    for slug, value in (("url", URL), ("file", "/etc/passwd"), ("gs", "gs://%s/v.txt" % HOST), ("above", "../../secret.txt"),
                        ("home", "~/.ssh/id_rsa"), ("unc", "\\\\%s\\share\\v" % HOST)):
        keras("string-lookup-" + slug, obj("keras.layers", "StringLookup", {"vocabulary": value}),
              technique="vocabulary of a lookup: " + slug, advisory="CVE-2025-12058")
    keras("integer-lookup", obj("keras.layers", "IntegerLookup", {"vocabulary": "/proc/self/environ"}), technique="vocabulary of integers", advisory="CVE-2025-12058")
    keras("text-vectorization", obj("keras.layers", "TextVectorization", {"vocabulary": "file:///etc/passwd"}), technique="vocabulary of a vectorization")
    keras("hub-tokenizer", obj("keras_hub.tokenizers", "BytePairTokenizer", {"vocabulary": "/etc/passwd", "merges": "/etc/group"}), technique="files of a tokenizer")
    keras("typespec", {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": None, "registered_name": None},
          technique="type description by module and name")
    keras("compile-config", dense(), technique="loss of the compile settings", compile_config={"loss": function("os", "system"), "optimizer": "adam"})
    keras("compile-metric", dense(), technique="metric of the compile settings", compile_config={"metrics": [[function("builtins", "eval")]]})
    keras("build-config", dense(build_config=obj("os", "popen", SHELL)), technique="object in the build settings")
    keras("extra-key", dense(), technique="object under a key that no model has", note_=obj("os", "system", SHELL))
    text = json.dumps(model(lam(FEARED)))
    add("escaped-names", archive(None, text.replace("class_name", "cl\\u0061ss_name").replace("Lambda", "L\\u0061mbda").encode()), "escaped letters in names")
    add("repeated-key", archive(None, text.replace('"class_name": "Lambda"', '"class_name": "Dense", "class_name": "Lambda"').encode()), "repeated key, the second counts")
    add("utf16", archive(None, text.encode("utf-16")), "configuration in UTF-16")
    add("padded", archive(None, b" \n" * 40_000 + text.encode()), "configuration behind blanks")
    add("many-keys", archive(None, (json.dumps({"k%d" % n: n for n in range(200)})[:-1] + ", " + text[1:]).encode()), "200 keys before the model's own")
    add("weights-external-link", archive(model(dense()), weights=h5(build=lambda f: [("vars", ("external", "/etc/passwd", "/x"))])),
        "external link in the weights", "CVE-2026-1669")
    add("weights-external-storage", archive(model(dense()), weights=h5(build=lambda f: [("vars", f.external("/etc/passwd"))])),
        "external storage in the weights", "CVE-2026-1669")
    add("asset-pickle", archive(model(dense()), assets=[("assets/l/table.bin", dump(system()))]), "pickle among the assets")
    add("asset-traversal", archive(model(dense()), assets=[("assets/../../../tmp/CLEANBILL-INERT", b"x")]), "path that leaves the archive", "CVE-2025-12060")
    add("renamed", archive(model(lam())), "model under another name", name="data.bin")
    config_only = zipped([Entry("config.json", json.dumps(model(lam())).encode())])
    add("config-only", config_only, "archive with nothing but a configuration")

    add("h5-lambda", legacy(old(old_lambda())), "Lambda in HDF5", "CVE-2025-9905", "model.h5")
    add("h5-lambda-feared", legacy(old(old_lambda(FEARED))), "Lambda in HDF5 that names os.system", "CVE-2025-9905", "model.h5")
    add("h5-lambda-long", legacy(old(old_lambda(CODE + "A" * 8000))), "Lambda whose text stands in the global heap", "CVE-2025-9905", "model.h5")
    add("h5-lambda-mask", legacy(old({"class_name": "Lambda", "config": {"function": "relu", "function_type": "function",
        "output_shape": [CODE, None, None], "output_shape_type": "lambda"}})), "code in the output shape", None, "model.h5")
    add("h5-training-config", legacy(old({"class_name": "Dense", "config": {"units": 1}}), training_config=json.dumps(
        {"loss": {"class_name": "__lambda__", "config": {"code": CODE}}, "optimizer_config": {"class_name": "Adam", "config": {}}})),
        "code in the training settings", None, "model.h5")
    add("h5-user-block", b"\x89PNG\r\n\x1a\n" + b"\0" * 504 + legacy(old(old_lambda())), "HDF5 behind a user block", None, "picture.png")
    add("h5-far-block", b"#" * 8192 + legacy(old(old_lambda())), "HDF5 behind a long user block", None, "model.h5")
    add("h5-tf-op", legacy(old({"class_name": "TFOpLambda", "config": {"name": "t", "function": "io.write_file"}})), "operation that writes a file", None, "model.h5")
    add("h5-tf-op-alias", legacy(old({"class_name": "SlicingOpLambda", "config": {"function": "compat.v1.py_func"}})), "operation under an older name", None, "model.h5")
    add("h5-nested-group", h5([("keras_version", "2.15.0")], lambda f: [("inner", f.group([("model_config", json.dumps(old(old_lambda())))]))]),
        "configuration of an inner group", None, "model.h5")
    add("h5-external-link", h5([("keras_version", "3")], lambda f: [("layer", ("external", "secrets.h5", "/data"))]), "external link", "CVE-2026-1669", "model.weights.h5")
    add("h5-external-above", h5((), lambda f: [("x", ("external", "../../secrets.h5", "/data"))]), "external link that leaves the folder", "CVE-2026-1669", "data.h5")
    add("h5-external-file", h5((), lambda f: [("x", f.external("/etc/shadow"))]), "external storage", "CVE-2026-1669", "data.h5")
    add("h5-external-deep", h5((), lambda f: [("a", f.group((), [("b", f.group((), [("c", f.external("/proc/self/environ"))]))]))]),
        "external storage two groups down", "CVE-2026-1669", "data.h5")
    add("h5-user-link", h5([("keras_version", "3")], lambda f: [("x", (200, "plugin", "data"))]), "user-defined link", None, "model.weights.h5")
    add("h5-virtual", h5((), lambda f: [("x", f.virtual("/home/user/secrets.h5", "/data"))]), "virtual dataset of another file", "CVE-2026-1669", "data.h5")
    add("h5-pickle-dataset", h5((), lambda f: [("blob", f.dataset(dump(system())))]), "pickle as a dataset of bytes", None, "data.h5")
    add("h5-pickle-attribute", h5([("state", dump(system(), 0))]), "pickle of protocol 0 as an attribute", None, "data.h5", "PyTables loads it")
    add("h5-pickle-heap", h5((), lambda f: [("objects", f.dataset(struct.pack("<IQI", len(dump(system())), f.global_heap(dump(system())), 1), rows=1,
        width=16, kind=b"\x19\0\0\0\x10\0\0\0" + b"\x10\0\0\0\1\0\0\0\0\0\x08\0"))]), "pickle in the global heap", None, "data.h5", "as pandas keeps objects")
    add("h5-elf-dataset", h5((), lambda f: [("lib", f.dataset(elf()))]), "program as a dataset", None, "data.h5")
    add("h5-after", legacy(old({"class_name": "Dense", "config": {"units": 1}})) + dump(system()), "pickle after the end", None, "model.h5")
    add("h5-shape-overflow", h5((), lambda f: [("x", f.dataset(b"\0" * 64, rows=1 << 61, width=16))]), "shape that overflows", None, "data.h5")
    add("h5-shape-larger", h5((), lambda f: [("x", f.dataset(b"\0" * 64, rows=4096, width=4))]), "shape larger than the storage", None, "data.h5")
    add("json-lambda", json.dumps(old(old_lambda(FEARED))).encode(), "architecture in JSON", None, "model.json", textual=True)
    add("json-module", json.dumps(model(function("os", "system"))).encode(), "architecture in JSON with a module", "CVE-2025-1550", "architecture.json", textual=True)
