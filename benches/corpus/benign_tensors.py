"""Benign samples of ONNX, TensorFlow, Core ML and Paddle, written by the libraries themselves, and hard negatives."""
import json
import os
import shutil

from benign import Missing

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def onnx_samples(w):
    try:
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as e:
        return w.skip("onnx", str(e))

    def add(name, model, technique, **how):
        def save(path):
            onnx.save(model, path, **how)
        w.add("onnx", "onnx-" + name, "model.onnx", save, technique)

    def info(name, shape=(1, 4), kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, shape)

    rng = np.random.RandomState(0)
    weights = rng.rand(4, 4).astype("float32")

    def linear(**more):
        graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [info("x")], [info("y")],
                                  [numpy_helper.from_array(weights, "w")])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **more)

    add("linear", linear(producer_name="pytorch", producer_version="2.4.0"), "one matrix")
    add("external-one-file", linear(), "weights in one file beside", save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    add("external-many-files", linear(), "weights in a file for each tensor", save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0)
    meta = linear()
    helper.set_model_props(meta, {"author": "somebody", "names": "{0: 'person', 1: 'bicycle'}", "path": "/home/user/runs/best.pt", "os.system": "none"})
    add("metadata-with-paths", meta, "paths and code words in the metadata")
    for kind in ("FLOAT16", "BFLOAT16", "INT8", "UINT4", "INT4", "FLOAT8E4M3FN", "DOUBLE", "INT64", "BOOL", "COMPLEX64", "STRING"):
        number = getattr(TensorProto, kind)
        if kind == "STRING":
            tensor = helper.make_tensor("w", number, [2], [b"../eval", b"/etc/hostname"])
        elif kind in ("UINT4", "INT4", "INT8", "INT64", "BOOL"):
            tensor = helper.make_tensor("w", number, [3], [1, 0, 1])
        elif kind == "COMPLEX64":
            tensor = helper.make_tensor("w", number, [2], [1 + 2j, 3 - 1j])
        else:
            tensor = helper.make_tensor("w", number, [3], [1.0, 2.0, 3.0])
        graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [info("y", None, number)], [tensor])
        add("type-" + kind.lower(), helper.make_model(graph), "initializer of this type")
    empty = helper.make_graph([helper.make_node("Concat", ["x", "e"], ["y"], axis=0)], "g", [info("x", (1,))], [info("y", (1,))],
                              [numpy_helper.from_array(np.zeros((0,), "float32"), "e")])
    add("empty-tensor", helper.make_model(empty), "tensor without elements")
    then = helper.make_graph([helper.make_node("Constant", [], ["a"], value=numpy_helper.from_array(weights, "c"))], "t", [], [info("a", (4, 4))])
    other = helper.make_graph([helper.make_node("Constant", [], ["b"], value_string="rm -rf /")], "e", [], [info("b", ())])
    branch = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)], "g", [info("c", (), TensorProto.BOOL)], [info("y", None)])
    add("branch", helper.make_model(branch), "graphs in a node")
    own = helper.make_function("my.functions", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)])
    graph = helper.make_graph([helper.make_node("Twice", ["x"], ["y"], domain="my.functions")], "g", [info("x")], [info("y")])
    add("own-function", helper.make_model(graph, functions=[own], opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("my.functions", 1)]),
        "operator that the model brings as a function")
    nodes = [helper.make_node(kind, ["x"], ["y%d" % i], domain="com.microsoft") for i, kind in
             enumerate(["FusedConv", "Gelu", "SkipLayerNormalization", "Attention", "MatMulNBits", "QLinearAdd", "GroupQueryAttention"])]
    graph = helper.make_graph(nodes, "g", [info("x")], [info("y0")])
    add("runtime-operators", helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]), "operators of ONNX Runtime")
    sparse = helper.make_sparse_tensor(helper.make_tensor("v", TensorProto.FLOAT, [2], [1.0, 2.0]), helper.make_tensor("i", TensorProto.INT64, [2], [0, 3]), [4])
    graph = helper.make_graph([helper.make_node("Identity", ["v"], ["y"])], "g", [], [info("y", (4,))], sparse_initializer=[sparse])
    add("sparse", helper.make_model(graph), "sparse initializer")
    data = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data")
    for group in ("light", "simple", "pytorch-converted", "pytorch-operator", "node"):
        root = os.path.join(data, group)
        names = sorted(os.listdir(root))[::17][:6] if os.path.isdir(root) else []
        for name in names:
            source = os.path.join(root, name, "model.onnx") if not name.endswith(".onnx") else os.path.join(root, name)
            if os.path.exists(source):
                w.add("onnx", "onnx-%s-%s" % (group, name.replace(".onnx", "").replace("_", "-")), "model.onnx", lambda path, source=source: shutil.copy(source, path), "test model of ONNX")
    try:
        from skl2onnx import to_onnx
        from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
        from sklearn.pipeline import make_pipeline
        x = rng.rand(40, 4).astype("float32")
        y = (x[:, 0] > 0.5).astype(int)
        for name, model in (("forest", RandomForestClassifier(n_estimators=3)), ("logistic", LogisticRegression()), ("boosting", GradientBoostingClassifier(n_estimators=3)),
                            ("pipeline", make_pipeline(StandardScaler(), LogisticRegression()))):
            add("sklearn-" + name, to_onnx(model.fit(x, y), x[:1]), "converted from scikit-learn")
    except Exception as e:
        w.skip("skl2onnx", repr(e)[:120])


