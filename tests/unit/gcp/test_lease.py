"""The client retries a write of a lease that already succeeded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from google.api_core.exceptions import Conflict
from google.cloud.bigquery import LoadJobConfig

from billing.errors import BillingError
from billing.gcp.lease import LEASE_DURATION, Leases
from tests.fakes.deployment import FakeDeployment
from tests.fakes.wire import Wire

T = TypeVar("T")


class RetriedWrite(Wire):
    """Sends one write twice, as a client does when the first answer is lost. Returns the second answer."""

    writes_until_retry = 0

    def send(self, request: str, act: Callable[[], T]) -> T:
        if request == "write object":
            self.writes_until_retry -= 1
            if self.writes_until_retry == 0:
                super().send(request, act)
        return super().send(request, act)


MONTH = ("p.d.aws_cur", "2025-09", "job_0")


def leases_of(deployment: FakeDeployment, wire: Wire) -> Leases:
    storage = deployment.cloud.storage(wire)
    return Leases(storage, deployment.settings.bookkeeping_bucket, wire.machine, lambda job_id: False)


def leases_of_machine(deployment: FakeDeployment, *, wrong_by: float = 0.0) -> Leases:
    """The leases as a machine sees them that has just had an answer from a server."""
    wire = Wire(deployment.cloud.clock, wrong_by)
    wire.send("read", lambda: None)
    return leases_of(deployment, wire)


@pytest.mark.parametrize(
    ("expired", "writes_until_retry"),
    [
        pytest.param(False, 1, id="take the lease"),
        pytest.param(False, 2, id="record a job in it"),
        pytest.param(True, 2, id="take over an expired lease"),  # the first write fails: the object exists
        pytest.param(True, 3, id="record a job in a lease that was taken over"),
    ],
)
def test_lease_is_held_after_a_retried_write(expired: bool, writes_until_retry: int) -> None:
    deployment = FakeDeployment()
    if expired:
        leases_of(deployment, Wire(deployment.cloud.clock)).acquire(*MONTH)
        deployment.clock.step(seconds=LEASE_DURATION.total_seconds() + 1)
    wire = RetriedWrite(deployment.cloud.clock)
    wire.writes_until_retry = writes_until_retry

    lease = leases_of(deployment, wire).acquire(*MONTH)
    lease.record("job_1")
    lease.release()

    assert wire.writes_until_retry <= 0
    assert deployment.cloud.buckets.of(deployment.settings.bookkeeping_bucket) == {}


@pytest.mark.fault("F25")
@pytest.mark.parametrize("wrong_by", [-172800, -660, -62, 62, 660, 172800])
def test_machine_with_a_wrong_clock_gets_no_lease(wrong_by: float) -> None:
    deployment = FakeDeployment()

    with pytest.raises(
        BillingError, match=r"^CLOCK_WRONG: This machine's clock is \d+ s (ahead of|behind) Google's\. "
    ):
        leases_of_machine(deployment, wrong_by=wrong_by).acquire(*MONTH)

    assert deployment.cloud.buckets.of(deployment.settings.bookkeeping_bucket) == {}


@pytest.mark.fault("F25")
@pytest.mark.parametrize("wrong_by", [-59, 59])
@pytest.mark.parametrize(("seconds", "is_taken_over"), [(590, False), (602, True)])
def test_lease_ends_by_the_time_of_the_servers(wrong_by: float, seconds: float, is_taken_over: bool) -> None:
    deployment = FakeDeployment()
    leases_of_machine(deployment, wrong_by=-wrong_by).acquire(*MONTH)
    deployment.clock.step(seconds=seconds)

    try:
        leases_of_machine(deployment, wrong_by=wrong_by).acquire(*MONTH)
        taken_over = True
    except BillingError as error:
        taken_over = error.code != "MONTH_LOCKED"

    assert taken_over == is_taken_over


@pytest.mark.fault("F27")
def test_lease_that_ends_later_than_it_can_is_taken_over() -> None:
    deployment = FakeDeployment()
    bucket = deployment.settings.bookkeeping_bucket
    text = '{"holder": "gone", "expires": "2026-11-20T12:00:00+00:00", "job_id": null}'
    deployment.put(bucket, "leases/p.d.aws_cur/2025-09.json", text.encode())

    lease = leases_of_machine(deployment).acquire(*MONTH)

    assert lease.holds.job_id == "job_0"


@pytest.mark.parametrize(("wrong_by", "late"), [(0, 59), (-59, 118)])
def test_new_lease_holds_against_a_machine_whose_last_answer_was_late(wrong_by: float, late: float) -> None:
    deployment = FakeDeployment()
    leases_of_machine(deployment).acquire(*MONTH)
    wire = Wire(deployment.cloud.clock, wrong_by)
    second = leases_of(deployment, wire)
    wire.machine.observe(deployment.clock.now() - timedelta(seconds=late))
    wire.machine.observe = lambda server: None  # type: ignore[method-assign]

    with pytest.raises(BillingError, match=r"^MONTH_LOCKED: Another instance writes "):
        second.acquire(*MONTH)


def test_record_of_the_same_job_notices_a_takeover() -> None:
    deployment = FakeDeployment()
    lease = leases_of_machine(deployment).acquire(*MONTH)
    deployment.clock.step(seconds=LEASE_DURATION.total_seconds() + 1)
    leases_of_machine(deployment).acquire(*MONTH)

    with pytest.raises(BillingError, match=r"^MONTH_LOCKED: Another instance has taken over the lease "):
        lease.record("job_0")


@pytest.mark.fault("F26")
def test_insert_that_arrives_after_a_takeover_is_refused() -> None:
    """The first instance stopped inside the request that inserts its job."""
    deployment = FakeDeployment()
    first, second = (deployment.services(), deployment.services())
    lease = first.leases.acquire(*MONTH)
    lease.record("job_1")
    deployment.clock.step(seconds=LEASE_DURATION.total_seconds() + 1)
    second.leases.acquire(*MONTH)

    with pytest.raises(Conflict):
        deployment.cloud.bigquery().load_table_from_uri(
            [f"gs://{deployment.settings.sources[0].bucket}/file"],
            "p.d.aws_cur$202509",
            "job_1",
            LoadJobConfig(),
            "p",
            "europe-west1",
        )


@pytest.mark.parametrize(
    ("holders", "crashes"),
    [
        pytest.param(["stops"], 1, id="one holder stopped"),
        pytest.param(["stops", "stops", "stops"], 3, id="three holders stopped"),
        pytest.param(["stops", "releases"], 0, id="a later holder released it"),
        pytest.param(["stops", "leaves a job"], 0, id="a later holder left it to its job"),
        pytest.param(["stops", "stops with another load"], 0, id="a later holder had another load"),
    ],
)
def test_holders_that_stopped_in_a_row_are_counted(holders: list[str], crashes: int) -> None:
    deployment = FakeDeployment()
    for holder in holders:
        job_id = "other_0" if holder == "stops with another load" else "job_0"
        lease = leases_of_machine(deployment).acquire(*MONTH[:2], job_id)
        if holder == "releases":
            lease.release()
        if holder == "leaves a job":
            lease.keep()
        deployment.clock.step(seconds=LEASE_DURATION.total_seconds() + 1)

    lease = leases_of_machine(deployment).acquire(*MONTH)

    assert lease.holds.crashes == crashes
