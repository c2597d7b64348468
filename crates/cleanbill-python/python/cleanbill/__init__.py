"""Cleanbill: secrets, personal data and hidden text in data, and code in models.

`leaks` searches tables, files and folders; `scan` examines models. Nothing is executed, and nothing leaves the machine.
Jobs for clusters: `python -m cleanbill.spark` and `python -m cleanbill.ray`.
"""

from cleanbill._build import build_id
from cleanbill._errors import BuildMismatch, CleanbillError, InternalError, UsageError
from cleanbill._leaks import Leaks, leaks
from cleanbill._models import scan
from cleanbill._native import __version__

__all__ = [
    "BuildMismatch",
    "CleanbillError",
    "InternalError",
    "Leaks",
    "UsageError",
    "__version__",
    "build_id",
    "leaks",
    "scan",
]
