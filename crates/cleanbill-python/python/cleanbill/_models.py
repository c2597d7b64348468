"""`scan`: models, by path or by bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from cleanbill import _native


def scan(
    target: Any,
    *,
    name: str = "stdin",
    fail_on: str = "high",
    only: Sequence[str] | None = None,
    limits: Mapping[str, int] | None = None,
    digests: bool = False,
) -> dict[str, Any]:
    """Examines a model and returns the report of `cleanbill scan --format json`.

    `target` is a path of a file or folder, the bytes of a file, a file that can seek, or a mapping from names to bytes and files,
    which are then examined together as the files of one folder. `name` is that of a single file without a path.
    """
    wishes = {
        "fail_on": fail_on,
        "only": None if only is None else list(only),
        "limits": list((limits or {}).items()),
        "digests": digests,
    }
    if isinstance(target, (str, os.PathLike)):
        document, _ = _native.scan(os.fspath(target), None, wishes)
    elif isinstance(target, Mapping):
        document, _ = _native.scan(name, list(target.items()), wishes)
    else:
        document, _ = _native.scan(name, [(name, bytes(target) if isinstance(target, bytearray) else target)], wishes)
    return json.loads(document)
