"""Ctrl-C and other signals end the tests, and never the deletion of what they made."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """The first signal raises KeyboardInterrupt, unless it is deferred. All others only wait."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._deferred = False

    @property
    def exit_code(self) -> int:
        return 128 + (self.number or signal.SIGINT)

    def defer(self) -> None:
        """Let a signal only be kept from now on: the run deletes what it made."""
        self._deferred = True

    @contextmanager
    def handled(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, _: object) -> None:
        first, self.number = self.number is None, self.number or number
        if first and not self._deferred:
            raise KeyboardInterrupt
