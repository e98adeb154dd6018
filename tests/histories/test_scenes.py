"""Sequences that chance would seldom make up, each with its trouble at every request."""

from __future__ import annotations

import pytest

from tests.histories.instances import Trouble
from tests.histories.steps import Deliver, Event, Pass
from tests.histories.world import run

_REQUESTS = range(8, 16)  # of a visit, about where its job is inserted


@pytest.mark.fault("histories")
@pytest.mark.parametrize("at", _REQUESTS)
def test_a_job_that_another_unbooked_one_came_after_is_not_taken_for_the_month(at: int) -> None:
    """Both runs have as many rows: the audit of counts would see nothing."""
    older, newer, dies = 2, -1, Trouble(at, "dies")
    run(
        [
            Deliver("azure", "good"),
            Deliver("azure next", "good"),
            Deliver("azure", "good"),
            Event(newer, dies),
            Pass(11),
            Event(older, dies),
            Pass(11),
            Event(-2),
        ]
    )
