"""How a load ended, and its log line."""

from dataclasses import dataclass

from billing.clock import Timer
from billing.decisions.decide import Load, Reject, Skip, Wait
from billing.log import emit
from billing.settings import Source
from billing.workflows.evaluate import Look


@dataclass(frozen=True)
class Outcome:
    """How a visit ended: what the log line says."""

    action: str  # loaded, skipped, waiting, rejected
    code: str | None
    message: str
    month: str | None = None
    execution: str | None = None
    rows: int | None = None
    files: int | None = None
    byte_count: int | None = None
    job_id: str | None = None
    error: bool = False

    @property
    def unseen(self) -> bool:
        """The manifest that was looked for is not there."""
        return self.code == "WAITING_FOR_MANIFEST" and self.execution is None


def report_of(look: Look) -> Outcome:
    action = {Load: "loaded", Skip: "skipped", Wait: "waiting", Reject: "rejected"}[type(look.decision)]
    return Outcome(
        action=action,
        code=None if isinstance(look.decision, Load) else look.decision.code,
        message="" if isinstance(look.decision, Load) else look.decision.message,
        month=look.month,
        execution=look.execution or None,
        files=len(look.delivery.export.files) if look.delivery is not None else None,
        error=isinstance(look.decision, Reject),
    )


def log_outcome(source: Source, outcome: Outcome, timer: Timer, about: str) -> None:
    """The one structured line of a decision."""
    emit(
        "ERROR" if outcome.error else "INFO",
        f"{outcome.action}: {outcome.message}",
        source=source.key,
        month=outcome.month,
        execution=outcome.execution,
        action=outcome.action,
        code=outcome.code,
        rows=outcome.rows,
        files=outcome.files,
        bytes=outcome.byte_count,
        job_id=outcome.job_id,
        object=about,
        duration_seconds=round(timer.elapsed(), 3),
    )
