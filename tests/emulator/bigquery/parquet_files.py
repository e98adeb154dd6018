"""Read Parquet as BigQuery does, by one DuckDB SELECT.

DuckDB reads the files. Google publishes no reader that could judge which types and columns a table gets from them, so
only this code does. It follows https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.emulator.bigquery import bignumeric
from tests.emulator.bigquery.csv_files import literal, quoted
from tests.emulator.bigquery.errors import JobError
from tests.emulator.bigquery.schemas import Fields, duckdb_columns, is_map, parquet_field, wire_type
from tests.emulator.bigquery.sources import SourceFile


@dataclass(frozen=True)
class ParquetLoad:
    files: Sequence[SourceFile]
    options: dict[str, Any]
    query: Callable[[str], Sequence[tuple[Any, ...]]]

    def fields(self, given: Fields) -> Fields:
        """Return the fields of the job's schema, or without one those of the files.

        A column outside the schema is ignored or ends the job:
        https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad.FIELDS.ignore_unknown_values
        """
        types = self._types()
        named = {field.name.lower() for field in given}
        extra = [name for name, _ in types if given and name.lower() not in named]
        if extra and not self.options.get("ignoreUnknownValues"):
            reason = f"the column {extra[0]} of the file is not in the schema"
            raise JobError("invalid", f"Error while reading data, error message: {reason} File: {self.files[0].uri}")
        types = [(name, kind) for name, kind in types if name not in extra]
        self._check_maps([name for name, kind in types if is_map(kind)])
        targets = self.options.get("decimalTargetTypes") or []
        by_name = {field.name.lower(): field for field in given}
        found = [by_name.pop(name.lower(), None) or parquet_field(name, kind, targets) for name, kind in types]
        return (*found, *by_name.values())

    def select(self, fields: Fields) -> str:
        present = {name.lower(): kind for name, kind in self._types()}
        columns = []
        for field, (name, kind) in zip(fields, duckdb_columns(fields), strict=True):
            found = present.get(name.lower())
            source = "NULL" if found is None else quoted(name)
            if field.mode == "REPEATED":
                value = f"coalesce({_map_entries(source, found, field.name)}, [])::{kind}"
            else:
                value = _cast(source, found, kind, wire_type(field.type))
            columns.append(f"{value} AS {quoted(name)}")
        return f"SELECT {', '.join(columns)} FROM {self._read_parquet()}"

    def _types(self) -> list[tuple[str, str]]:
        described = self.query(f"DESCRIBE SELECT * FROM {self._read_parquet()}")
        return [(name, kind) for name, kind, *_ in described]

    def _check_maps(self, names: Sequence[str]) -> None:
        """Reject maps without ARRAY_OF_STRUCT: Google makes a record `key_value` of them, the emulator does not."""
        options = self.options.get("parquetOptions") or {}
        if names and options.get("mapTargetType") != "ARRAY_OF_STRUCT":
            message = "The emulator loads a Parquet MAP with parquetOptions.mapTargetType ARRAY_OF_STRUCT only"
            raise JobError("invalid", f"{message} (field: {names[0]}).")

    def _read_parquet(self) -> str:
        """Turn hive_partitioning off: with it, DuckDB adds a column for every folder like `year=2025`."""
        paths = ", ".join(literal(str(file.path)) for file in self.files)
        return f"read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"


def _map_entries(source: str, kind: str | None, name: str) -> str:
    """Turn a map into a repeated record of key and value (mapTargetType ARRAY_OF_STRUCT)."""
    if kind is None or is_map(kind):
        return f"map_entries({source})" if kind else "NULL"
    raise JobError("invalid", f"The emulator does not load Parquet {kind} into a REPEATED field (field: {name}).")


def _cast(source: str, found: str | None, kind: str, wire: str) -> str:
    """Return SQL of a column in the type of its field. A BIGNUMERIC gets the digits of a number, and not less."""
    if wire != "BIGNUMERIC" or found is None:
        return f"{source}::{kind}"
    if found in ("DOUBLE", "FLOAT"):
        return f"bignumeric_of_double({source})::{kind}"
    return bignumeric.of_text(f"{source}::VARCHAR")
