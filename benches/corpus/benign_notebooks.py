"""Notebooks run by Jupyter with the libraries that draw in them, notebooks as people write them for Colab, and packaged models.

Needs nbformat; nbclient and ipykernel to run cells; each library that is missing skips its notebook. TorchServe archives are written by
`torch-model-archiver`, NeMo checkpoints by hand in the layout of its `save_to`.
"""
import importlib.util
import io
import os
import shutil
import subprocess
import tarfile
import tempfile

import benign

GROUP = "notebook"
FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\n"

# Library, cells that are run.
RUN = {
    "pandas": ("pandas", [FRAME + "df", "df.describe()", "df.style.format('{:.2f}')"]),
    "matplotlib": ("matplotlib", ["%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);", "%config InlineBackend.figure_format = 'svg'\nplt.plot([1, 2]);"]),
    "plotly": ("plotly", ["import plotly.express as px\nimport plotly.io as pio\npio.renderers.default = 'notebook'\npx.scatter(x=[1, 2], y=[3, 4])"]),
    "plotly-connected": ("plotly", ["import plotly.express as px\nimport plotly.io as pio\npio.renderers.default = 'notebook_connected'\npx.bar(x=[1, 2], y=[3, 4])"]),
    "plotly-colab": ("plotly", ["import plotly.express as px\nimport plotly.io as pio\npio.renderers.default = 'colab'\npx.line(x=[1, 2], y=[3, 4])"]),
    "bokeh": ("bokeh", ["from bokeh.plotting import figure, show\nfrom bokeh.io import output_notebook\noutput_notebook()", "p = figure()\np.line([1, 2], [3, 4])\nshow(p)"]),
    "bokeh-inline": ("bokeh", ["from bokeh.resources import INLINE\nfrom bokeh.plotting import figure, show\nfrom bokeh.io import output_notebook\noutput_notebook(INLINE)",
                               "p = figure()\np.line([1, 2], [3, 4])\nshow(p)"]),
    "altair": ("altair", [FRAME + "import altair as alt\nalt.renderers.enable('html')\nalt.Chart(df).mark_point().encode(x='a', y='b')"]),
    "folium": ("folium", ["import folium\nfolium.Map(location=[45, -122])"]),
    "sklearn": ("sklearn", ["from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\nfrom sklearn.linear_model import LogisticRegression\n"
                            "make_pipeline(StandardScaler(), LogisticRegression()).fit([[0], [1]], [0, 1])"]),
    "widgets": ("ipywidgets", ["import ipywidgets as w\nfrom IPython.display import display\ndisplay(w.IntSlider())", "@w.interact(x=(0, 10))\ndef f(x=1):\n    print(x)"]),
    "tqdm": ("tqdm", ["from tqdm.auto import tqdm\nfor i in tqdm(range(3)):\n    pass"]),
    "display": ("IPython", ["from IPython.display import HTML, IFrame, Javascript, Markdown, YouTubeVideo\nHTML('<b>x</b>')", "YouTubeVideo('dQw4w9WgXcQ')", "IFrame('https://example.org', 100, 100)",
                            "Javascript('element.text(\"hi\")')", "%%html\n<style>.a {color: red}</style>", "%%javascript\nconsole.log(1)"]),
    "magics": ("IPython", ["%load_ext autoreload\n%autoreload 2", "%%time\nx = sum(range(10))", "%timeit -n 1 -r 1 x", "!echo hi", "files = !ls", "%%capture out\nprint(1)", "%lsmagic", "%env", "len?",
                           "%%bash\necho hi", "1/0", "s = '''\n!no command\n%no magic\n'''", "print(\n  7\n  % 4)"]),
}

