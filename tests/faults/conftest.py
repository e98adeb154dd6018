"""FAULTS=long runs every case instead of a sample."""

import os

LONG = os.environ.get("FAULTS") == "long"

# whole deployments: in the short form two processes and three threads do what these do; 10,000 files take minutes
collect_ignore = [] if LONG else ["test_instances.py", "test_many_files.py"]
