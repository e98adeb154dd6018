"""Run sweeps without threads, so that a history is the same from one run to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


class _SequentialExecutor:
    """A ThreadPoolExecutor that does all work in the caller's thread."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def __enter__(self) -> _SequentialExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def submit(self, work: Callable[..., object], *arguments: object) -> None:
        work(*arguments)

    def map(self, work: Callable[[Any], Any], items: Any) -> list[Any]:
        return [work(item) for item in items]


@contextmanager
def without_threads() -> Iterator[None]:
    users = ("billing.workflows.sweep", "billing.workflows.inventory", "billing.gcp.landing")
    with ExitStack() as patches:
        for user in users:
            patches.enter_context(patch(f"{user}.ThreadPoolExecutor", _SequentialExecutor))
        yield
