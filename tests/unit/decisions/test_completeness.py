"""When a delivery is complete, in every order in which its objects may arrive."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from billing.decisions.decision import Wait
from billing.decisions.delivery import Delivery, StoredObject
from billing.decisions.state import MonthState, Rejection
from billing.decisions.table import TableIdentity
from tests.unit.decisions.examples import (
    DUPLICATE,
    FILES,
    FOLDER,
    LOADS,
    MANIFEST,
    NOW,
    POLICY,
    SETTLE,
    SETTLED,
    SETTLES,
    SIZED_EXPORT,
    TABLE,
    decide_for,
    delivery,
    loaded,
    older_load,
    overwrite_delivery,
    overwrite_export,
    stored,
    waits_to_settle,
)

FIRST = overwrite_delivery("run-1", written_by="111")
SECOND = overwrite_delivery("run-2", written_by="222")
ORDERS_OF_ARRIVAL = list(itertools.permutations([MANIFEST, *FILES]))


def arrivals(order: Sequence[str], written_by: str) -> Iterator[Delivery]:
    """Yield the bucket after each arrival. At first it holds run 1; at the end, run 2 with files of these runs."""
    final, files, execution = dict(zip(FILES, written_by, strict=True)), dict.fromkeys(FILES, "1"), "run-1"
    for name in order:
        if name == MANIFEST:
            execution = "run-2"
        else:
            files[name] = final[name]
        yield overwrite_delivery(execution, "".join(files.values()))


# Missing files


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param([], f"3 of 3 files missing, first {FILES[0]}.", id="no file"),
        pytest.param([FOLDER], f"3 of 3 files missing, first {FILES[0]}.", id="only a folder"),
        pytest.param([FILES[0], FILES[2]], f"1 of 3 files missing, first {FILES[1]}.", id="one missing"),
        pytest.param(
            [f"{FOLDER}cur-2.csv", FILES[0], f"{FOLDER}cur-3.csv"],
            f"2 of 3 files missing, first {FILES[1]} (the folder has {FOLDER}cur-2.csv).",
            id="other names",
        ),
        pytest.param(
            [FILES[0], stored(FILES[1], size=0), stored(FILES[2], size=11)],
            f"2 not of the manifest's size, first {FILES[1]} (0 of 10 bytes).",
            id="other sizes",
        ),
        pytest.param(
            [stored(FILES[1], size=1)],
            f"2 of 3 files missing, first {FILES[0]}; 1 not of the manifest's size, first {FILES[1]} (1 of 10 bytes).",
            id="missing and other size",
        ),
    ],
)
@pytest.mark.parametrize("state", [MonthState(), older_load()], ids=["nothing recorded", "older delivery loaded"])
def test_wait_names_missing_and_incomplete_files(
    state: MonthState, files: list[str | StoredObject], message: str
) -> None:
    incomplete = delivery(SIZED_EXPORT, files=files)

    assert decide_for(incomplete, state) == Wait("WAITING_FOR_FILES", message)


def test_wait_names_missing_files_of_a_manifest_elsewhere() -> None:
    """If the manifest is in another folder, the listing does not show it."""
    empty = Delivery(SIZED_EXPORT, MANIFEST, {})

    assert decide_for(empty) == Wait("WAITING_FOR_FILES", f"3 of 3 files missing, first {FILES[0]}.")


# Overwrite deliveries: run 1 is loaded, and the objects of run 2 replace it one by one.


@pytest.mark.parametrize("order", ORDERS_OF_ARRIVAL)
def test_no_order_of_arrival_loads_a_mix(order: Sequence[str]) -> None:
    state = loaded(FIRST)
    loads = []

    for current in arrivals(order, written_by="222"):
        if decide_for(current, state) == LOADS:
            loads.append(current)
            state = loaded(current)

    assert loads == [SECOND]
    assert decide_for(SECOND, state) == DUPLICATE


@pytest.mark.parametrize("order", ORDERS_OF_ARRIVAL)
@pytest.mark.parametrize("written_by", ["122", "211", "111"])
def test_delivery_with_unchanged_files_loads_after_it_settles(order: Sequence[str], written_by: str) -> None:
    decisions = [decide_for(current, loaded(FIRST)) for current in arrivals(order, written_by)]
    later = decide_for(overwrite_delivery("run-2", written_by, SETTLED), loaded(FIRST))

    assert LOADS not in decisions
    assert decisions[-1] == SETTLES
    assert later == LOADS


@pytest.mark.parametrize("order", ORDERS_OF_ARRIVAL)
def test_first_delivery_loads_when_its_last_object_arrives(order: Sequence[str]) -> None:
    arrived = [order[:count] for count in range(1, 5) if MANIFEST in order[:count]]

    decisions = [
        decide_for(overwrite_delivery("run-1", written_by="".join("1" if name in names else "-" for name in FILES)))
        for names in arrived
    ]

    assert all(isinstance(decision, Wait) for decision in decisions[:-1])
    assert decisions[-1] == LOADS


@pytest.mark.parametrize("changed", [MANIFEST, FILES[1]], ids=["the manifest", "a file"])
@pytest.mark.parametrize(
    ("unchanged_for", "decision"),
    [(SETTLE, LOADS), (SETTLE - timedelta(seconds=1), waits_to_settle("12:00"))],
)
def test_settle_time_starts_with_the_last_change(changed: str, unchanged_for: timedelta, decision: object) -> None:
    mixed = overwrite_delivery("run-2", written_by="212", updated=NOW - timedelta(days=1))
    newest = replace(mixed.objects[changed], updated=NOW - unchanged_for)
    mixed = replace(mixed, objects={**mixed.objects, changed: newest})

    assert decide_for(mixed, loaded(FIRST)) == decision


def test_without_a_settle_time_a_delivery_loads_at_once() -> None:
    mixed = overwrite_delivery("run-2", written_by="212", updated=NOW)
    policy = replace(POLICY, settle=timedelta(0))

    assert decide_for(mixed, loaded(FIRST), policy=policy) == LOADS


def test_next_delivery_may_have_more_files() -> None:
    names = (*FILES, f"{FOLDER}cur-4.csv.gz")
    more = delivery(overwrite_export("run-2", names), files=names)

    assert decide_for(more, loaded(FIRST)) == LOADS


def test_next_delivery_may_have_fewer_files() -> None:
    fewer = delivery(overwrite_export("run-2", FILES[:2]), files=[*FILES[:2], stored(FILES[2], "1")])

    assert decide_for(fewer, loaded(FIRST)) == LOADS


# What the recorded load cannot prove


def test_files_that_changed_during_a_load_must_settle() -> None:
    state = loaded(FIRST, changed_during_load=True)

    assert decide_for(FIRST, state) == SETTLES
    assert decide_for(overwrite_delivery("run-1", written_by="111", updated=SETTLED), state) == LOADS


def test_delivery_after_a_changed_one_needs_all_new_files() -> None:
    state = loaded(FIRST, changed_during_load=True)

    assert decide_for(overwrite_delivery("run-2", written_by="221"), state) == SETTLES
    assert decide_for(SECOND, state) == LOADS


def test_state_without_file_contents_proves_nothing() -> None:
    """A state that was rebuilt from a tracking row has no contents."""
    state = loaded(FIRST, files={})

    assert decide_for(SECOND, state) == SETTLES
    assert decide_for(overwrite_delivery("run-2", written_by="222", updated=SETTLED), state) == LOADS


@pytest.mark.parametrize(
    ("current", "decision"),
    [
        pytest.param(FIRST, LOADS, id="the loaded delivery"),
        pytest.param(overwrite_delivery("run-1", written_by="211"), SETTLES, id="a mix"),
        pytest.param(SECOND, LOADS, id="the next delivery"),
    ],
)
def test_recreated_table_never_gets_a_mix(current: Delivery, decision: object) -> None:
    recreated = TableIdentity(TABLE.name, "later")

    assert decide_for(current, loaded(FIRST), table=recreated) == decision


@pytest.mark.parametrize(
    "before",
    [MonthState(), loaded(overwrite_delivery("run-0", written_by="000"))],
    ids=["nothing recorded", "run 0 loaded"],
)
@pytest.mark.parametrize("rejected", ["run-1", "manifest-5"])
@pytest.mark.parametrize("written_by", ["211", "221", "222"])
def test_delivery_after_a_rejected_one_must_settle(before: MonthState, rejected: str, written_by: str) -> None:
    """Files of a rejected delivery differ from the recorded ones, as those of the next delivery do."""
    rejection = Rejection("HEADER_UNREADABLE", FIRST.content, POLICY.fingerprint(TABLE.created))
    state = replace(before, rejected={rejected: rejection})

    assert decide_for(overwrite_delivery("run-2", written_by), state) == SETTLES
    assert decide_for(overwrite_delivery("run-2", written_by, SETTLED), state) == LOADS


def test_rejected_delivery_with_a_repaired_file_loads_at_once() -> None:
    rejection = Rejection("HEADER_UNREADABLE", "before the repair", POLICY.fingerprint(TABLE.created))
    state = replace(loaded(FIRST), rejected={"run-2": rejection})

    assert decide_for(SECOND, state) == LOADS


@pytest.mark.parametrize("state", [MonthState(), loaded(FIRST)], ids=["nothing recorded", "run 1 loaded"])
@pytest.mark.parametrize(
    ("written_by", "hours_ago", "decision"),
    [
        ("222", (1, 9, 9, 9), SETTLES),
        ("322", (1, 1.1, 9, 9), SETTLES),
        ("332", (1, 1.1, 1.1, 9), SETTLES),
        ("333", (1, 1.1, 1.1, 1.1), LOADS),
        ("333", (1, 0.99, 1.1, 1.1), LOADS),
        ("333", (1, 0.98, 1.1, 1.1), SETTLES),
    ],
)
def test_files_written_long_before_their_manifest_must_settle(
    state: MonthState, written_by: str, hours_ago: Sequence[float], decision: object
) -> None:
    """Nothing handled run 2. The manifest of run 3 arrived before none, some or all of its files."""
    current = overwrite_delivery("run-3", written_by)
    times = [NOW - timedelta(hours=hours) for hours in hours_ago]
    objects = {
        name: replace(current.objects[name], written=written)
        for name, written in zip([MANIFEST, *FILES], times, strict=True)
    }

    assert decide_for(replace(current, objects=objects), state) == decision


@pytest.mark.parametrize(
    ("has_execution_id", "updated", "decision"),
    [
        pytest.param(False, NOW - timedelta(hours=2), waits_to_settle("13:00"), id="no id, not settled"),
        pytest.param(False, SETTLED, LOADS, id="no id, settled"),
        pytest.param(
            True,
            SETTLED,
            Wait("WAITING_FOR_MANIFEST", "Files changed, but their manifest did not. The next manifest decides."),
            id="with an id",
        ),
    ],
)
def test_changed_files_are_a_delivery_if_the_manifest_has_no_id(
    has_execution_id: bool, updated: datetime, decision: object
) -> None:
    export = replace(overwrite_export(), has_execution_id=has_execution_id)
    changed = delivery(export, files=[stored(name, "new", updated=updated) for name in FILES], updated=updated)

    assert decide_for(changed, loaded(delivery(export), content="other")) == decision


def test_unchanged_files_of_a_manifest_without_an_id_are_skipped() -> None:
    same = delivery(replace(overwrite_export(), has_execution_id=False))

    assert decide_for(same, loaded(same)) == DUPLICATE
