"""What one sweep tells the next: what it left over, and how old each source was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEFT_LONG = timedelta(hours=2, minutes=30)  # sweeps run every hour, so the fourth in a row comes after three hours
_NAMED = 3  # in the message about one source
_ADVICE = {
    "DEADLINE": "If no sweep loads any of them, delete old deliveries at the provider, then in the landing bucket.",
    "JOB_RUNNING": "Look at the load job, and cancel it if it does not end.",
    "MONTH_LOCKED": "Look at the lease in the bookkeeping bucket, and stop what renews it.",
    "TRANSIENT": "Check the quotas of the project, and the status of Google Cloud.",
}
_OTHER_ADVICE = "Look for what changes the table or the files at each sweep."


@dataclass(frozen=True)
class Deferral:
    """What a sweep left to the next one, and why. Only a temporary error has a code: every other one was told."""

    source: str
    what: str
    code: str = ""
    reason: str = ""

    @property
    def is_whole_source(self) -> bool:
        return self.what == whole(self.source)


@dataclass(frozen=True)
class SweepNotes:
    """`left` is what the last sweep left over, with the time of the first sweep in a row that did so.

    `newest_loads` is when each source last loaded, or when its table was created.
    """

    left: Mapping[str, datetime] = field(default_factory=dict)
    newest_loads: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class LongLeft:
    """What one source has left over for long, with the code of the temporary error."""

    source: str
    code: str
    what: tuple[str, ...]
    message: str


def whole(source: str) -> str:
    """Name what is left over if a source could not be read."""
    return f"{source} as a whole"


def left_since(notes: SweepNotes, deferrals: Sequence[Deferral], now: datetime) -> dict[str, datetime]:
    """Return since when each thing is left over. What this sweep did not leave over is forgotten.

    Nobody checked the months of a source that could not be read, so they are still left over.
    """
    unread = {one.source for one in deferrals if one.is_whole_source}
    unchecked = {what: since for what, since in notes.left.items() if what.partition(" ")[0] in unread}
    left = {one.what: notes.left.get(one.what, now) for one in deferrals}
    return {what: min(since, now) for what, since in {**unchecked, **left}.items()}


def left_for_long(deferrals: Iterable[Deferral], since: Mapping[str, datetime], now: datetime) -> list[LongLeft]:
    """Return one entry for each source and temporary error that has lasted too long."""
    found: dict[tuple[str, str], list[Deferral]] = {}
    for one in deferrals:
        if one.code and now - since[one.what] >= LEFT_LONG:
            found.setdefault((one.source, one.code), []).append(one)
    return [_long_left(some, since) for _, some in sorted(found.items())]


def _long_left(some: list[Deferral], since: Mapping[str, datetime]) -> LongLeft:
    first = min(some, key=lambda one: since[one.what])
    what = tuple(sorted(one.what for one in some))
    more = f" and {len(what) - _NAMED} more" if len(what) > _NAMED else ""
    names = f"{', '.join(what[:_NAMED])}{more}"
    message = f"Every sweep since {since[first.what]:%F %H:%M} UTC left this for the next one: {names}. {first.reason}"
    message = f"{message} {_ADVICE.get(first.code, _OTHER_ADVICE)}"
    return LongLeft(first.source, first.code, what, message)
