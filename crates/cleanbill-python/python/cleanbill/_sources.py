"""What targets hold, and where each of it is read: names as the command line gives them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from cleanbill import _native
from cleanbill._errors import UsageError


@dataclasses.dataclass(frozen=True)
class Source:
    """A file: its name in reports and where it is, or why it cannot be read."""

    artifact: str
    path: str
    size_bytes: int = 0
    reason: str | None = None

    def open(self) -> Any:
        """Returns what the engine reads: a path of this machine, an open file, or an error that says why there is none."""
        if self.reason is not None:
            return OSError(self.reason)
        if not is_remote(self.path):
            return self.path
        try:
            return _filesystem(self.path)[0].open(self.path, "rb")
        except Exception as error:  # noqa: BLE001: whatever a file system raises is why the file was not read
            return OSError(f"cannot be read: {error}")


def is_remote(target: str) -> bool:
    """Says whether a target has a scheme, and so is read through fsspec."""
    return "://" in target


def _filesystem(target: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise UsageError(f"`{target}` is read through the package `fsspec`, which is not installed") from None
    return fsspec.core.url_to_fs(target)


def local(target: str) -> list[Source]:
    """Lists a file or a folder of this machine."""
    root = os.path.abspath(target)
    is_folder = os.path.isdir(root)
    sources = []
    for artifact, reason in _native.listing(target):
        path = os.path.join(root, artifact) if is_folder else root
        try:
            size_bytes = os.stat(path).st_size if reason is None else 0
        except OSError:
            size_bytes = 0
        sources.append(Source(artifact, path, size_bytes, reason))
    return sources


def remote(target: str) -> list[Source]:
    """Lists what fsspec lists."""
    filesystem, root = _filesystem(target)
    root = root.rstrip("/")
    if filesystem.isfile(root):
        return [Source(root.rsplit("/", 1)[-1], filesystem.unstrip_protocol(root), filesystem.size(root) or 0)]
    found = filesystem.find(root, detail=True)
    if not found:
        name = root.rsplit("/", 1)[-1]
        return [Source(name, target, reason="nothing is there")]
    return [
        Source(path[len(root) :].lstrip("/"), filesystem.unstrip_protocol(path), about.get("size") or 0)
        for path, about in found.items()
    ]


def listing(targets: Sequence[str]) -> list[Source]:
    """Lists targets in the order of their names, each name once."""
    sources = {}
    for target in targets:
        for source in remote(target) if is_remote(target) else local(target):
            if len(targets) > 1:
                source = dataclasses.replace(source, artifact=_joined(target, source))
            sources.setdefault(source.artifact, source)
    return [sources[name] for name in sorted(sources, key=lambda name: name.encode("utf-8", "surrogatepass"))]


def _joined(target: str, source: Source) -> str:
    name = target.rstrip("/\\")
    is_itself = target == source.artifact or (
        name.rsplit("/", 1)[-1] == source.artifact and not (not is_remote(target) and os.path.isdir(target))
    )
    return name if is_itself else f"{name}/{source.artifact}"
