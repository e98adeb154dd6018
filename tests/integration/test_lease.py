"""One writer per source and month, whoever dies in between."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billing.errors import BillingError
from billing.gcp.load_jobs import INSERT_DEADLINE
from tests.faults.invariants import check_invariants
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE

MONTH = "2025-09"


def _leases(harness: Harness) -> list[str]:
    return [blob.name for blob in harness.emulator.storage.list_blobs(harness.settings.bookkeeping_bucket)]


@pytest.mark.fault("F4")
def test_held_lease_makes_others_retry(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    lease = harness.services.leases.acquire("aws_cur", MONTH, None)

    with pytest.raises(BillingError) as caught:
        harness.load(AWS, delivery)
    lease.release()

    assert caught.value.code == "MONTH_LOCKED"
    assert harness.handle_manifest(AWS, delivery).action == "loaded"
    assert _leases(harness) == []


@pytest.mark.fault("F4")
def test_lease_does_not_block_other_months(harness: Harness, tmp_path: Path) -> None:
    harness.services.leases.acquire("aws_cur", "2025-08", None)

    assert harness.load(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20)).action == "loaded"


@pytest.mark.fault("F3")
def test_expired_lease_is_taken_over_if_its_job_never_began(harness: Harness, tmp_path: Path) -> None:
    harness.services.leases.acquire("aws_cur", MONTH, "billing_never_inserted_0")
    harness.clock.step(minutes=10, seconds=1)

    assert harness.load(AWS, aws_cur_delivery(tmp_path, MONTH, rows=20)).action == "loaded"
    assert _leases(harness) == []


@pytest.mark.fault("F18")
def test_expired_lease_with_a_running_job_is_locked(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.services.leases.acquire("aws_cur", MONTH, "billing_running_0")
    harness.clock.step(minutes=10, seconds=1)
    harness.services.leases._job_is_running = lambda job_id: job_id == "billing_running_0"

    with pytest.raises(BillingError) as caught:
        harness.load(AWS, delivery)

    assert caught.value.code == "MONTH_LOCKED"
    assert "billing_running_0" in caught.value.message


@pytest.mark.fault("F18")
def test_a_lease_that_was_taken_over_is_not_released_by_its_first_holder(harness: Harness) -> None:
    first = harness.services.leases.acquire("aws_cur", MONTH, None)
    harness.clock.step(minutes=11)
    harness.services.leases.acquire("aws_cur", MONTH, None)

    first.release()

    assert _leases(harness) == [f"leases/aws_cur/{MONTH}.json"]
    with pytest.raises(BillingError, match="MONTH_LOCKED"):
        first.record("billing_late_0")


@pytest.mark.fault("F4")
def test_decision_is_made_again_under_the_lease(harness: Harness, tmp_path: Path) -> None:
    """An instance that slept between its first look and its lease finds the newer run, and loads nothing."""
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.deployment.deliver(AZURE, older)
    acquire = harness.services.leases.acquire

    def acquire_late(source: str, month: str, job_id: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202
        harness.services.leases.acquire = acquire  # type: ignore[method-assign]
        harness.load(AZURE, newer)
        return acquire(source, month, job_id)

    harness.services.leases.acquire = acquire_late  # type: ignore[method-assign]
    outcome = harness.handle_manifest(AZURE, older)

    assert (outcome.action, outcome.code) == ("skipped", "SUPERSEDED")
    check_invariants(harness, {(AZURE, MONTH): newer})


@pytest.mark.fault("F18")
def test_no_job_is_inserted_after_the_deadline(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    add_columns = harness.services.warehouse.add_columns

    def slow(*arguments: object) -> None:
        harness.clock.step(seconds=INSERT_DEADLINE + 1)
        add_columns(*arguments)  # type: ignore[arg-type]

    harness.services.warehouse.add_columns = slow  # type: ignore[method-assign, assignment]
    with pytest.raises(BillingError) as caught:
        harness.handle_manifest(AWS, delivery)

    assert caught.value.code == "DEADLINE"
    assert harness.rows_and_cost(AWS, MONTH) == (0, None)
    assert _leases(harness) == []


@pytest.mark.fault("F3")
def test_unrecorded_load_is_taken_up_by_the_next_event(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    with harness.crashing_before_record():
        harness.load(AWS, delivery)
    with harness.counting() as requests:
        outcome = harness.handle_manifest(AWS, delivery)

    assert outcome.action == "loaded"
    assert len(requests.matching("POST", "/jobs")) == 1  # answered 409: the job that is already there is taken up
    check_invariants(harness, {(AWS, MONTH): delivery})
    assert [row["job_id"] for row in harness.tracking(AWS)] == [outcome.job_id]


@pytest.mark.fault("F3")
def test_job_is_not_taken_up_after_another_write_of_the_month(harness: Harness, tmp_path: Path) -> None:
    """Both instances died before they booked: of the older run's job, which came last, no books and no id tell."""
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    for delivery in (newer, older):
        with harness.crashing_before_record():
            harness.load(AZURE, delivery)

    outcome = harness.handle_manifest(AZURE, newer)

    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_1")
    check_invariants(harness, {(AZURE, MONTH): newer})


