"""Every request of the fakes passes a wire. A subclass can inject faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from tests.support.clock import MovableClock

T = TypeVar("T")
_REQUEST_SECONDS = 0.01


class Wire:
    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock

    def send(self, request: str, act: Callable[[], T]) -> T:
        self.clock.step(seconds=_REQUEST_SECONDS)
        return act()

    def now(self) -> datetime:
        return self.clock.now()
