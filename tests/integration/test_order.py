"""Duplicates, late files, older runs: the manifest and the load history decide what is new."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billing.clock import Timer
from billing.decisions.policy import Override
from billing.workflows.load import load_month
from tests.faults.invariants import check_invariants
from tests.samples import SampleObject, aws_cur_delivery, azure_focus_delivery, sink_name
from tests.support.harness import Harness, around, manifest_name
from tests.support.sources import AWS, AZURE

MONTH = "2025-09"


@pytest.mark.fault("F20")
def test_same_delivery_again_is_a_duplicate(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=30)
    harness.load(AWS, delivery)

    again = harness.load(AWS, delivery)  # other generations, equal content

    assert (again.action, again.code) == ("skipped", "DUPLICATE")
    assert len(harness.tracking(AWS)) == 1
    assert harness.sent is not None
    assert len(harness.sent.jobs) == 1
    check_invariants(harness, {(AWS, MONTH): delivery})


@pytest.mark.fault("F2")
def test_older_run_never_replaces_a_newer_one(harness: Harness, tmp_path: Path) -> None:
    newer = azure_focus_delivery(tmp_path, MONTH, rows=30, submitted=datetime(2025, 10, 5, 9, tzinfo=UTC))
    older = azure_focus_delivery(tmp_path, MONTH, rows=31, submitted=datetime(2025, 10, 4, 9, tzinfo=UTC))
    harness.load(AZURE, newer)

    late = harness.load(AZURE, older)

    assert (late.action, late.code) == ("skipped", "SUPERSEDED")
    check_invariants(harness, {(AZURE, MONTH): newer})


@pytest.mark.fault("F5")
def test_manifest_before_its_data_waits_and_then_loads(harness: Harness, tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, MONTH, rows=30, files=3)
    harness.deployment.deliver(AWS, delivery, "manifest")
    empty = harness.handle_manifest(AWS, delivery)
    for item in delivery.data[:2]:
        harness.deployment.deliver_object(AWS, item)
    partial = harness.handle_manifest(AWS, delivery)
    harness.deployment.deliver_object(AWS, delivery.data[2])
    whole = harness.handle_manifest(AWS, delivery)

    assert (empty.action, empty.code) == ("waiting", "WAITING_FOR_FILES")
    assert (partial.action, partial.code) == ("waiting", "WAITING_FOR_FILES")
    assert "1 of 3 files missing" in partial.message
    assert "acme-cur-3.csv.gz" in partial.message
    assert whole.action == "loaded"
    check_invariants(harness, {(AWS, MONTH): delivery})


@pytest.mark.fault("F5")
def test_blob_of_another_size_than_in_the_manifest_waits(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=30)
    harness.deployment.deliver(AZURE, delivery)
    name = manifest_name(AZURE, delivery).replace("manifest.json", "part_0_0001.snappy.parquet")
    harness.emulator.upload(harness.source(AZURE).bucket, name, delivery.data[0].path.read_bytes()[:-1])

    outcome = harness.handle_manifest(AZURE, delivery)

    assert (outcome.action, outcome.code) == ("waiting", "WAITING_FOR_FILES")
    assert "not of the manifest's size" in outcome.message


@pytest.mark.fault("F16")
def test_overwrite_is_not_mixed_with_the_delivery_before(harness: Harness, tmp_path: Path) -> None:
    """Names repeat. With one file of the first delivery left, the second waits."""
    first = aws_cur_delivery(tmp_path, MONTH, rows=30, files=3, mode="overwrite")
    second = aws_cur_delivery(tmp_path, MONTH, rows=30, files=3, mode="overwrite", revision=2)
    harness.load(AWS, first)
    for item in second.data[:2]:
        harness.deployment.deliver_object(AWS, item)
    under_old_manifest = harness.handle_manifest(AWS, first)
    harness.deployment.deliver(AWS, second, "manifest")
    mixed = harness.handle_manifest(AWS, second)
    harness.deployment.deliver_object(AWS, second.data[2])
    whole = harness.handle_manifest(AWS, second)

    assert (under_old_manifest.action, under_old_manifest.code) == ("waiting", "WAITING_FOR_MANIFEST")
    assert (mixed.action, mixed.code) == ("waiting", "WAITING_TO_SETTLE")
    assert whole.action == "loaded"
    check_invariants(harness, {(AWS, MONTH): second})


@pytest.mark.fault("F16")
def test_overwrite_with_an_unchanged_file_loads_once_settled(harness: Harness, tmp_path: Path) -> None:
    first = aws_cur_delivery(tmp_path, MONTH, rows=30, files=2, mode="overwrite")
    second = aws_cur_delivery(tmp_path, MONTH, rows=30, files=2, mode="overwrite", revision=2)
    harness.load(AWS, first)
    harness.deployment.deliver_object(AWS, second.data[0])  # the other file is the same again
    harness.deployment.deliver(AWS, second, "manifest")
    before = harness.handle_manifest(AWS, second)
    harness.clock.step(hours=3, minutes=1)
    after = harness.handle_manifest(AWS, second)

    assert before.code == "WAITING_TO_SETTLE"
    assert after.action == "loaded"


@pytest.mark.fault("F13")
def test_file_replaced_during_the_load_is_loaded_again(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=30)
    harness.deployment.deliver(AZURE, delivery)

    def replace_file() -> None:
        harness.deployment.deliver_object(AZURE, delivery.data[0])

    with around(harness.services.jobs, "replace_month", before=replace_file):
        changed = harness.handle_manifest(AZURE, delivery)
    again = harness.handle_manifest(AZURE, delivery)
    then = harness.handle_manifest(AZURE, delivery)

    assert (changed.action, changed.code, changed.error) == ("loaded", "FILES_CHANGED_DURING_LOAD", True)
    assert (again.action, again.code) == ("loaded", None)
    assert (then.action, then.code) == ("skipped", "DUPLICATE")
    check_invariants(harness, {(AZURE, MONTH): delivery})


@pytest.mark.fault("F19")
def test_recreated_table_is_loaded_again(harness: Harness, tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, MONTH, rows=30)
    harness.load(AZURE, delivery)
    harness.deployment.recreate_table("azure_billing")

    outcome = harness.handle_manifest(AZURE, delivery)

    assert outcome.action == "loaded"
    check_invariants(harness, {(AZURE, MONTH): delivery})


@pytest.mark.fault("F16")
def test_file_of_an_earlier_overwrite_is_not_taken_as_new(harness: Harness, tmp_path: Path) -> None:
    """Overwrites with 3 files, 2 files, and 3 again. The third file is still the first delivery's."""
    first, second, third = (
        aws_cur_delivery(tmp_path, MONTH, rows=30, files=files, mode="overwrite", revision=revision)
        for revision, files in ((1, 3), (2, 2), (3, 3))
    )
    harness.load(AWS, first)
    assert harness.load(AWS, second).action == "loaded"
    for item in third.data[:2]:
        harness.deployment.deliver_object(AWS, item)
    harness.deployment.deliver(AWS, third, "manifest")

    mixed = harness.handle_manifest(AWS, third)
    harness.deployment.deliver_object(AWS, third.data[2])

    assert (mixed.action, mixed.code) == ("waiting", "WAITING_TO_SETTLE")
    assert harness.handle_manifest(AWS, third).action == "loaded"
    check_invariants(harness, {(AWS, MONTH): third})


