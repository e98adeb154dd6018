"""The optimizer of DuckDB that the emulator does without.

With it, `SELECT *` of a view with hundreds of expressions is planned seven times as long. Results are the same without.
"""

SLOW_OPTIMIZER = "statistics_propagation"
