"""Writes pickles opcode by opcode.

Nothing here calls `pickle`: a sample is a tree of small nodes (`Glob`, `Call`, ...) turned into bytes, or bytes
written by hand where a trick needs it. So no gadget ever runs while the corpus is made.
"""

import struct

MARKER = "CLEANBILL-INERT"
SHELL = "echo CLEANBILL-INERT"
PYTHON = "print('CLEANBILL-INERT')"
HOST = "cleanbill.example.invalid"
URL = "http://cleanbill.example.invalid/CLEANBILL-INERT"
# A folder that does not exist: a gadget that writes, reads or deletes fails there and changes nothing.
NOWHERE = "/nonexistent/CLEANBILL-INERT"

# `compile("print(\"CLEANBILL-INERT\")", "<inert>", "exec")` as marshal of CPython 3.11. Kept as text, because
# the bytes `marshal.dumps` writes depend on reference counts.
MARSHALLED = bytes.fromhex(
    "e30000000000000000000000000300000000000000f31c0000009700020065006400a6010000ab01000000000000000001006401530029"
    "027a0f434c45414e42494c4c2d494e4552544e2901da057072696e74a900f300000000fa073c696e6572743efa083c6d6f64756c653e72"
    "0600000001000000731c000000f003010101d800058005d00617d10018d40018d00018d00018d000187204000000"
)
# The fields of the same code as a function body, for `types.CodeType`.
CODE_FIELDS = (
    0, 0, 0, 0, 3, 3,
    bytes.fromhex("9700740100000000000000000000" "6401a6010000ab010000000000000000" "010064005300"),
    (None, MARKER), ("print",), (), "<inert>", "f", "f", 1, b"\x80\x00", b"", (), (),
)


class Node:
    """Base of the nodes a pickle is written from."""

    def __init__(self, *parts):
        self.parts = parts


class Glob(Node):
    """A global: module and qualified name."""


class Call(Node):
    """REDUCE: callable, then arguments."""


class Inst(Node):
    """INST: module, name, arguments."""


class Obj(Node):
    """OBJ: class, arguments."""


class New(Node):
    """NEWOBJ: class, arguments."""


class NewEx(Node):
    """NEWOBJ_EX: class, arguments, keyword arguments."""


class Build(Node):
    """BUILD: object, state."""


class Drop(Node):
    """Parts made and popped in turn; the last stays."""


class Raw(Node):
    """Opcodes as given."""


class Pers(Node):
    """A persistent id."""


class Items(Node):
    """An object, then key and value pairs set on it by SETITEM."""


class Append(Node):
    """An object, then values appended to it by APPEND."""


def g(dotted, name=None):
    """A global from `module:name`, or from `module.name` split at the last dot."""
    if name is not None:
        return Glob(dotted, name)
    module, _, name = dotted.rpartition(":" if ":" in dotted else ".")
    return Glob(module, name)


def call(target, *args):
    """REDUCE of a global written as text, or of a node."""
    return Call(g(target) if isinstance(target, str) else target, *args)


def attr(value, name):
    """`getattr(value, name)`."""
    return call("builtins:getattr", value, name)


def system(text=SHELL):
    """The textbook call."""
    return call("os:system", text)


