"""What the engine needs before it starts: no downloads, a decimal that DuckDB has, dated partitions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bqemulator.jobs import executor
from bqemulator.storage import arrow_bridge, partition_state, type_map
from bqemulator.storage.engine import DuckDBEngine
from sqlglot import exp
from sqlglot.dialects import DuckDB

from tests.emulator.bigquery import products
from tests.emulator.bigquery.conversions import BIGNUMERIC_DECIMALS
from tests.emulator.bigquery.partitions import PartitionTimes

# JSON_OBJECT(keys, values) of two arrays: see `statements.py`, which writes the call.
JSON_OF_ARRAYS = "json_object_of_arrays"


def install(partition_times: PartitionTimes, database: Path | None) -> None:
    """Tables are kept in memory, or compressed in the file `database`."""
    DuckDBEngine._load_spatial = _without_geography
    DuckDBEngine._register_builtin_udfs = _with_macros(DuckDBEngine._register_builtin_udfs)
    executor._translator._rules.append(products.ProductRule())
    if database is not None:
        DuckDBEngine._resolve_path = lambda _: str(database)
    # DuckDB's decimals end at 38 digits; the stock DECIMAL(76, 38) makes every CREATE TABLE with BIGNUMERIC fail.
    type_map._BQ_TO_DUCKDB["BIGNUMERIC"] = f"DECIMAL(38, {BIGNUMERIC_DECIMALS})"
    # CAST(x AS NUMERIC) in SQL: sqlglot would leave it to DuckDB's DECIMAL(18, 3), and BIGNUMERIC to DECIMAL(38, 5).
    DuckDB.Generator.TYPE_PARAM_SETTINGS = {
        **DuckDB.Generator.TYPE_PARAM_SETTINGS,
        exp.DType.DECIMAL: ((38, 9), (38, 38)),
        exp.DType.BIGDECIMAL: ((38, BIGNUMERIC_DECIMALS), (38, 38)),
    }
    # The catalogue calls every decimal NUMERIC; query results already tell the two apart by scale.
    arrow_bridge.arrow_type_to_bq_type_name = executor._arrow_type_to_bq_type
    partition_state.list_partitions_for_table = partition_times.dated(partition_state.list_partitions_for_table)


def _with_macros(stock: Callable[[DuckDBEngine], None]) -> Callable[[DuckDBEngine], None]:
    def register(engine: DuckDBEngine) -> None:
        stock(engine)
        engine.connection.execute(f"CREATE OR REPLACE MACRO {JSON_OF_ARRAYS}(k, v) AS to_json(map(k, v))")
        products.create_macro(engine.connection)

    return register


def _without_geography(_: DuckDBEngine) -> None:
    """The stock method downloads an extension, which a laptop without network cannot."""
