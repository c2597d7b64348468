"""Boosted trees, Caffe, CNTK, ncnn, Zarr and TensorStore: structures that overrun readers, code that loading runs, files outside."""
import json
import struct

from malicious_ops import Call, Glob, SHELL, dump

MARK = "print('CLEANBILL-INERT')"

TREE = ("Tree=0\nnum_leaves=3\nnum_cat=%(cat)s\nsplit_feature=%(feature)s\nsplit_gain=1 1\nthreshold=0.5 0.25\ndecision_type=%(kind)s\n"
        "left_child=%(left)s\nright_child=%(right)s\nleaf_value=%(value)s\nleaf_weight=1 1 1\nleaf_count=5 5 5\ninternal_value=0 0\n"
        "internal_weight=0 0\ninternal_count=15 10\n%(more)sis_linear=0\nshrinkage=1\n\n\n")
GOOD = {"cat": "0", "feature": "0 1", "kind": "2 2", "left": "1 -1", "right": "-2 -3", "value": "0.1 0.2 0.3", "more": ""}


def lightgbm(parameters="", size=None, first="tree\n", **changes):
    tree = TREE % dict(GOOD, **changes)
    head = (first + "version=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=binary sigmoid:1\n"
            "feature_names=a b\nfeature_infos=[0:1] [0:1]\ntree_sizes=%d\n\n" % (len(tree) if size is None else size))
    return (head + tree + "end of trees\n\nfeature_importances:\na=1\nb=1\n\nparameters:\n[boosting: gbdt]\n%send of parameters\n\n"
            "pandas_categorical:null\n" % parameters).encode()


def xgboost_json(order=("learner", "version"), features="2", **lists):
    tree = dict({"left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0], "split_conditions": [.5, 1, 2],
                 "categories_nodes": [], "categories_segments": [], "categories_sizes": [], "categories": []}, **lists)
    learner = {"gradient_booster": {"model": {"trees": [tree]}, "name": "gbtree"},
               "learner_model_param": {"base_score": "5E-1", "num_feature": features}}
    parts = {"learner": learner, "version": [2, 1, 0], "note": "x" * 9000}
    return json.dumps({key: parts[key] for key in order}).encode()


def xgboost_binary(nodes, magic=b"binf", after=b""):
    text = lambda word: struct.pack("<Q", len(word)) + word
    out = magic + struct.pack("<fIiiiII", .5, 2, 0, 0, 0, 1, 0) + bytes(108) + text(b"reg:squarederror") + text(b"gbtree")
    out += struct.pack("<I", 1) + bytes(156) + struct.pack("<II", 1, len(nodes)) + bytes(140)
    for left, right, feature in nodes:
        out += struct.pack("<iiiIf", 0, left, right, feature, 0)
    return out + bytes(16 * len(nodes)) + struct.pack("<i", 0) + after


def boosters(corpus):
    def text(slug, technique, **changes):
        corpus.add("boosters", "lightgbm-" + slug, "model.txt", lightgbm(**changes), technique)

    text("child-outside", "child outside the tree", left="7000000 -1")
    text("leaf-outside", "leaf outside the tree", right="-2 -70000")
    text("circle", "nodes in a circle", left="0 -1")
    text("values", "fewer leaf values than leaves", value="0.1")
    text("feature", "feature that does not exist", feature="0 90000")
    text("category", "set of categories that does not exist", kind="2 1")
    text("boundaries", "categories that fall", cat="1", kind="2 2", more="cat_boundaries=9 2\ncat_threshold=1 2\n")
    text("sizes", "sizes that lead behind the trees", size=100000)
    text("headless", "child outside, first line left out", first="", left="70000 -1")
    def tree(slug, technique, data, name="model.json"):
        corpus.add("boosters", "xgboost-" + slug, name, data, technique)

    tree("json-child", "child outside the tree, in JSON", xgboost_json(left_children=[70000, -1, -1]))
    tree("json-circle", "nodes in a circle, in JSON", xgboost_json(left_children=[1, 2, -1], right_children=[-1, 1, -1]))
    tree("json-feature", "feature that does not exist, in JSON", xgboost_json(split_indices=[900000, 0, 0]))
    tree("json-late", "child outside the tree, behind another key", xgboost_json(order=("note", "version", "learner"), right_children=[-5, -1, -1]))
    tree("json-category", "categories outside of their list", xgboost_json(categories_nodes=[0], categories_segments=[7], categories_sizes=[90000], categories=[1]))
    tree("json-lengths", "fewer conditions than nodes, in JSON", xgboost_json(split_conditions=[.5]))
    tree("binary-child", "child outside the tree, in the older form", xgboost_binary([(1, 70000, 0), (-1, -1, 0), (-1, -1, 0)]), "model.bin")
    tree("binary-bare", "negative child, without the mark before it", xgboost_binary([(-70000, 2, 0), (-1, -1, 0), (-1, -1, 0)], b""), "model.bin")
    tree("binary-after", "pickle after the model in the older form", xgboost_binary([(-1, -1, 0)], after=dump(Call(Glob("os", "system"), SHELL))), "model.bin")


