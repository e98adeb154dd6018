"""FAULTS=long runs every case instead of a sample."""

import os

LONG = os.environ.get("FAULTS") == "long"

# Whole deployments: in the short form two processes and three threads do what these do; 10,000 files take minutes.
# Columns that are refused: in the short form by the unit tests of columns and bounds.
_LONG_ALONE = ["test_instances.py", "test_many_files.py", "test_refused_columns.py"]
collect_ignore = [] if LONG else _LONG_ALONE
