"""How each scanner of leaks is called, and how its findings become hits with places in bytes."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import peers_tools
import score

HERE = pathlib.Path(__file__).resolve().parent
SECRET, PERSONAL, ALL = ("secret",), ("pii",), score.CLASSES


def located(text, value, line):
    """Where a value stands: on the line if it is there, else the occurrence next to it. None where the text does not hold it."""
    if not value:
        return None
    begin = 0
    for _ in range(max(0, line - 1)):
        begin = text.find("\n", begin) + 1 or begin
    at = text.find(value, begin)
    if at < 0:
        at = text.rfind(value)
    if at < 0:
        return None
    start = len(text[:at].encode())
    return start, start + len(value.encode())


def encoded_on(text, number):
    """The longest run of base64 on a line or the one after it."""
    runs = re.findall(r"[A-Za-z0-9+/_-]{20,}={0,2}", "\n".join(text.split("\n")[max(0, number - 1):number + 1]))
    return max(runs, key=len, default="")


class Tool:
    """A scanner. `command` says how it is run over a source; `hits` reads what it wrote."""

    classes = SECRET
    # What the speed is measured on, and how it is laid out.
    speed_bytes = 1_000_000_000
    layout = "jsonl"
    timeout = 7200
    fine_codes = (0,)
    note = ""

    def __init__(self, name, folder):
        self.name, self.folder = name, pathlib.Path(folder)

    def present(self):
        return os.access(self.program(), os.X_OK)

    def program(self):
        return self.folder / self.name / "bin" / self.name

    def version(self, home):
        text = peers_tools.run([str(self.program()), "--version"], 60, home)
        return (re.findall(r"\d+\.\d+[^\s\"]*", text.stdout + text.stderr) or ["?"])[0]

    def command(self, source, target):
        raise NotImplementedError

    def speed_command(self, source, target):
        return self.command(source, target)

    def speed_layout(self):
        return self.layout

    def hits(self, target, texts, stdout):
        raise NotImplementedError


class Library(Tool):
    """A Python library, called by `drivers.py` with the Python of its environment."""

    classes = PERSONAL
    environment_name = ""
    distribution = ""

    def program(self):
        return self.folder / (self.environment_name or self.name) / "bin" / "python"

    def version(self, home):
        code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
        return subprocess.run([self.program(), "-c", code, self.distribution or self.name], capture_output=True, text=True,
            check=False).stdout.strip() or "?"

    def command(self, source, target):
        return [str(self.program()), str(HERE / "drivers.py"), self.name, str(source), str(target)]

    def hits(self, target, texts, stdout):
        for row in score.read_lines(target):
            yield {**row, "class": self.classes[0]}


class DetectSecrets(Library):
    classes = SECRET
    speed_bytes = 4_000_000
    note = "all plug-ins, `--no-verify`"

    def speed_command(self, source, target):
        # Its own program, which reads whole files; the library above is handed record by record.
        return [str(self.program().with_name("detect-secrets")), "-C", str(source), "scan", "--no-verify", "--all-files", "."]

    def speed_layout(self):
        return "folder"


class Presidio(Library):
    distribution = "presidio-analyzer"
    speed_bytes = 2_000_000
    note = "pattern recognizers that are on by default for English"


class PresidioAll(Presidio):
    environment_name = "presidio"
    speed_bytes = 1_000_000
    note = "every pattern recognizer of the package"


class Scrubadub(Library):
    speed_bytes = 4_000_000
    note = "default detectors"


class Datafog(Library):
    speed_bytes = 4_000_000
    note = "regex annotator"


class Datatrove(Library):
    speed_bytes = 8_000_000
    note = "PIIFormatter: e-mail and IPv4 only"


class OnFiles(Tool):
    """A program that reads a folder with a file for each record, or for each megabyte where speed is measured."""

    layout = "folder"

    def rows(self, target):
        """(path, type, value, number of the line) of every finding."""
        raise NotImplementedError

    def hits(self, target, texts, stdout):
        for path, kind, value, line in self.rows(target):
            name = pathlib.Path(path).stem
            found = located(texts.get(name, ""), value, line)
            if not found:
                # The value was decoded by the tool: the encoded text around it counts.
                kind, found = "base64", located(texts.get(name, ""), encoded_on(texts.get(name, ""), line), line)
            if found:
                yield {"id": name, "type": kind, "class": "secret", "start": found[0], "end": found[1]}


class Gitleaks(OnFiles):
    note = "`dir`, decoding as by default"

    def version(self, home):
        return (re.findall(r"\d+\.\d+[^\s\"]*", peers_tools.run([str(self.program()), "version"], 60, home).stdout) or ["?"])[0]

    def command(self, source, target):
        return [str(self.program()), "dir", str(source), "--report-format", "json", "--report-path", str(target), "--no-banner",
                "--exit-code", "0", "--log-level", "error"]

    def rows(self, target):
        for row in peers_tools.load(target) or ():
            yield row["File"], row["RuleID"], row["Secret"], row["StartLine"]


class Betterleaks(OnFiles):
    note = "decoding as by default, no validation"

    def command(self, source, target):
        return [str(self.program()), str(source), "--output", f"{target}.json", "--silent", "--no-banner", "--exit-code", "0",
                "--log-level", "error"]

    def rows(self, target):
        for row in (peers_tools.load(f"{target}.json") or {}).get("findings", ()):
            yield row["location"]["path"], row["rule_id"], row["match"]["value"], row["location"]["start_line"]


class Kingfisher(OnFiles):
    # Findings end with 200.
    fine_codes = (0, 200)
    note = "confidence medium (default), one job, `--no-validate`"

    def command(self, source, target):
        return [str(self.program()), "scan", str(source), "--no-validate", "--no-update-check", "--jobs", "1", "--format", "jsonl",
                "--output", str(target), "--quiet", "--no-dedup"]

    def rows(self, target):
        for row in score.read_lines(target):
            if "finding" in row:
                found = row["finding"]
                yield found["path"], row["rule"]["id"], found["snippet"], int(found["line"])


class Credsweeper(OnFiles):
    speed_bytes = 1_000_000
    note = "machine-learned filter at its default"

    def command(self, source, target):
        return [str(self.program()), "--path", str(source), "--save-json", str(target), "--log", "error", "--jobs", "1"]

    def rows(self, target):
        for row in peers_tools.load(target) or ():
            for line in row["line_data_list"]:
                yield line["path"], row["rule"], line["value"], line["line_num"]


class Cleanbill(Tool):
    """Our own; all rules, all classes, one pass over the JSONL."""

    classes = ALL
    fine_codes = (0, 1, 3)
    note = "all rules"

    def __init__(self, name, binary):
        super().__init__(name, ".")
        self.binary = pathlib.Path(binary)

    def program(self):
        return self.binary

    def command(self, source, target):
        return [str(self.binary), "leaks", str(source), "--format", "jsonl"]

    def hits(self, target, texts, stdout):
        path = pathlib.Path(target)
        path.write_text(stdout, "utf-8")
        return score.load_findings(path, list(texts))


PEERS = {"detect-secrets": DetectSecrets, "credsweeper": Credsweeper, "gitleaks": Gitleaks, "betterleaks": Betterleaks, "kingfisher": Kingfisher,
    "presidio": Presidio, "presidio-all": PresidioAll, "scrubadub": Scrubadub,
         "datafog": Datafog, "datatrove": Datatrove}


def offline():
    """What cuts a command off from the network: its own network namespace where the system allows it."""
    for start in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if shutil.which("unshare") and subprocess.run([*start, "true"], capture_output=True, check=False).returncode == 0:
            return start
    return []


def run(tool, command, target, home, cut):
    """Runs a command of a tool without network; None where it did not end well."""
    pathlib.Path(target).unlink(missing_ok=True)
    result = peers_tools.run([*cut, *command], tool.timeout, home)
    if result.timed_out or result.code not in tool.fine_codes:
        print(f"{tool.name}: exit {result.code} after {result.wall:.0f} s: {result.stderr[-800:]}", file=sys.stderr)
        return None
    return result


def lay_out(texts, folder):
    """A file for each record, for programs that read folders."""
    shutil.rmtree(folder, ignore_errors=True)
    for at, (name, text) in enumerate(texts.items()):
        place = folder / f"{at // 500:03d}"
        if at % 500 == 0:
            place.mkdir(parents=True)
        with open(place / f"{name}.txt", "w", encoding="utf-8", newline="") as out:
            out.write(text)


def slices(bulk, size, folder, layout):
    """The first `size` bytes of the bulk, whole lines: one file, or files of a megabyte. Gives the path and the bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    if layout == "jsonl" and size >= bulk.stat().st_size:
        return bulk, bulk.stat().st_size
    place = folder / f"{layout}-{size}"
    if place.exists():
        parts = sorted(place.iterdir())
        return (place if layout == "folder" else parts[0]), sum(part.stat().st_size for part in parts)
    place.mkdir()
    total, count, out = 0, 0, None
    with open(bulk, "rb") as stream:
        for line in stream:
            if total and total + len(line) > size:
                break
            if out is None or layout == "folder" and out.tell() + len(line) > 1_000_000:
                if out:
                    out.close()
                out = open(place / f"part-{count:05d}.{'txt' if layout == 'folder' else 'jsonl'}", "wb")
                count += 1
            out.write(line)
            total += len(line)
    if out:
        out.close()
    return (place if layout == "folder" else place / "part-00000.jsonl"), total
