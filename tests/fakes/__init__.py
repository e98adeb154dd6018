"""Cloud Storage, BigQuery's load jobs and the books in memory: what the histories run on, thousands of times.

It claims no more than the contract tests beside it check, on this cloud and on the laptop's alike.
"""

from tests.fakes.cloud import MemoryCloud
from tests.fakes.wire import Wire

__all__ = ["MemoryCloud", "Wire"]
