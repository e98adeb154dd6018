"""The real root in a local cloud of its own: exports are transferred, trigger the functions, and are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local_cloud import Backoff, LocalCloud
from tests.local_cloud.terraform import GOOGLE_VERSIONS, Terraform
from tests.local_cloud.terraform.deployment import Deployment, provider_environment
from tests.samples import aws_cur_delivery, azure_focus_delivery, place

ROOT = Path(__file__).parents[2] / "terraform"
MONTH = "2025-09"
VARIABLES = {
    "project_id": "acme-billing",
    "region": "europe-west4",
    "bigquery_location": "europe-west4",
    "deletion_protection": False,
    "aws_sources": {
        "cur": {
            "bucket": "acme-billing-exports",
            "path": "exports/aws/",
            "export_name": "acme-cur",
            "role_arn": "arn:aws:iam::123456789012:role/billing-transfer",
        }
    },
    "azure_sources": {
        "focus": {
            "storage_account": "acmebilling",
            "container": "exports",
            "path": "exports/azure/",
            "export_name": "focus-cost",
            "focus_version": "1.2-preview",
            "federated_identity": {
                "client_id": "11111111-2222-3333-4444-555555555555",
                "tenant_id": "66666666-7777-8888-9999-000000000000",
            },
        }
    },
}


@pytest.mark.parametrize("version", GOOGLE_VERSIONS)
def test_what_terraform_made_loads_what_is_transferred_and_a_second_plan_is_empty(tmp_path: Path, version: str) -> None:
    folders = {"acme-billing-exports": tmp_path / "s3", "acmebilling/exports": tmp_path / "blobs"}
    aws = aws_cur_delivery(tmp_path / "made", MONTH, rows=60)
    azure = azure_focus_delivery(tmp_path / "made", MONTH, rows=60)
    place(aws, folders["acme-billing-exports"])
    place(azure, folders["acmebilling/exports"])
    with LocalCloud(
        project="acme-billing", location="europe-west4", backoff=Backoff(first_seconds=0.2, longest_seconds=1.0)
    ) as cloud:
        environment = provider_environment(cloud)
        with Terraform(ROOT, tmp_path / "work", environment, variables=VARIABLES, google_version=version) as terraform:
            terraform.init()
            terraform.apply()
            deployment = Deployment(cloud, tmp_path / "zips", folders, most_instances=1)
            deployment.follow(terraform.show_json())

            for transfer in deployment.transfers.values():
                transfer.run()
            cloud.events.settle(90)

            [aws_row] = cloud.bigquery.query_and_wait(
                "SELECT COUNT(*) AS n, SUM(line_item_unblended_cost) AS cost FROM billing.aws_cur"
            )
            [azure_row] = cloud.bigquery.query_and_wait(
                "SELECT COUNT(*) AS n, SUM(BilledCost) AS cost FROM billing.azure_focus"
            )
            assert (aws_row["n"], aws_row["cost"]) == (60, aws.totals.cost)
            assert (azure_row["n"], azure_row["cost"]) == (60, azure.totals.cost)
            [schedule] = deployment.schedules.values()
            swept = schedule.fire()
            assert swept.status == 200
            assert (swept.json()["loaded"], swept.json()["left"], swept.json()["months"]) == ([], [], 2)
            assert terraform.plan().changes == {}
            terraform.destroy()
            deployment.follow(terraform.show_json())
            assert list(cloud.bigquery.list_datasets()) == []
            assert list(cloud.storage.list_buckets()) == []
