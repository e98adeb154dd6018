"""Data files without a manifest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.delivery import StoredObject
from billing.decisions.orphans import Orphan, find_orphans
from billing.decisions.state import MonthState
from tests.unit.values import azure

NOW = datetime(2025, 10, 20, 12, tzinfo=UTC)
SOURCE = azure()
FOLDER = f"{SOURCE.prefix}{SOURCE.export_name}/20250901-20250930/202510051546/run-1"
DATA, MANIFEST = f"{FOLDER}/part_0_0001.parquet", f"{FOLDER}/manifest.json"


def objects_of_age(*names: str, hours: float) -> dict[str, StoredObject]:
    return {name: StoredObject(name, 1, "crc", 1, NOW - timedelta(hours=hours)) for name in names}


def test_old_data_without_a_manifest_is_an_orphan() -> None:
    [orphan] = find_orphans(SOURCE, objects_of_age(DATA, hours=7), {}, NOW)

    assert orphan == Orphan("2025-09", f"{MANIFEST} does not exist, 7:00:00 after its data.")


@pytest.mark.parametrize(
    ("names", "hours", "states"),
    [
        pytest.param((DATA, MANIFEST), 7, {}, id="the manifest exists"),
        pytest.param((DATA,), 6, {}, id="the manifest may still come"),
        pytest.param((DATA,), 7, {"2025-09": MonthState(loaded_executions=("run-0",))}, id="the month was loaded"),
        pytest.param((f"{SOURCE.prefix}else/where.parquet",), 7, {}, id="another file"),
    ],
)
def test_other_data_is_no_orphan(names: tuple[str, ...], hours: float, states: dict[str, MonthState]) -> None:
    assert find_orphans(SOURCE, objects_of_age(*names, hours=hours), states, NOW) == []
