"""The four decisions about a manifest."""

from dataclasses import dataclass

from billing.decisions.delivery import Delivery
from billing.decisions.load_key import LoadKey
from billing.decisions.state import MonthState
from billing.decisions.table import Table
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
class Skip:
    """Do nothing."""

    code: str
    message: str


@dataclass(frozen=True)
class Wait:
    """Do nothing yet: something is missing."""

    code: str
    message: str


@dataclass(frozen=True)
class Reject:
    """Record that the delivery is at fault."""

    code: str
    message: str


Decision = Load | Skip | Wait | Reject
