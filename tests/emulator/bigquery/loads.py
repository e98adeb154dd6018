"""Carry out a load job in one transaction on its own cursor.

Google publishes no judge of what a load does to a table, so only this code decides it. It follows
https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#jobconfigurationload
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from bqemulator.api.routes.tables import _rest_to_clustering, _rest_to_time_partitioning
from bqemulator.catalog.models import TableFieldSchema, TableMeta, TableSchema

from tests.emulator.bigquery import bignumeric
from tests.emulator.bigquery.csv_files import CsvLoad, CsvOptions, literal, quoted
from tests.emulator.bigquery.encodings import NotUtf8Error, as_utf8
from tests.emulator.bigquery.errors import JobError
from tests.emulator.bigquery.load_request import LoadRequest
from tests.emulator.bigquery.parquet_files import ParquetLoad
from tests.emulator.bigquery.schemas import Fields, duckdb_columns, merge_for_load, parse_fields, wire_type
from tests.emulator.bigquery.sources import SourceFile, corrupt_file, find_sources

_PARTITION_DIGITS = {"HOUR": 10, "DAY": 8, "MONTH": 6, "YEAR": 4}
_WRONG_PARTITION = "Some rows belong to different partitions rather than destination partition"


@dataclass(frozen=True)
class Loaded:
    table: TableMeta
    created: bool
    statistics: dict[str, str]


def run_load(
    request: LoadRequest, existing: TableMeta | None, connection: Any, storage_root: Path, now: datetime
) -> Loaded:
    """Load all files or nothing: an error leaves the table unchanged."""
    if existing is None and request.create == "CREATE_NEVER":
        raise JobError("notFound", f"Not found: Table {request.label}")
    files = find_sources(request.raw.get("sourceUris") or [], storage_root)

    def load(readable: Sequence[SourceFile]) -> Loaded:
        cursor = connection.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            return _Load(request, existing, cursor, readable, now).run()
        finally:
            cursor.close()  # rolls back an open transaction

    try:
        return load(files)
    except NotUtf8Error:
        with as_utf8(files) as readable:
            return load(readable)


class Write(ABC):
    """Write rows with the fields `incoming` into the destination of the request."""

    files: Sequence[SourceFile] = ()

    def __init__(
        self, request: LoadRequest, existing: TableMeta | None, cursor: Any, incoming: Fields, now: datetime
    ) -> None:
        self.request = request
        self.existing = existing
        self.cursor = cursor
        self.incoming = incoming
        self.table = existing or self._new_table(now)
        self.fields = self._final_fields()

    @abstractmethod
    def select(self) -> str:
        """Return the SELECT of the rows."""

    @abstractmethod
    def explained(self, error: duckdb.Error) -> JobError:
        """Return the job's error for one of DuckDB."""

    def count_bad_rows(self, inserted: int) -> int:
        return 0

    @property
    def brings_schema(self) -> bool:
        """Whether the table gets the schema of the rows if they replace all of it."""
        return True

    def run(self) -> Loaded:
        self.cursor.execute("BEGIN")
        self._prepare_table()
        rows = self._insert()
        bad = self.count_bad_rows(rows)
        self._check_required()
        total = self._count(f"SELECT count(*) FROM {self.request.target}")
        self.cursor.execute("COMMIT")
        size = sum(file.size for file in self.files)
        table = self.table.model_copy(
            update={
                "schema_": TableSchema(fields=self.fields),
                "num_rows": total,
                "num_bytes": self.table.num_bytes + size,
            }
        )
        statistics = {
            "inputFiles": len(self.files),
            "inputFileBytes": size,
            "outputRows": rows,
            "outputBytes": size,
            "badRecords": bad,
        }
        return Loaded(table, self.existing is None, {name: str(value) for name, value in statistics.items()})

    def _new_table(self, now: datetime) -> TableMeta:
        request = self.request
        return TableMeta(
            project_id=request.project,
            dataset_id=request.dataset,
            table_id=request.table,
            creation_time=now,
            last_modified_time=now,
            etag="",
            schema=TableSchema(fields=self.incoming),
            time_partitioning=_rest_to_time_partitioning(request.raw.get("timePartitioning"), None),
            clustering=_rest_to_clustering(request.raw.get("clustering"), None),
        )

    def _final_fields(self) -> Fields:
        if self.existing is None:
            return self.incoming
        replaces_all = self.request.write == "WRITE_TRUNCATE" and not self.request.partition
        if replaces_all and self.brings_schema:
            return self.incoming
        return merge_for_load(self.existing.schema_.fields, self.incoming, self.request.options, self.request.label)

    def _prepare_table(self) -> None:
        request = self.request
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in duckdb_columns(self.fields))
        inside = f" WHERE {self._in_partition()}" if request.partition else ""
        if self.existing is None:
            self.cursor.execute(f"CREATE TABLE {request.target} ({columns})")
        elif request.write == "WRITE_TRUNCATE" and not request.partition:
            self.cursor.execute(f"CREATE OR REPLACE TABLE {request.target} ({columns})")
        else:
            if request.write == "WRITE_EMPTY" and self._rows(f"SELECT 1 FROM {request.target}{inside} LIMIT 1"):
                raise JobError("duplicate", f"Already Exists: Table {request.label}")
            for name, kind in duckdb_columns(self.fields[len(self.existing.schema_.fields) :]):
                self.cursor.execute(f"ALTER TABLE {request.target} ADD COLUMN {quoted(name)} {kind}")
            if request.write == "WRITE_TRUNCATE":
                self.cursor.execute(f"DELETE FROM {request.target}{inside}")

    def _insert(self) -> int:
        names = ", ".join(quoted(field.name) for field in self.incoming)
        try:
            return self._count(f"INSERT INTO {self.request.target} ({names}) {self._guarded(self.select())}")
        except duckdb.Error as error:
            if _WRONG_PARTITION in str(error):
                raise JobError("invalid", f"{_WRONG_PARTITION} {self.request.partition}") from error
            raise self.explained(error) from error

    def _guarded(self, select: str) -> str:
        """End the load at a row outside the partition of the decorator. NULL is outside, too."""
        if not self.request.partition:
            return select
        field = quoted(self._partition_field())
        wrong = f"error({literal(f'{_WRONG_PARTITION} {self.request.partition}')})"
        checked = f"CASE WHEN coalesce({self._in_partition()}, false) THEN {field} ELSE {wrong} END AS {field}"
        return f"SELECT * REPLACE ({checked}) FROM ({select})"

    def _partition_field(self) -> str:
        partitioning = self.table.time_partitioning
        digits = _PARTITION_DIGITS[partitioning.type] if partitioning and partitioning.field else 0
        if not self.request.partition.isdigit() or len(self.request.partition) != digits:
            raise JobError(
                "invalid", f"Invalid partition decorator '${self.request.partition}' for table {self.request.label}"
            )
        if partitioning.field.lower() not in {field.name.lower() for field in self.incoming}:
            raise JobError("invalid", f"{_WRONG_PARTITION} {self.request.partition}")
        return str(partitioning.field)

    def _in_partition(self) -> str:
        field = self._partition_field()
        kind = next(wire_type(f.type) for f in self.fields if f.name.lower() == field.lower())
        day = self.request.partition
        start = f"TIMESTAMP '{day[:4]}-{day[4:6] or '01'}-{day[6:8] or '01'} {day[8:10] or '00'}:00:00'"
        cast = {"TIMESTAMP": "TIMESTAMPTZ", "DATE": "DATE"}.get(kind, "TIMESTAMP")
        end = f"{start} + INTERVAL 1 {self.table.time_partitioning.type}"
        return f"({quoted(field)} >= ({start})::{cast} AND {quoted(field)} < ({end})::{cast})"

    def _check_required(self) -> None:
        for field in self.fields:
            missing = f"SELECT 1 FROM {self.request.target} WHERE {quoted(field.name)} IS NULL LIMIT 1"
            if field.mode == "REQUIRED" and self._rows(missing):
                reason = f"Required column value for column {field.name} is missing"
                raise JobError("invalid", f"Error while reading data, error message: {reason}")

    def _rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        rows: Sequence[tuple[Any, ...]] = self.cursor.execute(sql).fetchall()
        return rows

    def _count(self, sql: str) -> int:
        return int(self._rows(sql)[0][0])