class Writer:
    """Turns a tree into opcodes of one protocol, with memo marks as the standard pickler leaves them."""

    def __init__(self, proto, memo=True):
        self.proto = proto
        self.out = bytearray()
        self.count = 0
        self.memo = memo

    def put(self):
        if not self.memo:
            return
        if self.proto >= 4:
            self.out += b"\x94"
        elif self.proto >= 1:
            self.out += b"q" + bytes([self.count]) if self.count < 256 else b"r" + struct.pack("<I", self.count)
        else:
            self.out += b"p%d\n" % self.count
        self.count += 1

    def text(self, value):
        data = value.encode("utf-8", "surrogatepass")
        if self.proto == 0:
            escaped = value.encode("raw-unicode-escape").replace(b"\n", b"\\u000a")
            self.out += b"V" + escaped + b"\n"
        elif self.proto >= 4 and len(data) < 256:
            self.out += b"\x8c" + bytes([len(data)]) + data
        else:
            self.out += b"X" + struct.pack("<I", len(data)) + data
        self.put()

    def blob(self, value):
        if self.proto < 3:
            self.write(call("_codecs:encode", value.decode("latin1"), "latin1"))
            return
        if len(value) < 256:
            self.out += b"C" + bytes([len(value)]) + value
        else:
            self.out += b"B" + struct.pack("<I", len(value)) + value
        self.put()

    def number(self, value):
        if self.proto == 0:
            self.out += b"I%d\n" % value if abs(value) < 1 << 31 else b"L%dL\n" % value
        elif 0 <= value < 256:
            self.out += b"K" + bytes([value])
        elif 0 <= value < 65536:
            self.out += b"M" + struct.pack("<H", value)
        elif abs(value) < 1 << 31:
            self.out += b"J" + struct.pack("<i", value)
        elif self.proto == 1:
            self.out += b"L%dL\n" % value
        else:
            data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.out += b"\x8a" + bytes([len(data)]) + data

    def name(self, module, name):
        if self.proto >= 4:
            self.text(module)
            self.text(name)
            self.out += b"\x93"
        else:
            if self.proto < 3 and module == "builtins":
                module = "__builtin__"
            self.out += b"c" + module.encode() + b"\n" + name.encode() + b"\n"
        self.put()

    def tuple(self, values):
        if self.proto >= 2 and len(values) < 4:
            for value in values:
                self.write(value)
            self.out += b")\x85\x86\x87"[len(values):len(values) + 1]
        elif not values and self.proto >= 1:
            self.out += b")"
            return
        else:
            self.out += b"("
            for value in values:
                self.write(value)
            self.out += b"t"
        if values:
            self.put()

    def write(self, node):
        out = self.out
        if node is None:
            out += b"N"
        elif node is True or node is False:
            out += (b"\x88" if node else b"\x89") if self.proto >= 2 else (b"I01\n" if node else b"I00\n")
        elif isinstance(node, str):
            self.text(node)
        elif isinstance(node, bytes):
            self.blob(node)
        elif isinstance(node, int):
            self.number(node)
        elif isinstance(node, float):
            out += b"F%r\n" % node if self.proto == 0 else b"G" + struct.pack(">d", node)
        elif isinstance(node, tuple):
            self.tuple(node)
        elif isinstance(node, list):
            out += b"]" if self.proto else b"(l"
            self.put()
            if node:
                out += b"("
                for value in node:
                    self.write(value)
                out += b"e"
        elif isinstance(node, dict):
            out += b"}" if self.proto else b"(d"
            self.put()
            self.pairs(node.items())
        elif isinstance(node, set):
            raise TypeError("write sets as a call, their order is not fixed")
        else:
            self.node(node)

    def pairs(self, pairs):
        pairs = list(pairs)
        if pairs:
            self.out += b"("
            for key, value in pairs:
                self.write(key)
                self.write(value)
            self.out += b"u"

    def node(self, node):
        out, parts = self.out, node.parts
        kind = type(node)
        if kind is Glob:
            self.name(*parts)
        elif kind is Call:
            self.write(parts[0])
            self.tuple(parts[1:])
            out += b"R"
            self.put()
        elif kind is Inst:
            out += b"("
            for value in parts[2:]:
                self.write(value)
            out += b"i" + parts[0].encode() + b"\n" + parts[1].encode() + b"\n"
            self.put()
        elif kind is Obj:
            out += b"("
            for value in parts:
                self.write(value)
            out += b"o"
            self.put()
        elif kind is New:
            self.write(parts[0])
            self.tuple(parts[1:])
            out += b"\x81"
            self.put()
        elif kind is NewEx:
            self.write(parts[0])
            self.tuple(parts[1])
            self.write(parts[2])
            out += b"\x92"
            self.put()
        elif kind is Build:
            self.write(parts[0])
            self.write(parts[1])
            out += b"b"
        elif kind is Drop:
            for value in parts[:-1]:
                self.write(value)
                out += b"0"
            self.write(parts[-1])
        elif kind is Raw:
            out += parts[0]
        elif kind is Pers:
            if isinstance(parts[0], str) and self.proto == 0:
                out += b"P" + parts[0].encode() + b"\n"
            else:
                self.write(parts[0])
                out += b"Q"
        elif kind is Items:
            self.write(parts[0])
            for key, value in parts[1:]:
                self.write(key)
                self.write(value)
                out += b"s"
        elif kind is Append:
            self.write(parts[0])
            for value in parts[1:]:
                self.write(value)
                out += b"a"
        else:
            raise TypeError(kind)


def body(node, proto=4, memo=True):
    """The opcodes of a tree, without PROTO, FRAME and STOP."""
    writer = Writer(proto, memo)
    writer.write(node)
    return bytes(writer.out)


def wrap(opcodes, proto=4, frame=True):
    """PROTO, FRAME from protocol 4 on, the opcodes, STOP."""
    opcodes = opcodes + b"."
    if proto < 2:
        return opcodes
    head = b"\x80" + bytes([proto])
    if proto >= 4 and frame and len(opcodes) >= 4:
        head += b"\x95" + struct.pack("<Q", len(opcodes))
    return head + opcodes


def dump(node, proto=4, memo=True, frame=True):
    """A whole pickle of one tree."""
    return wrap(body(node, proto, memo), proto, frame)


# Short helpers for streams written by hand.
def c(module, name):
    """GLOBAL."""
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def u(text):
    """SHORT_BINUNICODE."""
    data = text.encode()
    return b"\x8c" + bytes([len(data)]) + data


def v(text):
    """UNICODE, a line of text."""
    return b"V" + text.encode() + b"\n"


def x(text):
    """BINUNICODE."""
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def sg(module, name):
    """STACK_GLOBAL of two short strings."""
    return u(module) + u(name) + b"\x93"


PAYLOAD = c("os", "system") + x(SHELL) + b"\x85R"
PAYLOAD4 = sg("os", "system") + u(SHELL) + b"\x85R"


class Corpus:
    """Collects samples; writes them sorted, so two runs give the same bytes."""

    def __init__(self):
        self.samples = {}

    def add(self, group, slug, name, data, technique, advisory=None, note="", files=None, textual=False):
        """Adds a sample of one main file, `files` beside it. The attack of a `textual` one is text that a cut may remove whole."""
        if advisory:
            slug = advisory.lower().replace(", ", "-") + "-" + slug
        if slug in self.samples:
            raise ValueError("sample id used twice: " + slug)
        content = {name: bytes(data)}
        content.update(files or {})
        record = {
            "id": slug, "group": group, "technique": technique, "path": f"malicious/{group}/{slug}/{name}",
            "advisory": advisory, "note": note,
        }
        if textual:
            record["textual"] = True
        self.samples[slug] = (record, content)
