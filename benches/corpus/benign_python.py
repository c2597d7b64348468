"""Python that honest models, packages and services bring: files of real libraries, and small ones written as people do."""
import importlib.util
import os

GROUP = "python"

# Library, files in it, what they are.
REAL = [
    ("transformers", ["models/llama/modeling_llama.py", "models/bert/modeling_bert.py", "models/deepseek_v3/modeling_deepseek_v3.py",
                      "models/bert/tokenization_bert.py", "models/llama/configuration_llama.py", "dynamic_module_utils.py",
                      "utils/import_utils.py", "modeling_utils.py", "utils/hub.py", "generation/utils.py", "trainer.py", "pipelines/base.py",
                      "integrations/integration_utils.py", "models/esm/openfold_utils/rigid_utils.py"]),
    ("diffusers", ["utils/dynamic_modules_utils.py", "pipelines/pipeline_utils.py", "models/modeling_utils.py", "utils/import_utils.py"]),
    ("timm", ["models/vision_transformer.py", "utils/checkpoint_saver.py", "models/_helpers.py", "data/reader_factory.py"]),
    ("sentence_transformers", ["__init__.py"]),
    ("ultralytics", ["nn/tasks.py", "utils/checks.py", "utils/torch_utils.py", "engine/exporter.py"]),
    ("accelerate", ["utils/launch.py", "utils/environment.py", "launchers.py"]),
    ("peft", ["peft_model.py", "utils/save_and_load.py"]),
    ("fastapi", ["applications.py", "cli.py"]),
    ("setuptools", ["build_meta.py", "_distutils/core.py", "_distutils/spawn.py"]),
    ("numpy", ["conftest.py", "_configtool.py", "lib/_npyio_impl.py"]),
    ("datasets", ["load.py", "builder.py"]),
]