def tensorflow_samples(w):
    try:
        import tensorflow as tf
    except ImportError as e:
        return w.skip("tensorflow", str(e))

    def saved(name, model, technique, **how):
        def save(path):
            shutil.rmtree(path, ignore_errors=True)
            tf.saved_model.save(model, path, **how)
        w.add("tensorflow", "tf-" + name, "model", save, technique)

    class Linear(tf.Module):
        def __init__(self):
            self.w = tf.Variable(tf.random.normal([4, 3]))

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def __call__(self, x):
            return tf.nn.relu(x @ self.w)

    saved("module", Linear(), "module with one variable")

    class Table(tf.Module):
        def __init__(self, path):
            self.table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, words):
            return self.table.lookup(words)

    words = os.path.join(w.out, "words.txt")
    os.makedirs(w.out, exist_ok=True)
    with open(words, "w") as f:
        f.write("a\nb\n/etc/hostname\n../x\n")
    saved("vocabulary-asset", Table(words), "vocabulary in the assets")

    class Reader(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
        def __call__(self, path):
            return tf.image.decode_image(tf.io.read_file(path), expand_animations=False)

    saved("reads-given-file", Reader(), "reads the file that the caller names")

    class Words(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, x):
            tf.print("seen", x)
            return tf.strings.regex_replace(tf.strings.join([x, "/etc/hostname", "gs://bucket"]), "os\\.system", "WriteFile")

    saved("words-like-paths", Words(), "texts that look like paths and operators")

    class Control(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
        def __call__(self, n):
            total = tf.constant(0)
            for i in tf.range(n):
                total += tf.where(i > 2, i, -i)
            return tf.cond(n > 3, lambda: total, lambda: total * 2)

    saved("control-flow", Control(), "loops and branches")

    class Records(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, x):
            return tf.io.parse_example(x, {"a": tf.io.FixedLenFeature([2], tf.float32), "b": tf.io.VarLenFeature(tf.string)})["a"]

    saved("parse-example", Records(), "parses examples")
    try:
        import keras
        layers = keras.layers
        models = {
            "dense": keras.Sequential([layers.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)]),
            "conv": keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2)]),
            "lstm": keras.Sequential([layers.Input((5, 2)), layers.LSTM(3), layers.Dense(1)]),
            "gru-bidirectional": keras.Sequential([layers.Input((5, 2)), layers.Bidirectional(layers.GRU(3)), layers.Dense(1)]),
            "attention": keras.Sequential([layers.Input((5,)), layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), layers.Dense(1)]),
            "dropout": keras.Sequential([layers.Input((4,)), layers.Dropout(0.2), layers.GaussianNoise(0.1), layers.LayerNormalization(), layers.Dense(2)]),
        }
        for name, model in models.items():
            w.add("tensorflow", "tf-keras-export-" + name, "model", lambda path, model=model: (shutil.rmtree(path, ignore_errors=True), model.export(path, verbose=False)), "exported from Keras")
            saved("keras-" + name, model, "Keras model saved as a module")
        text = keras.layers.TextVectorization(max_tokens=20)
        text.adapt(["some words to learn", "other words"])
        model = keras.Sequential([keras.Input((1,), dtype="string"), text, layers.Embedding(20, 2)])
        w.add("tensorflow", "tf-keras-text-vectorization", "model", lambda path: (shutil.rmtree(path, ignore_errors=True), model.export(path, verbose=False)), "words looked up in a table")
    except Exception as e:
        w.skip("keras", repr(e)[:120])
    v1 = tf.compat.v1

    def session(build):
        graph = tf.Graph()
        with graph.as_default(), v1.Session(graph=graph) as s:
            out = build()
            s.run(v1.global_variables_initializer())
            return graph, s, out

    def network():
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        weights = v1.get_variable("w", [4, 2])
        return x, tf.identity(tf.nn.softmax(x @ weights), name="y")

    def simple_save(path):
        shutil.rmtree(path, ignore_errors=True)
        graph = tf.Graph()
        with graph.as_default(), v1.Session(graph=graph) as s:
            x, y = network()
            s.run(v1.global_variables_initializer())
            v1.saved_model.simple_save(s, path, {"x": x}, {"y": y})

    w.add("tensorflow", "tf-one-saved-model", "model", simple_save, "SavedModel of a session")

    def frozen(path):
        graph = tf.Graph()
        with graph.as_default(), v1.Session(graph=graph) as s:
            network()
            s.run(v1.global_variables_initializer())
            definition = v1.graph_util.convert_variables_to_constants(s, graph.as_graph_def(), ["y"])
        with open(path, "wb") as f:
            f.write(definition.SerializeToString())

    w.add("tensorflow", "tf-frozen", "frozen.pb", frozen, "graph with variables as constants")

    def meta(path):
        graph = tf.Graph()
        with graph.as_default(), v1.Session(graph=graph) as s:
            network()
            v1.train.Saver()
            s.run(v1.global_variables_initializer())
            v1.train.export_meta_graph(path)

    w.add("tensorflow", "tf-meta-graph", "model.ckpt.meta", meta, "graph of a checkpoint")

    def checkpoint(path):
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        tf.train.Checkpoint(module=Linear(), words=tf.Variable(["a", "bc"])).write(os.path.join(path, "model.ckpt-7"))

    w.add("tensorflow", "tf-checkpoint", "checkpoint", checkpoint, "checkpoint of version 2 with texts")

    def library(path):
        module = Linear()
        function = module.__call__.get_concrete_function()
        with open(path, "wb") as f:
            f.write(function.graph.as_graph_def().SerializeToString())

    def written(path):
        module = Reader()
        with open(path, "w") as f:
            f.write(str(module.__call__.get_concrete_function().graph.as_graph_def()))

    w.add("tensorflow", "tf-text-graph", "graph.pbtxt", written, "graph as text")
    w.add("tensorflow", "tf-function-graph", "function.pb", library, "graph of a function")
    os.remove(words)


