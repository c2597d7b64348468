"""Benign samples of Keras 3, Keras 2 (tf_keras), h5py, PyTables, pandas, netCDF4 and anndata."""
import json
import os

from benign import Missing


def keras_samples(w, np, keras, tag):
    layers = keras.layers

    def put(name, model, technique, note=""):
        group = "keras"
        if tag == "keras3":
            w.add(group, name + "-" + tag, "model.keras", lambda path: model.save(path), technique, note)
        else:
            w.add(group, name + "-" + tag, "model.keras", lambda path: model.save(path, save_format="keras"), technique, note)
        w.add(group, name + "-h5-" + tag, "model.h5", lambda path: model.save(path), technique + ", HDF5", note)
        w.add(group, name + "-json-" + tag, "model.json", model.to_json(), technique + ", architecture as JSON", note)
        w.add(group, name + "-weights-" + tag, "model.weights.h5", lambda path: model.save_weights(path), technique + ", weights", note)

    dense = keras.Sequential([layers.Input((4,)), layers.Dense(8, activation="relu", kernel_regularizer="l2"),
                              layers.Dropout(0.2), layers.Dense(1, activation="sigmoid")])
    put("sequential", dense, "Sequential model")
    dense = keras.Sequential([layers.Input((4,)), layers.Dense(8, kernel_initializer="he_normal"), layers.Dense(3)])
    dense.compile(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)),
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)])
    dense.fit(np.zeros((8, 4)), np.zeros((8,)), verbose=0)
    put("compiled", dense, "compiled and fitted model with its optimizer")
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    y = layers.Activation("relu")(x)
    x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    put("functional", keras.Model(inputs, layers.Dense(2)(x)), "functional model with a residual")
    inputs = keras.Input((10,))
    x = layers.Embedding(50, 8, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3))(x)
    x = layers.GRU(2)(x)
    put("recurrent", keras.Model(inputs, x), "wrapped and recurrent layers")
    inputs = keras.Input((8, 16))
    x = layers.MultiHeadAttention(2, 8)(inputs, inputs)
    x = layers.LayerNormalization()(inputs + x)
    put("attention", keras.Model(inputs, x * 2.0 - 1.0), "attention and operators on tensors")
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(4)], name="inner")
    inputs = keras.Input((4,))
    put("nested", keras.Model(inputs, inner(inner(inputs))), "nested and shared model")
    inputs = keras.Input((8, 8, 3))
    x = layers.Rescaling(1 / 255.0)(inputs)
    x = layers.RandomFlip()(x)
    x = layers.RandomRotation(0.1)(x)
    x = layers.Resizing(4, 4)(x)
    put("augment", keras.Model(inputs, layers.Flatten()(x)), "preprocessing of pictures")
    named = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="lambda_os_system")], name="Lambda")
    put("named-like-attacks", named, "names of layers that look like attacks", "hard negative")
    if tag == "keras3":
        inputs = keras.Input((8,))
        x = keras.ops.matmul(inputs, keras.ops.ones((8, 4)))
        x = keras.ops.softmax(keras.ops.expand_dims(x, -1), axis=1)
        w.add("keras", "ops", "model.keras", keras.Model(inputs, x).save, "functional model of keras.ops")
        big = keras.Sequential([layers.Input((4,)), layers.Dense(64), layers.Dense(64)])
        try:
            w.add("keras", "int8", "model.keras", lambda path: (big.quantize("int8"), big.save(path)), "quantized model")
        except Exception as error:
            w.skip("int8", str(error))
    else:
        import tensorflow as tf
        inputs = keras.Input((8,))
        x = tf.nn.relu(tf.reshape(inputs, (-1, 2, 4)))
        x = tf.math.reduce_sum(tf.concat([x, x], 1), axis=1)[:, :2]
        put("tf-ops", keras.Model(inputs, x), "operations of TensorFlow as layers")
    lookup = layers.StringLookup(vocabulary=["http", "/etc/passwd", "os.system", "words"])
    inputs = keras.Input((1,), dtype="string")
    w.add("keras", "string-lookup-" + tag, "model.keras", keras.Model(inputs, lookup(inputs)).save,
          "lookup with a list of words", "hard negative: words that look like paths")
    text = layers.TextVectorization(max_tokens=20, output_mode="int", output_sequence_length=4)
    text.adapt(["some words here", "import os and more"])
    inputs = keras.Input((1,), dtype="string")
    w.add("keras", "text-vectorization-" + tag, "model.keras", keras.Model(inputs, text(inputs)).save,
          "adapted vectorization of text")
    app = keras.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), classes=10)
    w.add("keras", "mobilenet-" + tag, "model.keras", app.save, "MobileNetV2")
    w.add("keras", "mobilenet-json-" + tag, "model.json", app.to_json(), "MobileNetV2 as JSON")


