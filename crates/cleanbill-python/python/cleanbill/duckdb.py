"""DuckDB: a function for SQL. `cleanbill.leaks(relation)` searches a whole relation.

    cleanbill.duckdb.register(connection)
    connection.sql("select id, unnest(leaks(text)) from 'rows.parquet'")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from cleanbill import _frames, _options

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPES = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}


def register(
    connection: DuckDBPyConnection,
    name: str = "leaks",
    *,
    classes: Sequence[str] = (),
    rules: Sequence[_options.Paths] = (),
    hash_key: bytes | None = None,
    column: str = "",
) -> None:
    """Makes the function `name` of SQL, from a text to a list of what is found in it; `column` names where the texts come from."""
    from duckdb import sqltypes

    wishes = _options.options(classes=classes, rules=rules, hash_key=hash_key)

    def leaks(values: pa.ChunkedArray) -> pa.Array:
        whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        return _frames.of_values(whole.fill_null(""), wishes, column)

    fields = ", ".join(f'"{field.name}" {_TYPES[field.type]}' for field in _frames.VALUE)
    returned = connection.type(f"STRUCT({fields})[]")
    connection.create_function(name, leaks, [sqltypes.VARCHAR], returned, type="arrow", null_handling="special")