def coreml_samples(w):
    try:
        import coremltools as ct
        import numpy as np
        from coremltools.converters.mil import Builder as mb
        from coremltools.models import datatypes
        from coremltools.models.neural_network import NeuralNetworkBuilder
    except Exception as e:
        return w.skip("coremltools", repr(e)[:120])
    builder = NeuralNetworkBuilder([("x", datatypes.Array(4))], [("y", datatypes.Array(2))])
    builder.add_inner_product("ip", np.ones((2, 4), "float32"), np.zeros(2, "float32"), 4, 2, True, "x", "h")
    builder.add_activation("relu", "RELU", "h", "y")
    builder.spec.description.metadata.userDefined["class"] = "MyLayer /etc/hostname"
    w.add("coreml", "coreml-network", "model.mlmodel", lambda path: ct.models.utils.save_spec(builder.spec, path), "network of two layers")

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 4))])
    def program(x):
        return mb.relu(x=mb.linear(x=x, weight=np.random.rand(300, 4).astype("float32"), bias=np.zeros(300, "float32")))

    for target in ("iOS15", "iOS17"):
        def save(path, target=target):
            shutil.rmtree(path, ignore_errors=True)
            model = ct.convert(program, convert_to="mlprogram", minimum_deployment_target=getattr(ct.target, target), skip_model_load=True)
            model.save(path)
        w.add("coreml", "coreml-program-" + target.lower(), "model.mlpackage", save, "ML program with weights beside")
    w.add("coreml", "coreml-converted-network", "model.mlmodel", lambda path: ct.models.utils.save_spec(
        ct.convert(program, convert_to="neuralnetwork", minimum_deployment_target=ct.target.iOS13, skip_model_load=True).get_spec(), path), "program converted to a network")


def paddle_samples(w):
    try:
        import paddle
        from paddle import nn
    except Exception as e:
        return w.skip("paddle", repr(e)[:120])
    models = {"linear": (nn.Sequential(nn.Linear(4, 3), nn.ReLU()), [None, 4]),
              "conv": (nn.Sequential(nn.Conv2D(1, 2, 3), nn.BatchNorm2D(2), nn.MaxPool2D(2), nn.Flatten(), nn.Linear(18, 2)), [1, 1, 8, 8]),
              "norm": (nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Dropout(0.1), nn.GELU()), [None, 4])}
    form = "program" if os.environ.get("FLAGS_enable_pir_api") == "0" else "json"
    for name, (model, shape) in models.items():
        def save(path, model=model, shape=shape):
            model.eval()
            os.makedirs(path, exist_ok=True)
            paddle.jit.save(model, os.path.join(path, "inference"), input_spec=[paddle.static.InputSpec(shape, "float32")])
        w.add("paddle", "paddle-%s-%s" % (form, name), "model", save, "inference model, " + form)


def apart(w, part):
    """Runs one part in a process of its own: the libraries bring native code that does not bear the others'."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        before = len(w.rows)
        part(w)
        with os.fdopen(write, "w") as pipe:
            json.dump({"rows": w.rows[before:], "failed": w.failed}, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        w.failed += 1
        w.skip(part.__name__, "the process ended early")
        return
    result = json.loads(text)
    w.rows += result["rows"]
    w.failed = result["failed"]


def samples(w):
    before = len(w.rows)
    for part in (onnx_samples, tensorflow_samples, coreml_samples, paddle_samples):
        apart(w, part)
    if len(w.rows) == before:
        raise Missing("onnx, tensorflow, coremltools, paddle")
