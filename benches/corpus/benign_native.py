"""Models in formats of their own: LightGBM text, XGBoost JSON and binary, CatBoost, Zarr, Orbax and TensorStore, ncnn.

Each library is skipped where it is missing; old XGBoost (1.7) writes the binary form, Zarr 2 its second format.
"""
import os
import shutil
import tempfile

from benign import Missing


def copies(w, group, prefix, folder, technique, note=""):
    """Adds every file of a folder below one sample, so that files that belong together stay together."""
    names = sorted(os.path.join(root, name) for root, _, files in os.walk(folder) for name in files)
    if not names:
        w.skip(prefix, "nothing written")
        return

    names.sort(key=lambda name: (name.count(os.sep), name))

    def place(path):
        target = path[:-len(os.path.relpath(names[0], folder))]
        for name in names:
            to = os.path.join(target, os.path.relpath(name, folder))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(name, to)

    w.add(group, prefix, os.path.relpath(names[0], folder), place, technique, note)


def data():
    import numpy as np
    random = np.random.RandomState(3)
    x = random.rand(300, 5)
    x[:, 4] = random.randint(0, 12, 300)
    y = ((x[:, 0] > 0.5) ^ (x[:, 4] % 3 == 0)).astype(int)
    return np, x, y


def lightgbm_samples(w):
    np, x, y = data()
    import lightgbm as lgb
    base = {"verbose": -1, "num_threads": 1, "deterministic": True, "min_data_in_leaf": 3}
    kinds = {
        "binary": {"objective": "binary"},
        "regression": {"objective": "regression", "num_leaves": 63},
        "multiclass": {"objective": "multiclass", "num_class": 3},
        "rank": {"objective": "lambdarank"},
        "dart": {"objective": "binary", "boosting": "dart"},
        "rf": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        "linear": {"objective": "regression", "linear_tree": True},
        "quantile": {"objective": "quantile", "alpha": 0.3},
        "monotone": {"objective": "binary", "monotone_constraints": [1, 0, 0, -1, 0]},
        "stump": {"objective": "binary", "min_gain_to_split": 1e9},
        "custom-name": {"objective": "cross_entropy", "machines": "", "output_model": "model.txt"},
    }
    for name, extra in kinds.items():
        target = y + (x[:, 1] > 0.5) if name == "multiclass" else y
        group = [60] * 5 if name == "rank" else None
        dataset = lgb.Dataset(x, target, group=group, categorical_feature=[4], feature_name=["a", "b c=d".replace(" ", "_"), "c", "d", "e"],
                              params={"verbose": -1, "linear_tree": name == "linear"}, free_raw_data=False)
        model = lgb.train({**base, **extra}, dataset, 4)
        w.add("native", "lightgbm-" + name, "model.txt", model.save_model, "LightGBM text model", lgb.__version__)
    try:
        import pandas
        frame = pandas.DataFrame({"n": x[:, 0], "k": pandas.Categorical([["a", "b", "c"][int(v) % 3] for v in x[:, 4]])})
        model = lgb.train({**base, "objective": "binary"}, lgb.Dataset(frame, y), 3)
        w.add("native", "lightgbm-pandas", "model.txt", model.save_model, "LightGBM text model", lgb.__version__)
    except ImportError as error:
        w.skip("lightgbm-pandas", str(error))


