#!/usr/bin/env python3
r"""Makes the lists of well-known names that look-alikes are held against: `crates/cleanbill-scan/packages/*.txt`.

Every name comes out of data that a person can fetch; nothing is put in from memory but the few in `BESIDE`, with their reason.

    mkdir names && cd names
    pip download --no-deps -d wheels guarddog transformers vllm diffusers sentence-transformers lm-eval mlx-lm optimum timm \
        open-clip-torch datasets llama-index-core langchain mlflow-skinny trl peft auto-gptq fastembed unsloth unsloth-zoo \
        llamafactory txtai ms-swift xinference huggingface-hub optimum-intel sglang lmdeploy FlagEmbedding haystack-ai gradio litellm
    for p in $PACKAGES_OF_NPM; do
        npm view $p name dependencies peerDependencies optionalDependencies --json > npm/$(echo $p | tr / +).json; done
    python3 scripts/well_known_names.py --wheels names/wheels --npm names/npm --osv OSV.zip --date 2026-11-28

where PACKAGES_OF_NPM are: openai @anthropic-ai/sdk @langchain/core langchain @langchain/community @langchain/openai
@huggingface/transformers @huggingface/inference ai llamaindex @modelcontextprotocol/sdk
@modelcontextprotocol/server-filesystem onnxruntime-node @tensorflow/tfjs chromadb ollama @google/genai @mistralai/mistralai
groq-sdk @mastra/core @openai/agents promptfoo n8n flowise.

- `guarddog` carries the most downloaded packages of PyPI and npm, in order.
- The metadata of the other wheels and of the npm packages name what machine learning is built on.
- OSV records name packages that somebody has looked at.
- Sources and recipes in the wheels name models and datasets as the hub has them.

Marks in the lists: `*` very well known, no mark well known, `~` a legitimate name near one of them.
`--holdout` writes nothing and says how many of the popular names that half of the ranking does not know would be reported.
"""

import argparse
import collections
import json
import pathlib
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent.parent / "crates/cleanbill-scan/packages"

# Ranks down to which a package is very well known, and well known.
FIRST, SECOND = 1000, 3000
# An organisation is well known with so many names in the wheels, or where so many wheels name it.
ORGANISATION_NAMES, ORGANISATION_WHEELS = 4, 2

# Legitimate names that no ranking holds, with the reason.
BESIDE = {
    "pypi": {
        "python": "Conda's name of the interpreter",
        "faiss": "Conda's name of faiss-cpu",
        "torchserve": "serves PyTorch models, retired",
        "tensorflow-gpu": "the name of old recipes",
        "gymnasium-robotics": "of the Farama Foundation",
        "keras-cv": "of the Keras team",
        "cupy": "its name without the version of CUDA",
        "onnxruntime-tools": "of the ONNX Runtime team, retired",
    },
    "npm": {},
}

# Wheels whose texts name models of providers by `provider/model`, which are no names of the hub.
NOT_OF_THE_HUB = ("guarddog", "litellm", "gradio")

PART = r"([A-Za-z0-9][A-Za-z0-9_.-]{0,95})/([A-Za-z0-9][A-Za-z0-9_.-]{0,95})"
MODELS = [
    re.compile(r"huggingface\.co/(?!(?:datasets|spaces|docs|papers|blog|api|models|tasks|join|settings|collections"
               r"|organizations|learn|course|posts)/)" + PART),
    re.compile(r"(?:from_pretrained|hf_hub_download|snapshot_download|SentenceTransformer|CrossEncoder|LLM)\s*\(\s*"
               r"(?:[a-z_]+\s*=\s*)?[\"']" + PART + r"[\"']"),
    re.compile(r"(?:model_id|model_name_or_path|repo_id|hf_hub_id|hf_repo|_CHECKPOINT_FOR_DOC|base_model)[\"']?\s*[=:]\s*[\"']"
               + PART + r"[\"']"),
]
DATASETS = [
    re.compile(r"huggingface\.co/datasets/" + PART),
    re.compile(r"load_dataset(?:_builder)?\s*\(\s*(?:path\s*=\s*)?[\"']" + PART + r"[\"']"),
    re.compile(r"^dataset_path:\s*[\"']?" + PART + r"[\"']?\s*$", re.M),
]
QUOTED = re.compile(r"[\"'`]" + PART + r"[\"'`]")
# Names that documentation makes up.
# Generated documentation of Transformers names checkpoints that do not exist, below `meta-` and the name of the family.
MADE_UP = re.compile(r"^meta-(?!llama/)|"
                     r"(?i:^(your|my|some|user|username|namespace|org|organization|repo|path|example|foo|test|author|t|n|v\d)"
                     r"\b|placeholder|<|hf-internal-testing|/(model|dataset|repo|name)([-_]?(name|id))?$|\.(py|json|git|md|png|safetensors)$)")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def bare(name):
    return re.sub(r"[-_./@]", "", name.lower())


