"""Judge Parquet files by focus-validator, in its own environment: one process for all, because the start takes 3 s.

Usage: `python run_focus_validator.py FILE...`, in the folder that has the package. FILE.xml has the result.
"""

import sys
from importlib import import_module

OPTIONS = (
    *("--validate-version", "1.2", "--focus-dataset", "CostAndUsage", "--applicability-criteria", "ALL"),
    *("--block-download", "--output-type", "unittest"),
)

for file in sys.argv[1:]:
    sys.argv = ["focus-validator", "--data-file", file, *OPTIONS, "--output-destination", f"{file}.xml"]
    import_module("focus_validator.main").main()
