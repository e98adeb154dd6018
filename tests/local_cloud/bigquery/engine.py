"""What the engine needs before it starts: no downloads, a decimal that DuckDB has, dated partitions."""

from __future__ import annotations

from bqemulator.storage import partition_state, type_map
from bqemulator.storage.engine import DuckDBEngine

from tests.local_cloud.bigquery.conversions import BIGNUMERIC_DECIMALS
from tests.local_cloud.bigquery.partitions import PartitionTimes


def install(partition_times: PartitionTimes) -> None:
    DuckDBEngine._load_spatial = _without_geography
    # DuckDB's decimals end at 38 digits; the stock DECIMAL(76, 38) makes every CREATE TABLE with BIGNUMERIC fail.
    type_map._BQ_TO_DUCKDB["BIGNUMERIC"] = f"DECIMAL(38, {BIGNUMERIC_DECIMALS})"
    partition_state.list_partitions_for_table = partition_times.dated(partition_state.list_partitions_for_table)


def _without_geography(_: DuckDBEngine) -> None:
    """The stock method downloads an extension, which a laptop without network cannot."""
