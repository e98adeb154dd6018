"""The laptop's Google Cloud: storage, BigQuery, events and functions, on this machine only. See README.md."""

from tests.local_cloud.cloud import LocalCloud
from tests.local_cloud.events import Attempt, Backoff, Events, StorageEvent
from tests.local_cloud.functions import Answer, Function, FunctionSpec
from tests.local_cloud.processes import StartError

__all__ = [
    "Answer",
    "Attempt",
    "Backoff",
    "Events",
    "Function",
    "FunctionSpec",
    "LocalCloud",
    "StartError",
    "StorageEvent",
]