def xgboost_samples(w):
    np, x, y = data()
    import xgboost as xgb
    old = int(xgb.__version__.split(".")[0]) < 2
    kinds = {
        "tree": {"objective": "binary:logistic", "max_depth": 5},
        "exact-pruned": {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 2.0, "max_depth": 8},
        "linear": {"booster": "gblinear"},
        "dart": {"booster": "dart", "rate_drop": 0.5},
        "multi": {"objective": "multi:softprob", "num_class": 3},
        "rank": {"objective": "rank:pairwise"},
        "poisson": {"objective": "count:poisson"},
        "aft": {"objective": "survival:cox"},
        "forest": {"num_parallel_tree": 3, "subsample": 0.6},
        "quantile": {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8]},
        "vector-leaf": {"multi_strategy": "multi_output_tree", "tree_method": "hist"},
    }
    for name, extra in kinds.items():
        target = y + (x[:, 1] > 0.5) if name in ("multi", "poisson") else y + 1 if name == "aft" else y
        if name == "vector-leaf":
            target = np.stack([y, 1 - y], axis=1)
        matrix = xgb.DMatrix(x, label=target)
        if name == "rank":
            matrix.set_group([60] * 5)
        try:
            model = xgb.train({"nthread": 1, **extra}, matrix, 4)
        except Exception as error:
            w.skip("xgboost-" + name, repr(error)[:80])
            continue
        if name == "tree":
            model.set_attr(best_iteration="3", note="a \"quoted\" note")
            model.feature_names = ["a", "b", "c", "d", "e"]
        for suffix in ("json", "ubj") + (("deprecated",) if old else ()):
            file = "model.bin" if suffix == "deprecated" else "model." + suffix
            w.add("native", "xgboost-%s-%s" % (name, suffix), file, raw(model, suffix), "XGBoost model", xgb.__version__)
    try:
        matrix = xgb.DMatrix(x, label=y, feature_types=["q", "q", "q", "q", "c"], enable_categorical=True)
        model = xgb.train({"nthread": 1, "tree_method": "hist", "max_cat_to_onehot": 1}, matrix, 4)
        for suffix in ("json", "ubj"):
            w.add("native", "xgboost-categories-" + suffix, "model." + suffix, raw(model, suffix), "XGBoost model", xgb.__version__)
    except Exception as error:
        w.skip("xgboost-categories", repr(error)[:80])


def raw(model, suffix):
    def write(path):
        with open(path, "wb") as file:
            file.write(model.save_raw(raw_format=suffix))

    return write


def catboost_samples(w):
    np, x, y = data()
    import catboost as cb
    frame = [[*map(float, row[:4]), "k%d" % row[4]] for row in x]
    base = {"iterations": 4, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0}
    kinds = {
        "plain": (x, [], {}), "categories": (frame, [4], {}), "one-hot": (frame, [4], {"one_hot_max_size": 20}),
        "lossguide": (x, [], {"grow_policy": "Lossguide"}), "depthwise": (x, [], {"grow_policy": "Depthwise"}),
        "multi": (x, [], {"loss_function": "MultiClass"}), "combinations": ([[*r[:3], "a%d" % (i % 5), r[4]] for i, r in enumerate(frame)], [3, 4], {"max_ctr_complexity": 3}),
        "nan": (np.where(x > 0.97, np.nan, x), [], {}),
    }
    for name, (rows, categories, extra) in kinds.items():
        target = y + (x[:, 1] > 0.5) if name == "multi" else y
        model = cb.CatBoostClassifier(**base, **extra).fit(rows, target, cat_features=categories)
        w.add("native", "catboost-" + name, "model.cbm", model.save_model, "CatBoost model", cb.__version__)
    words = [["red green %s" % ("dog" if v else "cat"), float(v)] for v in y]
    model = cb.CatBoostClassifier(**base).fit(words, y, text_features=[0])
    w.add("native", "catboost-text", "model.cbm", model.save_model, "CatBoost model with text", cb.__version__)
    model = cb.CatBoostClassifier(**base).fit(x, y)
    for form in ("json", "onnx", "coreml"):
        try:
            w.add("native", "catboost-as-" + form, "model." + {"coreml": "mlmodel"}.get(form, form),
                  lambda path, form=form: model.save_model(path, format=form), "CatBoost model", cb.__version__)
        except Exception as error:
            w.skip("catboost-as-" + form, repr(error)[:80])


