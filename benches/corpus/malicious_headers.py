"""safetensors and GGUF files whose headers lie, and hostile chat templates."""

import struct

from malicious_files import SCRIPT, elf, safetensors
from malicious_ops import PAYLOAD, dump, system
from malicious_torch import EVIL, torch_zip

DATA = struct.pack("<4f", 0.25, -0.5, 1.0, 2.0)
ONE = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
POPEN = "{{ cycler.__init__.__globals__.os.popen('echo CLEANBILL-INERT').read() }}"

TEMPLATES = [
    ("cycler-globals", POPEN, "globals of a Jinja helper"),
    ("subclasses", "{{ ''.__class__.__mro__[1].__subclasses__() }}", "walk of object subclasses"),
    ("subclasses-loop", "{% for c in ().__class__.__base__.__subclasses__() %}{% if c.__name__ == 'Popen' %}{{ c('echo "
     "CLEANBILL-INERT', shell=True) }}{% endif %}{% endfor %}", "picks Popen out of the subclasses"),
    ("attr-filter", "{{ ''|attr('__class__')|attr('__mro__')|last|attr('__subclasses__')() }}", "attr filter"),
    ("attr-concatenated", "{{ ''|attr('__cl' ~ 'ass__')|attr('__m' ~ 'ro__') }}", "dunders put together"),
    ("attr-escaped", "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f')|attr('\\x5f\\x5fbase\\x5f\\x5f') }}", "hex escapes"),
    ("attr-format", "{{ ''|attr('%c%cclass%c%c'|format(95,95,95,95)) }}", "dunders by format"),
    ("attr-join", "{{ ''|attr(['__','class','__']|join) }}", "dunders by join"),
    ("attr-reverse", "{{ ''|attr('__ssalc__'|reverse) }}", "dunders by reverse"),
    ("subscript", "{{ messages['__class__']['__init__']['__globals__']['sys'] }}", "subscripts"),
    ("set-variable", "{% set g = lipsum.__globals__ %}{{ g['os'].popen('echo CLEANBILL-INERT').read() }}", "lipsum globals"),
    ("namespace-init", "{{ namespace.__init__.__globals__['__builtins__']['eval']('print(1)') }}", "namespace globals"),
    ("joiner", "{{ joiner.__init__.__globals__.os.system('echo CLEANBILL-INERT') }}", "joiner globals"),
    ("self-context", "{{ self._TemplateReference__context.cycler.__init__.__globals__.os }}", "template context"),
    ("config-range", "{% for a in range(100000000000) %}{% endfor %}", "endless loop"),
    ("include-file", "{% include '/etc/hostname' %}", "file read"),
    ("hidden-after-template", "{% for m in messages %}{{ m.content }}{% endfor %}" + " " * 4000 + POPEN, "behind 4,000 spaces"),
    ("import-builtins", "{{ get_flashed_messages.__globals__.__builtins__.open('/etc/hostname').read() }}", "builtins open"),
]


