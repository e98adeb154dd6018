"""One writer per source and month, even if instances stop at any point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from billing.errors import BillingError
from billing.gcp.load_jobs import INSERT_DEADLINE
from tests.faults.invariants import check_invariants
from tests.samples import Delivery, aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness, around
from tests.support.sources import AWS, AZURE

MONTH = "2025-09"


def leases(harness: Harness) -> list[str]:
    bucket = harness.settings.bookkeeping_bucket
    return [blob.name for blob in harness.emulator.storage.list_blobs(bucket, prefix="leases/")]


def lease_name(harness: Harness) -> str:
    return f"leases/{harness.source(AWS).destination}/{MONTH}.json"


@pytest.fixture
def delivered(harness: Harness, tmp_path: Path) -> Delivery:
    """An AWS delivery in the landing bucket. No event was handled."""
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    return delivery


@pytest.mark.fault("F4", "F35")
def test_held_lease_makes_others_retry(harness: Harness, delivered: Delivery) -> None:
    lease = harness.services.leases.acquire(harness.source(AWS).destination, MONTH, None)

    with pytest.raises(BillingError) as caught:
        harness.handle_manifest(AWS, delivered)
    lease.release()

    assert caught.value.code == "MONTH_LOCKED"
    assert harness.handle_manifest(AWS, delivered).action == "loaded"
    assert leases(harness) == []


@pytest.mark.fault("F4")
def test_lease_does_not_block_other_months(harness: Harness, delivered: Delivery) -> None:
    harness.services.leases.acquire(harness.source(AWS).destination, "2025-08", None)

    assert harness.handle_manifest(AWS, delivered).action == "loaded"


@pytest.mark.fault("F3")
def test_expired_lease_is_taken_over_if_its_job_never_began(harness: Harness, delivered: Delivery) -> None:
    harness.services.leases.acquire(harness.source(AWS).destination, MONTH, "billing_never_inserted_0")
    harness.clock.step(minutes=10, seconds=1)

    assert harness.handle_manifest(AWS, delivered).action == "loaded"
    assert leases(harness) == []


@pytest.mark.fault("F18")
def test_expired_lease_with_a_running_job_is_locked(harness: Harness, delivered: Delivery) -> None:
    harness.services.leases.acquire(harness.source(AWS).destination, MONTH, "billing_running_0")
    harness.clock.step(minutes=10, seconds=1)
    harness.services.leases._job_may_run = lambda job_id: job_id == "billing_running_0"

    with pytest.raises(BillingError) as caught:
        harness.handle_manifest(AWS, delivered)

    assert caught.value.code == "MONTH_LOCKED"
    assert "billing_running_0" in caught.value.message


@pytest.mark.fault("F18")
def test_taken_over_lease_is_not_released_by_its_first_holder(harness: Harness) -> None:
    first = harness.services.leases.acquire(harness.source(AWS).destination, MONTH, None)
    harness.clock.step(minutes=11)
    harness.services.leases.acquire(harness.source(AWS).destination, MONTH, "billing_second_0")

    first.release()
    kept = leases(harness)
    with pytest.raises(BillingError, match="MONTH_LOCKED: Another instance has taken over"):
        first.record("billing_first_0")
    first.release()

    assert kept == leases(harness) == [lease_name(harness)]
    with pytest.raises(BillingError, match="MONTH_LOCKED"):
        harness.services.leases.acquire(harness.source(AWS).destination, MONTH, "billing_third_0")


def test_lease_write_that_was_sent_twice_is_kept(harness: Harness) -> None:
    """The answer to the first write was lost. The client sends it again under the old generation, which fails."""
    lease = harness.services.leases.acquire(harness.source(AWS).destination, MONTH, None)
    before, empty = lease.generation, lease.holds
    lease.record("billing_first_0")
    lease.generation, lease.holds = before, empty

    lease.record("billing_first_0")
    lease.release()

    assert leases(harness) == []


@pytest.mark.fault("F4")
def test_decision_is_made_again_under_the_lease(harness: Harness, tmp_path: Path) -> None:
    """A newer run is loaded between the first decision and the lease."""
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.deployment.deliver(AZURE, older)
    to_load = [newer]

    def load_newer() -> None:
        if to_load:
            harness.load(AZURE, to_load.pop())

    with around(harness.services.leases, "acquire", before=load_newer):
        outcome = harness.handle_manifest(AZURE, older)

    assert (outcome.action, outcome.code) == ("skipped", "SUPERSEDED")
    check_invariants(harness, {(AZURE, MONTH): newer})


@pytest.mark.fault("F18")
def test_no_job_is_inserted_after_the_deadline(harness: Harness, delivered: Delivery) -> None:
    def wait() -> None:
        harness.clock.step(seconds=INSERT_DEADLINE + 1)

    with around(harness.services.warehouse, "add_columns", before=wait), pytest.raises(BillingError) as caught:
        harness.handle_manifest(AWS, delivered)

    assert caught.value.code == "DEADLINE"
    assert harness.rows_and_cost(AWS, MONTH) == (0, None)
    assert leases(harness) == []


@pytest.mark.fault("F3")
def test_unrecorded_load_is_taken_up_by_the_next_event(harness: Harness, delivered: Delivery) -> None:
    with harness.crashing_before_record():
        harness.handle_manifest(AWS, delivered)

    with harness.counting() as requests:
        outcome = harness.handle_manifest(AWS, delivered)

    assert outcome.action == "loaded"
    assert len(requests.matching("POST", "/jobs")) == 1  # answered 409: the job exists already
    check_invariants(harness, {(AWS, MONTH): delivered})
    assert [row["job_id"] for row in harness.tracking(AWS)] == [outcome.job_id]


@pytest.mark.fault("F3")
def test_job_is_not_taken_up_after_another_write_of_the_month(harness: Harness, tmp_path: Path) -> None:
    """Both instances stopped before they recorded. The older run's job was the last to write."""
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    for delivery in (newer, older):
        with harness.crashing_before_record():
            harness.load(AZURE, delivery)

    outcome = harness.handle_manifest(AZURE, newer)

    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_1")
    check_invariants(harness, {(AZURE, MONTH): newer})


