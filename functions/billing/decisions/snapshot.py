"""What the loader read about one manifest. A decision depends only on this snapshot, the policy and the time."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.decisions.decision import Reject, Wait
from billing.decisions.delivery import Delivery
from billing.decisions.state import MonthState
from billing.decisions.table import Table
from billing.manifests import month_in


@dataclass(frozen=True)
class MissingManifest:
    """The manifest does not exist, or not yet."""

    name: str

    @property
    def month(self) -> str | None:
        return month_in(self.name)


@dataclass(frozen=True)
class OtherManifest:
    """A manifest of another export under the prefix of the source."""

    name: str
    export_name: str
    wanted_name: str

    @property
    def month(self) -> None:
        return None


@dataclass(frozen=True)
class UnplacedManifest:
    """A manifest that cannot be read, in a path that names no month."""

    rejection: Reject

    @property
    def month(self) -> None:
        return None


@dataclass(frozen=True)
class UnreadableManifest:
    """A manifest that cannot be read. Its path names the month."""

    month: str
    generation: int
    rejection: Reject
    state: MonthState

    @property
    def execution(self) -> str:
        return f"manifest-{self.generation}"

    @property
    def content(self) -> str:
        return f"{self.generation}"

    @property
    def rejectable(self) -> Mapping[str, str]:
        """What a rejection may be about, and the content with which it stays rejected."""
        return {self.execution: self.content}

    @property
    def table_created(self) -> str | None:
        return None

    @property
    def tracked(self) -> Mapping[str, object]:
        return {}


@dataclass(frozen=True)
class _ReadDelivery:
    """What the two snapshots of a delivery have in common."""

    delivery: Delivery
    state: MonthState

    @property
    def month(self) -> str:
        return self.delivery.export.month

    @property
    def execution(self) -> str:
        return self.delivery.export.execution

    @property
    def content(self) -> str:
        return self.delivery.content

    @property
    def rejectable(self) -> Mapping[str, str]:
        return {self.execution: self.content}

    @property
    def tracked(self) -> Mapping[str, object]:
        """The delivery's columns of a tracking row."""
        export = self.delivery.export
        return {
            "file_count": len(export.files),
            "byte_count": self.delivery.byte_count,
            "order_key": export.order_key,
            "covers_until": export.covers_until,
        }


@dataclass(frozen=True)
class IncompleteDelivery(_ReadDelivery):
    """A delivery with missing files, in a month that was never loaded. The table was not read."""

    missing: Wait

    @property
    def table_created(self) -> str | None:
        return None


@dataclass(frozen=True)
class MonthSnapshot(_ReadDelivery):
    """A delivery, the recorded state of its month, and the table."""

    table: Table
    owner: str = ""  # scope that the table belongs to, or '' before its first load

    @property
    def table_created(self) -> str | None:
        return self.table.identity.created

    @property
    def rejectable(self) -> Mapping[str, str]:
        """The delivery, and its whole scope, which is rejected once for all its deliveries of the month."""
        return {self.execution: self.content, self.delivery.export.scope: self.owner}


Recordable = UnreadableManifest | IncompleteDelivery | MonthSnapshot
Snapshot = MissingManifest | OtherManifest | UnplacedManifest | Recordable
