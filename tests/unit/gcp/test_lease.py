"""The client retries a write of a lease that already succeeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

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


def leases_of(deployment: FakeDeployment, wire: Wire) -> Leases:
    storage = deployment.cloud.storage(wire)
    return Leases(storage, deployment.settings.bookkeeping_bucket, deployment.clock, lambda job_id: False)


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
        leases_of(deployment, Wire(deployment.cloud.clock)).acquire("aws_cur", "2025-09", "job_0")
        deployment.clock.step(seconds=LEASE_DURATION.total_seconds() + 1)
    wire = RetriedWrite(deployment.cloud.clock)
    wire.writes_until_retry = writes_until_retry

    lease = leases_of(deployment, wire).acquire("aws_cur", "2025-09", "job_0")
    lease.record("job_1")
    lease.release()

    assert wire.writes_until_retry <= 0
    assert deployment.cloud.buckets.of(deployment.settings.bookkeeping_bucket) == {}
