"""The load history: dlt's, and the fake one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from billing.decisions.record import Record, TrackingRow
from billing.decisions.state import LoadedDelivery, MonthState, Rejection, job_time
from tests.support.deployment import Deployment

EMPTY = MonthState()
SEPTEMBER, OCTOBER = "2025-09", "2025-10"


def _loaded(
    deployment: Deployment, execution: str, order_key: str, key: str = "azure_billing", job: str = ""
) -> LoadedDelivery:
    destination = deployment.services().warehouse.table(deployment.source(key)).identity
    return LoadedDelivery(
        execution=execution,
        order_key=order_key,
        content=f"content of {execution}",
        covers_until="2025-09-30",
        rows=7,
        job_id=job or f"job_{execution}",
        table=destination.name,
        table_created=destination.created,
        ended=job_time(deployment.clock.now()),
    )


def _commit(
    deployment: Deployment,
    loaded: LoadedDelivery,
    month: str = SEPTEMBER,
    code: str | None = None,
    before: MonthState = EMPTY,
) -> MonthState:
    columns = {
        "manifest_uri": "gs://bucket/manifest.json",
        "code": code,
        "row_count": loaded.rows,
        "order_key": loaded.order_key,
        "content": loaded.content,
        "covers_until": loaded.covers_until,
        "job_id": loaded.job_id,
        "job_ended": datetime.fromisoformat(loaded.ended),
        "table_created": loaded.table_created,
    }
    key = "azure_billing" if "azure" in loaded.table else "aws_cur"
    state = before.with_load(loaded)
    row = TrackingRow("loaded", loaded.execution, columns)
    deployment.services().history.commit(deployment.source(key), Record(month, state, row))
    return state


def _read(deployment: Deployment, month: str = SEPTEMBER, key: str = "azure_billing") -> MonthState:
    return deployment.services().history.read(deployment.source(key), month)


def test_history_is_empty_before_the_first_commit(deployment: Deployment) -> None:
    assert _read(deployment) == MonthState()
    assert deployment.services().history.read_months(deployment.source("azure_billing")) == {}
    assert deployment.services().history.newest_load(deployment.source("azure_billing")) is None


def test_commit_is_read_only_for_its_month_and_source(deployment: Deployment) -> None:
    september = _commit(deployment, _loaded(deployment, "a", "1"))
    october = _commit(deployment, replace(_loaded(deployment, "o", "1"), files={"f": "1:x"}), OCTOBER)
    cur = _commit(deployment, _loaded(deployment, "c", "1", "aws_cur"))

    months = deployment.services().history.read_months(deployment.source("azure_billing"))
    assert months == {SEPTEMBER: september, OCTOBER: october}
    assert deployment.services().history.read_months(deployment.source("azure_billing"), [OCTOBER]) == {
        OCTOBER: october
    }
    assert _read(deployment, SEPTEMBER, "aws_cur") == cur
    assert _read(deployment, OCTOBER, "aws_cur") == MonthState()


def test_last_commit_is_current_and_every_load_is_listed_once(deployment: Deployment) -> None:
    first = _commit(deployment, _loaded(deployment, "a", "1"))
    second = _commit(deployment, _loaded(deployment, "b", "2"), before=first)
    again = _commit(deployment, _loaded(deployment, "b", "2"), before=second)

    assert _read(deployment) == again
    assert again.loaded_executions == ("a", "b")
    loads = deployment.loads("azure_billing")
    assert [(row["execution"], row["job_id"], row["row_count"]) for row in loads] == [
        ("a", "job_a", 7),
        ("b", "job_b", 7),
    ]
    assert deployment.services().history.newest_load(deployment.source("azure_billing")) == loads[-1]["loaded_at"]


def test_rejections_and_waits_are_not_loads(deployment: Deployment) -> None:
    state = MonthState().with_rejection("a", Rejection("EMPTY_DELIVERY", "content", "print")).with_waiting("b")
    row = TrackingRow("rejected", "a", {"code": "EMPTY_DELIVERY", "message": "Nothing in it."})
    deployment.services().history.commit(deployment.source("aws_cur"), Record(SEPTEMBER, state, row))

    assert _read(deployment, SEPTEMBER, "aws_cur") == state
    assert deployment.services().history.newest_load(deployment.source("aws_cur")) is None


def test_incomplete_load_only_blocks_older_runs(deployment: Deployment) -> None:
    first = _commit(deployment, _loaded(deployment, "a", "1"))
    _commit(deployment, _loaded(deployment, "b", "2"), before=first)
    deployment.undo_last_completion()

    read = _read(deployment)
    assert replace(read, uncommitted=None) == first
    assert read.uncommitted is not None
    assert read.uncommitted.execution == "b"
    assert [row["execution"] for row in deployment.loads("azure_billing")] == ["a"]


def test_first_incomplete_load_counts_once_another_completes(deployment: Deployment) -> None:
    loaded = _loaded(deployment, "a", "1")
    _commit(deployment, loaded)
    deployment.undo_last_completion()
    blocked = _read(deployment)
    _commit(deployment, _loaded(deployment, "o", "1"), OCTOBER)

    assert (blocked.loaded, blocked.uncommitted) == (None, loaded)
    assert _read(deployment) == MonthState(loaded_executions=("a",), loaded=loaded)
    assert [row["execution"] for row in deployment.loads("azure_billing")] == ["a", "o"]


def test_newest_tracking_row_counts_without_the_tables_of_dlt(deployment: Deployment) -> None:
    first = _commit(deployment, _loaded(deployment, "a", "1"))
    loaded = _loaded(deployment, "b", "2")
    _commit(deployment, loaded, code="FILES_CHANGED_DURING_LOAD", before=first)
    deployment.lose_dlt_tables()

    assert _read(deployment) == MonthState(loaded_executions=("b",), loaded=replace(loaded, changed_during_load=True))
    assert _read(deployment, OCTOBER) == MonthState()


def test_newer_tracking_row_replaces_an_older_state(deployment: Deployment) -> None:
    """An old copy of the state was restored."""
    older, newer = _loaded(deployment, "a", "1"), _loaded(deployment, "b", "2")
    _commit(deployment, newer)
    services, source = deployment.services(), deployment.source("azure_billing")
    services.history.commit(source, Record(SEPTEMBER, MonthState().with_load(older), TrackingRow("waiting", "c", {})))

    assert _read(deployment).loaded == newer
