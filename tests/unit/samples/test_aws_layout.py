"""The AWS samples name their objects as AWS does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.samples import Delivery, aws_cur_delivery, place


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return aws_cur_delivery(tmp_path_factory.mktemp("aws"), "2025-09", rows=60)


def test_create_new_writes_the_manifest_into_both_folders(september: Delivery) -> None:
    period, run = "exports/aws/acme-cur/20250901-20251001", september.execution
    first, second = (o.path.read_bytes() for o in september.manifests)

    assert [o.name for o in september.data] == [f"{period}/{run}/acme-cur-{n}.csv.gz" for n in (1, 2, 3)]
    assert [o.name for o in september.manifests] == [
        f"{period}/{run}/acme-cur-Manifest.json",
        f"{period}/acme-cur-Manifest.json",
    ]
    assert first == second


def test_overwrite_keeps_one_set_of_names_per_month(tmp_path: Path) -> None:
    first, second = (
        aws_cur_delivery(tmp_path, "2025-12", rows=60, files=2, mode="overwrite", prefix="", revision=n) for n in (1, 2)
    )
    period = "acme-cur/20251201-20260101"

    assert [o.name for o in (*first.data, *first.manifests)] == [
        f"{period}/acme-cur-1.csv.gz",
        f"{period}/acme-cur-2.csv.gz",
        f"{period}/acme-cur-Manifest.json",
    ]
    assert [o.name for o in second.data] == [o.name for o in first.data]
    assert [o.path.read_bytes() for o in second.data] != [o.path.read_bytes() for o in first.data]


def test_prefix_is_kept_even_if_it_doubles_a_slash(tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=10, files=1, prefix="billing//")

    assert delivery.data[0].name.startswith("billing//acme-cur/20250901-20251001/")
    assert delivery.manifest()["reportKeys"] == [delivery.data[0].name]


def test_other_objects_are_beside_the_report(september: Delivery) -> None:
    period, run = "exports/aws/acme-cur/20250901-20251001", september.execution

    assert {o.name for o in september.ignored} == {
        "exports/aws/",
        "exports/aws/acme-cur/",
        f"{period}/",
        f"{period}/{run}/acme-cur-RedshiftManifest.json",
        f"{period}/{run}/acme-cur-RedshiftCommands.sql",
        f"{period}/acme-cur-create-table.sql",
        f"{period}/acme-cur-Metadata.json",
        f"{period}/xacme-cur-Manifest.json",
        "exports/aws/acme-cur/crawler-cfn.yml",
        "exports/aws/acme-cur/cost_and_usage_data_status/cost_and_usage_data_status.parquet",
        "exports/aws/other-report/20250901-20251001/other-report-Manifest.json",
    }
    assert all(o.path.is_file() for o in september.objects)
    assert all(o.path.stat().st_size == 0 for o in september.ignored if o.name.endswith("/"))


def test_later_delivery_overwrites_the_manifest_of_the_period(tmp_path: Path) -> None:
    source = tmp_path / "bucket"
    for revision in (1, 2):
        place(latest := aws_cur_delivery(tmp_path, "2025-09", rows=30, revision=revision), source)
    period = source / "exports/aws/acme-cur/20250901-20251001"

    assert json.loads((period / "acme-cur-Manifest.json").read_bytes())["assemblyId"] == latest.execution
    assert len(list(period.glob("*/acme-cur-Manifest.json"))) == 2
