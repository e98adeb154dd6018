"""A system in use that is changed: a source goes without touching another, and protected data stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_cloud import Backoff, LocalCloud
from tests.local_cloud.terraform import TerraformError
from tests.local_cloud.terraform.state import resources
from tests.samples import aws_cur_delivery
from tests.system import AWS_SOURCES, System

TWO = {**AWS_SOURCES, "other": {**AWS_SOURCES["cur"], "bucket": "other-exports", "export_name": "other-cur"}}
SHARED = {  # of all sources: the functions' environment names each, and so do the alert and the dashboard
    'module.loader.google_cloudfunctions2_function.load["aws"]': ("update",),
    'module.loader.google_cloudfunctions2_function.load["azure"]': ("update",),
    "module.loader.google_cloudfunctions2_function.sweep": ("update",),
    "module.monitoring.google_monitoring_alert_policy.transfer": ("update",),
    "module.monitoring.google_monitoring_dashboard.billing": ("update",),
}


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)) as running:
        yield running


def rows(system: System, source: str) -> int:
    [row] = system.cloud.bigquery.query_and_wait(f"SELECT COUNT(*) AS n FROM `{system.table(source)}`")
    return int(row["n"])


def test_a_source_that_is_removed_takes_only_its_own_and_one_that_is_added_brings_only_its_own(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    with System(cloud, tmp_path, aws_sources=TWO) as system:
        system.apply()
        system.deliver("aws_cur", aws_cur_delivery(tmp_path / "made", "2025-09", rows=10))
        cloud.events.settle(60)
        own = [
            r.address for r in resources(system.terraform.show_json()) if re.search(r'\["(aws_)?other"\]', r.address)
        ]

        system.terraform.variables["aws_sources"] = AWS_SOURCES
        removal = system.terraform.plan()
        assert removal.changes == {**SHARED, **dict.fromkeys(own, ("delete",))}
        assert {address.split("[")[0] for address in own} == {
            "module.transfer_aws",
            "module.warehouse.google_bigquery_table.months",
            "module.warehouse.google_bigquery_table.tracking",
        }
        system.apply()
        assert rows(system, "aws_cur") == 10
        assert system.sweep().json()["months"] == 1

        system.terraform.variables["aws_sources"] = TWO
        assert system.terraform.plan().changes == {**SHARED, **dict.fromkeys(own, ("create",))}


def test_what_is_protected_is_neither_removed_nor_destroyed(cloud: LocalCloud, tmp_path: Path) -> None:
    with System(cloud, tmp_path, aws_sources=TWO, deletion_protection=True) as system:
        system.apply()
        system.deliver("aws_cur", aws_cur_delivery(tmp_path / "made", "2025-09", rows=10))
        cloud.events.settle(60)

        system.terraform.variables["aws_sources"] = {"other": TWO["other"]}
        with pytest.raises(TerraformError, match="deletion_protection"):
            system.terraform.apply()
        assert rows(system, "aws_cur") == 10
        with pytest.raises(TerraformError, match="deletion_protection"):
            system.terraform.destroy()
        assert rows(system, "aws_cur") == 10
        assert list(cloud.storage.list_blobs(system.landing_bucket("aws_cur"))) != []

        system.terraform.variables.update(aws_sources=TWO, deletion_protection=False)
        system.apply()
        system.destroy()
        assert list(cloud.bigquery.list_datasets()) == []
