"""Data files whose manifest does not come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing.decisions.candidates import Candidate, ReadableCandidate, UnreadableCandidate
from billing.decisions.delivery import StoredObject
from billing.decisions.orphans import Orphan, find_orphans
from billing.decisions.state import LoadedDelivery, MonthState
from billing.manifests import Export
from billing.settings import Source
from tests.unit.values import aws, azure, export_of, golden_manifest

NOW = datetime(2025, 10, 20, 12, tzinfo=UTC)
SOURCE = azure()
PERIOD = f"{SOURCE.prefix}{SOURCE.export_name}/20250901-20250930"
FOLDER = f"{PERIOD}/202510051546/run-1"
DATA, MANIFEST = f"{FOLDER}/part_0_0001.parquet", f"{FOLDER}/manifest.json"
EXPORT = Export(SOURCE.export_name, "run-0", "2025-09", "1", (), (), overwrites=False, covers_until=None, rows=None)
AWS = aws()
AWS_PERIOD = f"{AWS.prefix}{AWS.export_name}/20250901-20251001"
AWS_MANIFEST = f"{AWS_PERIOD}/{AWS.export_name}-Manifest.json"
NEW_ASSEMBLY = f"{AWS_PERIOD}/new-assembly"


def stored(name: str, hours: float, written: float | None = None) -> StoredObject:
    """Return an object of an age, with the age that Storage Transfer kept."""
    kept = NOW - timedelta(hours=written) if written is not None else None
    return StoredObject(name, 1, "crc", 1, NOW - timedelta(hours=hours), kept)


def objects_of_age(*names: str, hours: float) -> dict[str, StoredObject]:
    return {name: stored(name, hours) for name in names}


def aws_delivery(hours: float) -> tuple[list[Candidate], dict[str, StoredObject]]:
    """Return a create-new delivery whose manifest and files have that age."""
    export = export_of(AWS, golden_manifest("aws_create_new.json", AWS_MANIFEST))
    objects = objects_of_age(AWS_MANIFEST, *(file.name for file in export.files), hours=hours)
    return [ReadableCandidate(objects[AWS_MANIFEST], export)], objects


def state_loaded(hours: float) -> MonthState:
    ended = (NOW - timedelta(hours=hours)).isoformat()
    head = LoadedDelivery("run-0", "0", "content", None, 1, "job-0", SOURCE.destination, "2025-01-01", ended)
    return MonthState(loaded_executions=("run-0",), loaded=head)


def test_old_data_without_a_manifest_is_an_orphan() -> None:
    [orphan] = find_orphans(SOURCE, objects_of_age(DATA, hours=7), [], {}, NOW)

    assert orphan == Orphan("2025-09", f"{MANIFEST} does not exist, 7:00:00 after its data.")


@pytest.mark.parametrize(
    ("names", "hours", "states"),
    [
        pytest.param((DATA, MANIFEST), 7, {}, id="the manifest is there, and of another export"),
        pytest.param((DATA,), 6, {}, id="the manifest may still come"),
        pytest.param((DATA,), 7, {"2025-09": state_loaded(hours=6.5)}, id="the month was loaded later"),
        pytest.param((DATA,), 7, {"2025-09": state_loaded(hours=9.5)}, id="the month was loaded shortly before"),
        pytest.param((f"{SOURCE.prefix}else/where.parquet",), 7, {}, id="another file"),
    ],
)
def test_other_data_is_no_orphan(names: tuple[str, ...], hours: float, states: Mapping[str, MonthState]) -> None:
    assert find_orphans(SOURCE, objects_of_age(*names, hours=hours), [], states, NOW) == []


def test_new_azure_run_without_a_manifest_in_a_loaded_month_is_an_orphan() -> None:
    older = UnreadableCandidate(stored(f"{PERIOD}/202510041546/run-0/manifest.json", hours=30))
    objects = {older.manifest.name: older.manifest, **objects_of_age(DATA, hours=7)}

    orphans = find_orphans(SOURCE, objects, [older], {"2025-09": state_loaded(hours=29)}, NOW)

    assert orphans == [Orphan("2025-09", f"{MANIFEST} does not exist, 7:00:00 after its data.")]


def test_runs_without_a_manifest_are_one_orphan_per_month() -> None:
    names = [f"{PERIOD}/20251005{hour}46/run-{hour}/part_0_0001.parquet" for hour in (10, 11, 12)]

    [orphan] = find_orphans(SOURCE, {name: stored(name, 10 - i) for i, name in enumerate(names)}, [], {}, NOW)

    newest = f"{PERIOD}/202510051246/run-12/manifest.json"
    others = " The same holds for 2 more folders."
    assert orphan.message == f"{newest} does not exist, 8:00:00 after its data.{others}"


def test_new_assembly_that_the_manifest_of_the_period_does_not_name_is_an_orphan() -> None:
    candidates, objects = aws_delivery(hours=34)
    data, copy = (f"{NEW_ASSEMBLY}/{AWS.export_name}{end}" for end in ("-1.csv.gz", "-Manifest.json"))
    objects |= objects_of_age(data, copy, hours=8)

    [orphan] = find_orphans(AWS, objects, candidates, {"2025-09": state_loaded(hours=33)}, NOW)

    assert orphan.month == "2025-09"
    assert orphan.message == f"{AWS_MANIFEST} does not name the files in {NEW_ASSEMBLY}/, which came 8:00:00 ago."


def test_assembly_manifest_alone_is_an_orphan_too() -> None:
    """An overwrite delivery replaces its data files. Only its own manifest is in a folder of the assembly."""
    candidates, objects = aws_delivery(hours=34)
    copy = f"{NEW_ASSEMBLY}/{AWS.export_name}-Manifest.json"

    orphans = find_orphans(AWS, objects | objects_of_age(copy, hours=8), candidates, {}, NOW)

    assert [orphan.month for orphan in orphans] == ["2025-09"]


@pytest.mark.parametrize(
    ("hours", "written"),
    [
        pytest.param(40, None, id="older than the manifest"),
        pytest.param(31.5, None, id="within the settle time"),
        pytest.param(8, 40, id="copied late, but written before the manifest"),
        pytest.param(5, 5, id="the manifest may still come"),
    ],
)
def test_file_of_an_earlier_assembly_is_no_orphan(hours: float, written: float | None) -> None:
    candidates, objects = aws_delivery(hours=34)
    name = f"{NEW_ASSEMBLY}/{AWS.export_name}-1.csv.gz"

    orphans = find_orphans(AWS, objects | {name: stored(name, hours, written)}, candidates, {}, NOW)

    assert orphans == []


@pytest.mark.parametrize("source", [aws(SETTLE_HOURS="9"), aws(SETTLE_HOURS="1")], ids=["9 h", "1 h"])
def test_settle_hours_say_how_much_newer_a_file_must_be(source: Source) -> None:
    candidates, objects = aws_delivery(hours=15)
    name = f"{NEW_ASSEMBLY}/{AWS.export_name}-1.csv.gz"

    orphans = find_orphans(source, objects | {name: stored(name, 7)}, candidates, {}, NOW)

    assert bool(orphans) is (source.settle_hours == 1)


@pytest.mark.parametrize(("written", "orphans"), [((50, 48), 1), ((50, None), 0), ((None, 48), 0), ((48, 48), 0)])
def test_provider_times_need_no_settle_time(written: tuple[float | None, float | None], orphans: int) -> None:
    """The second run of a month comes two hours after the first, and its manifest never."""
    first = stored(MANIFEST.replace("run-1", "run-0"), 50, written[0])
    objects = {first.name: first, DATA: stored(DATA, 48, written[1])}

    assert len(find_orphans(SOURCE, objects, [UnreadableCandidate(first)], {}, NOW)) == orphans


@pytest.mark.parametrize(("folder", "told"), [("s2/", True), ("", False)], ids=["elsewhere", "in the same place"])
def test_delivery_of_another_scope_hides_no_orphan_elsewhere(folder: str, told: bool) -> None:
    """The other subscription delivers daily, and the manifest of the owner's second run never comes."""
    name = f"{SOURCE.prefix}{folder}{SOURCE.export_name}/20250901-20250930/202510200000/run-2/manifest.json"
    first, other = stored(MANIFEST.replace("run-1", "run-0"), 72), stored(name, 5)
    runs: list[Candidate] = [
        ReadableCandidate(first, replace(EXPORT, scope="scope /s1")),
        ReadableCandidate(other, replace(EXPORT, scope="scope /s2")),
    ]
    objects = {first.name: first, other.name: other, DATA: stored(DATA, 48)}

    found = find_orphans(SOURCE, objects, runs, {}, NOW, owner="scope /s1")

    assert [orphan.month for orphan in found] == (["2025-09"] if told else [])