def zarr_samples(w):
    import numpy as np
    import numcodecs
    import zarr
    two = zarr.__version__.startswith("2")
    version = {} if two else {"zarr_format": 2}
    with tempfile.TemporaryDirectory() as folder:
        root = zarr.open_group(folder, mode="w", **version)
        make = root.create_dataset if two else root.create_array
        array = make("w", shape=(40, 6), chunks=(20, 6), dtype="f4")
        array[:] = np.arange(240, dtype="f4").reshape(40, 6)
        array.attrs["units"] = "m"
        deep = root.create_group("a/b")
        array = (deep.create_dataset if two else deep.create_array)("k", shape=(10,), chunks=(5,), dtype="i8")
        array[:] = np.arange(10)
        if two:
            root.create_dataset("names", data=np.array(["x", "yy", None], dtype=object), object_codec=numcodecs.JSON())
            if hasattr(numcodecs, "MsgPack"):
                root.create_dataset("packed", data=np.array(["x", "yy"], dtype=object), object_codec=numcodecs.MsgPack())
            root.create_dataset("words", data=np.array(["x", "yy"], dtype=object), object_codec=numcodecs.VLenUTF8())
            root.create_dataset("ragged", data=np.array([np.arange(3), np.arange(2)], dtype=object), object_codec=numcodecs.VLenArray("i8"))
            root.create_dataset("scaled", data=np.arange(9.0), filters=[numcodecs.Delta("f8"), numcodecs.FixedScaleOffset(0, 10, "f8", "i4")], compressor=numcodecs.Zstd(3))
            root.create_dataset("records", data=np.zeros(3, dtype=[("a", "i4"), ("b", "S5")]))
        zarr.consolidate_metadata(folder)
        copies(w, "native", "zarr-2", folder, "Zarr group", zarr.__version__)
    if two:
        return
    with tempfile.TemporaryDirectory() as folder:
        root = zarr.open_group(folder, mode="w", zarr_format=3)
        root.create_array("w", shape=(40, 6), chunks=(20, 6), dtype="f4")[:] = 1.0
        root.create_array("s", shape=(64, 64), chunks=(8, 8), shards=(32, 32), dtype="u2")[:] = 7
        root.create_array("t", shape=(3,), chunks=(3,), dtype="str" if hasattr(zarr, "dtype") else str)[:] = np.array(["a", "bb", "ccc"])
        root.create_group("a").attrs["k"] = {"filters": "none", "codecs": [1, 2]}
        zarr.consolidate_metadata(folder)
        copies(w, "native", "zarr-3", folder, "Zarr group", zarr.__version__)


def tensorstore_samples(w):
    import numpy as np
    from importlib.metadata import version as installed
    import tensorstore as ts
    version = installed("tensorstore")
    for driver in ("zarr", "zarr3", "n5"):
        with tempfile.TemporaryDirectory() as folder:
            store = ts.open({"driver": driver, "kvstore": {"driver": "file", "path": folder}}, create=True, dtype=ts.float32, shape=[20, 4]).result()
            store[:] = np.ones((20, 4), np.float32)
            copies(w, "native", "tensorstore-" + driver, folder, "TensorStore array", version)
    with tempfile.TemporaryDirectory() as folder:
        for index in range(3):
            spec = {"driver": "zarr3", "kvstore": {"driver": "ocdbt", "base": "file://" + folder, "path": "p%d/" % index}}
            store = ts.open(spec, create=True, dtype=ts.float32, shape=[300, 40]).result()
            store[:] = np.random.RandomState(index).rand(300, 40).astype(np.float32)
        copies(w, "native", "tensorstore-ocdbt", folder, "TensorStore database", version)
    with tempfile.TemporaryDirectory() as folder:
        spec = {"driver": "zarr", "kvstore": {"driver": "ocdbt", "base": "file://" + folder, "config": {"compression": None}}}
        store = ts.open(spec, create=True, dtype=ts.int32, shape=[30]).result()
        for turn in range(40):
            store[turn % 30] = turn
        copies(w, "native", "tensorstore-ocdbt-plain", folder, "TensorStore database", version)


def orbax_samples(w):
    import numpy as np
    import orbax.checkpoint as ocp
    tree = {"params": {"dense": {"kernel": np.ones((8, 4), np.float32), "bias": np.zeros(4, np.float32)}}, "step": 3, "lr": 0.5}
    for name, extra in (("default", {}), ("plain", {"use_ocdbt": False}), ("zarr3", {"use_zarr3": True})):
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "c")
            ocp.Checkpointer(ocp.PyTreeCheckpointHandler(**extra)).save(target, tree)
            copies(w, "native", "orbax-" + name, target, "Orbax checkpoint", ocp.__version__)


def ncnn_samples(w):
    # The param file follows the document of ncnn and is read back by the library itself.
    import ncnn
    text = "7767517\n4 4\nInput            data     0 1 data 0=4 1=4 2=1\nConvolution      conv     1 1 data conv 0=2 1=1 5=1 6=2\nReLU             relu     1 1 conv relu\n" \
           "Softmax          prob     1 1 relu prob 0=0 -23303=2,1.0,2.0\n"

    def write(path):
        with open(path, "w") as file:
            file.write(text)
        net = ncnn.Net()
        if net.load_param(path) != 0:
            raise ValueError("ncnn does not read it")

    w.add("native", "ncnn-param", "net.param", write, "ncnn network", ncnn.__version__)


