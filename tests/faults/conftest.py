"""The in-process harness of the integration tests; FAULTS=long runs every case instead of a sample."""

import os

from tests.integration.conftest import cloud, emulators, focus_1_0_harness, harness

__all__ = ["cloud", "emulators", "focus_1_0_harness", "harness"]

LONG = os.environ.get("FAULTS") == "long"

# whole deployments: in the short form two processes and three threads do what these do; 10,000 files take minutes
collect_ignore = [] if LONG else ["test_instances.py", "test_many_files.py"]
