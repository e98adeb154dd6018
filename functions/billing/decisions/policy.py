"""The inputs of a decision that come from the settings, the loader's version and the caller."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from billing.settings import Source


class Override(Enum):
    """Which recorded results a decision ignores."""

    NONE = "none"
    SAME_DELIVERY = "same delivery"  # the load of this delivery; the audit found that the month does not hold it
    EVERYTHING = "everything"  # all loads and rejections; an operator asked for this delivery


@dataclass(frozen=True)
class Policy:
    settle: timedelta  # how long an overwrite delivery must stay unchanged
    source_fingerprint: str
    override: Override = Override.NONE
    shrink_percent: float = 100  # how much a delivery may be smaller than the last one before it is reported
    holds_shrinking: bool = False  # whether such a delivery is not loaded

    def fingerprint(self, table_created: str | None) -> str:
        """Return the fingerprint of a rejection. While it is unchanged, the delivery is not tried again."""
        return self.source_fingerprint if table_created is None else f"{self.source_fingerprint} {table_created}"


def policy_of(source: Source, override: Override = Override.NONE) -> Policy:
    return Policy(
        settle=timedelta(hours=source.settle_hours),
        source_fingerprint=source.fingerprint,
        override=override,
        shrink_percent=source.shrink_percent,
        holds_shrinking=source.holds_shrinking,
    )
