"""Graphs and engines: TensorFlow Lite, ONNX Runtime, OpenVINO by their libraries; PMML, MXNet and Torch7 as published examples show them."""
import glob
import importlib.util
import io
import json
import os
import plistlib
import struct
import tempfile
import zipfile


GROUP = "graphs"
LIMIT_BYTES = 8 << 20


def tflite_model(schema, flatbuffers, np, codes, operators, tensors, data, metadata=(), description="made by a converter"):
    """Packs a model with the object API of the schema."""
    model = schema.ModelT()
    model.version, model.description = 3, description
    model.operatorCodes = []
    for code, custom in codes:
        one = schema.OperatorCodeT()
        one.deprecatedBuiltinCode, one.builtinCode, one.version, one.customCode = min(code, 127), code, 1, custom
        model.operatorCodes.append(one)
    model.buffers = []
    for content in [b""] + list(data):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(content, dtype=np.uint8) if content else None
        model.buffers.append(buffer)
    graph = schema.SubGraphT()
    graph.name, graph.inputs, graph.outputs, graph.tensors, graph.operators = "main", [0], [len(tensors) - 1], [], []
    for name, shape, buffer in tensors:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, 0, buffer
        graph.tensors.append(tensor)
    for index, inputs, outputs, options in operators:
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = index, inputs, outputs
        if isinstance(options, bytes):
            operator.customOptions = list(options)
        elif options:
            operator.builtinOptionsType, operator.builtinOptions = options
        graph.operators.append(operator)
    model.subgraphs = [graph]
    model.metadata = []
    for name, buffer in metadata:
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, buffer
        model.metadata.append(entry)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def tflite(w):
    try:
        import flatbuffers
        import numpy as np
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as e:
        w.skip("tflite", str(e))
        return
    weights = np.linspace(-1, 1, 8, dtype=np.float32).tobytes()
    add = lambda name, data, technique: w.add(GROUP, "tflite-" + name, "model.tflite", data, technique)
    tensors = [("x", [1, 2], 0), ("w", [4, 2], 1), ("y", [1, 4], 0)]
    dense = schema.FullyConnectedOptionsT()
    make = lambda *more, **kw: tflite_model(schema, flatbuffers, np, *more, **kw)
    plain = make([(9, None)], [(0, [0, 1, -1], [2], (8, dense))], tensors, [weights])
    add("dense", plain, "one dense layer with a left-out bias")
    reshape = schema.ReshapeOptionsT()
    reshape.newShape = [2, 2]
    add("reshape", make([(22, None)], [(0, [0], [1], (17, reshape))], [("x", [1, 4], 0), ("y", [2, 2], 0)], []), "reshape by option")
    add("scalar", make([(9, None)], [(0, [0, 1, -1], [2], None)], [("x", [1, 2], 0), ("w", [4, 2], 1), ("y", [], 0)], [weights]), "scalar tensor")
    add("detection", make([(32, "TFLite_Detection_PostProcess")], [(0, [0, 1], [2], b"max_detections\0\x0a")], tensors, [weights]),
        "detection operator that every object detector has")
    add("edgetpu", make([(32, "edgetpu-custom-op")], [(0, [0], [2], bytes(range(200)))], tensors, [weights]), "compiled for an accelerator")
    for name in ("Erf", "TensorListReserve", "StringLower", "Einsum"):
        node = name.encode()
        options = bytes([len(node)]) + node + b"\0\x0a\x03abc\x12" + bytes([len(node)]) + node
        add("flex-" + name.lower(), make([(32, "Flex" + name)], [(0, [0], [2], options)], tensors, [weights]), "harmless Flex operator")
    add("text", make([(32, "TFText>WhitespaceTokenizeWithOffsetsV2")], [(0, [0], [2], b"")], tensors, [weights]), "operator of TensorFlow Text")
    add("metadata", make([(9, None)], [(0, [0, 1, -1], [2], None)], tensors, [weights, b"2.14.0\0\0"], [("min_runtime_version", 2)]), "metadata")
    packed = io.BytesIO(plain)
    packed.seek(0, 2)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
        archive.writestr("vocab.txt", "eval\nexec\n")
    add("associated-files", packed.getvalue(), "labels packed behind the model as the metadata library does")
    many = [(0, [0, 1, -1], [2], None)] * 500
    add("many-operators", make([(9, None)], many, tensors, [weights]), "500 operators")
    add("decoy-names", make([(9, None)], [(0, [0, 1, -1], [2], None)],
        [("FlexWriteFile", [1, 2], 0), ("os.system/ReadFile", [4, 2], 1), ("y", [1, 4], 0)], [weights], description="PyFunc WriteFile"), "words in names")
    # Only found, not imported: its dependencies are not needed for its models.
    found = importlib.util.find_spec("mediapipe")
    folder = os.path.dirname(found.origin) if found and found.origin else None
    if not folder:
        w.skip("models of mediapipe", "not installed")
    for file in sorted(glob.glob(os.path.join(folder, "**", "*.tflite"), recursive=True)) if folder else []:
        if os.path.getsize(file) <= LIMIT_BYTES:
            with open(file, "rb") as f:
                w.add(GROUP, "mediapipe-" + os.path.basename(file)[:-7].replace("_", "-"), os.path.basename(file), f.read(), "model of MediaPipe")


