"""Cloud Storage, BigQuery's load jobs and the load history in memory, for thousands of random histories.

The contract tests run on the fakes and on the emulator. Use nothing of the fakes that they do not cover.
"""

from tests.fakes.cloud import FakeCloud
from tests.fakes.wire import Wire

__all__ = ["FakeCloud", "Wire"]
