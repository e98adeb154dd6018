"""Judge Parquet files by focus-validator, in its own environment: one process for all, because the start takes 3 s.

Usage: `python run_focus_validator.py FILE...`, in the folder that has the package. FILE.xml has the result.
"""

import re
import sys
from importlib import import_module

OPTIONS = (
    *("--validate-version", "1.2", "--focus-dataset", "CostAndUsage", "--applicability-criteria", "ALL"),
    *("--block-download", "--output-type", "unittest"),
)
OTHER_VALUE = re.compile(r"\((\w+) IS NOT NULL AND \1 <> ('(?:[^']|'')*')\)")


def judge_rows_without_a_value() -> None:
    """Judge also rows with NULL by the rules of rows that have another value, such as ChargeClass not Correction.

    The validator leaves these rows out, and so 17 of its rules judge no row of a month without corrections.
    """
    checks = import_module("focus_validator.config_objects.focus_to_duckdb_converter").CheckNotValueGenerator
    condition = checks.generatePredicate
    checks.generatePredicate = lambda self: OTHER_VALUE.sub(r"COALESCE(\1, '') <> \2", condition(self) or "") or None


judge_rows_without_a_value()
for file in sys.argv[1:]:
    sys.argv = ["focus-validator", "--data-file", file, *OPTIONS, "--output-destination", f"{file}.xml"]
    import_module("focus_validator.main").main()
