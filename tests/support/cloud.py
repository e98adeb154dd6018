"""What the contract tests need of a place: a project of Google Cloud, or the emulator."""

from __future__ import annotations

from typing import Any, Protocol


class Cloud(Protocol):
    project: str
    location: str
    storage: Any  # a client of Cloud Storage
    bigquery: Any  # a client of BigQuery
    credentials: Any  # what dlt builds its own client with

    def create_bucket(self, name: str) -> None: ...

    def create_dataset(self, name: str) -> None: ...
