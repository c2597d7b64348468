"""How each scanner is called, and how its output is read."""

import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HIGH = ("critical", "high")
QUIET = ("info", "debug", "none", "")


@dataclasses.dataclass
class Run:
    """One finished process."""

    code: int
    wall: float
    cpu: float
    peak_mib: float
    stdout: str
    stderr: str
    timed_out: bool


def run(command, timeout, home):
    """Runs a command alone in its process group; CPU and peak memory are those of the command and of its children."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1",
                   "COLUMNS": "400", "PROMPTFOO_DISABLE_TELEMETRY": "1", "PYTHONHASHSEED": "0"}
    launcher = [sys.executable, "-I", "-S", str(ROOT / "benches" / "peers_launch.py")]
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([*launcher, str(writing), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=environment, cwd=home, start_new_session=True, pass_fds=[writing])
        os.close(writing)
        try:
            child.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    with os.fdopen(reading) as pipe:
        numbers = pipe.read().split()
    if len(numbers) != 4:
        return Run(-signal.SIGKILL, timeout, 0.0, 0.0, *texts, True)
    return Run(int(numbers[0]), *map(float, numbers[1:]), *texts, False)


@dataclasses.dataclass
class Report:
    """What a scanner said: findings as (file, severity), files it read, files it says it could not read."""

    findings: list
    covered: set
    gaps: set


class Tool:
    """A scanner. `scan` gives the command; `read` gives a report, or None where the scanner broke off.

    A batch that breaks off is cut into `parts` and tried again; a hang costs the whole limit at every level, so scanners
    that start fast go to single samples at once.
    """

    batch = 60
    parts = 60
    base_seconds = 12.0
    seconds_per_sample = 0.8
    fine_codes = (0, 1)
    version_option = "--version"

    def __init__(self, name, program):
        self.name, self.program = name, str(program)

    def version_command(self):
        return [self.program, self.version_option]

    def scan(self, target, report):
        raise NotImplementedError

    def read(self, result, report, target):
        raise NotImplementedError


def relative(path, target):
    """The path below the target, whether the tool printed it whole or relative."""
    text, base = str(path), str(target).rstrip("/") + "/"
    return text[len(base):] if text.startswith(base) else text


class Picklescan(Tool):
    """Text output. `--strict` prints what is merely unknown, marked, so one run gives both of its modes."""

    version_option = "--help"

    def scan(self, target, report):
        return [self.program, "--strict", "-l", "DEBUG", "-p", str(target)]

    def read(self, result, report, target):
        if "SCAN SUMMARY" not in result.stdout:
            return None
        findings, covered, gaps = [], set(), set()
        for line in result.stdout.splitlines():
            found = re.match(r"(.*?): dangerous import '.*' FOUND( \(promoted by --strict\))?$", line)
            if found:
                findings.append((relative(found[1], target), "unknown" if found[2] else "critical"))
            for start in ("scan_pickle_bytes(", "scan_numpy("):
                if line.startswith(start):
                    covered.add(relative(line[len(start):-1], target))
            for start in ("ERROR: parsing pickle in ", "WARNING: could not parse "):
                if line.startswith(start):
                    gaps.add(relative(line[len(start):].split(": ")[0].split(" as pickle")[0], target))
        return Report(findings, covered, gaps)


class Modelscan(Tool):
    """JSON written to a file, since the console wraps its JSON."""

    fine_codes = (0, 1)

    def scan(self, target, report):
        return [self.program, "scan", "-r", "json", "-o", str(report), "-p", str(target)]

    def read(self, result, report, target):
        data = load(report)
        if data is None:
            return None
        findings = [(relative(issue["source"], target), issue["severity"].lower()) for issue in data["issues"]]
        covered = {relative(path, target) for path in data["summary"]["scanned"].get("scanned_files", [])}
        gaps = {relative(error.get("source", ""), target) for error in data["errors"]}
        return Report(findings, covered, gaps)


class Hayward(Tool):
    """JSON; `--verbose` names the files it read."""

    def scan(self, target, report):
        return [self.program, "scan", "-f", "json", "-o", str(report), "--verbose", str(target)]

    def read(self, result, report, target):
        data = load(report)
        if data is None:
            return None
        findings = [(relative(item["file"], target), item["severity"]) for item in data["findings"]]
        start = "hayward: scanned "
        covered = {relative(line[len(start):], target) for line in result.stderr.splitlines() if line.startswith(start)}
        gaps = {relative(gap if isinstance(gap, str) else gap.get("file", ""), target) for gap in data["coverage_gaps"]}
        return Report(findings, covered, gaps)


class Purser(Tool):
    """JSON with one record per file."""

    version_option = "--help"

    def scan(self, target, report):
        return [self.program, "scan", "-f", "json", "-o", str(report), str(target)]

    def read(self, result, report, target):
        data = load(report) or parsed(result.stdout)
        if data is None:
            return None
        findings, covered, gaps = [], set(), set()
        for record in data["files"]:
            path = relative(record["path"], target)
            (gaps if record["error"] or record["format"] == "unknown" else covered).add(path)
            findings += [(path, item["severity"].lower()) for item in record["findings"]]
        for key in ("deep_findings", "signal_findings", "signature_findings"):
            findings += [(relative(item.get("file") or "", target), item["severity"].lower()) for item in data.get(key, [])]
        return Report(findings, covered, gaps)


class Modelaudit(Tool):
    """JSON; the state of each file is in its metadata."""

    batch = 40
    parts = 4
    base_seconds = 30.0
    seconds_per_sample = 5.0

    def scan(self, target, report):
        return [self.program, "scan", "-f", "json", "--no-cache", "-o", str(report), str(target)]

    def read(self, result, report, target):
        data = load(report) or parsed(result.stdout)
        if data is None:
            return None
        findings = []
        for issue in data["issues"]:
            place = relative(issue.get("location") or "", target)
            severity = {"warning": "medium"}.get(issue["severity"], issue["severity"])
            findings.append((re.sub(r" \(pos \d+\)$", "", place), severity))
        covered, gaps = set(), set()
        for path, facts in data.get("file_metadata", {}).items():
            (gaps if facts.get("scan_outcome") else covered).add(relative(path, target))
        return Report(findings, covered, gaps)


class Cleanbill(Tool):
    """Our own JSON report; the whole tree in one run."""

    batch = 1_000_000
    parts = 8
    seconds_per_sample = 0.3
    fine_codes = (0, 1, 3)

    def scan(self, target, report):
        return [self.program, "scan", str(target), "--format", "json"]

    def read(self, result, report, target):
        data = parsed(result.stdout)
        if data is None or result.code not in self.fine_codes:
            return None
        findings = [(item["artifact"], item["severity"]) for item in data["findings"]]
        covered, gaps = set(), set()
        for artifact in data["artifacts"]:
            (covered if artifact["coverage"]["state"] == "complete" else gaps).add(artifact["path"])
        return Report(findings, covered, gaps)


def load(path):
    """The JSON of a file, or None."""
    try:
        return json.loads(pathlib.Path(path).read_text("utf-8"), strict=False)
    except (OSError, ValueError):
        return None


def parsed(text):
    """The JSON of a text that may have lines of talk before it, or None."""
    for at in (0, text.find("\n{") + 1):
        try:
            return json.loads(text[at:], strict=False)
        except ValueError:
            continue
    return None


PEERS = {"picklescan": Picklescan, "modelscan": Modelscan, "modelaudit": Modelaudit, "hayward": Hayward, "purser": Purser}


def tools(names, peers_dir, binary):
    """The scanners present, ours first. What is absent is named on the way."""
    found, notes = [], []
    if binary is not None:
        if os.access(binary, os.X_OK):
            found.append(Cleanbill("cleanbill", binary))
        else:
            notes.append(f"cleanbill is not built ({binary}): `cargo build --release`, then run again; peers only for now")
    for name in names:
        program = pathlib.Path(peers_dir) / name / "bin" / name
        if os.access(program, os.X_OK):
            found.append(PEERS[name](name, program))
        else:
            notes.append(f"{name} is not installed: run benches/peers.sh")
    return found, notes