@pytest.mark.fault("F18")
def test_job_that_outlives_the_function_keeps_its_lease(harness: Harness, delivered: Delivery) -> None:
    insert = harness.services.jobs._insert

    def insert_endless_job(*arguments: Any) -> object:
        job, inserted = insert(*arguments)
        job.result()
        harness.clock.step(seconds=500)
        running = {"state": "RUNNING", "reload": lambda **_: None}
        return SimpleNamespace(job_id=job.job_id, labels=job.labels, **running), inserted

    jobs = harness.services.jobs
    with patch.object(jobs, "_insert", insert_endless_job), pytest.raises(BillingError) as caught:
        harness.handle_manifest(AWS, delivered)
    kept = leases(harness)
    harness.clock.step(minutes=10)

    assert (caught.value.code, kept) == ("JOB_RUNNING", [lease_name(harness)])
    assert harness.handle_manifest(AWS, delivered).action == "loaded"
    assert leases(harness) == []


@pytest.mark.fault("F9")
def test_transient_job_failure_is_followed_by_a_new_attempt(
    harness: Harness, delivered: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, failures = harness.services.jobs._wait, [BillingError("TRANSIENT", "backendError")]

    def fail_once(*arguments: Any) -> BillingError | None:
        result = wait(*arguments)
        return failures.pop() if failures else result

    monkeypatch.setattr(harness.services.jobs, "_wait", fail_once)
    outcome = harness.handle_manifest(AWS, delivered)

    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_1")
    check_invariants(harness, {(AWS, MONTH): delivered})


@pytest.mark.fault("F9")
def test_setup_failure_of_an_earlier_job_is_tried_again(
    harness: Harness, delivered: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a new project the first job ends with accessDenied. Once the grant works, the month loads."""
    wait = harness.services.jobs._wait
    denied: set[str] = set()

    def deny_first_job(job: Any, timer: Any) -> BillingError | None:
        result = wait(job, timer)
        denied.add(min([*denied, job.job_id]))
        return BillingError("ACCESS_DENIED", "Access Denied: File gs://...") if job.job_id in denied else result

    monkeypatch.setattr(harness.services.jobs, "_wait", deny_first_job)
    with pytest.raises(BillingError, match="ACCESS_DENIED"):
        harness.handle_manifest(AWS, delivered)
    outcome = harness.handle_manifest(AWS, delivered)

    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_1")


def test_changed_setting_makes_a_new_job_after_a_rejection(
    harness: Harness, delivered: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = BillingError("LOAD_REJECTED", "invalid")
    monkeypatch.setattr(harness.services.jobs, "_wait", lambda *_: failure)
    rejected = harness.handle_manifest(AWS, delivered)
    harness.configure(replace(AWS, settle_hours="4"), AZURE)

    outcome = harness.handle_manifest(AWS, delivered)

    assert rejected.code == "LOAD_REJECTED"
    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_0")


@pytest.mark.fault("F9")
def test_month_loads_after_an_outage_of_more_than_twenty_jobs(harness: Harness, delivered: Delivery) -> None:
    codes = []
    with patch.object(harness.services.jobs, "_wait", lambda *_: BillingError("TRANSIENT", "backendError")):
        for _ in range(12):
            with pytest.raises(BillingError) as caught:
                harness.handle_manifest(AWS, delivered)
            codes.append(caught.value.code)
    recorded = harness.tracking(AWS)
    harness.clock.step(hours=1)

    assert (set(codes[:10]), codes[11]) == ({"TRANSIENT"}, "LOAD_KEEPS_FAILING")
    assert recorded == []
    assert harness.handle_manifest(AWS, delivered).action == "loaded"


def test_table_that_changed_meanwhile_is_an_error(harness: Harness, delivered: Delivery) -> None:
    table = harness.services.warehouse.table(harness.source(AWS))
    harness.handle_manifest(AWS, delivered)  # adds columns

    with pytest.raises(BillingError) as caught:
        harness.services.warehouse.add_columns(table, table.fields[:1])

    assert caught.value.code == "TABLE_CHANGED"


@pytest.mark.fault("F18")
def test_nothing_is_recorded_after_the_lease_has_ended(harness: Harness, delivered: Delivery) -> None:
    def sleep() -> None:
        harness.clock.step(minutes=11)

    with (
        around(harness.services.jobs, "replace_month", after=sleep),
        pytest.raises(BillingError, match="DEADLINE"),
    ):
        harness.handle_manifest(AWS, delivered)

    assert harness.tracking(AWS) == []
    assert harness.handle_manifest(AWS, delivered).action == "loaded"


@pytest.mark.fault("F18")
def test_rejections_and_waits_are_not_recorded_after_the_lease(harness: Harness, tmp_path: Path) -> None:
    empty, incomplete = aws_cur_delivery(tmp_path, MONTH, rows=0), aws_cur_delivery(tmp_path, "2025-10", rows=20)
    harness.deployment.deliver(AWS, incomplete, "manifest")

    def sleep() -> None:
        harness.clock.step(minutes=11)

    with around(harness.services.leases, "acquire", after=sleep):
        late_sweep = harness.sweep()
        harness.deployment.deliver(AWS, empty)
        with pytest.raises(BillingError, match="DEADLINE"):
            harness.handle_manifest(AWS, empty)
    late_rows = harness.tracking(AWS)
    harness.sweep()

    assert late_sweep["deferred"] == ["aws_cur 2025-10"]
    assert late_rows == []
    assert {(row["status"], row["code"]) for row in harness.tracking(AWS)} == {
        ("rejected", "EMPTY_DELIVERY"),
        ("waiting", "WAITING_FOR_FILES"),
    }
