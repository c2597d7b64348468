"""Makes version and range pairs and says by `packaging` and `univers` which versions are affected.

    order_oracle.py ECOSYSTEM COUNT SEED

Prints one JSON object a line: the events of a range as an advisory has them, a version, and whether it is affected.
"""

import functools
import json
import random
import sys

from packaging.version import Version as Pep440
from univers import gentoo, version_range, versions
from univers.version_constraint import VersionConstraint


def number(rng):
    return rng.choice([0, 0, 1, 1, 2, 3, 9, 10, 11, 100, rng.randrange(10_000)])


def pypi(rng):
    text = ".".join(str(number(rng)) for _ in range(rng.randint(1, 4)))
    if rng.random() < 0.03:
        text = "1!" + text
    if rng.random() < 0.25:
        text += rng.choice(["a", "b", "rc", ".alpha", "-beta", "_rc.", "c"]) + str(rng.randrange(4))
    if rng.random() < 0.1:
        text += rng.choice([".post", "-", "-r"]) + str(rng.randrange(4))
    if rng.random() < 0.1:
        text += ".dev" + str(rng.randrange(4))
    if rng.random() < 0.05:
        text = "v" + text
    return text


def semver(rng):
    text = ".".join(str(number(rng)) for _ in range(3))
    if rng.random() < 0.3:
        parts = [rng.choice(["alpha", "beta", "rc", "0", "1", "10", "x-y", "a1"]) for _ in range(rng.randint(1, 3))]
        text += "-" + ".".join(parts)
    return text


def golang(rng):
    if rng.random() < 0.3:
        stamp = f"20{rng.randrange(10, 26)}{rng.randrange(1, 13):02}01000000"
        return f"v{rng.randrange(2)}.{rng.randrange(3)}.{rng.randrange(3)}-{rng.choice(['', '0.', 'rc.1.0.'])}{stamp}-{rng.randrange(16**12):012x}"
    return "v" + semver(rng)


def debian(rng):
    text = "".join(rng.choice(["1", "2", "10", "0", "a", "rc", "~", "~~", "+", ".", ".", ".0", "dfsg", "git"]) for _ in range(rng.randint(0, 5)))
    text = str(number(rng)) + text
    if rng.random() < 0.15:
        text = f"{rng.randrange(3)}:{text}"
    if rng.random() < 0.7:
        text += "-" + rng.choice(["1", "2", "0ubuntu1", "1+deb12u1", "1~bpo", "10", "0.1", "1+b1"])
    return text


def alpine(rng):
    # Only what univers knows: no commits, no suffixes of version control, and a number behind every suffix and a revision behind
    # every version, since it takes 0 for what is left out and apk does not. It takes all of a version for one number where no dot is.
    text = ".".join(str(number(rng)) for _ in range(rng.randint(2, 4)))
    if rng.random() < 0.15:
        text += rng.choice("abz")
    if rng.random() < 0.3:
        text += f"_{rng.choice(['alpha', 'beta', 'pre', 'rc', 'p'])}{rng.randrange(1, 12)}"
    return f"{text}-r{rng.randrange(12)}"


ECOSYSTEMS = {
    "PyPI": (pypi, versions.PypiVersion, version_range.PypiVersionRange),
    "npm": (semver, versions.SemverVersion, version_range.NpmVersionRange),
    "crates.io": (semver, versions.SemverVersion, version_range.CargoVersionRange),
    "Go": (golang, versions.GolangVersion, version_range.GolangVersionRange),
    "Debian": (debian, versions.DebianVersion, version_range.DebianVersionRange),
    "Alpine": (alpine, versions.AlpineLinuxVersion, version_range.AlpineLinuxVersionRange),
}


def make_events(rng, made, key):
    """Returns the events and the constraints of the same range, each in the notation of its side."""
    ends = sorted((made(rng) for _ in range(4)), key=key)
    ends = [text for place, text in enumerate(ends) if place == 0 or key(ends[place - 1]) < key(text)]
    # `introduced: "0"` means the start of all versions, so that the version 0 itself cannot be one.
    ends = [text for text in ends if text != "0"]
    if not ends:
        return make_events(rng, made, key)
    events, constraints = [], []
    if rng.random() < 0.3:
        events.append({"introduced": "0"})
    else:
        low = ends.pop(0)
        events.append({"introduced": low})
        constraints.append((">=", low))
    if ends and rng.random() < 0.9:
        high = ends.pop(0)
        last = rng.random() < 0.3
        events.append({"last_affected" if last else "fixed": high})
        constraints.append(("<=" if last else "<", high))
        if len(ends) == 2 and rng.random() < 0.5:
            events += [{"introduced": ends[0]}, {"fixed": ends[1]}]
            constraints += [(">=", ends[0]), ("<", ends[1])]
    rng.shuffle(events)
    return events, constraints


def by_events(read, events, version):
    """Evaluates the events one by one, with the comparisons of `read` alone."""
    version, inside = read(version), False
    key = lambda event: (0, read("1")) if event.get("introduced") == "0" else (1, read(next(iter(event.values()))))
    for event in sorted(events, key=key):
        (kind, text), = event.items()
        if kind == "introduced" and (text == "0" or not version < read(text)):
            inside = True
        elif kind == "fixed" and not version < read(text):
            inside = False
        elif kind == "last_affected" and read(text) < version:
            inside = False
    return inside


def main():
    ecosystem, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(f"{ecosystem} {seed}")
    made, version_class, range_class = ECOSYSTEMS[ecosystem]
    done = 0
    while done < count:
        events, constraints = make_events(rng, made, version_class)
        # Often one of the ends, since that is where mistakes are.
        ends = [text for event in events for text in event.values() if text != "0"]
        version = rng.choice(ends) if ends and rng.random() < 0.25 else made(rng)
        if not constraints:
            affected = True
        else:
            listed = [VersionConstraint(comparator=sign, version=version_class(text)) for sign, text in constraints]
            affected = version_class(version) in range_class(constraints=listed)
        if ecosystem == "PyPI":
            assert affected == by_events(Pep440, events, version), (events, version)
        if ecosystem == "Alpine":
            # In univers 32.0.1, `<=` and `>=` compare these versions as texts; `<` is right.
            affected = by_events(functools.cmp_to_key(gentoo.vercmp), events, version)
        print(json.dumps({"events": events, "version": version, "affected": affected}))
        done += 1


main()
