"""F8: a column that cannot be loaded is rejected by name, and the table stays as it is.

On the harness and not on the scenario runner: the columns of whole sample exports change.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.conftest import with_file
from tests.faults.invariants import check_invariants
from tests.faults.test_schema_changes import MONTH, deliveries_of
from tests.samples import aws_columns, azure_columns, azure_focus_delivery
from tests.support.harness import Harness
from tests.support.sources import AWS, AZURE

pytestmark = pytest.mark.fault("F8")


def test_changed_type_loads_if_every_value_fits(harness: Harness, tmp_path: Path) -> None:
    plain = list(aws_columns(MONTH))
    as_text = [replace(one, type="String") if one.name == "lineItem/UnblendedCost" else one for one in plain]
    first, fits = deliveries_of(tmp_path, plain, as_text)

    outcomes = [harness.load(AWS, first), harness.load(AWS, fits)]

    assert [outcome.action for outcome in outcomes] == ["loaded", "loaded"]
    check_invariants(harness, {(AWS, MONTH): fits})


def test_changed_type_is_rejected_by_name(harness: Harness, tmp_path: Path) -> None:
    focus = list(azure_columns("1.2-preview"))
    as_text = [replace(one, type="String") if one.name == "ContractedCost" else one for one in focus]
    first = azure_focus_delivery(tmp_path, MONTH, rows=6, files=1)
    changed = azure_focus_delivery(tmp_path, MONTH, rows=6, files=1, revision=2, columns=as_text)
    harness.load(AZURE, first)

    outcome = harness.load(AZURE, changed)

    assert (outcome.action, outcome.code) == ("rejected", "TYPE_CHANGED")
    assert "ContractedCost" in outcome.message
    check_invariants(harness, {(AZURE, MONTH): first})


def test_too_many_columns_are_rejected_before_the_table_changes(harness: Harness, tmp_path: Path) -> None:
    good, newer = deliveries_of(tmp_path, aws_columns(MONTH), aws_columns(MONTH))
    header = ",".join([*newer.columns, *(f"resourceTags/user:t{n}" for n in range(10_001 - len(newer.columns)))])
    harness.load(AWS, good)
    before = harness.emulator.bigquery.get_table(harness.source(AWS).destination).schema

    outcome = harness.load(AWS, with_file(newer, 0, gzip.compress(f"{header}\n{',' * 10_000}\n".encode())))

    assert (outcome.action, outcome.code) == ("rejected", "TOO_MANY_COLUMNS")
    assert "10001" in outcome.message
    assert harness.emulator.bigquery.get_table(harness.source(AWS).destination).schema == before
    check_invariants(harness, {(AWS, MONTH): good})
