"""A month that goes through a staging table, after an instance that stopped at one of its jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import pytest
from google.api_core.exceptions import Conflict

from billing.gcp.lease import LEASE_DURATION
from billing.workflows.events import handle_event
from tests.fakes.deployment import FakeDeployment
from tests.fakes.wire import Wire
from tests.faults.fault import Crash
from tests.faults.invariants import is_staging
from tests.simulation.provider import Delivery
from tests.unit.workflows.september import AZURE, azure_run, rows_in_september, send_event, tracking_rows, upload

T = TypeVar("T")
Moment = Literal["before", "after"]
OLD, BLANK = azure_run(1), azure_run(2, "blank")
FILL, SWAP = 2, 3  # the jobs of a blank month: the first is the load job that BigQuery refuses


class Stopping(Wire):
    """The process stops at the insert of one of its jobs, and sends nothing any more."""

    def __init__(self, deployment: FakeDeployment, moment: Moment, job: int) -> None:
        super().__init__(deployment.clock)
        self.moment, self.left = moment, job

    def send(self, request: str, act: Callable[[], T]) -> T:
        self.left -= request == "insert job"
        if self.left > 0 or (self.left == 0 and self.moment == "after" and request == "insert job"):
            answer = super().send(request, act)
            if self.left > 0:
                return answer
        self.left = 0
        raise Crash


@pytest.fixture
def deployment() -> FakeDeployment:
    deployment = FakeDeployment()
    send_event(deployment, OLD)
    upload(deployment, BLANK)
    return deployment


def handle(deployment: FakeDeployment, wire: Wire | None = None) -> None:
    """Handle the event of the blank month."""
    data = {"bucket": deployment.source(AZURE).bucket, "name": BLANK.manifest}
    handle_event(deployment.settings, "azure", data, deployment.services(wire))


def stop(deployment: FakeDeployment, moment: Moment, job: int) -> None:
    """Handle the event of the blank month by an instance that stops, and let its lease expire."""
    with pytest.raises(Crash):
        handle(deployment, Stopping(deployment, moment, job))
    deployment.clock.step(seconds=LEASE_DURATION.total_seconds() + 1)


def staging_tables(deployment: FakeDeployment) -> list[str]:
    return [name for name in deployment.cloud.tables.tables if is_staging(name)]


def assert_loaded(deployment: FakeDeployment, delivery: Delivery) -> None:
    assert rows_in_september(deployment) == list(delivery.items)
    assert tracking_rows(deployment)[-1]["row_count"] == len(delivery.items)
    assert staging_tables(deployment) == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("job", [FILL, SWAP])
def test_next_call_continues_at_each_job(deployment: FakeDeployment, moment: Moment, job: int) -> None:
    stop(deployment, moment, job)

    handle(deployment)

    assert_loaded(deployment, BLANK)


def test_staging_table_without_its_rows_never_empties_the_month(deployment: FakeDeployment) -> None:
    stop(deployment, "after", FILL)
    [staging] = staging_tables(deployment)
    deployment.bigquery.delete_table(staging)

    handle(deployment)

    assert_loaded(deployment, BLANK)


def test_query_whose_id_is_used_up_is_none_of_ours(deployment: FakeDeployment) -> None:
    """The first instance stopped inside the request that inserts its query, and sends it after the takeover."""
    stop(deployment, "before", SWAP)
    handle(deployment)
    ids = list(deployment.cloud.tables.jobs)

    [used_up] = [one for one in ids if one.endswith("_q0")]
    with pytest.raises(Conflict):
        deployment.bigquery.query("SELECT 1", used_up, **deployment.job_location)

    assert_loaded(deployment, BLANK)
    assert tracking_rows(deployment)[-1]["job_id"] == used_up.removesuffix("0") + "1"


def test_staging_table_that_no_call_deletes_expires(deployment: FakeDeployment) -> None:
    stop(deployment, "after", FILL)
    left = staging_tables(deployment)

    deployment.clock.step(minutes=24 * 60)

    assert (len(left), staging_tables(deployment)) == (1, [])
    assert rows_in_september(deployment) == list(OLD.items)


def test_columns_keep_the_descriptions_that_name_their_sources(deployment: FakeDeployment) -> None:
    table = deployment.cloud.tables.get(deployment.source(AZURE).destination)
    described = [field.description for field in table.schema]

    handle(deployment)

    loaded = deployment.cloud.tables.get(deployment.source(AZURE).destination)
    assert [field.description for field in loaded.schema][: len(described)] == described
    assert any(described)
    assert_loaded(deployment, BLANK)
