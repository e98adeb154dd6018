"""What the settings, the loader's version and the caller say about deciding."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from billing.settings import Source


class Override(Enum):
    """Whether a load that is recorded stops another one."""

    NONE = "none"
    SAME_DELIVERY = "same delivery"  # the audit: the month does not hold what was recorded
    EVERYTHING = "everything"  # a replay: somebody asked for this delivery


@dataclass(frozen=True)
class Policy:
    settle: timedelta  # how long an overwrite delivery must stay unchanged
    source_fingerprint: str
    override: Override = Override.NONE

    def fingerprint(self, table_created: str | None) -> str:
        """Return what a rejection is recorded under. While it is unchanged, the rejection is not repeated."""
        return self.source_fingerprint if table_created is None else f"{self.source_fingerprint} {table_created}"


def policy_of(source: Source, override: Override = Override.NONE) -> Policy:
    return Policy(timedelta(hours=source.settle_hours), source.fingerprint, override)
