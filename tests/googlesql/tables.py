"""The tables that the product's SQL reads, with the columns that they have on Google Cloud."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import sqlglot
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import loads_table, pipeline_state_table, version_table
from google.cloud.bigquery import SchemaField
from sqlglot import exp

from billing.columns.field import Field, map_of
from billing.columns.names import csv_rules, parquet_types
from billing.columns.plan import plan_csv
from billing.formats import FORMATS, SCHEMAS
from billing.gcp.bigquery import schema_field
from billing.settings import Source
from tests.support.google_export import GOOGLE_COLUMNS
from tests.support.sources import SourceSpec

# docs.cloud.google.com/bigquery/docs/information-schema-partitions
_PARTITIONS = {
    "table_catalog": "STRING",
    "table_schema": "STRING",
    "table_name": "STRING",
    "partition_id": "STRING",
    "total_rows": "INTEGER",
    "total_logical_bytes": "INTEGER",
    "total_billable_bytes": "INTEGER",
    "last_modified_time": "TIMESTAMP",
    "storage_tier": "STRING",
}
# docs.cloud.google.com/bigquery/docs/information-schema-columns
_COLUMNS = {
    "table_catalog": "STRING",
    "table_schema": "STRING",
    "table_name": "STRING",
    "column_name": "STRING",
    "ordinal_position": "INTEGER",
    "is_nullable": "STRING",
    "data_type": "STRING",
    "is_partitioning_column": "STRING",
    "clustering_ordinal_position": "INTEGER",
}
_DLT_TYPES = {"bigint": "INTEGER", "text": "STRING", "timestamp": "TIMESTAMP"}  # dlt's names of BigQuery's types
_TAGS = ("resourceTags/user:team", "resourceTags/aws:createdBy", "costCategory/unit", "resource_tags_user_team")


def source_tables(source: Source, fields: Sequence[Field]) -> Mapping[str, Sequence[SchemaField]]:
    """Return the tables of one source's dataset by their whole names. `fields` are the columns of its own table."""
    dataset = f"{source.project}.{source.dataset}"
    return {
        source.destination: [schema_field(field) for field in fields],
        f"{source.destination}_load_tracking": _tracking(source),
        f"{dataset}._dlt_loads": _dlt(loads_table()),
        f"{dataset}._dlt_pipeline_state": _dlt(pipeline_state_table()),
        f"{dataset}._dlt_version": _dlt(version_table()),
        f"{dataset}.INFORMATION_SCHEMA.PARTITIONS": _scalars(_PARTITIONS),
        f"{dataset}.INFORMATION_SCHEMA.COLUMNS": _scalars(_COLUMNS),
    }


def google_table() -> Sequence[SchemaField]:
    """Return the columns of Google Cloud's own billing export."""
    statement = sqlglot.parse_one(f"CREATE TABLE t ({GOOGLE_COLUMNS})", read="bigquery")
    return [_described(column) for column in statement.this.expressions]


def fewest(spec: SourceSpec) -> list[Field]:
    """Return the columns that Terraform creates a table with."""
    return [Field(column["name"], column["type"], column["description"]) for column in spec.table_schema]


def published(spec: SourceSpec) -> list[Field]:
    """Return all columns that the provider documents, and some tags."""
    created, export_format = fewest(spec), FORMATS[spec.format]
    rules = csv_rules(export_format)
    sources = list(dict.fromkeys([*rules.dictionary, *(tag for tag in _TAGS if rules.published(tag) is not None)]))
    if export_format.file_format == "CSV":
        return [*created, *plan_csv(sources, (), rules, {}, created).added]
    types, known = parquet_types(export_format), {field.name.lower() for field in created}
    names = {rules.name(source): source for source in sources}
    return [
        *created,
        *(
            Field(name, types.type_of(name) or _map_type(name), f"source: {source}")
            for name, source in names.items()
            if name.lower() not in known
        ),
    ]


def in_type(kind: str, replaced: Sequence[str]) -> Callable[[SourceSpec], list[Field]]:
    """Return a function like `published`, with another type for some types: TYPE_OVERRIDES can choose it."""

    def overridden(spec: SourceSpec) -> list[Field]:
        partition = FORMATS[spec.format].partition
        return [
            replace(field, type=kind) if field.type in replaced and field.name != partition else field
            for field in published(spec)
        ]

    return overridden


def _map_type(name: str) -> str:
    """Return the type of a published map: AWS's maps of discounts have numbers."""
    return map_of("STRING", "FLOAT" if "discount" in name.lower() else "STRING")


def _tracking(source: Source) -> Sequence[SchemaField]:
    columns = json.loads((SCHEMAS / "load_tracking.json").read_text())
    own = SchemaField(source.format.execution_column, "STRING")
    return [own, *(SchemaField.from_api_repr(column) for column in columns)]


def _dlt(table: TTableSchema) -> Sequence[SchemaField]:
    return _scalars({name: _DLT_TYPES[str(column["data_type"])] for name, column in table["columns"].items()})


def _described(column: exp.ColumnDef) -> SchemaField:
    kind, mode = column.args["kind"], "NULLABLE"
    if kind.this is exp.DataType.Type.ARRAY:
        kind, mode = kind.expressions[0], "REPEATED"
    if kind.this is exp.DataType.Type.STRUCT:
        return SchemaField(column.name, "RECORD", mode, fields=[_described(part) for part in kind.expressions])
    return SchemaField(column.name, kind.sql("bigquery"), mode)


def _scalars(columns: Mapping[str, str]) -> Sequence[SchemaField]:
    return [SchemaField(name, kind) for name, kind in columns.items()]
