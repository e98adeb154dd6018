"""The id of a load job, and everything that it depends on."""

import hashlib
from dataclasses import dataclass

from billing.decisions.table import TableIdentity
from billing.settings import Source


@dataclass(frozen=True)
class LoadKey:
    """Everything that a job id depends on. Equal keys have equal job ids, and BigQuery runs a job id once."""

    source: Source
    month: str
    execution: str
    generations: str
    table: TableIdentity
    replaces_job_id: str  # the job that the month was last loaded by, or ''

    def job_id(self, attempt: str) -> str:
        """Return the id of one attempt.

        It depends on the job that is replaced, so a month that was replaced since is loaded again. It depends on the
        fingerprint of the settings, so a rejected load is tried again after an upgrade or a changed setting.
        """
        parts = (
            self.table.name,
            self.table.created,
            self.month,
            self.execution,
            self.generations,
            self.replaces_job_id,
            self.source.fingerprint,
        )
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
        return f"billing_{self.source.key}_{self.month.replace('-', '')}_{digest}_{attempt}"


def are_same_load(one: str | None, other: str | None) -> bool:
    """Return whether two job ids are attempts of one load."""
    return one is not None and other is not None and one.rpartition("_")[0] == other.rpartition("_")[0]
