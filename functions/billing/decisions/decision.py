"""The four decisions about a manifest."""

from dataclasses import dataclass

from billing.decisions.delivery import Delivery
from billing.decisions.load_key import LoadKey
from billing.decisions.state import MonthState
from billing.decisions.table import Table
from billing.errors import one_line
from billing.settings import Source


@dataclass(frozen=True)
class Load:
    """Replace the month by this delivery."""

    delivery: Delivery
    state: MonthState
    table: Table
    owner: str = ""  # scope that the table belongs to, or '' before its first load

    @property
    def month(self) -> str:
        return self.delivery.export.month

    def key(self, source: Source) -> LoadKey:
        return LoadKey(
            source=source,
            month=self.month,
            execution=self.delivery.export.execution,
            generations=self.delivery.generations,
            table=self.table.identity,
            replaces_job_id=self.state.loaded.job_id if self.state.loaded is not None else "",
        )


@dataclass(frozen=True)
class _WithReason:
    code: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(self.message))


@dataclass(frozen=True)
class Skip(_WithReason):
    """Do nothing."""


@dataclass(frozen=True)
class Wait(_WithReason):
    """Do nothing yet: something is missing."""


@dataclass(frozen=True)
class Reject(_WithReason):
    """Record that the delivery is at fault."""


Decision = Load | Skip | Wait | Reject
