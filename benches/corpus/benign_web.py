"""Models of TensorFlow.js: layers as Keras describes them, in the wrapper that its converter writes."""
import json

from benign import Missing


def samples(w):
    try:
        import tf_keras
        from tf_keras import layers
    except ImportError:
        raise Missing("tf_keras") from None
    makers = {
        "dense": lambda: tf_keras.Sequential([layers.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)]),
        "image": lambda: tf_keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)]),
        "recurrent": lambda: tf_keras.Sequential([layers.Input((5,)), layers.Embedding(10, 4), layers.LSTM(3), layers.Dense(1)]),
    }
    for name, make in makers.items():
        model = make()
        topology = json.loads(model.to_json())
        weights = [{"name": v.name.split(":")[0], "shape": list(v.shape), "dtype": "float32"} for v in model.weights]
        out = {"format": "layers-model", "generatedBy": "keras v2.15.0", "convertedBy": "TensorFlow.js Converter v4.22.0",
               "modelTopology": {"keras_version": topology.pop("keras_version"), "backend": topology.pop("backend"), "model_config": topology},
               "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}]}
        w.add("tfjs", name, "model.json", json.dumps(out), "TensorFlow.js layers")
    nodes = [{"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}}, {"name": "y", "op": "Relu", "input": ["x"]}]
    graph = {"format": "graph-model", "generatedBy": "2.15.0", "convertedBy": "TensorFlow.js Converter v4.22.0", "userDefinedMetadata": {"labels": ["../up", "a"]},
             "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 1645}},
             "weightsManifest": [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": []}]}
    w.add("tfjs", "graph", "model.json", json.dumps(graph), "TensorFlow.js graph")
