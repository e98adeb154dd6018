"""What `decide` does with each kind of snapshot, and what a record takes from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.decisions.decide import decide
from billing.decisions.decision import Load, Reject, Skip, Wait
from billing.decisions.policy import Policy
from billing.decisions.snapshot import (
    IncompleteDelivery,
    MissingManifest,
    MonthSnapshot,
    OtherManifest,
    UnplacedManifest,
    UnreadableManifest,
)
from billing.decisions.state import MonthState, Rejection
from billing.decisions.table import Table
from tests.unit.decisions.examples import (
    DELIVERY,
    EXPORT,
    FILES,
    MANIFEST,
    NOW,
    POLICY,
    REJECTED,
    REJECTION,
    TABLE,
    delivery,
)

CUT = Reject("MANIFEST_NOT_JSON", "cur-Manifest.json is not complete JSON.")
MISSING_FILES = Wait("WAITING_FOR_FILES", "2 of 3 files missing.")
TRACKED = {"file_count": 3, "byte_count": 30, "order_key": "2", "covers_until": None}


def test_missing_manifest_waits() -> None:
    snapshot = MissingManifest(MANIFEST)

    assert decide(snapshot, POLICY, NOW) == Wait("WAITING_FOR_MANIFEST", f"{MANIFEST} does not exist yet.")
    assert snapshot.month == "2025-10"


def test_missing_manifest_in_a_path_without_a_month_has_no_month() -> None:
    assert MissingManifest("in/manifest.json").month is None


def test_manifest_of_another_export_is_skipped() -> None:
    snapshot = OtherManifest(MANIFEST, "usage", "cur")

    assert decide(snapshot, POLICY, NOW) == Skip("OTHER_EXPORT", f"{MANIFEST} belongs to export usage, not cur.")
    assert snapshot.month is None


def test_unreadable_manifest_without_a_month_is_rejected() -> None:
    snapshot = UnplacedManifest(CUT)

    assert decide(snapshot, POLICY, NOW) == CUT
    assert snapshot.month is None


@pytest.mark.parametrize(
    ("generation", "policy", "decision"),
    [
        pytest.param(
            5,
            POLICY,
            Skip(
                "ALREADY_REJECTED", "Execution manifest-5 was rejected as MANIFEST_NOT_JSON, and nothing changed since."
            ),
            id="nothing changed",
        ),
        pytest.param(6, POLICY, CUT, id="the manifest was written again"),
        pytest.param(5, replace(POLICY, source_fingerprint="fingerprint-2"), CUT, id="loader or setting changed"),
    ],
)
def test_unreadable_manifest_is_rejected_once(generation: int, policy: Policy, decision: object) -> None:
    state = MonthState(rejected={"manifest-5": Rejection("MANIFEST_NOT_JSON", "5", "fingerprint-1")})

    assert decide(UnreadableManifest("2025-10", generation, CUT, state), policy, NOW) == decision


def test_unreadable_manifest_is_recorded_by_its_generation() -> None:
    snapshot = UnreadableManifest("2025-10", 5, CUT, MonthState())

    assert (snapshot.execution, snapshot.content) == ("manifest-5", "5")
    assert (snapshot.table_created, snapshot.tracked) == (None, {})


@pytest.mark.parametrize("state", [MonthState(), REJECTED], ids=["nothing recorded", "rejected before"])
def test_incomplete_delivery_waits(state: MonthState) -> None:
    snapshot = IncompleteDelivery(delivery(files=FILES[:1]), state, MISSING_FILES)

    assert decide(snapshot, POLICY, NOW) == MISSING_FILES


def test_incomplete_delivery_has_no_table() -> None:
    snapshot = IncompleteDelivery(delivery(files=FILES[:1]), MonthState(), MISSING_FILES)

    assert (snapshot.month, snapshot.execution, snapshot.table_created) == ("2025-10", "run-2", None)
    assert snapshot.tracked == TRACKED | {"byte_count": 10}


def test_complete_delivery_is_loaded() -> None:
    table = Table(TABLE, (), None)
    snapshot = MonthSnapshot(DELIVERY, MonthState(), table)

    assert decide(snapshot, POLICY, NOW) == Load(DELIVERY, MonthState(), table)


def test_complete_delivery_names_the_creation_of_its_table() -> None:
    covered = delivery(replace(EXPORT, covers_until="2025-10-19"))
    snapshot = MonthSnapshot(covered, MonthState(), Table(TABLE, (), None))

    assert (snapshot.month, snapshot.execution, snapshot.table_created) == ("2025-10", "run-2", TABLE.created)
    assert snapshot.content == REJECTION.content
    assert snapshot.tracked == TRACKED | {"covers_until": "2025-10-19"}
