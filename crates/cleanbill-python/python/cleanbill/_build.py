"""Which build of the package this is: results of two builds do not mix."""

from __future__ import annotations

import functools
import hashlib
import pathlib
import socket

from cleanbill import _native
from cleanbill._errors import BuildMismatch


@functools.lru_cache(maxsize=1)
def build_id() -> str:
    """Returns the version and a digest over every file of the installed package."""
    folder = pathlib.Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix != ".pyc":
            name = path.name.encode()
            digest.update(len(name).to_bytes(8, "big") + name)
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{_native.__version__}+{digest.hexdigest()[:16]}"


def check(expected: str) -> None:
    """Refuses to work for a driver of another build."""
    found = build_id()
    if found != expected:
        raise BuildMismatch(
            f"the worker on `{socket.gethostname()}` has build {found} of the package `cleanbill`, the driver has {expected}; "
            "install the same wheel on all machines"
        )