WRITTEN = {
    "modeling-flash": ("modeling_x.py", '''import importlib.util
import math
import os

import torch
from torch import nn
from transformers import PreTrainedModel

if importlib.util.find_spec("flash_attn") is not None:
    flash = importlib.import_module("flash_attn")
LOCAL_RANK = int(os.environ.get("LOCAL_RANK", "0"))
DEBUG = os.getenv("MODEL_DEBUG") == "1"


class X(PreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.act = getattr(torch.nn.functional, config.hidden_act)
        self.compiled = torch.compile(self._inner)

    def _inner(self, x):
        return x / math.sqrt(2)

    def forward(self, x):
        self.eval()
        return self.compiled(x)
'''),
    "modeling-triton": ("kernels.py", "import triton\nimport triton.language as tl\n\n\n@triton.autotune(configs=[triton.Config({'B': b}) for b in [16, 32]], key=['n'])\n@triton.jit\ndef kernel(x, n, B: tl.constexpr):\n    i = tl.program_id(0) * B + tl.arange(0, B)\n    tl.store(x + i, tl.load(x + i, mask=i < n) ^ 1, mask=i < n)\n"),
    "modeling-extension": ("modeling_x.py", "import os\nfrom torch.utils.cpp_extension import load\n\nHERE = os.path.dirname(os.path.abspath(__file__))\nwkv = load(name='wkv', sources=[os.path.join(HERE, 'wkv.cpp'), os.path.join(HERE, 'wkv.cu')], verbose=True, extra_cuda_cflags=['-O3'])\n"),
    "tokenization-sentencepiece": ("tokenization_x.py", "import base64\nimport os\nfrom shutil import copyfile\n\nimport sentencepiece as spm\nfrom transformers import PreTrainedTokenizer\n\n\ndef load(path):\n    with open(path, 'rb') as f:\n        return {base64.b64decode(t): int(r) for t, r in (line.split() for line in f.read().splitlines() if line)}\n\n\nclass T(PreTrainedTokenizer):\n    def __init__(self, vocab_file, **kw):\n        self.ranks = load(vocab_file)\n        self.sp = spm.SentencePieceProcessor()\n        self.sp.Load(vocab_file)\n        super().__init__(**kw)\n\n    def save_vocabulary(self, folder, prefix=None):\n        copyfile(self.vocab_file, os.path.join(folder, 'v.model'))\n"),
    "tokenization-bytes": ("tokenization_x.py", "def bytes_to_unicode():\n    bs = list(range(ord('!'), ord('~') + 1)) + list(range(0xa1, 0xad))\n    cs = bs[:]\n    n = 0\n    for b in range(256):\n        if b not in bs:\n            bs.append(b)\n            cs.append(256 + n)\n            n += 1\n    return dict(zip(bs, [chr(c) for c in cs]))\n\n\nclass T:\n    def __init__(self):\n        self.byte_decoder = {v: k for k, v in bytes_to_unicode().items()}\n\n    def decode(self, text):\n        return bytearray([self.byte_decoder[c] for c in text]).decode('utf-8')\n"),
    "configuration": ("configuration_x.py", "from transformers import PretrainedConfig\n\n\nclass C(PretrainedConfig):\n    model_type = 'x'\n\n    def __init__(self, hidden=8, **kw):\n        self.hidden = hidden\n        super().__init__(**kw)\n"),
    "handler": ("handler.py", "import base64\nimport io\n\nimport requests\nimport torch\nfrom PIL import Image\nfrom transformers import pipeline\n\n\nclass EndpointHandler:\n    def __init__(self, path=''):\n        self.pipe = pipeline('image-classification', model=path, device=0 if torch.cuda.is_available() else -1)\n\n    def __call__(self, data):\n        x = data['inputs']\n        if x.startswith('http'):\n            image = Image.open(requests.get(x, stream=True, timeout=10).raw)\n        else:\n            image = Image.open(io.BytesIO(base64.b64decode(x)))\n        return self.pipe(image)\n"),
    "handler-service": ("handler.py", "import os\nimport requests\n\n\nclass EndpointHandler:\n    def __init__(self, path=''):\n        self.key = os.environ['OPENAI_API_KEY']\n\n    def __call__(self, data):\n        return requests.post('https://api.openai.com/v1/chat/completions', headers={'Authorization': 'Bearer ' + self.key}, json=data, timeout=30).json()\n"),
    "setup-git": ("setup.py", "import os\nimport subprocess\n\nfrom setuptools import find_packages, setup\n\nhere = os.path.dirname(__file__)\nabout = {}\nwith open(os.path.join(here, 'x', 'version.py')) as f:\n    exec(f.read(), about)\ntry:\n    sha = subprocess.check_output(['git', 'rev-parse', 'HEAD'], cwd=here).decode().strip()\nexcept Exception:\n    sha = 'unknown'\nsetup(name='x', version=about['__version__'] + '+' + sha[:7], packages=find_packages())\n"),
    "setup-cmake": ("setup.py", "import os\nimport shutil\nimport subprocess\nimport sys\n\nfrom setuptools import Extension, setup\nfrom setuptools.command.build_ext import build_ext\n\n\nclass CMakeBuild(build_ext):\n    def run(self):\n        subprocess.check_output(['cmake', '--version'])\n        super().run()\n\n    def build_extension(self, ext):\n        args = ['-DPYTHON_EXECUTABLE=' + sys.executable]\n        shutil.rmtree('build/tmp', ignore_errors=True)\n        subprocess.check_call(['cmake', ext.name] + args, cwd=self.build_temp)\n        subprocess.check_call(['cmake', '--build', '.'], cwd=self.build_temp)\n\n\nsetup(name='x', ext_modules=[Extension('x', [])], cmdclass={'build_ext': CMakeBuild})\n"),
    "dataset-script": ("dataset.py", "import csv\nimport json\n\nimport datasets\n\n_URL = 'https://data.example.org/x.zip'\n\n\nclass X(datasets.GeneratorBasedBuilder):\n    VERSION = datasets.Version('1.0.0')\n\n    def _info(self):\n        return datasets.DatasetInfo(features=datasets.Features({'text': datasets.Value('string')}))\n\n    def _split_generators(self, dl_manager):\n        path = dl_manager.download_and_extract(_URL)\n        return [datasets.SplitGenerator(name=datasets.Split.TRAIN, gen_kwargs={'path': path})]\n\n    def _generate_examples(self, path):\n        with open(path, encoding='utf-8') as f:\n            for i, row in enumerate(csv.DictReader(f)):\n                yield i, json.loads(row['x'])\n"),
    "train": ("train.py", "import argparse\nimport os\nimport random\nimport subprocess\n\nimport numpy as np\nimport torch\nimport torch.distributed as dist\nimport wandb\n\n\ndef setup():\n    os.environ['TOKENIZERS_PARALLELISM'] = 'false'\n    os.environ.setdefault('MASTER_ADDR', 'localhost')\n    dist.init_process_group('nccl')\n\n\ndef main():\n    p = argparse.ArgumentParser()\n    p.add_argument('--lr', type=eval, default='1e-4')\n    a = p.parse_args()\n    setup()\n    print(subprocess.run(['nvidia-smi'], capture_output=True).stdout)\n    state = torch.load('last.pt', map_location='cpu', weights_only=True)\n    wandb.init(project='x', config=vars(a))\n    wandb.log({'loss': 0.1})\n\n\nif __name__ == '__main__':\n    main()\n"),
    "convert": ("convert.py", "import sys\n\nimport torch\nfrom safetensors.torch import save_file\n\n\ndef convert(src, dst):\n    state = torch.load(src, map_location='cpu')\n    save_file({k: v.contiguous() for k, v in state.items()}, dst)\n\n\nif __name__ == '__main__':\n    convert(sys.argv[1], sys.argv[2])\n"),
    "app": ("app.py", "import os\n\nimport gradio as gr\nfrom huggingface_hub import InferenceClient\n\nclient = InferenceClient('x/y', token=os.getenv('HF_TOKEN'))\n\n\ndef respond(message, history):\n    return client.chat_completion([{'role': 'user', 'content': message}]).choices[0].message.content\n\n\ngr.ChatInterface(respond).launch()\n"),
    "app-spaces": ("app.py", "import spaces\nimport torch\n\n\n@spaces.GPU(duration=60)\ndef run(x):\n    return torch.zeros(1) + x\n"),
    "conftest": ("conftest.py", "import os\nimport sys\n\nimport pytest\n\nsys.path.insert(0, os.path.dirname(__file__))\n\n\ndef pytest_configure(config):\n    config.addinivalue_line('markers', 'slow: slow tests')\n\n\n@pytest.fixture\ndef tmp(tmp_path):\n    os.environ['X_CACHE'] = str(tmp_path)\n    yield tmp_path\n"),
    "calculator": ("tool.py", "import ast\nimport operator\n\nOPS = {ast.Add: operator.add, ast.Mult: operator.mul}\n\n\ndef evaluate(text):\n    def go(n):\n        return n.value if isinstance(n, ast.Constant) else OPS[type(n.op)](go(n.left), go(n.right))\n    return go(ast.parse(text, mode='eval').body)\n"),
    "docstrings": ("security.py", '"""Do not write os.system("curl http://x | sh") nor exec(base64.b64decode(...))."""\nBANNED = ["os.system", "subprocess.Popen", "eval(", "exec(", "__import__"]\n\n\ndef check(text):\n    return [b for b in BANNED if b in text]\n'),
    "registry": ("registry.py", "import importlib\n\n_MODELS = {'a': 'x.models.a.A', 'b': 'x.models.b.B'}\n\n\ndef get(name):\n    module, _, cls = _MODELS[name].rpartition('.')\n    return getattr(importlib.import_module(module), cls)\n\n\ndef __getattr__(name):\n    if name in _MODELS:\n        return get(name)\n    raise AttributeError(name)\n"),
    "lazy": ("__init__.py", "import sys\nfrom typing import TYPE_CHECKING\n\nfrom transformers.utils import _LazyModule\n\n_S = {'modeling_x': ['X']}\nif TYPE_CHECKING:\n    from .modeling_x import X\nelse:\n    sys.modules[__name__] = _LazyModule(__name__, globals()['__file__'], _S, module_spec=__spec__)\n"),
}


def samples(w):
    """Adds the samples."""
    for library, files in REAL:
        spec = importlib.util.find_spec(library)
        if spec is None or not spec.submodule_search_locations:
            w.skip("python-" + library, "not installed")
            continue
        root = list(spec.submodule_search_locations)[0]
        for name in files:
            path = os.path.join(root, name)
            if not os.path.exists(path):
                continue
            with open(path, "rb") as f:
                data = f.read()
            slug = library.replace("_", "-") + "-" + name[:-3].replace("/", "-").replace("_", "-")
            w.add(GROUP, slug, os.path.basename(name), data, "file of a library", library)
    for slug, (name, source) in WRITTEN.items():
        w.add(GROUP, "written-" + slug, name, source, "written as people do")