@pytest.mark.fault("F18")
def test_job_that_outlives_the_function_keeps_its_lease(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    insert = harness.services.jobs._insert

    def endless(*arguments: object) -> object:
        job, inserted = insert(*arguments)  # type: ignore[arg-type]
        job.result()
        harness.clock.step(seconds=500)
        return _Running(job), inserted

    harness.services.jobs._insert = endless  # type: ignore[method-assign, assignment]
    with pytest.raises(BillingError) as caught:
        harness.handle_manifest(AWS, delivery)
    harness.services.jobs._insert = insert  # type: ignore[method-assign]

    assert caught.value.code == "JOB_RUNNING"
    assert _leases(harness) == [f"leases/aws_cur/{MONTH}.json"]
    harness.clock.step(minutes=10)
    assert harness.handle_manifest(AWS, delivery).action == "loaded"
    assert _leases(harness) == []


class _Running:
    """A job that never ends."""

    state = "RUNNING"

    def __init__(self, job: object) -> None:
        self.job_id = job.job_id  # type: ignore[attr-defined]

    def reload(self, **bounds: object) -> None:
        """Still running."""


@pytest.mark.fault("F9")
def test_transient_job_failure_is_followed_by_a_new_attempt(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    wait, failures = harness.services.jobs._wait, [BillingError("TRANSIENT", "backendError")]

    def failing(*arguments: object) -> BillingError | None:
        result = wait(*arguments)  # type: ignore[arg-type]
        return failures.pop() if failures else result

    harness.services.jobs._wait = failing  # type: ignore[method-assign, assignment]
    outcome = harness.handle_manifest(AWS, delivery)

    assert outcome.action == "loaded"
    assert outcome.job_id is not None
    assert outcome.job_id.endswith("_1")
    check_invariants(harness, {(AWS, MONTH): delivery})


def test_table_that_changed_meanwhile_is_an_error(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    table = harness.services.warehouse.table(harness.source(AWS))
    harness.handle_manifest(AWS, delivery)  # adds the columns

    with pytest.raises(BillingError) as caught:
        harness.services.warehouse.add_columns(table, table.fields[:1])

    assert caught.value.code == "TABLE_CHANGED"


@pytest.mark.fault("F9")
def test_setup_failure_of_an_earlier_job_is_tried_again(harness: Harness, tmp_path: Path) -> None:
    """On a new project the first job ends with accessDenied; when the grant is there, the month loads."""
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    wait = harness.services.jobs._wait
    denied: set[str] = set()

    def first_job_denied(job: Any, timer: object) -> BillingError | None:
        result = wait(job, timer)  # type: ignore[arg-type]
        denied.add(min([*denied, job.job_id]))
        return BillingError("ACCESS_DENIED", "Access Denied: File gs://...") if job.job_id in denied else result

    harness.services.jobs._wait = first_job_denied  # type: ignore[method-assign]
    with pytest.raises(BillingError, match="ACCESS_DENIED"):
        harness.handle_manifest(AWS, delivery)
    outcome = harness.handle_manifest(AWS, delivery)

    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_1")


def test_changed_setting_makes_a_new_job_after_a_rejection(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    harness.services.jobs._wait = lambda *_: BillingError("LOAD_REJECTED", "invalid")  # type: ignore[method-assign]
    assert harness.handle_manifest(AWS, delivery).code == "LOAD_REJECTED"
    harness.configure(replace(AWS, settle_hours="4"), AZURE)

    outcome = harness.handle_manifest(AWS, delivery)

    assert outcome.action == "loaded"
    assert str(outcome.job_id).endswith("_0")


@pytest.mark.fault("F9")
def test_month_loads_after_an_outage_of_more_than_twenty_jobs(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    harness.services.jobs._wait = lambda *_: BillingError("TRANSIENT", "backendError")  # type: ignore[method-assign]
    codes = []
    for _ in range(12):
        with pytest.raises(BillingError) as caught:
            harness.handle_manifest(AWS, delivery)
        codes.append(caught.value.code)
    wait = harness.services.jobs._wait
    del harness.services.jobs._wait
    assert (set(codes[:10]), codes[11]) == ({"TRANSIENT"}, "LOAD_KEEPS_FAILING")
    assert wait is not None
    assert harness.tracking(AWS) == []

    harness.clock.step(hours=1)
    assert harness.handle_manifest(AWS, delivery).action == "loaded"


def test_lease_write_that_was_sent_twice_is_kept(harness: Harness) -> None:
    """The first answer was lost: the client sends again under the old generation, and is refused."""
    lease = harness.services.leases.acquire("aws_cur", MONTH, None)
    before, empty = lease.generation, lease.holds
    lease.record("billing_first_0")
    lease.generation, lease.holds = before, empty

    lease.record("billing_first_0")
    lease.release()

    assert _leases(harness) == []


@pytest.mark.fault("F18")
def test_taken_over_lease_is_not_released_by_its_first_holder(harness: Harness) -> None:
    late = harness.services.leases.acquire("aws_cur", MONTH, None)
    harness.clock.step(minutes=11)
    harness.services.leases.acquire("aws_cur", MONTH, "billing_second_0")

    with pytest.raises(BillingError, match="Another instance has taken over"):
        late.record("billing_first_0")
    late.release()

    with pytest.raises(BillingError, match="MONTH_LOCKED"):
        harness.services.leases.acquire("aws_cur", MONTH, "billing_third_0")


@pytest.mark.fault("F18")
def test_nothing_is_recorded_after_the_lease_has_ended(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=20)
    harness.deployment.deliver(AWS, delivery)
    replace_month = harness.services.jobs.replace_month

    def asleep(*arguments: object) -> object:
        loaded = replace_month(*arguments)  # type: ignore[arg-type]
        harness.clock.step(minutes=11)
        return loaded

    harness.services.jobs.replace_month = asleep  # type: ignore[method-assign, assignment]
    with pytest.raises(BillingError, match="DEADLINE"):
        harness.handle_manifest(AWS, delivery)
    del harness.services.jobs.replace_month

    assert harness.tracking(AWS) == []
    assert harness.handle_manifest(AWS, delivery).action == "loaded"


@pytest.mark.fault("F18")
def test_rejections_and_waits_are_not_recorded_after_the_lease(harness: Harness, tmp_path: Path) -> None:
    empty, incomplete = aws_cur_delivery(tmp_path, MONTH, rows=0), aws_cur_delivery(tmp_path, "2025-10", rows=20)
    harness.deployment.deliver(AWS, replace(incomplete, objects=incomplete.manifests))
    acquire = harness.services.leases.acquire

    def asleep(*arguments: object) -> object:
        lease = acquire(*arguments)  # type: ignore[arg-type]
        harness.clock.step(minutes=11)
        return lease

    harness.services.leases.acquire = asleep  # type: ignore[method-assign, assignment]
    assert harness.sweep()["deferred"] == ["aws_cur 2025-10"]
    harness.deployment.deliver(AWS, empty)
    with pytest.raises(BillingError, match="DEADLINE"):
        harness.handle_manifest(AWS, empty)
    del harness.services.leases.acquire

    assert harness.tracking(AWS) == []
    harness.sweep()
    assert {(row["status"], row["code"]) for row in harness.tracking(AWS)} == {
        ("rejected", "EMPTY_DELIVERY"),
        ("waiting", "WAITING_FOR_FILES"),
    }
