"""F9: load jobs that are taken and end with an error, and requests that are refused outright."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.errors import BillingError, ErrorClass
from tests.faults.conftest import LONG
from tests.faults.invariants import check_invariants
from tests.faults.transport import ErrorInfo, failing_jobs, wire
from tests.samples import azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AZURE

PASSING = ("backendError", "quotaExceeded", "internalError", "rateLimitExceeded", "jobRateLimitExceeded", "stopped")
LASTING = (("invalid", "LOAD_REJECTED"), ("invalidQuery", "LOAD_REJECTED"), ("responseTooLarge", "LOAD_REJECTED"))

pytestmark = pytest.mark.fault("F9")


def test_a_job_s_passing_error_is_tried_again_at_once_and_a_lasting_one_is_refused_the_first_time(
    harness: Harness, tmp_path: Path
) -> None:
    expected, number = {}, 0
    for number, reason in enumerate(PASSING if LONG else PASSING[:2]):
        delivery = azure_focus_delivery(tmp_path, f"2024-{number + 1:02d}", rows=6, files=1)
        with failing_jobs(reason, "injected") as inserted, wire() as sent:
            assert harness.load(AZURE, delivery).action == "loaded", reason
        assert [job_id[-2:] for job_id in inserted] == ["_0", "_1"], reason
        assert sent.loads[-1] == f"{AZURE.table}${delivery.month.replace('-', '')}"
        expected[AZURE, delivery.month] = delivery
    check_invariants(harness, expected)
    standing = delivery
    for revision, (reason, code) in enumerate(LASTING if LONG else LASTING[:1], 2):
        newer = azure_focus_delivery(tmp_path, standing.month, rows=6, files=1, revision=revision)
        with failing_jobs(reason, "injected", times=99) as inserted:
            outcome, again = harness.load(AZURE, newer), harness.handle_manifest(AZURE, newer)
        assert (outcome.action, outcome.code, again.code) == ("rejected", code, "ALREADY_REJECTED"), reason
        assert len(inserted) == 1, reason
        check_invariants(harness, expected)


@pytest.mark.parametrize("fault", ["403", "401"] if LONG else ["403"])
def test_a_permission_that_lacks_is_told_at_once_books_nothing_and_harms_nothing(
    harness: Harness, tmp_path: Path, fault: ErrorInfo
) -> None:
    """Of Storage (manifest, listing, lease) and of BigQuery (books, table, insertion) alike."""
    standing, newer = (azure_focus_delivery(tmp_path, "2025-09", rows=6, files=1, revision=n) for n in (1, 2))
    harness.load(AZURE, standing)
    harness.deployment.deliver(AZURE, newer)
    booked = len(harness.tracking(AZURE))
    for request in range(1, 12 if LONG else 6):
        with wire(fault, request) as sent, pytest.raises(BillingError) as caught:
            _as_the_edge(harness, newer)
        assert caught.value.kind is ErrorClass.SETUP, request
        assert sent.count <= request + 1, "tried again, or went on"  # a lease that was taken is given back
        assert sent.loads == []
    assert len(harness.tracking(AZURE)) == booked

    harness.clock.step(minutes=11)  # of an insertion that ended without Google's answer the lease is kept
    assert harness.handle_manifest(AZURE, newer).action == "loaded"
    check_invariants(harness, {(AZURE, "2025-09"): newer})


def _as_the_edge(harness: Harness, delivery: object) -> None:
    """What `run_guarded` makes of a client's exception."""
    from billing.gcp.api_errors import classify_api_error

    try:
        harness.handle_manifest(AZURE, delivery)  # type: ignore[arg-type]
    except BillingError:
        raise
    except Exception as exc:
        raise classify_api_error(exc) or exc from exc
