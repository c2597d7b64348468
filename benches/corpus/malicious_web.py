"""Models of TensorFlow.js."""

import json

from malicious_keras import FEARED, old_lambda
from malicious_ops import URL

GROUP = "tfjs"


def model(paths=("group1-shard1of1.bin",), layers=(), **more):
    """A `model.json` as the converter writes it."""
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "linear"}}
    topology = {"keras_version": "2.15.0", "backend": "tensorflow",
                "model_config": {"class_name": "Sequential", "config": {"name": "s", "layers": [dense, *layers]}}}
    groups = [{"paths": list(paths), "weights": [{"name": "d/kernel", "shape": [1, 1], "dtype": "float32"}]}]
    return json.dumps({"format": "layers-model", "generatedBy": "keras v2.15.0", "convertedBy": "TensorFlow.js Converter v4.22.0",
                       "modelTopology": topology, "weightsManifest": groups, **more}).encode()


def build(corpus):
    """Adds the group `tfjs`."""
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
