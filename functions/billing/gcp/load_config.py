"""What a load is, and the configuration of its jobs."""

from dataclasses import dataclass
from typing import Any

from billing.columns.dates import DateFormats
from billing.columns.field import Field
from billing.decisions.load_key import LoadKey
from billing.gcp.bigquery import schema_field


@dataclass(frozen=True)
class MonthLoad:
    """One month's load: its key, the files, and how to read them."""

    key: LoadKey
    uris: tuple[str, ...]
    schema: tuple[Field, ...]
    dates: DateFormats
    omits_columns: bool = False  # of the files: the job ignores what is not in the schema
    has_period: bool = True  # the files have the column that partitions the table

    @property
    def partition(self) -> str:
        return f"{self.key.table.name}${self.key.month.replace('-', '')}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of every job that writes the month. A job without them is none of ours."""
        return {"source": self.key.source.key, "month": self.key.month}


def partition_config(load: MonthLoad) -> Any:
    """Return the configuration of a load job that replaces the month."""
    config = _load_config(load)
    config.write_disposition = "WRITE_TRUNCATE"
    config.schema_update_options = ["ALLOW_FIELD_ADDITION"]
    return config


def staging_config(load: MonthLoad) -> Any:
    """Return the configuration of the load job that fills the empty staging table."""
    config = _load_config(load)
    config.write_disposition = "WRITE_EMPTY"
    return config


def swap_config(load: MonthLoad, rows: int, blank: int) -> Any:
    """Return the configuration of the query job that replaces the month. Its labels say what it writes."""
    from google.cloud import bigquery

    return bigquery.QueryJobConfig(
        destination=load.partition,
        create_disposition="CREATE_NEVER",
        write_disposition="WRITE_TRUNCATE",
        schema_update_options=["ALLOW_FIELD_ADDITION"],
        labels={**load.labels, "rows": str(rows), "blank": str(blank)},
    )


def _load_config(load: MonthLoad) -> Any:
    from google.cloud import bigquery

    config = bigquery.LoadJobConfig(
        create_disposition="CREATE_NEVER",
        source_format=load.key.source.format.file_format,
        schema=[schema_field(field) for field in load.schema],
        max_bad_records=0,
        labels=load.labels,
    )
    if load.key.source.format.file_format == "CSV":
        config.encoding = "UTF-8"  # BigQuery puts U+FFFD where bytes are not
        config.preserve_ascii_control_characters = True  # else a NUL ends the job
        config.skip_leading_rows = 1
        config.allow_quoted_newlines = True
        if load.dates.date is not None:
            config.date_format = load.dates.date
        if load.dates.timestamp is not None:
            config.timestamp_format = load.dates.timestamp
    else:
        if load.omits_columns:
            config.ignore_unknown_values = True
        config.decimal_target_types = ["BIGNUMERIC"]
        config.parquet_options = bigquery.ParquetOptions.from_api_repr({"mapTargetType": "ARRAY_OF_STRUCT"})
    return config
