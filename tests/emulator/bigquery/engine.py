"""Prepare bqemulator's engine: no downloads, decimals that DuckDB has, dated partitions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bqemulator.jobs import executor
from bqemulator.storage import arrow_bridge, partition_state, type_map
from bqemulator.storage.engine import DuckDBEngine
from sqlglot import exp
from sqlglot.dialects import DuckDB

from tests.emulator.bigquery import products, ranges, safe
from tests.emulator.bigquery.conversions import BIGNUMERIC_DECIMALS
from tests.emulator.bigquery.partitions import PartitionTimes

# JSON_OBJECT(keys, values) with two arrays: `statements.py` writes the call.
JSON_OF_ARRAYS = "json_object_of_arrays"


def install(partition_times: PartitionTimes, database: Path | None) -> None:
    """Keep tables in memory, or compressed in the file `database`."""
    DuckDBEngine._load_spatial = _without_geography
    DuckDBEngine._register_builtin_udfs = _with_macros(DuckDBEngine._register_builtin_udfs)
    rules = [products.ProductRule(), ranges.RangeRule(), safe.SafeJsonRule()]
    executor._translator._rules[:0] = rules  # they win over those of bqemulator
    if database is not None:
        DuckDBEngine._resolve_path = lambda _: str(database)
    # DuckDB's decimals have at most 38 digits: with the stock DECIMAL(76, 38), no table could have a BIGNUMERIC.
    type_map._BQ_TO_DUCKDB["BIGNUMERIC"] = f"DECIMAL(38, {BIGNUMERIC_DECIMALS})"
    # Otherwise sqlglot makes DECIMAL(18, 3) of CAST(x AS NUMERIC), and DECIMAL(38, 5) of BIGNUMERIC.
    DuckDB.Generator.TYPE_PARAM_SETTINGS = {
        **DuckDB.Generator.TYPE_PARAM_SETTINGS,
        exp.DType.DECIMAL: ((38, 9), (38, 38)),
        exp.DType.BIGDECIMAL: ((38, BIGNUMERIC_DECIMALS), (38, 38)),
    }
    # The catalogue calls every decimal NUMERIC. Query results distinguish the two by scale.
    arrow_bridge.arrow_type_to_bq_type_name = executor._arrow_type_to_bq_type
    partition_state.list_partitions_for_table = partition_times.dated(partition_state.list_partitions_for_table)


def _with_macros(stock: Callable[[DuckDBEngine], None]) -> Callable[[DuckDBEngine], None]:
    def register(engine: DuckDBEngine) -> None:
        stock(engine)
        engine.connection.execute(f"CREATE OR REPLACE MACRO {JSON_OF_ARRAYS}(k, v) AS to_json(map(k, v))")
        products.create_macro(engine.connection)
        ranges.create_macros(engine.connection)

    return register


def _without_geography(_: DuckDBEngine) -> None:
    """Skip the download of an extension, so that the emulator starts without a network."""