def text(value):
    """A GGUF string."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    """One metadata pair; the value is written already."""
    return text(key) + struct.pack("<I", kind) + value


def tensor(name=b"t", dims=(4,), kind=0, offset=0, count=None):
    """One tensor record."""
    return text(name) + struct.pack("<I", len(dims) if count is None else count) + b"".join(
        struct.pack("<Q", dim) for dim in dims) + struct.pack("<IQ", kind, offset)


def gguf(pairs=(), tensors=(), data=b"\0" * 32, version=3, tensor_count=None, pair_count=None, alignment=32):
    """A GGUF file; counts can lie."""
    base = [pair("general.architecture", 8, text("llama")), pair("general.name", 8, text("tiny"))]
    pairs = base + list(pairs)
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors) if tensor_count is None else tensor_count,
                                len(pairs) if pair_count is None else pair_count)
    out += b"".join(pairs) + b"".join(tensors)
    return out + b"\0" * (-len(out) % alignment) + data


def build_safetensors(corpus):
    def add(slug, data, technique, advisory=None, note="", name="model.safetensors"):
        corpus.add("safetensors", ("" if advisory else "safetensors-") + slug, name, data, technique, advisory, note)

    two = {"a": ONE, "b": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]}}
    add("overlap", safetensors(two, DATA * 2), "overlapping tensors")
    add("same-range", safetensors({"a": ONE, "b": ONE}, DATA), "overlapping tensors", note="two tensors on the same bytes")
    add("out-of-bounds", safetensors({"a": {**ONE, "data_offsets": [0, 1 << 40]}}, DATA), "offset beyond the file")
    add("negative", safetensors({"a": {**ONE, "data_offsets": [-16, 16]}}, DATA), "negative offset")
    add("reversed", safetensors({"a": {**ONE, "data_offsets": [16, 0]}}, DATA), "end before start")
    add("overflow", safetensors({"a": {**ONE, "data_offsets": [0, (1 << 64) + 16]}}, DATA), "offset beyond 64 bits")
    add("shape-mismatch", safetensors({"a": {**ONE, "shape": [64, 64]}}, DATA), "shape larger than the bytes")
    add("shape-overflow", safetensors({"a": {**ONE, "shape": [1 << 62, 8]}}, DATA), "shape product overflows")
    add("hole", safetensors({"a": ONE, "b": {**ONE, "data_offsets": [64, 80]}}, DATA + PAYLOAD.ljust(48, b"N") + DATA),
        "bytes no tensor claims", note="pickle opcodes in the hole")
    add("header-too-long", safetensors({"a": ONE}, DATA, length=1 << 50), "header length beyond the file")
    add("header-huge", safetensors('{"__metadata__":{"p":"' + "A" * 900000 + '"}}'), "header of 900 KB")
    add("header-over-limit", safetensors({"a": ONE}, DATA, length=100_000_001), "header length above 100 MB")
    add("header-not-object", safetensors('["a"]', DATA), "header is a list")
    add("header-bad-json", safetensors('{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},}', DATA), "bad JSON")
    add("header-deep", safetensors('{"__metadata__":' + "[" * 50000 + "]" * 50000 + "}"), "JSON 50,000 levels deep")
    add("header-nul", safetensors(b'{"a\x00":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}', DATA), "control byte in JSON")
    add("header-bad-utf8", safetensors(b'{"a\xff":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}', DATA), "invalid UTF-8")
    add("header-leading-space", safetensors(b'   {"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}', DATA),
        "header does not start with a brace")
    add("duplicate-keys", safetensors('{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":'
                                      '[2,2],"data_offsets":[16,32]}}', DATA * 2), "duplicate keys")
    add("duplicate-fields", safetensors('{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16],"data_offsets":[16,32]}}',
                                        DATA * 2), "duplicate fields")
    add("unknown-dtype", safetensors({"a": {**ONE, "dtype": "OBJECT"}}, DATA), "unknown type")
    add("metadata-object", safetensors({"__metadata__": {"x": {"y": 1}}, "a": ONE}, DATA), "metadata that is no text")
    add("trailing-pickle", safetensors({"a": ONE}, DATA + dump(system(), 4)), "data after the tensors", note="a pickle")
    add("trailing-zip", safetensors({"a": ONE}, DATA) + torch_zip(EVIL), "data after the tensors", note="a torch zip")
    add("trailing-elf", safetensors({"a": ONE}, DATA + elf()), "data after the tensors", note="an executable")
    add("trailing-script", safetensors({"a": ONE}, DATA + SCRIPT), "data after the tensors", note="a shell script")
    add("pickle-named", dump(system(), 4), "pickle named safetensors", "civitai-model-scanner-6")
    add("pickle-protocol-0-named", dump(system(), 0), "pickle named safetensors", "civitai-model-scanner-6", "protocol 0")
    add("torch-named", torch_zip(EVIL), "torch zip named safetensors", "civitai-model-scanner-6")
    add("truncated", safetensors({"a": {**ONE, "shape": [64, 64], "data_offsets": [0, 16384]}}, DATA), "data cut short")
    add("elf-named", elf(), "executable named safetensors")
    add("metadata-template", safetensors({"__metadata__": {"chat_template": POPEN}, "a": ONE}, DATA), "template in the metadata")


def build_gguf(corpus):
    def add(slug, data, technique, advisory=None, note="", name="model.gguf"):
        corpus.add("gguf", ("" if advisory else "gguf-") + slug, name, data, technique, advisory, note)

    for slug, template, note in TEMPLATES:
        data = gguf([pair("tokenizer.chat_template", 8, text(template))], [tensor(dims=(8,))])
        add("template-" + slug, data, "template injection", "CVE-2024-34359", note)
    add("template-named", gguf([pair("tokenizer.chat_template.tool_use", 8, text(POPEN))], [tensor(dims=(8,))]),
        "template injection", "CVE-2024-34359", "second, named template")
    array = struct.pack("<IQ", 8, 1) + text(POPEN)
    add("template-in-array", gguf([pair("tokenizer.chat_templates", 9, array)], [tensor(dims=(8,))]), "template injection",
        "CVE-2024-34359", "array of templates")
    size, alloc, kv = "CVE-2025-53630", "CVE-2026-27940", "CVE-2026-33298"
    huge = 1 << 62
    add("dims-overflow", gguf(tensors=[tensor(dims=(huge, 8))]), "tensor size overflows", size)
    add("dims-product-overflow", gguf(tensors=[tensor(dims=(1 << 32, 1 << 32, 4))]), "tensor size overflows", size)
    add("sum-overflow", gguf(tensors=[tensor(b"a", (huge - 32,)), tensor(b"b", (huge,)), tensor(b"c", (64,))]),
        "sum of tensor sizes overflows", size)
    add("offset-overflow", gguf(tensors=[tensor(dims=(8,), offset=(1 << 64) - 32)]), "offset overflows", size)
    add("size-plus-alignment", gguf(tensors=[tensor(dims=((1 << 64) - 1,))]), "padding to the alignment overflows", alloc)
    add("context-size", gguf(tensor_count=(1 << 64) // 64, tensors=[tensor(dims=(8,))]), "context size overflows", alloc)
    add("nbytes-overflow", gguf(tensors=[tensor(dims=(1 << 40, 1 << 20, 1 << 3), kind=2)]), "byte count overflows", kv)
    add("nbytes-quantised", gguf(tensors=[tensor(dims=(33,), kind=2)]), "row not a multiple of the block", kv)
    add("pair-count", gguf(pair_count=1 << 62), "count of pairs beyond the file")
    add("tensor-count", gguf(tensor_count=1 << 62), "count of tensors beyond the file")
    add("string-length", gguf([text("general.file") + struct.pack("<IQ", 8, (1 << 64) - 1)]), "string length overflows")
    add("key-length", gguf([struct.pack("<Q", 1 << 40) + b"key"]), "key length beyond the file")
    add("array-length", gguf([pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 1 << 60))]), "array length beyond the file")
    add("array-length-overflow", gguf([pair("x", 9, struct.pack("<IQ", 12, 1 << 61))]), "array bytes overflow")
    add("array-nested", gguf([pair("x", 9, struct.pack("<IQ", 9, 1) * 200 + struct.pack("<IQ", 4, 0))]), "arrays 200 deep")
    add("unknown-type", gguf([pair("x", 77, b"\0" * 8)]), "unknown value type")
    add("bool-value", gguf([pair("x", 7, b"\x09")]), "BOOL that is neither 0 nor 1")
    add("duplicate-key", gguf([pair("tokenizer.chat_template", 8, text("{{ messages }}")),
                               pair("tokenizer.chat_template", 8, text(POPEN))]), "duplicate key", note="the second is hostile")
    add("duplicate-tensor", gguf(tensors=[tensor(b"t", (8,)), tensor(b"t", (8,))]), "duplicate tensor name")
    add("overlapping-tensors", gguf(tensors=[tensor(b"a", (8,)), tensor(b"b", (8,), offset=0)]), "overlapping tensors")
    add("offset-beyond", gguf(tensors=[tensor(dims=(8,), offset=1 << 30)]), "tensor beyond the file")
    add("offset-unaligned", gguf(tensors=[tensor(dims=(4,), offset=7)]), "offset not aligned")
    add("dims-count", gguf(tensors=[tensor(dims=(2,) * 5)]), "five dimensions")
    add("dims-count-huge", gguf(tensors=[tensor(dims=(2,), count=0xFFFFFFFF)]), "dimension count of 2**32-1")
    add("tensor-type", gguf(tensors=[tensor(dims=(8,), kind=250)]), "unknown tensor type")
    add("name-long", gguf(tensors=[tensor(b"n" * 5000, (8,))]), "name of 5,000 bytes")
    add("name-nul", gguf(tensors=[tensor(b"a\0b", (8,))]), "NUL in a name")
    add("alignment-zero", gguf([pair("general.alignment", 4, struct.pack("<I", 0))], [tensor(dims=(8,))]), "alignment of 0")
    add("alignment-odd", gguf([pair("general.alignment", 4, struct.pack("<I", 7))], [tensor(dims=(8,))]), "alignment of 7")
    add("version-99", gguf(version=99), "unknown version")
    add("version-0", gguf(version=0), "unknown version")
    add("truncated-header", gguf()[:26], "cut inside the pairs")
    add("trailing-elf", gguf(tensors=[tensor(dims=(8,))]) + elf(), "executable after the data")
    add("trailing-pickle", gguf(tensors=[tensor(dims=(8,))]) + dump(system(), 4), "pickle after the data")
    add("pickle-named", dump(system(), 4), "pickle named gguf")
    add("zip-named", torch_zip(EVIL), "torch zip named gguf")


def build(corpus):
    """Adds the groups `safetensors` and `gguf`."""
    build_safetensors(corpus)
    build_gguf(corpus)
