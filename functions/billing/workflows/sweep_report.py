"""The summary of a sweep."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from billing.decisions.sweep_notes import Deferral
from billing.settings import Source
from billing.workflows.guard import RetryLater, log_failures

Kind = Literal["loaded", "rejected", "waiting", "mismatched"]


@dataclass
class SweepReport:
    """Lists of `source month`. Several threads add to them. The next sweep handles what is deferred."""

    loaded: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    left_long: list[str] = field(default_factory=list)  # what many sweeps in a row deferred
    months: set[str] = field(default_factory=set)  # as `source month`
    deferrals: dict[str, Deferral] = field(default_factory=dict)  # by what is deferred
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, kind: Kind, what: str) -> None:
        with self._lock:
            getattr(self, kind).append(what)

    def defer(self, deferral: Deferral) -> None:
        with self._lock:
            self.deferrals.setdefault(deferral.what, deferral)

    @property
    def checked(self) -> set[str]:
        """The months that need no further sweep."""
        return self.months - set(self.deferrals)

    @property
    def stalled(self) -> bool:
        """Whether the sweep achieved nothing: something of a source is left over, and no month was checked."""
        return any(one.source for one in self.deferrals.values()) and not self.checked

    @property
    def touched_sources(self) -> set[str]:
        """Keys of the sources for which this sweep recorded something."""
        return {what.partition(" ")[0] for what in (*self.loaded, *self.rejected, *self.waiting)}

    def as_json(self, seconds: float) -> dict[str, object]:
        lists = {name: sorted(value) for name, value in vars(self).items() if isinstance(value, list)}
        return {
            **lists,
            "deferred": sorted(self.deferrals),
            "months": len(self.months),
            "checked": len(self.checked),
            "stalled": self.stalled,
            "seconds": round(seconds, 1),
        }


def or_defer(report: SweepReport, source: Source | None, what: str, work: Callable[[], None]) -> bool:
    """Run `work`. If it fails, leave it to the next sweep. Return whether it succeeded.

    A temporary error of one source is logged as INFO: the next sweeps count how long it lasts.
    """
    key = source.key if source is not None else ""
    try:
        done = log_failures(source, what, work, always_told=source is None)
    except RetryLater as later:
        report.defer(Deferral(key, what, later.code, later.reason))
        return False
    if not done:
        report.defer(Deferral(key, what))
    return done
