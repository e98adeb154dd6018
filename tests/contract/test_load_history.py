"""The books, on both clouds: dlt's on the laptop's BigQuery, and those in memory."""

from __future__ import annotations

from dataclasses import replace

from billing.decisions.record import Record, TrackingRow
from billing.decisions.state import LoadedDelivery, MonthState, Rejection
from tests.fakes.deployments import Site

NOTHING = MonthState()
SEPTEMBER, OCTOBER = "2025-09", "2025-10"


def _head(site: Site, execution: str, order_key: str, key: str = "azure_billing", job: str = "") -> LoadedDelivery:
    destination = site.rooms().warehouse.table(site.source(key)).identity
    return LoadedDelivery(
        execution=execution,
        order_key=order_key,
        content=f"content of {execution}",
        covers_until="2025-09-30",
        rows=7,
        job_id=job or f"job_{execution}",
        table=destination.name,
        table_created=destination.created,
    )


def _commit(
    site: Site, head: LoadedDelivery, month: str = SEPTEMBER, code: str | None = None, before: MonthState = NOTHING
) -> MonthState:
    columns = {
        "manifest_uri": "gs://bucket/manifest.json",
        "code": code,
        "row_count": head.rows,
        "order_key": head.order_key,
        "content": head.content,
        "covers_until": head.covers_until,
        "job_id": head.job_id,
        "table_created": head.table_created,
    }
    key = "azure_billing" if "azure" in head.table else "aws_cur"
    state = before.with_load(head)
    row = TrackingRow("loaded", head.execution, columns)
    site.rooms().history.commit(site.source(key), Record(month, state, row))
    return state


def _read(site: Site, month: str = SEPTEMBER, key: str = "azure_billing") -> MonthState:
    return site.rooms().history.read(site.source(key), month)


def test_before_the_first_commit_there_is_nothing(site: Site) -> None:
    assert _read(site) == MonthState()
    assert site.rooms().history.read_months(site.source("azure_billing")) == {}
    assert site.rooms().history.newest_load(site.source("azure_billing")) is None


def test_what_is_committed_is_read_of_its_month_and_source_alone(site: Site) -> None:
    september = _commit(site, _head(site, "a", "1"))
    october = _commit(site, replace(_head(site, "o", "1"), files={"f": "1:x"}), OCTOBER)
    cur = _commit(site, _head(site, "c", "1", "aws_cur"))

    months = site.rooms().history.read_months(site.source("azure_billing"))
    assert months == {SEPTEMBER: september, OCTOBER: october}
    assert site.rooms().history.read_months(site.source("azure_billing"), [OCTOBER]) == {OCTOBER: october}
    assert _read(site, SEPTEMBER, "aws_cur") == cur
    assert _read(site, OCTOBER, "aws_cur") == MonthState()


def test_the_last_commit_is_the_head_and_every_load_stands_once(site: Site) -> None:
    first = _commit(site, _head(site, "a", "1"))
    second = _commit(site, _head(site, "b", "2"), before=first)
    again = _commit(site, _head(site, "b", "2"), before=second)

    assert _read(site) == again
    assert again.loaded_executions == ("a", "b")
    loads = site.loads("azure_billing")
    assert [(row["execution"], row["job_id"], row["row_count"]) for row in loads] == [
        ("a", "job_a", 7),
        ("b", "job_b", 7),
    ]
    assert site.rooms().history.newest_load(site.source("azure_billing")) == loads[-1]["loaded_at"]


def test_rejections_and_waits_are_kept_and_are_no_loads(site: Site) -> None:
    books = MonthState().with_rejection("a", Rejection("EMPTY_DELIVERY", "content", "print")).with_waiting("b")
    row = TrackingRow("rejected", "a", {"code": "EMPTY_DELIVERY", "message": "Nothing in it."})
    site.rooms().history.commit(site.source("aws_cur"), Record(SEPTEMBER, books, row))

    assert _read(site, SEPTEMBER, "aws_cur") == books
    assert site.rooms().history.newest_load(site.source("aws_cur")) is None


def test_a_load_that_is_not_complete_bars_older_runs_and_no_more(site: Site) -> None:
    first = _commit(site, _head(site, "a", "1"))
    _commit(site, _head(site, "b", "2"), before=first)
    site.undo_last_completion()

    read = _read(site)
    assert replace(read, uncommitted=None) == first
    assert read.uncommitted is not None
    assert read.uncommitted.execution == "b"
    assert [row["execution"] for row in site.loads("azure_billing")] == ["a"]


def test_the_first_load_of_all_that_is_not_complete_counts_once_another_is(site: Site) -> None:
    head = _head(site, "a", "1")
    _commit(site, head)
    site.undo_last_completion()
    barred = _read(site)
    _commit(site, _head(site, "o", "1"), OCTOBER)

    assert (barred.loaded, barred.uncommitted) == (None, head)
    assert _read(site) == MonthState(loaded_executions=("a",), loaded=head)
    assert [row["execution"] for row in site.loads("azure_billing")] == ["a", "o"]


def test_without_dlts_tables_the_newest_tracking_row_is_the_head(site: Site) -> None:
    first = _commit(site, _head(site, "a", "1"))
    head = _head(site, "b", "2")
    _commit(site, head, code="FILES_CHANGED_DURING_LOAD", before=first)
    site.lose_dlt_tables()

    assert _read(site) == MonthState(loaded_executions=("b",), loaded=replace(head, changed_during_load=True))
    assert _read(site, OCTOBER) == MonthState()


def test_a_head_that_a_later_row_has_passed_by_gives_way_to_it(site: Site) -> None:
    """As after an old copy of the states was restored."""
    older, newer = _head(site, "a", "1"), _head(site, "b", "2")
    _commit(site, newer)
    rooms, source = site.rooms(), site.source("azure_billing")
    rooms.history.commit(source, Record(SEPTEMBER, MonthState().with_load(older), TrackingRow("waiting", "c", {})))

    assert _read(site).loaded == newer
