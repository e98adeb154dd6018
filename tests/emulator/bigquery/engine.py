"""Prepare bqemulator's engine: no downloads, decimals that DuckDB has, dated partitions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bqemulator.jobs import executor
from bqemulator.sql.rewriter import numeric_literals
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage import partition_state, type_map
from bqemulator.storage.engine import DuckDBEngine
from sqlglot import exp
from sqlglot.dialects import DuckDB

from tests.emulator.bigquery import bignumeric, operators, ranges, results, safe
from tests.emulator.bigquery.optimizer import SLOW_OPTIMIZER
from tests.emulator.bigquery.partitions import PartitionTimes

# JSON_OBJECT(keys, values) with two arrays: `statements.py` writes the call.
JSON_OF_ARRAYS = "json_object_of_arrays"


def install(partition_times: PartitionTimes, database: Path | None) -> None:
    """Keep tables in memory, or compressed in the file `database`."""
    DuckDBEngine._load_spatial = _without_geography
    DuckDBEngine._register_builtin_udfs = _with_macros(DuckDBEngine._register_builtin_udfs)
    rules = [ranges.RangeRule(), safe.SafeJsonRule()]
    executor._translator._rules[:0] = rules  # they win over those of bqemulator
    if database is not None:
        DuckDBEngine._resolve_path = lambda _: str(database)
    _hold_bignumeric()
    partition_state.list_partitions_for_table = partition_times.dated(partition_state.list_partitions_for_table)


def _with_macros(stock: Callable[[DuckDBEngine], None]) -> Callable[[DuckDBEngine], None]:
    def register(engine: DuckDBEngine) -> None:
        stock(engine)
        engine.connection.execute(f"SET disabled_optimizers = '{SLOW_OPTIMIZER}'")
        bignumeric.install(engine.connection)
        engine.connection.execute(f"CREATE OR REPLACE MACRO {JSON_OF_ARRAYS}(k, v) AS bignumeric_to_json(map(k, v))")
        ranges.create_macros(engine.connection)

    return register


def _hold_bignumeric() -> None:
    """DuckDB's decimals have at most 38 digits: with the stock DECIMAL(76, 38), no table could have a BIGNUMERIC."""
    type_map._BQ_TO_DUCKDB["BIGNUMERIC"] = bignumeric.TYPE
    generator = DuckDB.Generator
    settings = {kind: value for kind, value in generator.TYPE_PARAM_SETTINGS.items() if kind != exp.DType.BIGDECIMAL}
    # Otherwise sqlglot makes DECIMAL(18, 3) of CAST(x AS NUMERIC).
    generator.TYPE_PARAM_SETTINGS = {**settings, exp.DType.DECIMAL: ((38, 9), (38, 38))}
    generator.TYPE_MAPPING = {**generator.TYPE_MAPPING, exp.DType.BIGDECIMAL: bignumeric.TYPE}
    generator.TRANSFORMS = {
        **generator.TRANSFORMS,
        exp.SafeDivide: lambda self, node: self.func(operators.SAFE_QUOTIENT, node.this, node.expression),
    }
    numeric_literals._rewrite_bignumeric = lambda found: f"CAST({found[1]}{found[2]}{found[1]} AS BIGNUMERIC)"
    apply_rules = SQLTranslator._apply_rules
    SQLTranslator._apply_rules = lambda self, sql, **more: operators.rewritten(apply_rules(self, sql, **more))
    results.install()


def _without_geography(_: DuckDBEngine) -> None:
    """Skip the download of an extension, so that the emulator starts without a network."""