def field(number, content):
    def varint(value):
        out = b""
        while value > 0x7f:
            out += bytes([value & 0x7f | 0x80])
            value >>= 7
        return out + bytes([value])

    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


CAFFE = """name: "LeNet"
# training and test data
layer {
  name: "mnist" type: "Data" top: "data" top: "label"
  include { phase: TRAIN }
  transform_param { scale: 0.00390625 mean_file: "mean.binaryproto" }
  data_param { source: "examples/mnist/mnist_train_lmdb" batch_size: 64 backend: LMDB }
}
layer {
  name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 20 kernel_size: 5 stride: 1 weight_filler { type: "xavier" } bias_filler { type: "constant" } }
}
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1" inner_product_param { num_output: 10 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip1" bottom: "label" top: "loss" }
"""


def caffe_samples(w):
    # No wheel of Caffe exists; OpenCV reads what follows its description, where it is there.
    import struct
    numbers = lambda count: struct.pack("<%df" % count, *[0.01 * (i % 50) for i in range(count)])
    shape = lambda *dims: field(7, field(1, bytes(dims)))
    conv = field(1, "conv1") + field(2, "Convolution") + field(3, "data") + field(4, "conv1")
    conv += field(7, field(5, numbers(500)) + shape(20, 1, 5, 5)) + field(7, field(5, numbers(20)) + shape(20)) + field(106, field(1, 20) + field(4, 5))
    model = field(1, "LeNet") + field(100, field(1, "data") + field(2, "Input") + field(4, "data") + field(143, field(1, field(1, bytes([1, 1, 28, 28]))))) + field(100, conv)
    old = field(1, "net") + field(2, field(2, "data") + field(3, "conv1") + field(4, "conv1") + field(5, 4)
                                  + field(6, field(1, 20) + field(2, 1) + field(3, 5) + field(4, 5) + field(5, numbers(500))))
    deploy = CAFFE[CAFFE.index("layer {\n  name: \"conv1\""):CAFFE.index("layer { name: \"loss\"")]
    deploy = 'name: "LeNet"\nlayer { name: "data" type: "Input" top: "data" input_param { shape: { dim: 1 dim: 1 dim: 28 dim: 28 } } }\n' + deploy
    w.add("native", "caffe-train", "train.prototxt", CAFFE, "Caffe network in text")
    w.add("native", "caffe-deploy", "deploy.prototxt", deploy, "Caffe network in text")
    w.add("native", "caffe-solver", "solver.prototxt", 'net: "train.prototxt"\nbase_lr: 0.01\nlr_policy: "inv"\nsnapshot_prefix: "lenet"\nsolver_mode: GPU\n', "Caffe solver")
    w.add("native", "caffe-first-form", "old.caffemodel", old, "Caffe network")

    def write(path):
        with open(path, "wb") as file:
            file.write(model)
        try:
            import cv2
        except ImportError:
            return
        text = 'name: "LeNet"\nlayer { name: "data" type: "Input" top: "data" input_param { shape: { dim: 1 dim: 1 dim: 28 dim: 28 } } }\n'
        text += 'layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 20 kernel_size: 5 } }\n'
        if hasattr(cv2.dnn, "readNetFromCaffe"):
            cv2.dnn.readNetFromCaffe(np_buffer(text.encode()), np_buffer(model)).getLayerNames()

    w.add("native", "caffe-model", "net.caffemodel", write, "Caffe network")


def np_buffer(data):
    import numpy as np
    return np.frombuffer(data, dtype=np.uint8)


def samples(w):
    for part in (caffe_samples, lightgbm_samples, xgboost_samples, catboost_samples, zarr_samples, tensorstore_samples, orbax_samples, ncnn_samples):
        try:
            part(w)
        except (ImportError, Missing) as error:
            w.skip(part.__name__, str(error))
        except Exception as error:
            w.failed += 1
            w.skip(part.__name__, "FAILED " + repr(error)[:200])
