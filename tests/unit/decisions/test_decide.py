"""What `decide` does with a complete delivery: load it, skip it or reject it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.decisions.decision import Reject, Skip, Wait
from billing.decisions.delivery import name_digest
from billing.decisions.state import MonthState, Rejection
from billing.decisions.table import TableIdentity
from billing.manifests import Export
from tests.unit.decisions.examples import (
    ALREADY_REJECTED,
    DELIVERY,
    DUPLICATE,
    EXPORT,
    FILES,
    LOADS,
    NOW,
    POLICY,
    REJECTED,
    REJECTION,
    SETTLED,
    SETTLES,
    SIZED_EXPORT,
    SUPERSEDED,
    TABLE,
    decide_for,
    delivery,
    loaded,
    newer_load,
    older_load,
    overwrite_export,
    stored,
)

EMPTY = Reject("EMPTY_DELIVERY", "Execution run-2 has no data; 2025-10 is unchanged.")
OTHER_SCOPE = Reject("OTHER_SCOPE", "Execution run-2 is of account 2, but the table belongs to account 1.")


FOREIGN = "ALREADY_REJECTED"


# The order of deliveries


@pytest.mark.parametrize(
    ("state", "decision"),
    [
        pytest.param(MonthState(), LOADS, id="nothing is recorded"),
        pytest.param(older_load(), LOADS, id="an older delivery is loaded"),
        pytest.param(older_load(order_key="2"), LOADS, id="another delivery of the same order key is loaded"),
        pytest.param(newer_load(), SUPERSEDED, id="a newer delivery is loaded"),
        pytest.param(newer_load(changed_during_load=True), SUPERSEDED, id="a newer delivery changed during its load"),
        pytest.param(MonthState(uncommitted=newer_load().loaded), SUPERSEDED, id="a newer load is uncommitted"),
        pytest.param(MonthState(uncommitted=older_load().loaded), LOADS, id="an older load is uncommitted"),
    ],
)
def test_older_delivery_never_replaces_a_newer_one(state: MonthState, decision: object) -> None:
    assert decide_for(DELIVERY, state) == decision


def test_older_delivery_with_missing_files_is_superseded() -> None:
    empty = delivery(files=[])

    assert decide_for(empty, newer_load()) == SUPERSEDED


def test_unrecorded_newer_load_blocks_changed_delivery() -> None:
    changed = delivery(files=[stored(FILES[0], "changed"), *FILES[1:]])
    state = loaded(DELIVERY)

    assert decide_for(changed, state) == LOADS
    assert decide_for(changed, replace(state, uncommitted=newer_load().loaded)) == SUPERSEDED


# The loaded delivery again


@pytest.mark.parametrize("export", [EXPORT, overwrite_export()], ids=["new names", "overwrites"])
def test_same_delivery_with_same_content_is_skipped(export: Export) -> None:
    same = delivery(export)

    assert decide_for(same, loaded(same)) == DUPLICATE


def test_identical_bytes_in_new_generations_are_skipped() -> None:
    copied = delivery(files=[stored(name, generation=9, updated=NOW) for name in FILES])

    assert copied.generations != DELIVERY.generations
    assert decide_for(copied, loaded(DELIVERY)) == DUPLICATE


def test_duplicate_with_missing_files_is_skipped() -> None:
    only_one = delivery(files=[FILES[0]])

    decision = decide_for(only_one, loaded(DELIVERY))

    assert decision == Skip("DUPLICATE", "Already loaded by job-1; 2 of its files no longer exist.")


def test_duplicate_with_more_files_in_its_folder_is_skipped() -> None:
    extended = delivery(SIZED_EXPORT, files=[*FILES, stored("in/20251001-20251101/cur-4.csv.gz", size=99)])

    assert decide_for(extended, loaded(delivery(SIZED_EXPORT))) == DUPLICATE
    assert decide_for(extended) == LOADS


def test_same_delivery_with_new_content_is_loaded_again() -> None:
    changed = delivery(files=[stored(FILES[0], "changed"), *FILES[1:]])

    assert decide_for(changed, loaded(DELIVERY)) == LOADS


def test_same_delivery_with_new_content_waits_for_its_sizes() -> None:
    short = delivery(SIZED_EXPORT, files=[stored(FILES[0], "changed", size=9), *FILES[1:]])

    decision = decide_for(short, loaded(delivery(SIZED_EXPORT)))

    message = f"1 not of the manifest's size, first {FILES[0]} (9 of 10 bytes)."
    assert decision == Wait("WAITING_FOR_FILES", message)


def test_delivery_that_changed_during_its_load_is_loaded_again() -> None:
    assert decide_for(DELIVERY, loaded(DELIVERY, changed_during_load=True)) == LOADS


def test_changed_files_of_a_loaded_manifest_wait() -> None:
    months_ago = datetime(2025, 1, 1, tzinfo=UTC)
    export = overwrite_export()
    changed = delivery(export, files=[stored(FILES[0], "3", updated=months_ago), *FILES[1:]])

    decision = decide_for(changed, loaded(delivery(export)))

    message = "Files changed, but their manifest did not. The next manifest decides."
    assert decision == Wait("WAITING_FOR_MANIFEST", message)


@pytest.mark.fault("F30")
def test_late_file_of_a_mixed_delivery_leads_to_another_load() -> None:
    export = overwrite_export()
    mixed = loaded(delivery(export), looks_mixed=True)
    arrived = delivery(export, files=[stored(FILES[0], "3"), *FILES[1:]])
    settled = delivery(export, files=[stored(FILES[0], "3", updated=SETTLED), *FILES[1:]], updated=SETTLED)

    assert decide_for(delivery(export), mixed) == DUPLICATE
    assert decide_for(arrived, mixed) == SETTLES
    assert decide_for(settled, mixed) == LOADS


def test_moved_overwrite_delivery_is_loaded_after_it_settles() -> None:
    """After a change of PREFIX, the same execution and bytes have names that are not recorded."""
    export = overwrite_export()
    state = loaded(delivery(export), content="of the old names", files={name_digest("old/cur-1.csv.gz"): "10:crc-2"})

    assert decide_for(delivery(export), state) == SETTLES
    assert decide_for(delivery(export, updated=SETTLED), state) == LOADS


# The table


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(TableIdentity("p.d.other", TABLE.created), id="another table"),
        pytest.param(TableIdentity(TABLE.name, "later"), id="the table was recreated"),
    ],
)
@pytest.mark.parametrize(
    "state",
    [
        pytest.param(loaded(DELIVERY), id="the same delivery"),
        pytest.param(newer_load(), id="a newer delivery"),
        pytest.param(older_load(covers_until="2025-10-31"), id="a delivery of more days"),
        pytest.param(MonthState(uncommitted=newer_load().loaded), id="a newer uncommitted load"),
    ],
)
def test_load_into_another_table_does_not_count(state: MonthState, table: TableIdentity) -> None:
    assert decide_for(DELIVERY, state, table=table) == LOADS


# Deliveries that are rejected


@pytest.mark.parametrize(
    ("changes", "state", "decision"),
    [
        ({"rows": 0}, MonthState(), EMPTY),
        ({"rows": None}, MonthState(), LOADS),
        ({"files": ()}, older_load(), EMPTY),
        (
            {"submitted": NOW + timedelta(hours=25)},
            older_load(),
            Reject("FUTURE_RUN", "Execution run-2 was submitted at 2025-10-21 13:00 UTC."),
        ),
        ({"submitted": NOW + timedelta(hours=23)}, older_load(), LOADS),
        (
            {"month": "2025-11"},
            MonthState(),
            Reject("FUTURE_MONTH", "The manifest names 2025-11, which has not begun."),
        ),
        (
            {"month": "2999-01"},
            older_load(),
            Reject("FUTURE_MONTH", "The manifest names 2999-01, which has not begun."),
        ),
        ({"month": "2010-01"}, MonthState(), LOADS),
    ],
)
def test_empty_or_future_delivery_is_rejected(changes: Mapping[str, Any], state: MonthState, decision: object) -> None:
    assert decide_for(delivery(replace(EXPORT, **changes)), state) == decision


@pytest.mark.parametrize(
    ("covers_until", "state", "decision"),
    [
        (
            "2025-10-04",
            older_load(covers_until="2025-10-05"),
            Reject("COVERS_FEWER_DAYS", "Execution run-2 covers up to 2025-10-04, but 2025-10-05 is loaded."),
        ),
        ("2025-10-05", older_load(covers_until="2025-10-05"), LOADS),
        ("2025-10-06", older_load(covers_until="2025-10-05"), LOADS),
        (None, older_load(covers_until="2025-10-05"), LOADS),
        ("2025-10-04", older_load(), LOADS),
        ("2025-10-04", MonthState(), LOADS),
        ("2025-10-06", newer_load(covers_until="2025-10-05"), LOADS),
        ("2025-10-05", newer_load(covers_until="2025-10-05"), SUPERSEDED),
        ("2025-10-04", newer_load(covers_until="2025-10-05"), SUPERSEDED),
        ("2025-10-06", MonthState(uncommitted=newer_load(covers_until="2025-10-05").loaded), LOADS),
    ],
)
def test_days_covered_count_before_the_time(covers_until: str | None, state: MonthState, decision: object) -> None:
    assert decide_for(delivery(replace(EXPORT, covers_until=covers_until)), state) == decision


@pytest.mark.parametrize(
    ("scope", "owner", "state", "decision"),
    [
        pytest.param("account 2", "account 1", MonthState(), OTHER_SCOPE, id="nothing is loaded"),
        pytest.param("account 2", "account 1", older_load(), OTHER_SCOPE, id="an older one is loaded"),
        pytest.param("account 2", "account 1", newer_load(), OTHER_SCOPE, id="a newer one is loaded"),
        pytest.param("account 1", "account 1", older_load(), LOADS, id="the same scope"),
        pytest.param("account 1", "", older_load(), LOADS, id="a table of nobody"),
        pytest.param("account 1", "folder cur/", older_load(), LOADS, id="a scope of another kind"),
        pytest.param("", "account 1", older_load(), LOADS, id="a delivery without a scope"),
    ],
)
def test_delivery_of_another_scope_is_rejected(scope: str, owner: str, state: MonthState, decision: object) -> None:
    assert decide_for(delivery(replace(EXPORT, scope=scope)), state, owner=owner) == decision


@pytest.mark.parametrize(
    ("owner", "execution", "decision"),
    [
        pytest.param("account 1", "run-2", FOREIGN, id="the same delivery"),
        pytest.param("account 1", "run-9", FOREIGN, id="another delivery of that scope"),
        pytest.param("account 3", "run-9", "OTHER_SCOPE", id="the table belongs to another scope since"),
        pytest.param("account 2", "run-9", LOADS, id="the table belongs to that scope since"),
    ],
)
def test_scope_is_rejected_once_for_all_its_deliveries(owner: str, execution: str, decision: str) -> None:
    rejection = Rejection("OTHER_SCOPE", "account 1", POLICY.fingerprint(TABLE.created))
    state = replace(older_load(), rejected={"account 2": rejection})
    foreign = delivery(replace(EXPORT, execution=execution, order_key="9", scope="account 2"))

    found = decide_for(foreign, state, owner=owner)

    assert (found if isinstance(found, str) else found.code) == decision


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        ("2025-10-30T23:59:59", Reject("FUTURE_MONTH", "The manifest names 2025-11, which has not begun.")),
        ("2025-10-31T00:00:00", LOADS),
        ("2025-11-01T00:00:00", LOADS),
    ],
)
def test_month_begins_one_day_before_it_begins_in_utc(now: str, decision: object) -> None:
    november = delivery(replace(EXPORT, month="2025-11"))

    assert decide_for(november, now=datetime.fromisoformat(f"{now}+00:00")) == decision


@pytest.mark.parametrize(
    "changes",
    [{"rows": 0}, {"month": "2025-12"}, {"covers_until": "2025-10-02"}],
    ids=["empty", "future month", "fewer days"],
)
def test_incomplete_delivery_waits_before_it_is_rejected(changes: Mapping[str, Any]) -> None:
    """If it were rejected at its first file, it would be rejected again with every file that follows."""
    export, state = replace(EXPORT, **changes), older_load(covers_until="2025-10-05")

    early = [decide_for(delivery(export, files=FILES[:count]), state) for count in range(3)]
    complete = decide_for(delivery(export), state)

    assert [type(decision) for decision in early] == [Wait, Wait, Wait]
    assert isinstance(complete, Reject)


# Deliveries that were rejected before


@pytest.mark.parametrize(
    ("rejected", "decision"),
    [
        pytest.param({"run-2": REJECTION}, ALREADY_REJECTED, id="nothing changed"),
        pytest.param({"run-2": replace(REJECTION, content="other")}, LOADS, id="the files changed"),
        pytest.param({"run-2": replace(REJECTION, fingerprint="fingerprint-2")}, LOADS, id="loader or setting changed"),
        pytest.param({"run-1": REJECTION}, LOADS, id="another delivery was rejected"),
        pytest.param({}, LOADS, id="nothing was rejected"),
    ],
)
def test_rejection_counts_until_something_changes(rejected: Mapping[str, Rejection], decision: object) -> None:
    assert decide_for(DELIVERY, MonthState(rejected=rejected)) == decision


def test_second_rejection_of_a_delivery_is_skipped() -> None:
    narrow = delivery(replace(EXPORT, covers_until="2025-10-01"))
    state = replace(older_load(covers_until="2025-10-05"), rejected=REJECTED.rejected)

    assert decide_for(narrow, state) == ALREADY_REJECTED


def test_rejected_delivery_that_is_older_is_superseded() -> None:
    state = replace(newer_load(), rejected=REJECTED.rejected)

    assert decide_for(DELIVERY, state) == SUPERSEDED


def test_rejected_delivery_with_missing_files_waits() -> None:
    empty = delivery(files=[])
    state = MonthState(rejected={"run-2": replace(REJECTION, content=empty.content)})

    assert isinstance(decide_for(empty, state), Wait)