# Cells as people write them; never run.
WRITTEN = {
    "colab-setup": ["#@title Install\n%%capture\n!pip install -q transformers accelerate\n!pip install -q git+https://github.com/huggingface/peft.git",
                    "from google.colab import drive\ndrive.mount('/content/drive')", "!nvidia-smi", "!git clone https://github.com/huggingface/diffusers\n%cd diffusers",
                    "import torch\nx = torch.load('model.pt', map_location='cpu')"],
    "colab-data": ["!wget -q https://data.example.org/train.zip -O train.zip\n!unzip -q train.zip -d data\n!rm -rf sample_data\n!ls -lh data | head", "!mkdir -p ~/.kaggle\n!cp kaggle.json ~/.kaggle/\n!chmod 600 ~/.kaggle/kaggle.json",
                   "!kaggle competitions download -c titanic", "import requests\nopen('a.csv', 'wb').write(requests.get('https://data.example.org/a.csv').content)"],
    "colab-ollama": ["!curl -fsSL https://ollama.com/install.sh | sh", "import subprocess\nsubprocess.Popen(['ollama', 'serve'])", "!ollama pull llama3"],
    "unsloth": ["%%capture\nimport os\nif \"COLAB_\" not in \"\".join(os.environ.keys()):\n    !pip install unsloth\nelse:\n    !pip install --no-deps bitsandbytes {xformers} peft",
                "from unsloth import FastLanguageModel\nmodel, tokenizer = FastLanguageModel.from_pretrained('unsloth/llama-3-8b-bnb-4bit')"],
    "install-in-python": ["import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'numpy'])", "import os\nos.system('pip install -U torch')\nos.system('wget https://data.example.org/a.bin')"],
    "login": ["from huggingface_hub import notebook_login\nnotebook_login()", "import os, getpass\nos.environ['OPENAI_API_KEY'] = getpass.getpass()", "from openai import OpenAI\nclient = OpenAI(api_key=os.environ['OPENAI_API_KEY'])"],
    "write-script": ["%%writefile train.py\nimport torch\nprint(torch.__version__)\n", "!python train.py --epochs {epochs} --out $out", "%run train.py", "%tensorboard --logdir logs"],
    "pickles": ["import pickle\nwith open('m.pkl', 'rb') as f:\n    m = pickle.load(f)", "import joblib\nm = joblib.load('m.joblib')", "import pandas as pd\npd.read_pickle('d.pkl')"],
    "apt": ["!apt-get -qq install -y ffmpeg libsm6", "!sudo apt update && sudo apt install -y graphviz", "!npm install -g localtunnel", "!awk '{print $1}' data.txt | sort | uniq -c"],
    "server": ["import gradio as gr\ngr.Interface(lambda x: x, 'text', 'text').launch(share=True)", "!streamlit run app.py &>/dev/null&"],
}


def samples(w):
    if importlib.util.find_spec("nbformat") is None:
        raise benign.Missing("nbformat")
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}

    def notebook(name, cells):
        return new_notebook(cells=[new_markdown_cell("# " + name)] + [new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})

    for name, cells in WRITTEN.items():
        w.add(GROUP, "written-" + name, "a.ipynb", nbformat.writes(notebook(name, cells)), "notebook as people write them")
    w.add(GROUP, "version-three", "a.ipynb", nbformat.writes(nbformat.convert(notebook("old", WRITTEN["pickles"]), 3), version=3), "notebook of version 3")
    for name, (library, cells) in RUN.items():
        if importlib.util.find_spec(library) is None or importlib.util.find_spec("nbclient") is None:
            w.skip("notebook-" + name, "not installed")
            continue
        from nbclient import NotebookClient
        one = notebook(name, cells)
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(one, timeout=300, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}}).execute()
        w.add(GROUP, "run-" + name, "a.ipynb", nbformat.writes(one), "notebook run by Jupyter")
    archives(w)
    checkpoints(w)


def archives(w):
    if shutil.which("torch-model-archiver") is None:
        w.skip("torchserve", "torch-model-archiver is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        def write(name, text):
            path = os.path.join(folder, name)
            with open(path, "w") as out:
                out.write(text)
            return path
        handler = write("handler.py", "from ts.torch_handler.base_handler import BaseHandler\n\n\nclass Handler(BaseHandler):\n    def preprocess(self, data):\n        return [row.get('data') for row in data]\n")
        model = write("model.py", "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x\n")
        names = write("index_to_name.json", "{\"0\": \"cat\"}")
        config = write("config.yaml", "minWorkers: 1\nmaxWorkers: 2\n")
        for name, more in (("handler", ["--handler", handler]), ("own", ["--handler", "image_classifier"]), ("extra", ["--handler", handler, "--model-file", model, "--extra-files", names]),
                           ("config", ["--handler", handler, "--config-file", config])):
            subprocess.run(["torch-model-archiver", "--model-name", name, "--version", "1.0", "--export-path", folder, *more], check=True, capture_output=True)
            w.add("torchserve", "archiver-" + name, "model.mar", lambda path, name=name: shutil.copyfile(os.path.join(folder, name + ".mar"), path), "TorchServe archive")


def checkpoints(w):
    config = "target: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE\nencoder:\n  _target_: nemo.collections.asr.modules.ConformerEncoder\n  feat_in: 80\n" \
        "tokenizer:\n  dir: null\n  type: bpe\n  vocab_path: nemo:vocab.txt\nnemo_version: 2.0.0\n"
    for mode, slug in (("w", "plain"), ("w:gz", "gzip")):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as archive:
            folder = tarfile.TarInfo(".")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, data in (("./model_config.yaml", config.encode()), ("./vocab.txt", b"a\nb\n"), ("./model_weights.ckpt", b"\x80\x02}q\x00.")):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        w.add("nemo", "checkpoint-" + slug, "model.nemo", out.getvalue(), "NeMo checkpoint")
