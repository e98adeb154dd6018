"""Let dlt poll for finished jobs every 0.02 s. Its own 1 s is most of the time of a commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def with_short_polls(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap `dlt.load.load.Load.__init__`."""

    def wrapped(self: Any, *arguments: Any, **more: Any) -> None:
        init(self, *arguments, **more)
        self._run_loop_sleep_duration = 0.02

    return wrapped