def onnx_models():
    """Small models that cover branches, loops and domains."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper
    value = lambda name, shape, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, shape)
    tensor = lambda name, array: numpy_helper.from_array(np.asarray(array), name)
    x, y = value("x", [1, 4]), value("y", None)

    def model(nodes, initialisers=(), inputs=(x,), outputs=(y,), domains=()):
        graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(initialisers))
        imports = [helper.make_opsetid("", 17)] + [helper.make_opsetid(d, v) for d, v in domains]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)

    weight = np.ones((4, 3), dtype=np.float32)
    yield "matmul", model([helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])], [tensor("w", weight)])
    yield "gemm-softmax", model([helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Softmax", ["h"], ["y"])],
                                [tensor("w", weight), tensor("b", np.zeros(3, dtype=np.float32))])
    yield "conv", model([helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])], [tensor("w", np.ones((2, 1, 3, 3), dtype=np.float32))],
                        [value("x", [1, 1, 8, 8])])
    branch = lambda name, number: helper.make_graph([helper.make_node("Constant", [], [name], value=tensor("c", np.float32([number])))], name, [],
                                                    [value(name, [1])])
    yield "if", model([helper.make_node("If", ["c"], ["y"], then_branch=branch("a", 1), else_branch=branch("b", 2))], [],
                      [value("c", [], TensorProto.BOOL)])
    yield "scaler", model([helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.0] * 4, scale=[1.0] * 4)], domains=[("ai.onnx.ml", 3)])
    yield "gelu", model([helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")], domains=[("com.microsoft", 1)])
    yield "decoy", model([helper.make_node("Relu", ["x"], ["os_system"], name="PyOp"), helper.make_node("Identity", ["os_system"], ["y"])])


def ort(w):
    try:
        import onnxruntime
        models = list(onnx_models())
    except ImportError as e:
        w.skip("ort", str(e))
        return
    for name, model in models:
        def write(path, model=model):
            options = onnxruntime.SessionOptions()
            options.optimized_model_filepath = path
            options.log_severity_level = 3
            options.add_session_config_entry("session.save_model_format", "ORT")
            onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        w.add(GROUP, "ort-" + name, "model.ort", write, "written by ONNX Runtime")


def openvino(w):
    try:
        import numpy as np
        import openvino as ov
        models = list(onnx_models())
    except ImportError as e:
        w.skip("openvino", str(e))
        return
    for name, model in models:
        if name in ("scaler", "if"):
            continue
        def write(path, model=model):
            with tempfile.TemporaryDirectory() as folder:
                source = os.path.join(folder, "model.onnx")
                with open(source, "wb") as f:
                    f.write(model.SerializeToString())
                ov.save_model(ov.convert_model(source), path, compress_to_fp16=name == "conv")
        w.add(GROUP, "openvino-" + name, "model.xml", write, "written by OpenVINO")
    from openvino import opset8 as ops
    x = ops.parameter([1, 4], dtype=np.float32, name="x")
    for name, node in (("topk", lambda: ops.topk(x, ops.constant(2), 1, "max", "value")), ("lstm-constant", lambda: ops.add(x, ops.constant(np.full((1, 4), 0.5, np.float32))))):
        def write(path, node=node):
            out = node()
            ov.serialize(ov.Model([out.output(0) if name == "topk" else out], [x], name), path)
        w.add(GROUP, "openvino-" + name, "model.xml", write, "built with the operator set")


PMML = '''<?xml version="1.0" encoding="UTF-8"?>
%s<PMML xmlns="http://www.dmg.org/PMML-4_2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="4.2"
 xsi:schemaLocation="http://www.dmg.org/PMML-4_2 http://www.dmg.org/v4-2/pmml-4-2.xsd">
 <Header copyright="Copyright (c) 2012 DMG" description="Linear Regression Model">%s<Timestamp>2013-02-11 12:01:12</Timestamp></Header>
 <DataDictionary numberOfFields="2"><DataField name="a" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
 %s
 <RegressionModel modelName="m" functionName="regression"><MiningSchema><MiningField name="y" usageType="predicted"/><MiningField name="a"/></MiningSchema>
 <RegressionTable intercept="1.5"><NumericPredictor name="a" exponent="1" coefficient="-0.5"/></RegressionTable></RegressionModel>
</PMML>
'''


def documents(w):
    add = lambda name, text, technique, file="model.pmml": w.add(GROUP, "pmml-" + name, file, text, technique)
    r = '<Extension name="user" value="analyst" extender="Rattle/PMML"/><Application name="Rattle/PMML" version="1.4"/>'
    add("regression", PMML % ("", "", ""), "regression")
    add("rattle", PMML % ("", r, ""), "as the pmml package of R writes")
    add("doctype", PMML % ('<!DOCTYPE PMML PUBLIC "PMML 2.0" "http://www.dmg.org/v2-0/pmml_v2_0.dtd">\n', "", ""), "declarations of the publisher")
    add("local-doctype", PMML % ('<!DOCTYPE PMML SYSTEM "pmml20.dtd">\n', "", ""), "declarations beside it")
    add("entity", PMML % ('<!DOCTYPE PMML [<!ENTITY company "Example Ltd.">]>\n', "<Annotation>&company;</Annotation>", ""), "an entity that is a text")
    functions = ("<TransformationDictionary><DefineFunction name=\"celsius.to.kelvin\" optype=\"continuous\"><ParameterField name=\"t\"/><Apply function=\"+\">"
                 "<FieldRef field=\"t\"/><Constant>273.15</Constant></Apply></DefineFunction><DerivedField name=\"k\" optype=\"continuous\" dataType=\"double\">"
                 "<Apply function=\"celsius.to.kelvin\"><FieldRef field=\"a\"/></Apply></DerivedField><DerivedField name=\"l\" optype=\"continuous\" dataType=\"double\">"
                 "<Apply function=\"if\"><Apply function=\"lessThan\"><FieldRef field=\"a\"/><Constant>1</Constant></Apply><Apply function=\"x-log2\"><FieldRef field=\"a\"/>"
                 "</Apply><Apply function=\"/\"><FieldRef field=\"a\"/><Constant>2</Constant></Apply></Apply></DerivedField></TransformationDictionary>")
    add("functions", PMML % ("", "", functions), "functions of its own, with dots in a name")
    add("words", PMML % ("", "<Annotation>Runtime.getRuntime().exec is never used; see javax.script</Annotation>", ""), "words in an annotation")
    add("knime", PMML % ("", '<Extension name="Class" value="double" extender="KNIME"/><Application name="KNIME" version="4.7"/>', ""), "extension of KNIME")
    add("utf-16", ("\ufeff" + (PMML % ("", "", "")).replace("UTF-8", "UTF-16")).encode("utf-16-le"), "UTF-16")
    add("latin", (PMML % ("", "<Annotation>modèle</Annotation>", "")).replace("UTF-8", "ISO-8859-1").encode("latin-1"), "Latin-1")
    tree = "".join('<Node id="%d" score="%d"><SimplePredicate field="a" operator="lessThan" value="%d"/>' % (n, n, n) for n in range(60)) + "</Node>" * 60
    add("deep-tree", (PMML % ("", "", "")).replace("<RegressionModel", "<TreeModel functionName='regression'>" + tree + "</TreeModel><RegressionModel"), "nested tree")
    w.add(GROUP, "xml-plist", "settings.plist.xml", plistlib.dumps({"eval": 1, "exec": ["a"]}), "property list with its declaration")
    w.add(GROUP, "xml-svg", "chart.svg", '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
          '<svg xmlns="http://www.w3.org/2000/svg"><text>1</text></svg>\n', "picture with its declaration")
    w.add(GROUP, "xml-svg-illustrator", "logo.svg", '<?xml version="1.0"?>\n<!DOCTYPE svg [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>\n<svg xmlns="&ns_svg;"/>\n',
          "picture with entities for its namespaces")
    w.add(GROUP, "xml-annotations", "image1.xml", "<annotation><folder>a</folder><object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object></annotation>\n",
          "annotation of a picture")
    w.add(GROUP, "xml-pom", "pom.xml", '<?xml version="1.0"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0"><name>${project.artifactId}</name></project>\n', "build file")


def others(w):
    null = {"op": "null", "name": "data", "inputs": []}
    layer = {"op": "FullyConnected", "name": "fc", "attrs": {"num_hidden": "10"}, "inputs": [[0, 0, 0]]}
    w.add(GROUP, "mxnet-symbol", "model-symbol.json", json.dumps({"nodes": [null, layer], "arg_nodes": [0], "node_row_ptr": [0, 1, 2], "heads": [[1, 0, 0]],
          "attrs": {"mxnet_version": ["int", 10900]}}, indent=2), "graph of MXNet")
    w.add(GROUP, "mxnet-decoy", "model-symbol.json", json.dumps({"nodes": [null, dict(layer, name="Custom")], "arg_nodes": [0], "heads": [[1, 0, 0]]}), "layer called Custom")
    w.add(GROUP, "tvm-graph", "deploy_graph.json", json.dumps({"nodes": [null, {"op": "tvm_op", "name": "fused_nn_dense", "attrs": {"func_name": "fused_nn_dense"},
          "inputs": [[0, 0, 0]]}], "arg_nodes": [0], "heads": [[1, 0, 0]]}), "graph of TVM")
    array = struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, 4, 1, 0, 0) + struct.pack("<4f", 1, 2, 3, 4)
    w.add(GROUP, "mxnet-params", "model-0000.params", struct.pack("<QQQ", 0x112, 0, 2) + array * 2 + struct.pack("<Q", 2)
          + b"".join(struct.pack("<Q", len(n)) + n for n in (b"arg:fc_weight", b"aux:bn_mean")), "parameters of MXNet")
    head = b"lmgg" + struct.pack("<7I", 1, 8, 256, 2, 1, 4, 0) + struct.pack("<I", 1) + b"a"
    w.add(GROUP, "ggml-llama", "ggml-model-f32.bin", head + (struct.pack("<IIII", 1, 1, 0, 4) + b"w" + struct.pack("<4f", 1, 2, 3, 4)) * 2, "LLaMA before GGUF")
    head = b"lmgg" + struct.pack("<11I", 51864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1) + struct.pack("<II", 80, 2) + b"\0" * 640 + struct.pack("<II", 1, 1) + b"a"
    w.add(GROUP, "ggml-whisper", "ggml-tiny.bin", head + struct.pack("<IIIII", 2, 1, 1, 2, 2) + b"w" + b"\0" * 8, "Whisper")
    w.add(GROUP, "ggml-gpt2", "ggml-gpt2.bin", b"lmgg" + struct.pack("<6I", 50257, 1024, 768, 12, 12, 1) + b"\0" * 64, "GPT-2 before GGUF")
    text = lambda s: struct.pack("<ii", 2, len(s)) + s.encode()
    number = lambda n: struct.pack("<id", 1, n)
    of_class = lambda name, body, index: struct.pack("<iii", 4, index, 3) + b"V 1" + struct.pack("<i", len(name)) + name.encode() + body
    storage = lambda index: of_class("torch.FloatStorage", struct.pack("<q", 2) + struct.pack("<2f", 1, 2), index)
    tensor = lambda index: of_class("torch.FloatTensor", struct.pack("<iqqq", 1, 2, 1, 1) + storage(index + 1), index)
    table = lambda pairs, index: struct.pack("<iii", 3, index, len(pairs)) + b"".join(k + v for k, v in pairs)
    w.add(GROUP, "torch7-tensor", "tensor.t7", tensor(1), "tensor of Torch7")
    w.add(GROUP, "torch7-table", "table.t7", table([(text("weight"), tensor(2)), (text("epoch"), number(3)), (text("done"), struct.pack("<ii", 5, 1))], 1), "table of Torch7")
    linear = of_class("nn.Linear", table([(text("weight"), tensor(4)), (text("train"), struct.pack("<ii", 5, 0))], 3), 2)
    w.add(GROUP, "torch7-network", "net.t7", of_class("nn.Sequential", table([(number(1), linear), (text("again"), struct.pack("<ii", 4, 2))], 9), 1), "network of Torch7")
    w.add(GROUP, "torch7-decoy", "words.t7", table([(text("function"), text("\x1bLJ os.execute"))], 1), "words that look like a function")
    w.add(GROUP, "torch7-text", "tensor.t7", "4\n1\n3\nV 1\n17\ntorch.FloatTensor\n1\n2\n1\n1\n4\n2\n3\nV 1\n18\ntorch.FloatStorage\n2\n1.5 2.5\n", "tensor in text form")


def samples(w):
    tflite(w)
    ort(w)
    openvino(w)
    documents(w)
    others(w)
