"""What is booked of one source and month: the shape of the dlt resource state, read and written as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

MAX_IDS = 50  # executions remembered per month
MAX_REFUSALS = 1000  # of one that is forgotten while it stands in the bucket, each sweep would book it again


@dataclass(frozen=True)
class Head:
    """What a month was last loaded from, and where to."""

    execution: str
    order_key: str
    content: str
    covers_until: str | None
    rows: int
    job_id: str
    table: str
    table_created: str
    torn: bool = False
    scope: str = ""
    files: Mapping[str, str] = field(default_factory=dict)  # only where the next delivery repeats the names


@dataclass(frozen=True)
class Rejection:
    """A delivery that was refused; tried again only when the loader or a setting changed."""

    code: str
    content: str
    fingerprint: str


@dataclass(frozen=True)
class Books:
    """The state of one month. `waiting` is what the tracking table last said that it waits for.

    `loaded_at` is when the newest load was booked, and `last` its execution: not the head's where somebody else keeps
    books of this table.
    `unbooked` is a load whose booking was not completed, or whose completion was lost: nothing older may follow it.
    """

    loaded: tuple[str, ...] = ()
    head: Head | None = None
    rejected: Mapping[str, Rejection] = field(default_factory=dict)
    waiting: str | None = None
    unbooked: Head | None = None
    loaded_at: datetime | None = field(default=None, compare=False)
    last: str | None = field(default=None, compare=False)

    def newer_than(self, order_key: str, table: str, created: str) -> Head | None:
        """What this table was loaded from that a delivery of that order key must not replace."""
        loads = (
            one for one in (self.head, self.unbooked) if one and (one.table, one.table_created) == (table, created)
        )
        return next((one for one in loads if one.order_key > order_key), None)

    def head_of(self, table: str, created: str) -> Head | None:
        """The head, unless it speaks of another table or of one that has been created again since."""
        if self.head is None or (self.head.table, self.head.table_created) != (table, created):
            return None
        return self.head

    def with_load(self, head: Head) -> "Books":
        loaded = (*(execution for execution in self.loaded if execution != head.execution), head.execution)
        rejected = {name: past for name, past in self.rejected.items() if name != head.execution}
        if head.files:
            rejected = {}  # their files are overwritten: nothing of them stands in the bucket any more
        return replace(self, loaded=loaded[-MAX_IDS:], head=head, rejected=rejected, waiting=None)

    def with_rejection(self, execution: str, rejection: Rejection) -> "Books":
        others = {name: past for name, past in self.rejected.items() if name != execution}
        kept = dict(list(others.items())[1 - MAX_REFUSALS :])
        return replace(self, rejected={**kept, execution: rejection}, waiting=None)

    def with_waiting(self, waiting: str) -> "Books":
        return replace(self, waiting=waiting)


def from_state(state: Mapping[str, Any], month: str) -> Books:
    """Reads `{"loaded_executions": {month: [...]}, "head": {month: {...}}, ...}`, whatever a later version added."""
    head = state.get("head", {}).get(month)
    rejected = state.get("rejected", {}).get(month, {})
    return Books(
        loaded=tuple(state.get("loaded_executions", {}).get(month, ())),
        head=msgspec.convert(head, Head) if head else None,
        rejected={execution: msgspec.convert(past, Rejection) for execution, past in rejected.items()},
        waiting=state.get("waiting", {}).get(month),
    )


def to_state(books: Books, month: str) -> dict[str, Any]:
    state: dict[str, Any] = {
        "loaded_executions": {month: list(books.loaded)},
        "head": {},
        "rejected": {},
        "waiting": {},
    }
    if books.head is not None:
        state["head"][month] = asdict(books.head)
    if books.rejected:
        state["rejected"][month] = {execution: asdict(past) for execution, past in books.rejected.items()}
    if books.waiting is not None:
        state["waiting"][month] = books.waiting
    return state
