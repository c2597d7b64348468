"""Models of TensorFlow.js and SentencePiece."""

import json

from malicious_files import SCRIPT, elf
from malicious_keras import FEARED, old_lambda
from malicious_ops import URL, dump, system
from malicious_tensors import field, message

GROUP = "tfjs"


def model(paths=("group1-shard1of1.bin",), layers=(), **more):
    """A `model.json` as the converter writes it."""
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "linear"}}
    topology = {"keras_version": "2.15.0", "backend": "tensorflow",
                "model_config": {"class_name": "Sequential", "config": {"name": "s", "layers": [dense, *layers]}}}
    groups = [{"paths": list(paths), "weights": [{"name": "d/kernel", "shape": [1, 1], "dtype": "float32"}]}]
    return json.dumps({"format": "layers-model", "generatedBy": "keras v2.15.0", "convertedBy": "TensorFlow.js Converter v4.22.0",
                       "modelTopology": topology, "weightsManifest": groups, **more}).encode()


def sentencepiece(table=b"", more=b""):
    """A model of two pieces."""
    pieces = [message([(1, "<unk>")]) + b"\x15\0\0\0\0\x18\x02", message([(1, "a")]) + b"\x15\0\0\x80\xbf"]
    return field(1, pieces) + field(2, message([(3, 1), (4, 2)])) + field(3, message([(1, "nmt_nfkc"), (2, table)])) + more


def build(corpus):
    """Adds the groups `tfjs` and `sentencepiece`."""
    for slug, data, technique in (
        ("behind-elf", sentencepiece(more=elf()), "program behind the model"),
        ("behind-pickle", sentencepiece(more=dump(system(), 4)), "pickle behind the model"),
        ("field-elf", sentencepiece(more=field(99, elf().ljust(512, b"\0"))), "program in a field that no reader knows"),
        ("field-pickle", sentencepiece(more=field(99, dump(system(), 4).ljust(512, b"\0"))), "pickle in a field that no reader knows"),
        ("table-elf", sentencepiece(elf().ljust(256, b"\0")), "program in the place of the compiled table"),
        ("table-script", sentencepiece(SCRIPT.ljust(256, b"\0")), "script in the place of the compiled table"),
    ):
        corpus.add("sentencepiece", "sentencepiece-" + slug, "tokenizer.model", data, technique)

    def add(slug, data, technique):
        corpus.add(GROUP, "tfjs-" + slug, "model.json", data, technique, files={"group1-shard1of1.bin": b"\0" * 4}, textual=True)

    for slug, path, technique in (("climbs", "../../../etc/hostname", "weights outside the folder"), ("absolute", "/etc/hostname", "weights at an absolute path"),
                                  ("address", URL, "weights at an address"), ("drive", "C:\\secret.bin", "weights on a drive"),
                                  ("escaped", "%2e%2e/%2e%2e/secret.bin", "weights outside, escaped"), ("file", "file:///etc/hostname", "weights at a file address")):
        add(slug, model([path]), technique)
    add("second-path", model(["group1-shard1of1.bin", "../secret.bin"]), "second file outside the folder")
    graph = json.loads(model(["../../secret.bin"]))
    graph.update(format="graph-model", modelTopology={"node": [{"name": "x", "op": "Placeholder"}], "library": {}, "versions": {}})
    add("graph-climbs", json.dumps(graph).encode(), "weights of a graph outside the folder")
    add("lambda", model(layers=[old_lambda()]), "layer that carries bytecode, run by the converter")
    add("lambda-feared", model(layers=[old_lambda(FEARED)]), "layer whose bytecode names a command")
