"""Write the result of a query into its destination table, as a load does: one transaction, or nothing.

bqemulator answers such a job, but leaves the table as it is.
https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationQuery
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
from bqemulator.catalog.models import TableMeta
from bqemulator.domain.errors import ValidationError

from tests.emulator.bigquery import bignumeric
from tests.emulator.bigquery.csv_files import quoted
from tests.emulator.bigquery.errors import JobError
from tests.emulator.bigquery.load_request import LoadRequest, read_request
from tests.emulator.bigquery.loads import Loaded, Write
from tests.emulator.bigquery.schemas import Fields, duckdb_columns, parse_fields, wire_type

Json = dict[str, Any]

_RESULT = "__emulator_result"
# Every other option is rejected: a test must not pass because the emulator ignored an option.
_KNOWN = {
    *("query", "destinationTable", "createDisposition", "writeDisposition", "schemaUpdateOptions", "useLegacySql"),
    *("useQueryCache", "priority", "parameterMode", "queryParameters", "timePartitioning", "clustering"),
}
# A result does not show these types: Arrow has text for JSON, and no names for the parts of a decimal.
_ALIKE = {"JSON": "STRING", "NUMERIC": "BIGNUMERIC"}


def read_destination(project: str, query: Json) -> LoadRequest | None:
    """Return what the query writes, or None. Raises ValidationError (HTTP 400) as BigQuery does before it runs."""
    if not query.get("destinationTable"):
        return None
    unknown = sorted(name for name, value in query.items() if name not in _KNOWN and value not in (None, False, {}, []))
    if unknown or query.get("useLegacySql"):
        raise ValidationError(f"The emulator does not know: {', '.join(unknown) or 'legacy SQL'}")
    written: Json = {
        name: query[name] for name in ("timePartitioning", "clustering", "schemaUpdateOptions") if name in query
    }
    written["destinationTable"] = query["destinationTable"]
    written["createDisposition"] = query.get("createDisposition", "CREATE_IF_NEEDED")
    written["writeDisposition"] = query.get("writeDisposition", "WRITE_EMPTY")
    return read_request(project, written)


def write_result(
    request: LoadRequest, existing: TableMeta | None, connection: Any, result: Any, fields: list[Json], now: datetime
) -> Loaded:
    """Write an Arrow table with these fields. An error leaves the destination as it is."""
    if existing is None and request.create == "CREATE_NEVER":
        raise JobError("notFound", f"Not found: Table {request.label}")
    cursor = connection.cursor()
    try:
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.register(_RESULT, _registrable(result))
        return _QueryWrite(request, existing, cursor, _as_in_table(parse_fields(fields), existing), now).run()
    finally:
        cursor.close()  # rolls back an open transaction


class _QueryWrite(Write):
    def select(self) -> str:
        columns = (f"{_value(name, kind)} AS {quoted(name)}" for name, kind in duckdb_columns(self.incoming))
        return f"SELECT {', '.join(columns)} FROM {_RESULT}"

    def explained(self, error: duckdb.Error) -> JobError:
        return JobError("invalid", f"The emulator cannot write the result of the query: {error}")


def _registrable(result: Any) -> Any:
    """Return the Arrow table with text for decimals of 76 digits, which DuckDB does not read."""
    for number, field in enumerate(result.schema):
        if pa.types.is_decimal256(field.type):
            result = result.set_column(number, field.name, result.column(number).cast(pa.string()))
    return result


def _value(name: str, kind: str) -> str:
    return bignumeric.of_text(f"{quoted(name)}::VARCHAR") if kind == bignumeric.TYPE else f"{quoted(name)}::{kind}"


def _as_in_table(fields: Fields, existing: TableMeta | None) -> Fields:
    """Give a column the table's type if a result shows both types alike, and the table's mode."""
    known = {field.name.lower(): field for field in existing.schema_.fields} if existing is not None else {}

    def alike(one: str, other: str) -> bool:
        one, other = wire_type(one), wire_type(other)
        return _ALIKE.get(one, one) == _ALIKE.get(other, other)

    return tuple(
        old if (old := known.get(field.name.lower())) is not None and alike(old.type, field.type) else field
        for field in fields
    )
