"""A system in use that is changed: what is protected stays, and a source goes without touching another."""

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
OF_THE_OTHER = re.compile(r'\["(aws_)?other"\]')
SHARED = {  # of all sources: the functions' environment names each, and so do the alert and the dashboard
    'module.loader.google_cloudfunctions2_function.load["aws"]': ("update",),
    'module.loader.google_cloudfunctions2_function.load["azure"]': ("update",),
    "module.loader.google_cloudfunctions2_function.sweep": ("update",),
    "module.monitoring.google_monitoring_alert_policy.transfer": ("update",),
    "module.monitoring.google_monitoring_dashboard.billing": ("update",),
}


@pytest.mark.timeout(300)  # fifteen commands and six starts of functions: 25 s, and minutes on a machine that is shared
def test_a_system_in_use_keeps_what_is_protected_loses_only_what_is_removed_and_goes_without_a_trace(
    tmp_path: Path,
) -> None:
    """On the newer provider version; what one system can show is not built twice."""
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

        check_protection_refuses(system)
        system.terraform.variables.update(aws_sources=TWO, deletion_protection=False)
        system.apply()
        check_a_source_is_removed_alone(system)
        check_the_last_source_of_a_provider_touches_no_other(system)
        system.destroy()
        system.check_nothing_is_left()


def check_the_loads_are_kept(system: TerraformDeployment) -> None:
    for source in ("aws_cur", "azure_focus"):
        [row] = system.emulator.bigquery.query_and_wait(f"SELECT COUNT(*) AS n FROM `{system.table(source)}`")
        assert row["n"] == 20, source


def check_protection_refuses(system: TerraformDeployment) -> None:
    system.terraform.variables["aws_sources"] = {"other": TWO["other"]}
    with pytest.raises(TerraformError, match="deletion_protection"):
        system.terraform.apply()
    check_the_loads_are_kept(system)
    system.terraform.variables["aws_sources"] = TWO
    with pytest.raises(TerraformError, match="deletion_protection"):
        system.terraform.destroy()
    check_the_loads_are_kept(system)
    assert list(system.emulator.storage.list_blobs(system.landing_bucket("aws_cur"))) != []


def check_a_source_is_removed_alone(system: TerraformDeployment) -> None:
    before = [resource.address for resource in resources(system.terraform.show_json())]
    own = [address for address in before if OF_THE_OTHER.search(address)]
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


def check_the_last_source_of_a_provider_touches_no_other(system: TerraformDeployment) -> None:
    """It takes the provider's bucket and function along; the filters of what watches the functions name them all."""
    azure_sources = system.terraform.variables.pop("azure_sources")
    changes = system.terraform.plan().changes
    system.terraform.variables["azure_sources"] = azure_sources

    touched = {address: actions for address, actions in changes.items() if "azure" not in address}
    assert all(actions == ("delete",) for address, actions in changes.items() if address not in touched)
    wait = touched.pop("module.loader.time_sleep.grants")
    assert set(wait) == {"delete", "create"}
    assert set(touched.values()) == {("update",)}
    assert {address.split("[")[0].rpartition(".")[0] for address in touched} == {
        "module.loader.google_cloudfunctions2_function",
        "module.monitoring.google_logging_metric",
        "module.monitoring.google_monitoring_alert_policy",
        "module.monitoring.google_monitoring_dashboard",
    }