class _Load(Write):
    def __init__(
        self, request: LoadRequest, existing: TableMeta | None, cursor: Any, files: Sequence[SourceFile], now: datetime
    ) -> None:
        self.request, self.existing, self.cursor, self.files = request, existing, cursor, files
        self.parquet = ParquetLoad(files, request.raw, self._rows)
        super().__init__(request, existing, cursor, self._incoming_fields(), now)
        self.csv = CsvLoad(files, self.incoming, CsvOptions.of(request.raw))

    @property
    def brings_schema(self) -> bool:
        return bool(self.request.raw.get("schema")) or self.request.format == "PARQUET"

    def select(self) -> str:
        if self.request.format == "CSV":
            return self.csv.select()
        if self.request.format == "PARQUET":
            return self.parquet.select(self.incoming)
        names = ", ".join(map(_json_value, self.incoming))
        return " UNION ALL ".join(f"SELECT {names} FROM {self._read_json(file)}" for file in self.files)

    def explained(self, error: duckdb.Error) -> JobError:
        if self.request.format == "CSV" and (bad := self.csv.explain(str(error))):
            return bad
        file = corrupt_file(self.files) or self.files[0]
        first = re.sub(r"\s+", " ", str(error))[:300]
        return JobError("invalid", f"Error while reading data, error message: {first} File: {file.uri}", file.uri)

    def count_bad_rows(self, inserted: int) -> int:
        if self.request.format != "CSV":
            return 0
        unreadable = self._count(self.csv.count()) - inserted if self.request.max_bad else 0
        rejects = "reject_errors JOIN reject_scans USING (scan_id, file_id)"
        return self.csv.check_bad_rows(
            self._rows(f"SELECT file_path, line, error_type FROM {rejects} ORDER BY 1, 2"), unreadable
        )

    def _incoming_fields(self) -> Fields:
        given = parse_fields((self.request.raw.get("schema") or {}).get("fields") or [])
        if self.request.format == "PARQUET":
            return self._parquet_fields(given)
        if given:
            return given
        if self.existing is None:
            raise JobError("invalid", "No schema specified on job or table.")
        fields: Fields = self.existing.schema_.fields
        return fields

    def _parquet_fields(self, given: Fields) -> Fields:
        try:
            return self.parquet.fields(given)
        except duckdb.Error as error:
            raise self.explained(error) from error

    def _read_json(self, file: SourceFile) -> str:
        kinds = [(name, "VARCHAR" if kind == bignumeric.TYPE else kind) for name, kind in duckdb_columns(self.incoming)]
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in kinds)
        options = f"format='newline_delimited', compression='{'gzip' if file.gzipped else 'none'}'"
        return f"read_json({literal(str(file.path))}, columns={{{columns}}}, {options})"


def _json_value(field: TableFieldSchema) -> str:
    """Return SQL of a field: a BIGNUMERIC is read by its digits."""
    name = quoted(field.name)
    if wire_type(field.type) != "BIGNUMERIC" or field.mode == "REPEATED":
        return name
    wrong = f"error({literal(f'No BIGNUMERIC in {field.name}: ')} || {name})"
    return f"CASE WHEN {name} IS NOT NULL THEN coalesce({bignumeric.of_text(name)}, {wrong}) END AS {name}"
