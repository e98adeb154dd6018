"""The summary of a sweep."""

import threading
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["loaded", "rejected", "waiting", "mismatched", "deferred"]


@dataclass
class SweepReport:
    """Lists of `source month`. Several threads add to them. The next sweep handles what is `deferred`."""

    loaded: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    months: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, kind: Kind, what: str) -> None:
        with self._lock:
            getattr(self, kind).append(what)

    @property
    def touched_sources(self) -> set[str]:
        """Keys of the sources for which this sweep recorded something."""
        return {what.partition(" ")[0] for what in (*self.loaded, *self.rejected, *self.waiting)}

    def as_json(self, seconds: float) -> dict[str, object]:
        lists = {name: sorted(value) for name, value in vars(self).items() if isinstance(value, list)}
        return {**lists, "months": self.months, "seconds": round(seconds, 1)}
