"""What to look for, and how."""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import secrets
from collections.abc import Sequence
from typing import Union

from cleanbill import _native

Paths = Union[str, "os.PathLike[str]"]


@dataclasses.dataclass(frozen=True)
class Options:
    """Travels from the driver to the workers as it is. The key is a secret: it is never shown."""

    key: bytes = dataclasses.field(repr=False)
    rules: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    id_field: str | None = None
    fail_on: str = "high"

    def engine(self) -> _native.Engine:
        """Returns the engine of this process for these options."""
        return _engine(self)


@functools.lru_cache(maxsize=4)
def _engine(options: Options) -> _native.Engine:
    return _native.Engine(
        options.key,
        {
            "rules": list(options.rules),
            "classes": list(options.classes),
            "columns": None if options.columns is None else list(options.columns),
            "id_field": options.id_field,
            "fail_on": options.fail_on,
        },
    )


def options(
    *,
    columns: Sequence[str] | None = None,
    id_field: str | None = None,
    classes: Sequence[str] = (),
    rules: Sequence[Paths] = (),
    hash_key: bytes | None = None,
    fail_on: str = "high",
) -> Options:
    """Makes options, with a new key where none is given; what is wrong with them is said here, not on a worker."""
    if isinstance(columns, str) or isinstance(classes, str):
        raise TypeError("`columns` and `classes` are lists of names")
    made = Options(
        key=secrets.token_bytes(32) if hash_key is None else hash_key,
        rules=tuple(pathlib.Path(path).read_text(encoding="utf-8") for path in rules),
        classes=tuple(classes),
        columns=tuple(columns) if columns else None,
        id_field=id_field,
        fail_on=fail_on,
    )
    made.engine()
    return made
