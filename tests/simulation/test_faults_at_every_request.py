"""F3, F4, F9 and F18 on the fakes: every kind of fault at every request of a load.

tests/faults/test_crashes.py and test_paused.py have them with real processes, clients and dlt.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.faults.fault import Fault, FaultKind
from tests.simulation.provider import Kind, StreamName
from tests.simulation.runner import run
from tests.simulation.steps import Deliver, Event, History, Resume, Wait

DELIVERIES: list[Kind] = ["good", "blank"]  # a blank one goes through a staging table
STREAMS: list[StreamName] = ["aws new", "aws over", "azure"]
CRASHES: list[FaultKind] = ["crash before", "crash after"]
ERRORS: list[FaultKind] = ["lost answer", "sent twice", "500", "503", "429", "quota"]
# No pause of 11 minutes before a request: the deadline is checked just before the insert, and the insert would arrive
# after the lease expired. This case, a frozen instance, is a known limit that the sweep's audit
# repairs.
PAUSES: list[tuple[FaultKind, int]] = [("pause before", 0), ("pause after", 0), ("pause after", 11)]
NEWEST = Event(-1)
_FEWEST_REQUESTS = 15  # of a load and its record

each_stream = pytest.mark.parametrize("stream", STREAMS)


@each_stream
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.fault(scenario))
        for scenario, kinds in (("F3", CRASHES), ("F9", ERRORS))
        for kind in kinds
    ],
)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_fault_at_any_request_leaves_the_newest_delivery(kind: FaultKind, stream: StreamName, delivery: Kind) -> None:
    _at_every_request(lambda at: [Deliver(stream), NEWEST, Deliver(stream, delivery), Event(-1, Fault(at, kind))])


@pytest.mark.fault("F4", "F18")
@each_stream
@pytest.mark.parametrize(("kind", "minutes"), PAUSES)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_paused_instance_never_replaces_a_newer_run(
    kind: FaultKind, minutes: int, stream: StreamName, delivery: Kind
) -> None:
    while_paused: History = [Wait(minutes), Deliver(stream, delivery), NEWEST]

    _at_every_request(lambda at: [Deliver(stream, delivery), Event(-1, Fault(at, kind)), *while_paused, Resume(0)])


def _at_every_request(history: Callable[[int], History]) -> None:
    """Run the history with its fault at the first request, the second and so on, until the load has no more."""
    for at in itertools.count(1):
        if not run(history(at)):
            break
    assert at > _FEWEST_REQUESTS
