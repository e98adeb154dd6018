"""Compare a partition with the recorded load of its month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.audit import Partition, difference
from billing.decisions.state import LoadedDelivery, MonthState, job_time
from billing.decisions.table import TableIdentity

NOON = datetime(2025, 10, 20, 12, tzinfo=UTC)
TABLE = TableIdentity("p.d.t", "2025-01-01T00:00:00+00:00")
LOADED = LoadedDelivery("run-2", "2", "content", None, 7, "job-2", TABLE.name, TABLE.created, job_time(NOON))
STATE = MonthState(loaded=LOADED)
PARTITION = Partition(7, NOON)


@pytest.mark.parametrize(
    ("state", "partition"),
    [
        pytest.param(STATE, PARTITION, id="as recorded"),
        pytest.param(
            STATE, replace(PARTITION, modified=NOON - timedelta(seconds=1)), id="written before the job ended"
        ),
        pytest.param(MonthState(), None, id="nothing recorded, no partition"),
        pytest.param(MonthState(), Partition(0, NOON), id="nothing recorded, empty partition"),
    ],
)
def test_recorded_partition_has_no_difference(state: MonthState, partition: Partition | None) -> None:
    assert difference(state, TABLE, partition) is None


@pytest.mark.parametrize(
    ("state", "partition", "message"),
    [
        pytest.param(STATE, Partition(6, NOON), "it has 6 rows, but 7 were loaded by job-2.", id="fewer rows"),
        pytest.param(STATE, None, "it has 0 rows, but 7 were loaded by job-2.", id="no partition"),
        pytest.param(
            MonthState(),
            Partition(7, NOON),
            "it has 7 rows, and no load of them is recorded.",
            id="nothing recorded",
        ),
        pytest.param(
            replace(STATE, loaded=replace(LOADED, changed_during_load=True)),
            PARTITION,
            "files were replaced while job-2 read them.",
            id="files changed during the load",
        ),
        pytest.param(
            STATE,
            Partition(7, NOON + timedelta(microseconds=1)),
            "it was written at 2025-10-20 12:00:00 UTC, after job-2 had ended.",
            id="written after the job had ended",
        ),
    ],
)
def test_difference_is_named(state: MonthState, partition: Partition | None, message: str) -> None:
    assert difference(state, TABLE, partition) == message


def test_load_into_a_recreated_table_does_not_count() -> None:
    recreated = replace(TABLE, created="2025-09-01T00:00:00+00:00")

    assert difference(STATE, recreated, None) is None
    assert difference(STATE, recreated, PARTITION) == "it has 7 rows, and no load of them is recorded."
