"""The result of a request, and its log line."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.clock import Timer
from billing.decisions.decision import Load, Reject, Skip, Wait
from billing.decisions.record import Finding, LoadResult
from billing.decisions.snapshot import IncompleteDelivery, MissingManifest, MonthSnapshot, Snapshot, UnreadableManifest
from billing.log import emit
from billing.settings import Source

_ACTIONS = {Load: "loaded", Skip: "skipped", Wait: "waiting", Reject: "rejected"}


@dataclass(frozen=True)
class Outcome:
    """The log line of a request. A field that is None is left out of the line."""

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
    findings: tuple[Finding, ...] = ()  # what is wrong with a month that was loaded, the worst first

    @property
    def severity(self) -> str:
        if self.error:
            return "ERROR"
        return self.findings[0].severity if self.findings else "INFO"

    @property
    def manifest_is_missing(self) -> bool:
        return self.code == "WAITING_FOR_MANIFEST" and self.execution is None


def outcome_of(snapshot: Snapshot, decision: Skip | Wait | Reject) -> Outcome:
    """Return the outcome of a decision that loads nothing."""
    month, execution, files = _about(snapshot)
    return Outcome(
        action=_ACTIONS[type(decision)],
        code=decision.code,
        message=decision.message,
        month=month,
        execution=execution,
        files=files,
        error=isinstance(decision, Reject),
    )


def loaded_outcome(load: Load, result: LoadResult, findings: Sequence[Finding]) -> Outcome:
    export = load.delivery.export
    done = f"{export.month} now has {result.rows} rows of {export.execution}."
    worst = findings[0] if findings else None
    return Outcome(
        action="loaded",
        code=worst.code if worst is not None else None,
        message=worst.message if worst is not None else done,
        month=export.month,
        execution=export.execution,
        rows=result.rows,
        files=len(export.files),
        byte_count=load.delivery.byte_count,
        job_id=result.job_id,
        error=worst is not None and worst.severity == "ERROR",
        findings=tuple(findings),
    )


def log_outcome(source: Source, outcome: Outcome, timer: Timer, about: str) -> None:
    """Write the log line of a request, and one more for each further finding: an alert reads the code of a line."""
    emit(
        outcome.severity,
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
    for finding in outcome.findings[1:]:
        emit(
            finding.severity,
            finding.message,
            source=source.key,
            month=outcome.month,
            execution=outcome.execution,
            action="audited",
            code=finding.code,
            job_id=outcome.job_id,
        )


def _about(snapshot: Snapshot) -> tuple[str | None, str | None, int | None]:
    """Return month, execution and number of files, as far as they are known."""
    match snapshot:
        case IncompleteDelivery() | MonthSnapshot():
            return snapshot.month, snapshot.execution, len(snapshot.delivery.export.files)
        case UnreadableManifest():
            return snapshot.month, snapshot.execution, None
        case MissingManifest():
            return snapshot.month, None, None
        case _:
            return None, None, None
