"""What can go wrong."""


class CleanbillError(Exception):
    """The root of all errors of this package."""


class UsageError(CleanbillError, ValueError):
    """The caller asked for what cannot be."""


class InternalError(CleanbillError, RuntimeError):
    """A part of Cleanbill broke down: a bug of Cleanbill, not of the data."""


class BuildMismatch(CleanbillError, RuntimeError):
    """A worker has another build of this package than the driver."""
