"""Daft: a function for expressions. `cleanbill.leaks(frame)` searches a whole data frame.

    frame.select("id", cleanbill.daft.leaks(frame["text"]).explode())
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cleanbill import _build, _frames, _options

if TYPE_CHECKING:
    from daft import Expression, Series


def leaks(
    values: Expression,
    *,
    classes: Sequence[str] = (),
    rules: Sequence[_options.Paths] = (),
    hash_key: bytes | None = None,
    column: str = "",
) -> Expression:
    """Returns what is found in each text, as lists; `column` names where the texts come from. On Ray, workers search too."""
    import daft

    wishes = _options.options(classes=classes, rules=rules, hash_key=hash_key)
    build = _build.build_id()

    @daft.func.batch(return_dtype=daft.DataType.from_arrow_type(_frames.pa.list_(_frames.VALUE)))
    def search(values: Series) -> Any:
        _build.check(build)
        return _frames.of_values(values.to_arrow().fill_null(""), wishes, column)

    return search(values)
