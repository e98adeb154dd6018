"""What is booked of a month: written to dlt's state and read back as the same value."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace

import pytest
from dlt.common.versioned_state import compress_state

from billing.decisions.state import MAX_IDS, MAX_REJECTIONS, LoadedDelivery, MonthState, Rejection, from_state, to_state
from billing.decisions.table import TableIdentity

HEAD = LoadedDelivery(
    execution="run-2",
    order_key="2",
    content="abc",
    covers_until="2025-09-30",
    rows=7,
    job_id="job-1",
    table="p.d.t",
    table_created="2025-01-01T00:00:00+00:00",
)
REPEATING = replace(HEAD, changed_during_load=True, covers_until=None, scope="/subscriptions/a", files={"f1": "10:crc"})
REJECTION = Rejection("EMPTY_DELIVERY", "def", "print-1")
FULL = MonthState(
    loaded_executions=("run-1", "run-2"), loaded=REPEATING, rejected={"run-3": REJECTION}, waiting="run-4 ghi WAITING"
)


@pytest.mark.parametrize("books", [MonthState(), MonthState(loaded=HEAD), MonthState(rejected={"x": REJECTION}), FULL])
def test_books_survive_dlt_s_state(books: MonthState) -> None:
    assert from_state(json.loads(json.dumps(to_state(books, "2025-09"))), "2025-09") == books


def test_the_state_has_the_documented_shape() -> None:
    assert to_state(FULL, "2025-09") == {
        "loaded_executions": {"2025-09": ["run-1", "run-2"]},
        "loaded": {
            "2025-09": {
                "execution": "run-2",
                "order_key": "2",
                "content": "abc",
                "covers_until": None,
                "rows": 7,
                "job_id": "job-1",
                "table": "p.d.t",
                "table_created": "2025-01-01T00:00:00+00:00",
                "changed_during_load": True,
                "scope": "/subscriptions/a",
                "files": {"f1": "10:crc"},
            }
        },
        "rejected": {"2025-09": {"run-3": {"code": "EMPTY_DELIVERY", "content": "def", "fingerprint": "print-1"}}},
        "waiting": {"2025-09": "run-4 ghi WAITING"},
    }


def test_nothing_booked_leaves_no_trace_but_an_empty_list() -> None:
    assert to_state(MonthState(), "2025-09") == {
        "loaded_executions": {"2025-09": []},
        "loaded": {},
        "rejected": {},
        "waiting": {},
    }


@pytest.mark.parametrize("state", [{}, {"loaded": {}}, to_state(FULL, "2025-08")])
def test_a_month_that_is_not_in_the_state_has_empty_books(state: dict[str, object]) -> None:
    assert from_state(state, "2025-09") == MonthState()


def test_state_of_a_later_loader_is_read_for_what_is_known() -> None:
    """After a roll-back, what a newer version booked must not stop every month."""
    state = to_state(FULL, "2025-09")
    state["loaded"]["2025-09"]["invented_later"] = 1
    state["rejected"]["2025-09"]["run-3"]["invented_later"] = 1
    assert from_state(state, "2025-09") == FULL


def test_a_load_becomes_the_head_and_forgets_the_wait_and_its_own_rejection() -> None:
    before = MonthState(
        loaded_executions=("run-2", "run-1"),
        rejected={"run-2": REJECTION, "run-3": REJECTION},
        waiting="run-2 abc WAITING",
    )
    assert before.with_load(HEAD) == MonthState(
        loaded_executions=("run-1", "run-2"), loaded=HEAD, rejected={"run-3": REJECTION}
    )


def test_where_names_repeat_a_load_forgets_all_rejections_for_their_files_are_overwritten() -> None:
    before = MonthState(rejected={"run-1": REJECTION, "manifest-5": REJECTION})
    assert before.with_load(REPEATING) == MonthState(loaded_executions=("run-2",), loaded=REPEATING)


def test_a_rejection_changes_no_head() -> None:
    before = MonthState(
        loaded_executions=("run-2",), loaded=HEAD, rejected={"run-3": REJECTION}, waiting="run-3 abc WAITING"
    )
    other = replace(REJECTION, code="COVERS_FEWER_DAYS")
    after = before.with_rejection("run-3", other).with_rejection("run-4", REJECTION)
    assert after == MonthState(loaded_executions=("run-2",), loaded=HEAD, rejected={"run-3": other, "run-4": REJECTION})


def test_a_wait_changes_nothing_else() -> None:
    assert MonthState(loaded=HEAD).with_waiting("x") == MonthState(loaded=HEAD, waiting="x")


def test_the_last_fifty_loads_are_remembered_and_every_refusal_that_a_month_can_have() -> None:
    books = MonthState()
    for number in range(120):
        books = books.with_load(replace(HEAD, execution=f"run-{number}"))
    books = replace(books, rejected={f"bad-{number}": REJECTION for number in range(1000)})
    books = books.with_rejection("bad-1000", REJECTION)
    assert (MAX_IDS, MAX_REJECTIONS) == (50, 1000)
    assert books.loaded_executions == tuple(f"run-{number}" for number in range(70, 120))
    assert list(books.rejected) == [f"bad-{number}" for number in range(1, 1001)]


def test_an_old_rejection_that_is_repeated_counts_as_new() -> None:
    books = MonthState(rejected={f"bad-{number}": REJECTION for number in range(MAX_REJECTIONS)})
    for number in (0, MAX_REJECTIONS):
        books = books.with_rejection(f"bad-{number}", REJECTION)
    assert list(books.rejected) == [*(f"bad-{number}" for number in range(2, 1000)), "bad-0", "bad-1000"]


@pytest.mark.parametrize(
    ("table", "created", "loaded"),
    [
        ("p.d.t", "2025-01-01T00:00:00+00:00", HEAD),
        ("p.d.t", "2025-02-01T00:00:00+00:00", None),
        ("p.d.other", "2025-01-01T00:00:00+00:00", None),
    ],
)
def test_a_head_speaks_of_one_table_only(table: str, created: str, loaded: LoadedDelivery | None) -> None:
    assert MonthState(loaded=HEAD).loaded_into(TableIdentity(table, created)) == loaded
    assert MonthState().loaded_into(TableIdentity(table, created)) is None


def test_the_contents_of_ten_thousand_overwritten_files_are_a_bounded_state() -> None:
    """What dlt writes into one cell, compressed; a head keeps at most twice as many (`load._MOST_KEPT`)."""
    dice = random.Random(1)
    files = {f"{dice.getrandbits(48):012x}": f"{dice.randrange(10**7)}:{_crc(dice)}" for _ in range(10_000)}
    state = compress_state({"state": to_state(MonthState(loaded=replace(HEAD, files=files)), "2025-09")})  # type: ignore[typeddict-unknown-key]
    assert len(state) < 300_000


def _crc(dice: random.Random) -> str:
    return base64.b64encode(dice.randbytes(4)).decode()
