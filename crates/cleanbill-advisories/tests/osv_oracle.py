"""Says for pairs of package and version which records of an archive affect them, by `packaging` and the text of the OSV schema.

    osv_oracle.py ARCHIVE COUNT SEED

Prints one JSON object a line: name, version, ids of the records that affect it, ids that cannot be decided.
"""

import json
import random
import re
import sys
import zipfile

from packaging.version import InvalidVersion, Version


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def in_range(events, version):
    limits = [event["limit"] for event in events if "limit" in event]
    if limits and not any(limit == "*" or version < Version(limit) for limit in limits):
        return False
    start = lambda event: next(iter(event.values())) == "0" and "introduced" in event
    ordered = sorted(events, key=lambda event: (not start(event), Version(next(iter(event.values())).replace("*", "0"))))
    inside = False
    for event in ordered:
        if "introduced" in event and (event["introduced"] == "0" or version >= Version(event["introduced"])):
            inside = True
        if "fixed" in event and version >= Version(event["fixed"]):
            inside = False
        if "last_affected" in event and version > Version(event["last_affected"]):
            inside = False
    return inside


def affects(record, name, text):
    undecided = False
    try:
        version = Version(text)
    except InvalidVersion:
        version = None
    for affected in record.get("affected", []):
        package = affected.get("package", {})
        if package.get("ecosystem") != "PyPI" or normal(package["name"]) != name:
            continue
        for listed in affected.get("versions", []):
            if listed == text:
                return True
            try:
                if version is not None and Version(listed) == version:
                    return True
            except InvalidVersion:
                pass
        ranges = [entry for entry in affected.get("ranges", []) if entry["type"] in ("SEMVER", "ECOSYSTEM")]
        for entry in ranges:
            try:
                if version is None:
                    undecided = True
                elif in_range(entry["events"], version):
                    return True
            except InvalidVersion:
                undecided = True
        if not ranges and not affected.get("versions"):
            undecided = True
    return None if undecided else False


def main():
    archive, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with zipfile.ZipFile(archive) as opened:
        records = [json.loads(opened.read(name)) for name in opened.namelist() if name.endswith(".json")]
    records = [record for record in records if not record.get("withdrawn")]
    pool = set()
    for record in records:
        for affected in record.get("affected", []):
            name = affected["package"]["name"]
            pool.update((name, version) for version in affected.get("versions", []))
            for entry in affected.get("ranges", []):
                if entry["type"] != "GIT":
                    pool.update((name, value) for event in entry["events"] for value in event.values())
    rng = random.Random(seed)
    pairs = rng.sample(sorted(pool), count)
    # Half of them moved to a neighbouring version, which is often one that no record lists.
    for place in range(0, count, 4):
        name, version = pairs[place]
        pairs[place] = (name, version + rng.choice([".1", ".post1", ".dev1"]))
    for name, version in pairs:
        answers = {record["id"]: affects(record, normal(name), version) for record in records}
        print(json.dumps({
            "name": name,
            "version": version,
            "affected": sorted(id for id, answer in answers.items() if answer),
            "undecided": sorted(id for id, answer in answers.items() if answer is None),
        }))


main()
