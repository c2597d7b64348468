"""Print what CPython's pickletools sees in pickles, or write random pickles to compare on.

    python3 pickletools_ops.py ops FILE...
        One JSON line per opcode: {"file", "position", "name", "argument"}; after an error one line {"file", "error"}.
        A file may hold several pickles one after the other.
    python3 pickletools_ops.py make FOLDER [--count N] [--seed S]
        Writes N random pickles for every protocol. Nothing here is ever unpickled.

Needs nothing beyond the standard library. `pickletools.genops` only reads; it executes nothing.
"""

import argparse
import array
import collections
import datetime
import decimal
import fractions
import io
import json
import pathlib
import pickle
import pickletools
import random
import sys
import uuid

ARGUMENT_CHARACTERS = 80
DEPTH = 5


def shown(argument):
    """Return a short text that a reader in another language can produce too."""
    if argument is None:
        return None
    if isinstance(argument, (bytes, bytearray)):
        text = "hex:" + bytes(argument).hex()
    elif isinstance(argument, float):
        text = argument.hex()
    else:
        text = str(argument)
    return text if len(text) <= ARGUMENT_CHARACTERS else f"{text[:ARGUMENT_CHARACTERS]}...({len(text)})"


def print_opcodes(paths, out):
    for path in paths:
        data = pathlib.Path(path).read_bytes()
        stream = io.BytesIO(data)
        try:
            while stream.tell() < len(data):
                for opcode, argument, position in pickletools.genops(stream):
                    line = {"file": path, "position": position, "name": opcode.name, "argument": shown(argument)}
                    out.write(json.dumps(line) + "\n")
        except Exception as error:  # genops raises ValueError, UnicodeDecodeError, OverflowError...
            out.write(json.dumps({"file": path, "error": f"{type(error).__name__}: {error}"}) + "\n")


class Plain:
    """An object with a dictionary as its state."""


class Reduced:
    """An object that is rebuilt by a call."""

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return (Reduced, (self.value,))


Point = collections.namedtuple("Point", "x y")


def leaf(rng):
    makers = [
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.randint(-3, 300),
        lambda: rng.randint(-(2**40), 2**40),
        lambda: rng.randint(-(2**3000), 2**3000),
        lambda: rng.uniform(-1e9, 1e9),
        lambda: rng.choice([float("inf"), float("-inf"), 0.0, -0.0, 5e-324]),
        lambda: "".join(rng.choice("ab é\n\\\u4e2d\U0001f600\ud800'\"\0") for _ in range(rng.randint(0, 12))),
        lambda: "long " * rng.randint(0, 120),
        lambda: rng.randbytes(rng.choice([0, 3, 300])),
        lambda: bytearray(rng.randbytes(rng.randint(0, 5))),
        lambda: complex(rng.random(), 1),
        lambda: decimal.Decimal(rng.randint(0, 999)) / 7,
        lambda: fractions.Fraction(rng.randint(1, 99), 7),
        lambda: datetime.datetime(2000, 1, rng.randint(1, 28)),
        lambda: uuid.UUID(int=rng.getrandbits(128)),
        lambda: range(rng.randint(0, 9)),
        lambda: rng.choice([len, dict, str.upper, Plain, datetime.date]),
        lambda: array.array("i", [1, 2, 3]),
    ]
    return rng.choice(makers)()


def random_object(rng, depth, earlier):
    if depth == 0 or rng.random() < 0.3:
        return leaf(rng)
    # A value that comes up again is written as a read of the memo.
    if earlier and rng.random() < 0.15:
        return rng.choice(earlier)
    children = [random_object(rng, depth - 1, earlier) for _ in range(rng.choice([0, 1, 2, 3, 4, 9]))]
    hashable = [child for child in children if is_hashable(child)]
    plain = Plain()
    plain.__dict__.update({f"name{index}": child for index, child in enumerate(children)})
    value = rng.choice(
        [
            children,
            tuple(children),
            set(hashable),
            frozenset(hashable),
            dict(zip(hashable, children)),
            collections.OrderedDict(zip(hashable, children)),
            collections.deque(children, maxlen=20),
            Point(children, 1),
            plain,
            Reduced(children),
        ]
    )
    if isinstance(value, list) and rng.random() < 0.1:
        value.append(value)
    earlier.append(value)
    return value


def is_hashable(value):
    try:
        hash(value)
    except TypeError:
        return False
    return True


def make(folder, count, seed):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            rng = random.Random(f"{seed} {index}")
            value = random_object(rng, rng.randint(0, DEPTH), [])
            # Both writers of CPython: the C one frames and memoises differently from the Python one.
            for writer, pickler in [("c", pickle.Pickler), ("py", pickle._Pickler)]:
                buffer = io.BytesIO()
                try:
                    pickler(buffer, protocol).dump(value)
                except (TypeError, RecursionError, UnicodeEncodeError, pickle.PicklingError):
                    continue
                data = buffer.getvalue()
                if rng.random() < 0.2:
                    try:
                        data = pickletools.optimize(data)
                    except Exception:
                        pass
                (folder / f"{index:05}-{protocol}-{writer}.pkl").write_bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    ops = verbs.add_parser("ops")
    ops.add_argument("files", nargs="+")
    maker = verbs.add_parser("make")
    maker.add_argument("folder")
    maker.add_argument("--count", type=int, default=100)
    maker.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.verb == "ops":
        print_opcodes(arguments.files, sys.stdout)
    else:
        make(arguments.folder, arguments.count, arguments.seed)


if __name__ == "__main__":
    main()