def h5_samples(w, np, h5py):
    def write(fill, **settings):
        def make(path):
            with h5py.File(path, "w", **settings) as file:
                fill(file)
        return make

    def tree(file):
        group = file.create_group("a/b/c")
        group["x"] = np.arange(1000.0)
        group.create_dataset("packed", data=np.arange(5000), chunks=(100,), compression="gzip", shuffle=True)
        group.create_dataset("growing", data=np.zeros((10, 10)), maxshape=(None, None), chunks=(2, 5))
        group["soft"] = h5py.SoftLink("/a/b/c/x")
        file["hard"] = group["x"]
        file.attrs["title"] = "text with http://example.invalid/ in it"
        file.attrs["numbers"] = np.arange(20)
        file["names"] = ["one", "two", "/etc/passwd"]
        file["fixed"] = np.array([b"abc", b"de"])
        file["record"] = np.array([(1, 2.0, b"x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "S3")])
        file["vlen"] = 1
        file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))[0] = [1, 2, 3]
        file["flag"] = np.array([True, False])
        file["type"] = np.dtype("f8")
        file["opaque"] = np.void(b"\x00\x01binary blob")

    def many(file):
        for number in range(600):
            file["d%04d" % number] = np.zeros(3)
            file.attrs["a%04d" % number] = number
        for number in range(40):
            file.attrs["long%02d" % number] = "x" * 900

    for low in ("earliest", "latest"):
        w.add("hdf5", "tree-" + low, "data.h5", write(tree, libver=(low, "latest")), "groups, datasets, links, types")
        w.add("hdf5", "many-" + low, "data.h5", write(many, libver=(low, "latest")), "many links and attributes")
    w.add("hdf5", "user-block", "data.h5", write(tree, userblock_size=512), "empty user block")
    w.add("hdf5", "tracked", "data.h5", write(many, track_order=True), "tracked order")

    def virtual(path):
        with h5py.File(path, "w") as file:
            file["part"] = np.arange(10)
            layout = h5py.VirtualLayout((10,), dtype="i8")
            layout[:] = h5py.VirtualSource(".", "part", (10,))
            file.create_virtual_dataset("whole", layout)
    w.add("hdf5", "virtual-same-file", "data.h5", virtual, "virtual dataset of the same file", "hard negative")

    def bytes_(file):
        rng = np.random.RandomState(0)
        file["bytes"] = rng.randint(0, 256, 5000).astype("u1")
        file["packed"] = rng.randint(0, 256, 5000).astype("u1")
        file.create_dataset("pixels", data=rng.randint(0, 256, (64, 64, 3)).astype("u1"), compression="gzip")
        file.attrs["settings"] = json.dumps({"class_name": "cat", "labels": ["a", "b"]})
        file.attrs["formula"] = "(a + b) * c."
    w.add("hdf5", "bytes", "data.h5", write(bytes_), "numbers of one byte, and JSON in an attribute", "hard negative")


def table_samples(w, np):
    try:
        import pandas as pd
        frame = pd.DataFrame({"a": np.arange(5), "b": np.arange(5) * 0.5, "c": list("vwxyz")})
        w.add("hdf5", "pandas-table", "frame.h5", lambda path: frame.to_hdf(path, key="t", format="table"), "pandas table")
        w.add("hdf5", "pandas-fixed", "frame.h5", lambda path: frame[["a", "b"]].to_hdf(path, key="t", format="fixed"), "pandas fixed")
        w.add("hdf5", "pandas-objects", "frame.h5", lambda path: frame.to_hdf(path, key="t", format="fixed"),
              "pandas fixed with text", "holds a pickle of an array of objects")
    except ImportError as error:
        w.skip("pandas HDF5", str(error))
    try:
        import tables

        def make(path):
            with tables.open_file(path, "w", title="test") as file:
                file.create_array("/", "x", np.arange(10))
                file.create_carray("/", "c", obj=np.zeros((50, 50)), filters=tables.Filters(5, "zlib"))
                file.root._v_attrs.setting = {"a": 1}
        w.add("hdf5", "pytables", "data.h5", make, "PyTables with a pickled attribute", "hard negative")
    except ImportError as error:
        w.skip("PyTables", str(error))
    try:
        import netCDF4

        def climate(path):
            with netCDF4.Dataset(path, "w") as file:
                file.createDimension("time", None)
                file.createDimension("x", 8)
                one = file.createVariable("t", "f4", ("time", "x"), zlib=True)
                one.units = "K"
                one[:] = np.zeros((3, 8))
        w.add("hdf5", "netcdf4", "data.nc", climate, "netCDF-4")
    except ImportError as error:
        w.skip("netCDF4", str(error))
    try:
        import anndata
        data = anndata.AnnData(np.zeros((20, 5), dtype="f4"))
        data.obs["kind"] = ["a", "b"] * 10
        data.uns["notes"] = {"k": "text"}
        w.add("hdf5", "anndata", "data.h5ad", data.write_h5ad, "anndata")
    except ImportError as error:
        w.skip("anndata", str(error))


def samples(w):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import numpy as np
        import h5py
    except ImportError as error:
        raise Missing(str(error))
    h5_samples(w, np, h5py)
    table_samples(w, np)
    for name, tag in (("keras", "keras3"), ("tf_keras", "keras2")):
        try:
            keras = __import__(name)
        except ImportError as error:
            w.skip(name, str(error))
            continue
        keras_samples(w, np, keras, tag)
