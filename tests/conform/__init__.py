"""`make conform`: run the contract tests of Cloud Storage and BigQuery in a real project.

The test functions are those of `tests/contract/`. This package gives them a third place to run, and judges the results.
"""