def distance(a, b):
    """Edits between two names where swapped neighbours are one; 9 beyond two."""
    if abs(len(a) - len(b)) > 2:
        return 9
    before, row = [], list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        now = [i]
        for j, right in enumerate(b, 1):
            cost = min(row[j] + 1, now[-1] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, row = row, now
    return row[-1]


class Near:
    """Finds the well-known names that a name is near to: a superset of what the detector reports."""

    def __init__(self, names):
        self.names = set(names)
        self.cut, self.bare = collections.defaultdict(set), collections.defaultdict(set)
        for name in names:
            self.bare[bare(name)].add(name)
            for piece in self.pieces(name):
                self.cut[piece].add(name)

    @staticmethod
    def pieces(name):
        return {name} | {name[:at] + name[at + 1:] for at in range(len(name))}

    def to(self, name):
        found = set(self.bare.get(bare(name), ()))
        for piece in self.pieces(name):
            found |= {known for known in self.cut.get(piece, ()) if distance(name, known) <= 1}
        return sorted(found - {name})


def ranking(wheels, kind):
    wheel = next(wheels.glob("guarddog-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        data = json.loads(archive.read(f"guarddog/analyzer/metadata/resources/top_{kind}_packages.json"))
    return data["packages"], f"{wheel.name.split('-py')[0]}"


def requirements(wheels):
    """How many of the wheels require each package, and the wheels' own names."""
    count, seeds = collections.Counter(), set()
    for wheel in sorted(wheels.glob("*.whl")):
        if wheel.name.startswith("guarddog"):
            continue
        with zipfile.ZipFile(wheel) as archive:
            meta = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            text = archive.read(meta).decode("utf-8", "replace").split("\n\n")[0]
        names = {re.match(r"[A-Za-z0-9._-]+", line)[0] for line in re.findall(r"^Requires-Dist: (.+)$", text, re.M)}
        seeds.add(canonical(re.search(r"^Name: (\S+)", text, re.M)[1]))
        count.update({canonical(name) for name in names})
    return count, seeds


def npm_requirements(folder):
    count, seeds = collections.Counter(), set()
    for file in sorted(folder.glob("*.json")):
        data = json.loads(file.read_text())
        names = set()
        for key in ("dependencies", "peerDependencies", "optionalDependencies"):
            names |= set(data.get(key, {}))
        count.update(name.lower() for name in names)
        seeds.add(data["name"].lower())
    return count, seeds


def osv_names(path):
    names = set()
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            for affected in json.loads(archive.read(entry)).get("affected", []):
                package = affected.get("package", {})
                if package.get("ecosystem") == "PyPI":
                    names.add(canonical(package["name"]))
    return names


def packages(ranked, needed, seeds, recorded, beside, first=FIRST, second=SECOND):
    """Sorts names into very well known, well known and legitimate neighbours."""
    order = {name: at for at, name in enumerate(ranked)}
    top = set(ranked[:first]) | set(seeds)
    top |= {name for name, count in needed.items() if count >= 2 and order.get(name, second * 2) < second * 2}
    known = set(ranked[:second]) | {name for name, count in needed.items() if name in order or count >= 2}
    known |= {name for name in recorded if name in order}
    near = Near(known | top)
    neighbours = {name for name in list(ranked) + list(needed) + list(recorded) + list(beside)
                  if name not in known | top and near.to(name)}
    return top, known - top, neighbours


def of_the_hub(wheels):
    models, datasets, quoted = (collections.defaultdict(set) for _ in range(3))
    for wheel in sorted(wheels.glob("*.whl")):
        if wheel.name.startswith(NOT_OF_THE_HUB):
            continue
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                if not info.filename.endswith((".py", ".yaml", ".yml", ".md", ".json", ".txt")) or info.file_size > 4 << 20:
                    continue
                text = archive.read(info).decode("utf-8", "replace")
                for patterns, into in ((MODELS, models), (DATASETS, datasets), ([QUOTED], quoted)):
                    for pattern in patterns:
                        for owner, name in pattern.findall(text):
                            name = f"{owner}/{name.rstrip('.')}"
                            if not MADE_UP.search(name):
                                into[name].add(wheel.name)
    for name, seen in quoted.items():
        if name in models:
            models[name] |= seen
    return models, datasets


def owners(names):
    """Owners, in lower case, that are well known."""
    wheels, count = collections.defaultdict(set), collections.Counter()
    for name, seen in names.items():
        owner = name.split("/")[0].lower()
        wheels[owner] |= seen
        count[owner] += 1
    return {owner for owner in count
            if count[owner] >= ORGANISATION_NAMES or len(wheels[owner]) >= ORGANISATION_WHEELS}


def write(file, head, lines):
    text = "".join(f"# {line}\n" for line in head) + "".join(f"{line}\n" for line in lines)
    (HERE / file).write_text(text)
    print(f"{file}: {len(lines)} names, {len(text)} bytes")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--wheels", type=pathlib.Path, required=True)
    arguments.add_argument("--npm", type=pathlib.Path, required=True)
    arguments.add_argument("--osv", type=pathlib.Path, required=True)
    arguments.add_argument("--date", required=True)
    arguments.add_argument("--holdout", action="store_true")
    given = arguments.parse_args()

    marks = "Marks: * very well known, ~ a legitimate name near one of the others."
    made = f"Made by scripts/well_known_names.py on {given.date}; do not edit."
    for kind, file in (("pypi", "python.txt"), ("npm", "npm.txt")):
        ranked, source = ranking(given.wheels, kind)
        if kind == "pypi":
            ranked = list(dict.fromkeys(canonical(name) for name in ranked))
            (needed, seeds), recorded = requirements(given.wheels), osv_names(given.osv)
            also = f"requirements of {len(list(given.wheels.glob('*.whl'))) - 1} wheels, OSV records of PyPI"
        else:
            ranked = list(dict.fromkeys(name.lower() for name in ranked))
            (needed, seeds), recorded = npm_requirements(given.npm), set()
            also = f"dependencies of {len(list(given.npm.glob('*.json')))} packages of npm"
        if given.holdout:
            known = set(ranked[:SECOND]) | (set(needed) & set(ranked))
            rest = [name for name in ranked if name not in known]
            near = Near(known)
            reported = [name for name in rest[1::2] if near.to(name)]
            print(f"{kind}: of {len(rest[1::2])} popular names that the other half does not hold, {len(reported)} would be "
                  f"near a well-known one ({100 * len(reported) / len(rest[1::2]):.2f} %)")
            continue
        top, known, neighbours = packages(ranked, needed, seeds, recorded, BESIDE[kind])
        write(file, [f"Well-known names of {'PyPI, canonical' if kind == 'pypi' else 'npm'}. {marks}", made,
                     f"Sources: ranking by downloads in {source}, {also}."],
              sorted([f"*{name}" for name in top] + list(known) + [f"~{name}" for name in neighbours],
                     key=lambda line: line.lstrip("*~")))
    if given.holdout:
        return 0
    models, datasets = of_the_hub(given.wheels)
    for file, names, noun in (("models.txt", models, "models"), ("datasets.txt", datasets, "datasets")):
        known = owners(names)
        kept = collections.defaultdict(set)
        spelling = {}
        for name in sorted(names):
            owner, short = name.split("/")
            kept[spelling.setdefault(owner.lower(), owner)].add(short)
        # One line for each owner: `owner name name`; owners that are not well known count as legitimate ones only.
        lines = [" ".join([f"*{owner}", *sorted(kept[owner])]) if owner.lower() in known else f"~{owner}"
                 for owner in sorted(kept, key=str.lower)]
        write(file, [f"Well-known {noun} of the hub: `*owner name name ...`; `~` an owner that is seen, and not well known.", made,
                     f"Source: texts of {len(list(given.wheels.glob('*.whl')))} wheels of PyPI (see the script)."], lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
