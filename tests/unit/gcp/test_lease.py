"""A lease's own writes, sent again by the client because no answer came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from billing.gcp.lease import LEASE_DURATION, Leases
from tests.fakes.deployment import FakeDeployment
from tests.fakes.wire import Wire

T = TypeVar("T")


class SentTwice(Wire):
    """The `at`-th write (from 1) is taken, and its answer lost: the second one's is seen."""

    at = 0

    def send(self, request: str, act: Callable[[], T]) -> T:
        if request == "write object":
            self.at -= 1
            if self.at == 0:
                super().send(request, act)
        return super().send(request, act)


def _leases(deployment: FakeDeployment, wire: Wire) -> Leases:
    storage = deployment.cloud.storage(wire)
    return Leases(storage, deployment.settings.bookkeeping_bucket, deployment.clock, lambda job_id: False)


@pytest.mark.parametrize(("expired", "at"), [(False, 1), (False, 2), (True, 2), (True, 3)])
def test_a_write_of_one_s_own_that_was_sent_twice_stands_and_is_given_back(expired: bool, at: int) -> None:
    """Of the taking, of the takeover (whose first write is refused), and of a job's record."""
    deployment = FakeDeployment()
    wire = SentTwice(deployment.cloud.clock)
    if expired:
        _leases(deployment, Wire(deployment.cloud.clock)).acquire("aws_cur", "2025-09", "job_0")
        deployment.clock.step(seconds=(LEASE_DURATION + timedelta(seconds=1)).total_seconds())
    wire.at = at
    lease = _leases(deployment, wire).acquire("aws_cur", "2025-09", "job_0")
    lease.record("job_1")
    lease.release()

    assert wire.at <= 0
    assert deployment.cloud.buckets.of(deployment.settings.bookkeeping_bucket) == {}
