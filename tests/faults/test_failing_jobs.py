"""F9: load jobs that are accepted and end with an error, and requests without permission.

On the harness and not on the scenario runner: the jobs and requests of single calls are counted.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.errors import ERRORS, ErrorClass
from tests.faults.conftest import LONG
from tests.faults.fault import Fault, FaultKind
from tests.faults.invariants import check_invariants
from tests.faults.redelivery import end_of, stepping, until_acknowledged
from tests.faults.transport import failing_jobs, wire
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AZURE

PASSING = ("backendError", "quotaExceeded", "internalError", "rateLimitExceeded", "jobRateLimitExceeded", "stopped")
LASTING = ("invalid", "invalidQuery", "responseTooLarge")

pytestmark = pytest.mark.fault("F9")


@pytest.mark.parametrize("reason", PASSING if LONG else PASSING[:2])
def test_job_error_that_passes_is_retried_at_once(harness: Harness, tmp_path: Path, reason: str) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=6, files=1)

    with failing_jobs(reason, "injected") as inserted, wire() as sent:
        outcome = harness.load(AZURE, delivery)

    assert outcome.action == "loaded"
    assert [job_id[-2:] for job_id in inserted] == ["_0", "_1"]
    assert sent.loads == [f"{AZURE.table}$202509"] * 2
    check_invariants(harness, {(AZURE, "2025-09"): delivery})


@pytest.mark.parametrize("reason", LASTING if LONG else LASTING[:1])
def test_job_error_that_lasts_is_rejected_the_first_time(harness: Harness, tmp_path: Path, reason: str) -> None:
    current, newer = (azure_focus_delivery(tmp_path, "2025-09", rows=6, files=1, revision=n) for n in (1, 2))
    harness.load(AZURE, current)

    with failing_jobs(reason, "injected", times=99) as inserted:
        outcome, again = harness.load(AZURE, newer), harness.handle_manifest(AZURE, newer)

    assert (outcome.action, outcome.code, again.code) == ("rejected", "LOAD_REJECTED", "ALREADY_REJECTED")
    assert len(inserted) == 1
    check_invariants(harness, {(AZURE, "2025-09"): current})


@pytest.mark.parametrize("kind", ["403", "401"] if LONG else ["403"])
def test_missing_permission_ends_the_call_and_records_nothing(
    harness: Harness, tmp_path: Path, kind: FaultKind
) -> None:
    """At requests to Storage (manifest, listing, lease) and to BigQuery (load history, table, insert)."""
    current, newer = (azure_focus_delivery(tmp_path, "2025-09", rows=6, files=1, revision=n) for n in (1, 2))
    harness.load(AZURE, current)
    harness.deployment.deliver(AZURE, newer)
    recorded = harness.tracking(AZURE)

    calls = []
    for request in range(1, 12 if LONG else 6):
        with wire(Fault(request, kind)) as sent:
            end = end_of(lambda: harness.handle_manifest(AZURE, newer))
        calls.append((ERRORS[end.end].kind, sent.loads, sent.count - request))
    recorded_after = harness.tracking(AZURE)
    # an insert that ended without BigQuery's answer keeps the lease
    ends = until_acknowledged(lambda: end_of(lambda: harness.handle_manifest(AZURE, newer)), stepping(harness.clock))

    assert [(kind, loads) for kind, loads, _ in calls] == [(ErrorClass.SETUP, [])] * len(calls)
    assert max(further for _, _, further in calls) <= 1, "more requests than the release of the lease"
    assert recorded_after == recorded
    assert ends[-1].end == "loaded"
    check_invariants(harness, {(AZURE, "2025-09"): newer})
