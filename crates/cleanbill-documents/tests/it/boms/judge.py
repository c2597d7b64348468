"""Judges documents by the validators of others: judge.py SPDX_SCHEMAS OPENVEX_SCHEMA FILE...

The kind of a file is told by its name: *.cdx-1.6.json, *.cdx-1.7.json, *.spdx-3.json, *.openvex.json. Prints what is wrong, one
line each (for refused-* that nothing is), and SKIPPED: lines for judges that cannot sit.
"""
import json
import sys
from pathlib import Path


def cyclonedx(path, version):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    judge = JsonStrictValidator(SchemaVersion.from_version(version))
    wrong = judge.validate_str(path.read_text(encoding="utf-8"))
    return [] if wrong is None else [str(wrong)[:2000]]


class Spdx:
    """The shapes. The JSON schema is judged elsewhere: in Python it takes a minute for each document."""

    def __init__(self, folder):
        import rdflib

        self.context = json.loads((folder / "spdx-context.jsonld").read_text(encoding="utf-8"))
        self.shapes = rdflib.Graph()
        self.shapes.parse(folder / "spdx-model.ttl", format="turtle")

    def shape(self, paths):
        import pyshacl
        import rdflib

        graph = rdflib.Graph()
        for number, path in enumerate(paths):
            # Blank nodes of different documents must not become one.
            text = path.read_text(encoding="utf-8").replace('"_:', f'"_:d{number}-')
            document = json.loads(text)
            document["@context"] = self.context["@context"]
            graph.parse(data=json.dumps(document), format="json-ld")
        conforms, _, text = pyshacl.validate(graph, shacl_graph=self.shapes, ont_graph=self.shapes)
        return [] if conforms else ["shapes: " + text[:3000]]


def spdx_binding(path):
    import io

    import spdx_python_model.bindings.v3_0_1 as model

    try:
        objects = model.SHACLObjectSet()
        with open(path, "rb") as file:
            model.JSONLDDeserializer().read(io.BytesIO(file.read()), objects)
    except Exception as error:  # whatever the binding raises is its judgement
        return [f"binding: {error!r}"[:2000]]
    return []


def openvex(path, schema):
    import jsonschema

    schema = json.loads(schema.read_text(encoding="utf-8"))
    judge = jsonschema.validators.validator_for(schema)(schema)
    document = json.loads(path.read_text(encoding="utf-8"))
    return [f"{list(error.absolute_path)}: {error.message[:300]}" for error in judge.iter_errors(document)]


def main():
    shapes, vex = Path(sys.argv[1]), Path(sys.argv[2])
    spdx = None
    shaped = []
    bad = 0
    for name in sys.argv[3:]:
        path = Path(name)
        if path.name.endswith(".cdx-1.6.json"):
            found = cyclonedx(path, "1.6")
        elif path.name.endswith(".cdx-1.7.json"):
            found = cyclonedx(path, "1.7")
        elif path.name.endswith(".spdx-3.json"):
            found = spdx_binding(path)
            if (shapes / "spdx-model.ttl").is_file():
                spdx = spdx or Spdx(shapes)
                if path.name.startswith("refused-"):
                    found += spdx.shape([path])
                else:
                    shaped.append(path)
            else:
                if path.name.startswith("refused-"):
                    found = ["not judged"]
                print(f"SKIPPED: no SPDX shapes to judge {path.name} by")
        elif path.name.endswith(".openvex.json"):
            if vex.is_file():
                found = openvex(path, vex)
            else:
                found = ["not judged"] if path.name.startswith("refused-") else []
                print(f"SKIPPED: no OpenVEX schema to judge {path.name} by")
        else:
            found = ["nobody judges this"]
        if path.name.startswith("refused-"):
            found = [] if found else ["a judge that accepts this accepts anything"]
        for one in found:
            bad += 1
            print(f"{path.name}: {one}")
        print(f"judged: {path.name}")
    if shaped:
        for one in spdx.shape(shaped):
            bad += 1
            print(one)
    sys.exit(1 if bad else 0)


main()