@pytest.mark.fault("F16")
def test_provider_times_keep_three_overwrites_apart(harness: Harness, tmp_path: Path) -> None:
    """The second delivery never arrives whole: its manifest and two files arrive with the third's first file."""
    first, second, third = (
        aws_cur_delivery(tmp_path, MONTH, rows=30, files=3, mode="overwrite", revision=n) for n in (1, 2, 3)
    )
    harness.load(AWS, first)
    noon = datetime(2025, 9, 20, 12, tzinfo=UTC)
    for item in (*second.data[1:], *second.manifests):
        _deliver_written_at(harness, item, noon)
    _deliver_written_at(harness, third.data[0], noon + timedelta(hours=6))

    mixed = harness.handle_manifest(AWS, second)
    for item in (*third.data[1:], *third.manifests):
        _deliver_written_at(harness, item, noon + timedelta(hours=7))

    assert (mixed.action, mixed.code) == ("waiting", "WAITING_TO_SETTLE")
    assert harness.handle_manifest(AWS, third).action == "loaded"
    check_invariants(harness, {(AWS, MONTH): third})


def _deliver_written_at(harness: Harness, item: SampleObject, written: datetime) -> None:
    """Deliver as a transfer that keeps the provider's time as custom time."""
    name = sink_name(item.name, AWS.source_path, AWS.prefix)
    harness.deployment.put(harness.source(AWS).bucket, name, item.path.read_bytes(), written)


def test_reload_never_replaces_a_newer_run(harness: Harness, tmp_path: Path) -> None:
    """The sweep wants to reload the older run. Before it does, an event loads the newer."""
    older, newer = (azure_focus_delivery(tmp_path, MONTH, rows=20, revision=revision) for revision in (1, 2))
    harness.load(AZURE, older)
    harness.load(AZURE, newer)

    request = replace(harness.request(AZURE, older), override=Override.SAME_DELIVERY)
    outcome = load_month(harness.services, request, Timer(harness.clock))

    assert (outcome.action, outcome.code) == ("skipped", "SUPERSEDED")
    check_invariants(harness, {(AZURE, MONTH): newer})