def varint(value):
    out = b""
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def networks(corpus):
    python = 'name: "net"\nlayer {\n  name: "p"\n  type: %s\n  top: "x"\n  python_param { module: %s layer: "%s" param_str: "%s" }\n}\n'

    def caffe(slug, data, technique, name="net.prototxt"):
        corpus.add("caffe", "caffe-" + slug, name, data if isinstance(data, bytes) else data.encode(), technique)

    caffe("python", python % ('"Python"', '"cleanbill_layer"', "Layer", "{}"), "layer of Python in text")
    caffe("python-os", python % ('"Python"', '"os"', "system", "echo"), "module of Python that runs commands")
    caffe("python-escaped", "# words\n" * 200000 + python % ("'P\\x79' 'thon'", '"sub" "process"', "call", ""), "names in pieces and escapes, behind comments")
    layer = field(1, "p") + field(2, "Python") + field(130, field(1, "os") + field(2, "system"))
    caffe("python-model", field(1, "net") + field(100, layer), "layer of Python in protocol buffers", "net.caffemodel")
    blob = field(7, field(1, b"\x20")) + field(5, b"\x7fELF\x02\x01\x01".ljust(128, b"\0"))
    caffe("program", field(1, "net") + field(100, field(1, "w") + field(2, "InnerProduct") + field(7, blob)), "program in weights", "net.caffemodel")
    caffe("output", 'layer { name: "o" type: "HDF5Output" hdf5_output_param { file_name: "/nonexistent/cleanbill/x" } }\n', "layer writes outside of the folder")

    def entry(key, number, value):
        return field(2, field(1, key) + field(2, field(number, value)))

    def cntk(slug, state, technique, native=0):
        function = entry("type", 8, "UserDefinedFunction") + entry("uid", 8, "U1") + entry("native", 3, native)
        function += entry("user_defined_state", 12, b"".join(entry(key, 8, value) for key, value in state.items()))
        model = field(1, 1) + entry("type", 8, "CompositeFunction") + entry("root", 8, "U1") + entry("primitive_functions", 11, field(1, field(12, function)))
        corpus.add("cntk", "cntk-" + slug, "net.model", model, technique)

    cntk("python", {"class": "Own", "module": "cleanbill_layers", "op_name": "own"}, "function imports a Python module")
    cntk("statement", {"class": "path", "module": "os import path; %s #" % MARK, "op_name": "own"}, "Python in the place of a module's name")
    cntk("native", {"op": "own", "module": "/nonexistent/cleanbill.so", "deserialize_method": "make"}, "function loads a native library", 1)

    def ncnn(slug, data, technique, name="net.param"):
        corpus.add("ncnn", "ncnn-" + slug, name, data, technique)

    ncnn("blobs", b"7767517\n3 1\nInput a 0 1 a\nSplit b 1 2 a b c\nSoftmax d 1 1 b d\n", "more blobs than announced")
    ncnn("parameter", b"7767517\n2 2\nInput a 0 1 a\nSoftmax d 1 1 a d 90000=1\n", "parameter without room")
    ncnn("numbers", struct.pack("<12i", 7767517, 1, 1, 16, 0, 1, 700000, -233, 0, 0, 0, 0), "blob that does not exist, in numbers", "net.param.bin")


def stores(corpus):
    def zarr(slug, files, technique):
        name, *rest = files
        corpus.add("zarr", "zarr-" + slug, name, files[name], technique, files={other: files[other] for other in rest})

    def array(filters, dtype="|O", **more):
        return dict({"zarr_format": 2, "chunks": [1], "compressor": None, "dtype": dtype, "fill_value": None, "filters": filters, "order": "C", "shape": [1]}, **more)

    pickled = [{"id": "pickle", "protocol": 5}]
    chunk = dump(Call(Glob("os", "system"), SHELL))
    write = lambda value: json.dumps(value).encode()
    zarr("pickle", {".zarray": write(array(pickled)), "0": chunk}, "array of pickles")
    zarr("pickle-consolidated", {".zmetadata": write({"zarr_consolidated_format": 1, "metadata": {"a/.zarray": array(pickled)}})}, "array of pickles in consolidated metadata")
    zarr("pickle-escaped", {".zarray": write(array(pickled)).replace(b"pickle", b"p\\u0069ckle").replace(b"zarr_format", b"z\\u0061rr_format")}, "names with escapes")
    zarr("pickle-3", {"zarr.json": write({"zarr_format": 3, "node_type": "array", "shape": [1], "data_type": "int8", "codecs": [{"name": "sharding_indexed", "configuration": {"codecs": [{"name": "numcodecs.pickle"}]}}]})}, "codec of pickles within a shard")
    zarr("repeated", {".zarray": write(array(None, "<f4"))[:-1] + b', "dtype": "|O", "filters": ' + write(pickled) + b"}"}, "filters that stand twice")
    zarr("spec-climbs", {"spec.json": write({"driver": "zarr", "kvstore": {"driver": "file", "path": "../../../nonexistent/"}})}, "specification that climbs out of the folder")

    def node(magic, body):
        return magic + struct.pack("<Q", len(body) + 18) + b"\0\0" + body + bytes(4)

    path = b"../../nonexistent/cleanbill"
    manifest = bytes([7] * 16 + [0, 100, 0x80, 1, 4, 0, 1, len(path), 0]) + path + bytes(12)
    zarr("database-outside", {"manifest.ocdbt": node(b"\x0c\xdb\x3a\x2a", manifest)}, "data files outside of the database")
    value = write(array(pickled))
    leaf = bytes([0, 1, 3, 0]) + b"d/a" + bytes([1, 7]) + b".zarray" + varint(len(value)) + b"\0" + value
    zarr("database-pickle", {"d/0123456789abcdef": node(b"\x0c\xdb\x20\xde", leaf)}, "array of pickles within a database")


def build(corpus):
    boosters(corpus)
    networks(corpus)
    stores(corpus)
