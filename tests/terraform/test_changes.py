"""Changes to a system in use: protected tables stay, and a source is removed without a change to another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.emulator import Backoff, Emulator
from tests.emulator.terraform_provider import GOOGLE_VERSIONS, TerraformError
from tests.emulator.terraform_provider.state import resources
from tests.samples import aws_cur_delivery, azure_focus_delivery
from tests.support.terraform_deployment import AWS_SOURCES, TerraformDeployment

TWO = {**AWS_SOURCES, "other": {**AWS_SOURCES["cur"], "bucket": "other-exports", "export_name": "other-cur"}}
OTHER_SOURCE = re.compile(r'\["(aws_)?other"\]')
SHARED = {  # the environment of the functions, three alerts and the dashboard name every source
    'module.loader.google_cloudfunctions2_function.load["aws"]': ("update",),
    'module.loader.google_cloudfunctions2_function.load["azure"]': ("update",),
    "module.loader.google_cloudfunctions2_function.sweep": ("update",),
    'module.monitoring.google_monitoring_alert_policy.freshness["1"]': ("update",),
    'module.monitoring.google_monitoring_alert_policy.silent["1"]': ("update",),
    'module.monitoring.google_monitoring_alert_policy.transfer["1"]': ("update",),
    "module.monitoring.google_monitoring_dashboard.billing": ("update",),
}


@pytest.mark.timeout(300)  # 25 s alone: fifteen commands and six starts of functions
def test_system_in_use_can_be_protected_changed_and_destroyed(tmp_path: Path) -> None:
    """One system for all checks, because it takes long to build. It uses the provider version that the root pins."""
    backoff = Backoff(first_seconds=0.2, longest_seconds=1.0)
    with (
        Emulator(backoff=backoff) as emulator,
        TerraformDeployment(
            emulator, tmp_path, aws_sources=TWO, deletion_protection=True, google_version=GOOGLE_VERSIONS[-1]
        ) as system,
    ):
        system.apply()
        for month in ("2025-08", "2025-09"):
            system.deliver("aws_cur", aws_cur_delivery(tmp_path / "made", month, rows=10))
        system.deliver("azure_focus", azure_focus_delivery(tmp_path / "made", "2025-09", rows=20))
        emulator.events.settle(90)
        check_the_loads_are_kept(system)
        assert not system.terraform.plan().has_changes

        check_protected_tables_stay(system)
        system.terraform.variables.update(aws_sources=TWO, deletion_protection=False)
        system.apply()
        check_a_source_is_removed_alone(system)
        check_removal_of_the_last_source_of_a_provider(system)
        system.destroy()
        system.check_nothing_is_left()


def check_the_loads_are_kept(system: TerraformDeployment) -> None:
    for source in ("aws_cur", "azure_focus"):
        [row] = system.emulator.bigquery.query_and_wait(f"SELECT COUNT(*) AS n FROM `{system.table(source)}`")
        assert row["n"] == 20, source


def check_protected_tables_stay(system: TerraformDeployment) -> None:
    system.terraform.variables["aws_sources"] = {"other": TWO["other"]}
    with pytest.raises(TerraformError, match="deletion_protection"):
        system.terraform.apply()
    check_the_loads_are_kept(system)
    system.terraform.variables["aws_sources"] = TWO
    with pytest.raises(TerraformError, match="Instance cannot be destroyed"):
        system.terraform.destroy()
    check_a_protected_destroy_removes_nothing(system)


def check_a_protected_destroy_removes_nothing(system: TerraformDeployment) -> None:
    """Not even a function. What belongs to the project is no longer in the state, and the next apply adopts it."""
    before = {resource.address for resource in resources(system.terraform.show_json())}
    with pytest.raises(TerraformError, match="PREVENT"):
        system.destroy()
    after = {resource.address for resource in resources(system.terraform.show_json())}
    assert {address.rsplit(".google_")[0].split(".time_")[0] for address in before - after} == {"module.project"}
    check_the_loads_are_kept(system)
    assert list(system.emulator.storage.list_blobs(system.landing_bucket("aws_cur"))) != []


def check_a_source_is_removed_alone(system: TerraformDeployment) -> None:
    before = [resource.address for resource in resources(system.terraform.show_json())]
    own = [address for address in before if OTHER_SOURCE.search(address)]
    assert {address.split("[")[0] for address in own} == {
        "module.transfer_aws",
        "module.warehouse.google_bigquery_table.months",
        "module.warehouse.google_bigquery_table.tracking",
    }

    system.terraform.variables["aws_sources"] = AWS_SOURCES
    assert system.terraform.plan().changes == {**SHARED, **dict.fromkeys(own, ("delete",))}
    system.apply()
    check_the_loads_are_kept(system)
    swept = system.sweep().json()
    assert (swept["months"], swept["loaded"], swept["mismatched"]) == (3, [], [])

    system.terraform.variables["aws_sources"] = TWO
    assert system.terraform.plan().changes == {**SHARED, **dict.fromkeys(own, ("create",))}
    system.terraform.variables["aws_sources"] = AWS_SOURCES


def check_removal_of_the_last_source_of_a_provider(system: TerraformDeployment) -> None:
    """The bucket and the function of the provider are deleted. Metrics and alerts change, because they name all."""
    azure_sources = system.terraform.variables.pop("azure_sources")
    changes = system.terraform.plan().changes
    system.terraform.variables["azure_sources"] = azure_sources

    touched = {address: actions for address, actions in changes.items() if "azure" not in address}
    assert all(actions == ("delete",) for address, actions in changes.items() if address not in touched)
    wait = touched.pop("module.loader.time_sleep.bucket_grants")
    assert set(wait) == {"delete", "create"}
    assert set(touched.values()) == {("update",)}
    assert {address.split("[")[0].rpartition(".")[0] for address in touched} == {
        "module.loader.google_cloudfunctions2_function",
        "module.monitoring.google_logging_metric",
        "module.monitoring.google_monitoring_alert_policy",
        "module.monitoring.google_monitoring_dashboard",
    }
