"""What an override ignores, and when a rejected delivery is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.decisions.decision import Reject, Wait
from billing.decisions.policy import Override, Policy, policy_of
from billing.decisions.state import MonthState
from tests.unit.decisions.examples import (
    ALREADY_REJECTED,
    DELIVERY,
    DUPLICATE,
    EXPORT,
    FILES,
    LOADS,
    POLICY,
    REJECTED,
    REJECTION,
    SETTLES,
    SUPERSEDED,
    decide_for,
    delivery,
    loaded,
    newer_load,
    older_load,
    overwrite_delivery,
)
from tests.unit.values import aws

NONE, SAME_DELIVERY, EVERYTHING = Override.NONE, Override.SAME_DELIVERY, Override.EVERYTHING
UNCOMMITTED_NEWER = replace(loaded(DELIVERY), uncommitted=newer_load().loaded)


@pytest.mark.parametrize(
    ("state", "without", "same_delivery", "everything"),
    [
        pytest.param(MonthState(), LOADS, LOADS, LOADS, id="nothing recorded"),
        pytest.param(older_load(), LOADS, LOADS, LOADS, id="older delivery loaded"),
        pytest.param(loaded(DELIVERY), DUPLICATE, LOADS, LOADS, id="same delivery loaded"),
        pytest.param(newer_load(), SUPERSEDED, SUPERSEDED, LOADS, id="newer delivery loaded"),
        pytest.param(UNCOMMITTED_NEWER, DUPLICATE, SUPERSEDED, LOADS, id="newer load uncommitted"),
        pytest.param(REJECTED, ALREADY_REJECTED, ALREADY_REJECTED, LOADS, id="rejected before"),
    ],
)
def test_override_ignores_recorded_results(
    state: MonthState, without: object, same_delivery: object, everything: object
) -> None:
    overrides = (NONE, SAME_DELIVERY, EVERYTHING)

    decisions = [decide_for(DELIVERY, state, policy=replace(POLICY, override=override)) for override in overrides]

    assert decisions == [without, same_delivery, everything]


@pytest.mark.parametrize(
    ("override", "decision"),
    [
        (NONE, Reject("COVERS_FEWER_DAYS", "Execution run-2 covers up to 2025-10-04, but 2025-10-05 is loaded.")),
        (EVERYTHING, LOADS),
    ],
)
def test_replay_may_load_fewer_days(override: Override, decision: object) -> None:
    narrow = delivery(replace(EXPORT, covers_until="2025-10-04"))
    state = older_load(covers_until="2025-10-05")

    assert decide_for(narrow, state, policy=replace(POLICY, override=override)) == decision


@pytest.mark.parametrize(
    ("override", "decision"),
    [
        (NONE, Reject("OTHER_SCOPE", "Execution run-2 is of account 2, but the table belongs to account 1.")),
        (EVERYTHING, LOADS),
    ],
)
def test_replay_may_load_another_scope(override: Override, decision: object) -> None:
    other = delivery(replace(EXPORT, scope="account 2"))

    found = decide_for(other, older_load(), owner="account 1", policy=replace(POLICY, override=override))

    assert found == decision


@pytest.mark.parametrize("override", list(Override))
def test_no_override_loads_missing_files(override: Override) -> None:
    incomplete = delivery(files=FILES[:1])

    decision = decide_for(incomplete, older_load(), policy=replace(POLICY, override=override))

    assert decision == Wait("WAITING_FOR_FILES", f"2 of 3 files missing, first {FILES[1]}.")


@pytest.mark.parametrize(
    ("override", "decision"),
    [
        (
            NONE,
            Wait("WAITING_FOR_MANIFEST", "Files changed, but their manifest did not. The next manifest decides."),
        ),
        (SAME_DELIVERY, SETTLES),
        (EVERYTHING, SETTLES),
    ],
)
def test_no_override_loads_a_mix(override: Override, decision: object) -> None:
    mixed = overwrite_delivery("run-1", written_by="211")
    state = loaded(overwrite_delivery("run-1", written_by="111"))

    assert decide_for(mixed, state, policy=replace(POLICY, override=override)) == decision


@pytest.mark.parametrize("override", list(Override))
def test_no_override_loads_an_empty_delivery(override: Override) -> None:
    empty = delivery(replace(EXPORT, rows=0))

    decision = decide_for(empty, policy=replace(POLICY, override=override))

    assert decision == Reject("EMPTY_DELIVERY", "Execution run-2 has no data; 2025-10 is unchanged.")


def test_fingerprint_of_a_rejection_names_the_table() -> None:
    assert POLICY.fingerprint(None) == "fingerprint-1"
    assert POLICY.fingerprint("2025-01-01") == "fingerprint-1 2025-01-01"


def test_rejection_in_a_recreated_table_is_tried_again() -> None:
    rejection = replace(REJECTION, fingerprint=POLICY.fingerprint("2024-01-01T00:00:00+00:00"))

    assert decide_for(DELIVERY, MonthState(rejected={"run-2": rejection})) == LOADS


def test_policy_of_a_source_has_its_settings() -> None:
    source = aws(SETTLE_HOURS="4", SHRINK_PERCENT="30", ON_SHRINK="hold")

    assert policy_of(source) == Policy(timedelta(hours=4), source.fingerprint, NONE, 30, holds_shrinking=True)
    assert policy_of(source, EVERYTHING).override is EVERYTHING
