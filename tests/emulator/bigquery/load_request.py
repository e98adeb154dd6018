"""Read the configuration of a load job, and reject what BigQuery rejects or the emulator does not know.

Its fields are judged by the discovery document. Google publishes no judge of which of them fit together, so only this
code does that. It follows https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#jobconfigurationload
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bqemulator.domain.errors import ValidationError
from bqemulator.storage.sql_identifiers import quoted_table_ref

from tests.emulator.bigquery.conversions import is_known_date_format

_FORMATS = ("CSV", "NEWLINE_DELIMITED_JSON", "PARQUET")
# Every other option is rejected: a test must not pass because the emulator ignored an option.
# fmt: off
_KNOWN = {
    "sourceUris", "schema", "destinationTable", "createDisposition", "writeDisposition", "sourceFormat",
    "schemaUpdateOptions", "timePartitioning", "clustering", "maxBadRecords", "skipLeadingRows", "fieldDelimiter",
    "quote", "allowQuotedNewlines", "nullMarker", "nullMarkers", "sourceColumnMatch", "decimalTargetTypes",
    "dateFormat", "timestampFormat", "parquetOptions", "preserveAsciiControlCharacters", "encoding",
}
_KNOWN_FOR_PARQUET = {"ignoreUnknownValues"}
_KNOWN_PARQUET_OPTIONS = {"mapTargetType": ("MAP_TARGET_TYPE_UNSPECIFIED", "ARRAY_OF_STRUCT")}
# fmt: on


@dataclass(frozen=True)
class LoadRequest:
    project: str
    dataset: str
    table: str
    partition: str
    format: str
    write: str
    create: str
    options: tuple[str, ...]
    raw: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def target(self) -> str:
        reference: str = quoted_table_ref(self.project, self.dataset, self.table)
        return reference

    @property
    def max_bad(self) -> int:
        return int(self.raw.get("maxBadRecords") or 0)


def read_request(project: str, load: dict[str, Any]) -> LoadRequest:
    """Read the configuration. Raises ValidationError (HTTP 400) as BigQuery does before it creates a job."""
    destination = load["destinationTable"]
    table, _, partition = destination["tableId"].partition("$")
    request = LoadRequest(
        project=destination.get("projectId", project),
        dataset=destination["datasetId"],
        table=table,
        partition=partition,
        format=load.get("sourceFormat", "CSV").upper(),
        write=load.get("writeDisposition", "WRITE_APPEND"),
        create=load.get("createDisposition", "CREATE_IF_NEEDED"),
        options=tuple(load.get("schemaUpdateOptions") or ()),
        raw=load,
    )
    replaces_partition = request.write == "WRITE_TRUNCATE" and request.partition
    if request.options and request.write != "WRITE_APPEND" and not replaces_partition:
        raise ValidationError(
            "Schema update options should only be specified with WRITE_APPEND disposition, "
            "or with WRITE_TRUNCATE disposition on a table partition."
        )
    unknown = _unknown_options(load, request.format)
    if unknown or request.format not in _FORMATS:
        raise ValidationError(f"The emulator does not know: {', '.join(unknown) or request.format}")
    return request


def _unknown_options(load: dict[str, Any], source_format: str) -> list[str]:
    known = _KNOWN | _KNOWN_FOR_PARQUET if source_format == "PARQUET" else _KNOWN
    options = sorted(
        name for name, value in load.items() if name not in known and value not in (None, False, "", [], {})
    )
    dates = [
        f"{name} {load[name]}"
        for name in ("dateFormat", "timestampFormat")
        if not is_known_date_format(load.get(name) or "YYYY-MM-DD")
    ]
    parquet = [
        f"parquetOptions.{name}={value}"
        for name, value in (load.get("parquetOptions") or {}).items()
        if value and value not in _KNOWN_PARQUET_OPTIONS.get(name, ())
    ]
    encoding = [f"encoding {load['encoding']}"] if load.get("encoding") not in (None, "UTF-8") else []
    return [*options, *dates, *parquet, *encoding]
