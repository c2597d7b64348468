#!/usr/bin/env python3
"""Runs a peer that is a Python library over JSONL of `{id, text}`: `drivers.py TOOL INPUT OUTPUT`.

Started with the Python of the peer's own environment. Writes one hit a line: `{id, type, start, end}`, places in bytes.
"""

import json
import sys


def detect_secrets(records):
    """All plug-ins with the filters that its command line takes; nothing is verified."""
    import os
    import tempfile

    from detect_secrets.core.scan import scan_file
    from detect_secrets.core.usage import ParserBuilder

    ParserBuilder().add_console_use_arguments().parse_args(["scan", "--no-verify"])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "text.txt")
        for name, text in records:
            with open(path, "w", encoding="utf-8", newline="") as out:
                out.write(text)
            lines = text.split("\n")
            for secret in scan_file(path):
                at = lines[secret.line_number - 1].find(secret.secret_value)
                if at >= 0:
                    start = sum(len(line) + 1 for line in lines[:secret.line_number - 1]) + at
                    yield name, text, secret.type, start, start + len(secret.secret_value)


def presidio_recognizers(everything):
    import inspect

    from presidio_analyzer import PatternRecognizer, RecognizerRegistry, predefined_recognizers

    if not everything:
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        return [recognizer for recognizer in registry.recognizers if isinstance(recognizer,
            PatternRecognizer) or type(recognizer).__name__ == "PhoneRecognizer"]
    made = []
    for _, kind in inspect.getmembers(predefined_recognizers, inspect.isclass):
        if (issubclass(kind, PatternRecognizer) and kind is not PatternRecognizer) or kind.__name__ == "PhoneRecognizer":
            try:
                made.append(kind())
            except Exception as error:
                print(f"left out {kind.__name__}: {error}", file=sys.stderr)
    return made


def presidio(records, everything=False):
    """The recognizers that work by pattern and check digit, without models and without the words around."""
    recognizers = presidio_recognizers(everything)
    print(f"{len(recognizers)} recognizers", file=sys.stderr)
    for name, text in records:
        for recognizer in recognizers:
            for hit in recognizer.analyze(text, recognizer.supported_entities, None) or ():
                yield name, text, hit.entity_type, hit.start, hit.end


def presidio_all(records):
    return presidio(records, True)


def scrubadub(records):
    import scrubadub

    scrubber = scrubadub.Scrubber()
    for name, text in records:
        for hit in scrubber.iter_filth(text):
            for part in getattr(hit, "filths", [hit]):
                yield name, text, part.type, part.beg, part.end


def datafog(records):
    from datafog.processing.text_processing.regex_annotator import RegexAnnotator

    annotator = RegexAnnotator()
    for name, text in records:
        _, result = annotator.annotate_with_spans(text)
        for span in result.spans:
            yield name, text, span.label, span.start, span.end


def datatrove(records):
    from datatrove.pipeline.formatters.pii import PIIFormatter

    formatter = PIIFormatter()
    for name, text in records:
        for kind, replacer in (("email", formatter.emails_replacer), ("ip", formatter.ip_replacer)):
            for hit in replacer.regex.finditer(text):
                if not replacer.validator or replacer.validator(hit.group(0)):
                    yield name, text, kind, hit.start(), hit.end()


TOOLS = {"detect-secrets": detect_secrets, "presidio": presidio, "presidio-all": presidio_all, "scrubadub": scrubadub, "datafog": datafog,
    "datatrove": datatrove}


def records_of(path):
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            yield row["id"], row["text"]


def main():
    tool, source, target = sys.argv[1:]
    with open(target, "w", encoding="utf-8") as out:
        for name, text, kind, start, end in TOOLS[tool](records_of(source)):
            first = len(text[:start].encode())
            out.write(json.dumps({"id": name, "type": kind, "start": first, "end": first + len(text[start:end].encode())}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
