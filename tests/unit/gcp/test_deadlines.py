"""The deadlines of a call fit into the lease, and into the time that the platform gives to a function."""

from __future__ import annotations

import re

from billing.gcp.bigquery import CALL_SECONDS
from billing.gcp.lease import LEASE_DURATION
from billing.gcp.load_jobs import INSERT_DEADLINE, POLL_DEADLINE
from tests.support.paths import TERRAFORM

LEASE_SECONDS = LEASE_DURATION.total_seconds()


def function_timeouts() -> set[float]:
    """Return the values of `timeout_seconds` that Terraform sets."""
    text = (TERRAFORM / "modules" / "loader" / "functions.tf").read_text(encoding="utf-8")
    return {float(seconds) for seconds in re.findall(r"timeout_seconds\s*=\s*(\d+)", text)}


def test_insert_ends_while_the_lease_is_held() -> None:
    assert INSERT_DEADLINE + 2 * CALL_SECONDS < LEASE_SECONDS


def test_last_poll_ends_before_the_platform_ends_the_call() -> None:
    [timeout] = function_timeouts()

    assert timeout >= POLL_DEADLINE + CALL_SECONDS


def test_platform_ends_the_call_before_the_lease_expires() -> None:
    [timeout] = function_timeouts()

    assert timeout < LEASE_SECONDS
