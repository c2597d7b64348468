#!/usr/bin/env python3
"""Measures how fast programs and templates are examined and prints a table in MB a second.

    python3 benches/throughput.py [--program target/release/cleanbill] [--templates FOLDER] [--runs 7]

Programs: the standard library of the Python that runs this, without its tests. Templates: every `chat_template` and `*.jinja`
below FOLDER (the corpus of `benches/corpus/benign.py`), else three of common shapes. Each is written ten times over, so that starting
the program does not count. MB are 10^6 bytes of text, seconds are CPU seconds of the process.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import sysconfig

from large import ROOT, measured

COPIES = 10
SHAPES = [
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set rest = messages[1:] %}{% else %}"
    "{% set system = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + (system if loop.first "
    "else '') + m['content'] + ' [/INST]' }}{% else %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}",
    "{%- macro argument(value) %}{%- if value is mapping %}{{ value | tojson }}{%- else %}{{ value }}{%- endif %}{%- endmacro %}"
    "{%- if tools %}{{- '<tools>' }}{%- for tool in tools %}{{- '\\n' + (tool | tojson(indent=4)) }}{%- endfor %}{{- '</tools>\\n' }}"
    "{%- endif %}{%- for message in messages %}{%- if message.tool_calls is defined %}{%- for call in message.tool_calls %}"
    "{{- '<call>' + call.function.name }}{%- for key, value in call.function.arguments.items() %}{{- key ~ '=' }}{{ argument(value) }}"
    "{%- endfor %}{{- '</call>' }}{%- endfor %}{%- else %}{{- message.role + ': ' + message.content }}{%- endif %}{%- endfor %}",
]


def programs(folder):
    """Copies the standard library; returns its size."""
    library, size = pathlib.Path(sysconfig.get_path("stdlib")), 0
    for path in sorted(library.rglob("*.py")):
        inner = path.relative_to(library)
        if {"site-packages", "test", "tests", "idle_test"} & set(inner.parts):
            continue
        text = path.read_bytes()
        (folder / inner).parent.mkdir(parents=True, exist_ok=True)
        (folder / inner).write_bytes(text)
        size += len(text)
    return size


def templates(folder, source):
    """Writes templates, `COPIES` of each; returns their size."""
    found = set(SHAPES)
    if source:
        for path in sorted(pathlib.Path(source).rglob("*")):
            if path.suffix == ".jinja":
                found.add(path.read_text(errors="replace"))
            elif path.name == "tokenizer_config.json":
                template = json.loads(path.read_text(errors="replace")).get("chat_template")
                found |= {template} if isinstance(template, str) else set()
    size = 0
    for number, text in enumerate(sorted(found)):
        for copy in range(COPIES):
            (folder / f"{number}-{copy}").mkdir(parents=True)
            (folder / f"{number}-{copy}/chat_template.jinja").write_text(text)
            size += len(text.encode())
    return size


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default=str(ROOT / "target/release/cleanbill"))
    options.add_argument("--templates", help="folder with templates, searched to its end")
    options.add_argument("--runs", type=int, default=7)
    chosen = options.parse_args()
    root = ROOT / "target/throughput"
    shutil.rmtree(root, ignore_errors=True)
    print("| text | MB | CPU s | MB a CPU second | wall s | peak MiB |\n|---|---|---|---|---|---|")
    kinds = {"programs": programs, "templates": lambda folder: templates(folder, chosen.templates)}
    for name, write in kinds.items():
        folder = root / name
        folder.mkdir(parents=True)
        size = write(folder) / 1e6
        runs = [measured([chosen.program, "scan", str(folder)]) for _ in range(chosen.runs)]
        wall, cpu = (statistics.median(run[at] for run in runs) for at in (0, 1))
        print(f"| {name} | {size:.1f} | {cpu:.3f} | {size / cpu:.1f} | {wall:.3f} | {max(run[2] for run in runs):.0f} |", flush=True)
    shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
