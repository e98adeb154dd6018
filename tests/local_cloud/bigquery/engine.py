"""What the emulator's engine needs before it starts: no downloads, a decimal that DuckDB has, partitions with their own times."""

from __future__ import annotations

from bqemulator.storage import partition_state, type_map
from bqemulator.storage.engine import DuckDBEngine

from tests.local_cloud.bigquery.csv_files import BIGNUMERIC_DECIMALS
from tests.local_cloud.bigquery.partitions import PartitionTimes


def install(partition_times: PartitionTimes) -> None:
    DuckDBEngine._load_spatial = _skip
    DuckDBEngine._register_builtin_udfs = _skip
    # DuckDB's decimals end at 38 digits; the stock DECIMAL(76, 38) makes every CREATE TABLE with BIGNUMERIC fail.
    type_map._BQ_TO_DUCKDB["BIGNUMERIC"] = f"DECIMAL(38, {BIGNUMERIC_DECIMALS})"
    partition_state.list_partitions_for_table = partition_times.dated(partition_state.list_partitions_for_table)


def _skip(_: DuckDBEngine) -> None:
    """Stock, one downloads an extension for GEOGRAPHY and one needs numpy for functions like FARM_FINGERPRINT."""
