"""The recorded state of a month: what changes it, and how dlt's state keeps it."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace

import pytest
from dlt.common.versioned_state import compress_state

from billing.decisions.state import MAX_IDS, MAX_REJECTIONS, LoadedDelivery, MonthState, Rejection, from_state, to_state
from billing.decisions.table import TableIdentity

LOADED = LoadedDelivery(
    execution="run-2",
    order_key="2",
    content="abc",
    covers_until="2025-09-30",
    rows=7,
    job_id="job-1",
    table="p.d.t",
    table_created="2025-01-01T00:00:00+00:00",
    ended="2025-10-20T12:00:00.000000+00:00",
)
LOADED_FROM_OVERWRITE = replace(LOADED, changed_during_load=True, covers_until=None, files={"f1": "10:crc"})
REJECTION = Rejection("EMPTY_DELIVERY", "def", "print-1")
FULL = MonthState(
    loaded_executions=("run-1", "run-2"),
    loaded=LOADED_FROM_OVERWRITE,
    rejected={"run-3": REJECTION},
    waiting="run-4 ghi WAITING",
)


@pytest.mark.parametrize(
    "state", [MonthState(), MonthState(loaded=LOADED), MonthState(rejected={"x": REJECTION}), FULL]
)
def test_state_is_read_as_it_was_written(state: MonthState) -> None:
    written = json.dumps(to_state(state, "2025-09"))

    assert from_state(json.loads(written), "2025-09") == state


def test_dlt_state_has_the_documented_shape() -> None:
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
                "ended": "2025-10-20T12:00:00.000000+00:00",
                "changed_during_load": True,
                "looks_mixed": False,
                "files": {"f1": "10:crc"},
                "byte_count": None,
                "costs": None,
            }
        },
        "rejected": {"2025-09": {"run-3": {"code": "EMPTY_DELIVERY", "content": "def", "fingerprint": "print-1"}}},
        "waiting": {"2025-09": "run-4 ghi WAITING"},
    }


def test_empty_state_is_written_as_an_empty_list() -> None:
    assert to_state(MonthState(), "2025-09") == {
        "loaded_executions": {"2025-09": []},
        "loaded": {},
        "rejected": {},
        "waiting": {},
    }


@pytest.mark.parametrize("state", [{}, {"loaded": {}}, to_state(FULL, "2025-08")])
def test_month_that_is_not_in_dlt_s_state_is_empty(state: dict[str, object]) -> None:
    assert from_state(state, "2025-09") == MonthState()


def test_unknown_keys_of_a_later_version_are_ignored() -> None:
    """After a roll-back, a newer version's state must not stop every month."""
    state = to_state(FULL, "2025-09")
    state["loaded"]["2025-09"]["invented_later"] = 1
    state["rejected"]["2025-09"]["run-3"]["invented_later"] = 1

    assert from_state(state, "2025-09") == FULL


def test_load_removes_the_wait_and_its_own_rejection() -> None:
    before = MonthState(
        loaded_executions=("run-2", "run-1"),
        rejected={"run-2": REJECTION, "run-3": REJECTION},
        waiting="run-2 abc WAITING",
    )

    after = before.with_load(LOADED)

    assert after == MonthState(loaded_executions=("run-1", "run-2"), loaded=LOADED, rejected={"run-3": REJECTION})


def test_load_of_an_overwrite_delivery_removes_all_rejections() -> None:
    """The files of the rejected deliveries were overwritten."""
    before = MonthState(rejected={"run-1": REJECTION, "manifest-5": REJECTION})

    after = before.with_load(LOADED_FROM_OVERWRITE)

    assert after == MonthState(loaded_executions=("run-2",), loaded=LOADED_FROM_OVERWRITE)


def test_rejection_keeps_the_loaded_delivery() -> None:
    before = MonthState(
        loaded_executions=("run-2",), loaded=LOADED, rejected={"run-3": REJECTION}, waiting="run-3 abc WAITING"
    )
    other = replace(REJECTION, code="COVERS_FEWER_DAYS")

    after = before.with_rejection("run-3", other).with_rejection("run-4", REJECTION)

    assert after == MonthState(
        loaded_executions=("run-2",), loaded=LOADED, rejected={"run-3": other, "run-4": REJECTION}
    )


def test_wait_changes_nothing_else() -> None:
    assert MonthState(loaded=LOADED).with_waiting("x") == MonthState(loaded=LOADED, waiting="x")


def test_last_50_loads_are_kept() -> None:
    state = MonthState()

    for number in range(120):
        state = state.with_load(replace(LOADED, execution=f"run-{number}"))

    assert MAX_IDS == 50
    assert state.loaded_executions == tuple(f"run-{number}" for number in range(70, 120))


def test_last_1000_rejections_are_kept() -> None:
    state = MonthState(rejected={f"bad-{number}": REJECTION for number in range(1000)})

    state = state.with_rejection("bad-1000", REJECTION)

    assert MAX_REJECTIONS == 1000
    assert list(state.rejected) == [f"bad-{number}" for number in range(1, 1001)]


def test_repeated_rejection_counts_as_new() -> None:
    state = MonthState(rejected={f"bad-{number}": REJECTION for number in range(MAX_REJECTIONS)})

    state = state.with_rejection("bad-0", REJECTION).with_rejection("bad-1000", REJECTION)

    assert list(state.rejected) == [*(f"bad-{number}" for number in range(2, 1000)), "bad-0", "bad-1000"]


@pytest.mark.parametrize(
    ("table", "created", "loaded"),
    [
        ("p.d.t", "2025-01-01T00:00:00+00:00", LOADED),
        ("p.d.t", "2025-02-01T00:00:00+00:00", None),
        ("p.d.other", "2025-01-01T00:00:00+00:00", None),
    ],
)
def test_loaded_delivery_counts_for_its_own_table_only(table: str, created: str, loaded: LoadedDelivery | None) -> None:
    identity = TableIdentity(table, created)

    assert MonthState(loaded=LOADED).loaded_into(identity) == loaded
    assert MonthState().loaded_into(identity) is None


def test_contents_of_10_000_files_fit_into_dlt_s_state() -> None:
    """dlt compresses the state and writes it into one cell. `delivery._MAX_FILES_IN_STATE` allows twice as many."""
    numbers = random.Random(1)
    files = {f"{numbers.getrandbits(48):012x}": f"{numbers.randrange(10**7)}:{_crc(numbers)}" for _ in range(10_000)}

    state = compress_state({"state": to_state(MonthState(loaded=replace(LOADED, files=files)), "2025-09")})  # type: ignore[typeddict-unknown-key]

    assert len(state) < 300_000


def _crc(numbers: random.Random) -> str:
    return base64.b64encode(numbers.randbytes(4)).decode()
