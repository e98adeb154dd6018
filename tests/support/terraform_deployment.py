"""A deployment that `terraform apply` on the real root creates on the emulator, with functions, events and transfers.

Local folders replace the buckets of AWS and the containers of Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.emulator import Answer, Emulator, Function
from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform
from tests.emulator.terraform_provider.deployment import Deployment as RunningParts
from tests.emulator.terraform_provider.deployment import provider_environment
from tests.emulator.terraform_provider.state import resources
from tests.emulator.terraform_provider.transfers import Transfer
from tests.samples import Delivery, place
from tests.support.deployment import key_of, settings_from
from tests.support.emulator_deployment import CloudDeployment
from tests.support.paths import TERRAFORM
from tests.support.sources import SourceSpec

_REGIONS = {"EU": "europe-west1", "US": "us-central1"}  # of the functions, if the data is in a multi-region
AWS_SOURCES: Mapping[str, Any] = {
    "cur": {
        "bucket": "acme-billing-exports",
        "path": "exports/aws/",
        "export_name": "acme-cur",
        "role_arn": "arn:aws:iam::123456789012:role/billing-transfer",
    }
}
AZURE_SOURCES: Mapping[str, Any] = {
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
}


def _place_of(source: Mapping[str, Any]) -> str:
    """Return the S3 bucket of a source, or its Blob container as `account/container`."""
    return str(source.get("bucket") or f"{source['storage_account']}/{source['container']}")


class TerraformDeployment(CloudDeployment):
    """Sources have the keys that Terraform, the functions and the logs use: `aws_cur`, `azure_focus`.

    `prefix` begins the names of buckets and functions, so that several deployments share one emulator.
    """

    def __init__(
        self,
        emulator: Emulator,
        work_dir: Path,
        *,
        aws_sources: Mapping[str, Any] = AWS_SOURCES,
        azure_sources: Mapping[str, Any] = AZURE_SOURCES,
        prefix: str = "billing",
        root: Path = TERRAFORM,
        google_version: str = GOOGLE_VERSIONS[0],
        most_instances: int = 1,
        has_times: bool = True,
        folders: Mapping[str, Path] | None = None,
        **variables: Any,
    ) -> None:
        """`folders`: existing ones that replace buckets (at Azure `account/container`). `variables`: the root's.

        The sources of a further provider are a variable like `aws_sources`.
        """
        super().__init__(emulator)
        variables = {"aws_sources": aws_sources, "azure_sources": azure_sources, **variables}
        self._folders = {
            f"{name.removesuffix('_sources')}_{key}": _place_of(source)
            for name, sources in variables.items()
            if name.endswith("_sources")
            for key, source in sources.items()
        }
        made = {name: work_dir / "exports" / name for name in self._folders.values() if name not in (folders or {})}
        for folder in made.values():
            folder.mkdir(parents=True, exist_ok=True)
        self._places: Mapping[str, Path] = {**made, **(folders or {})}
        settings = {
            "project_id": emulator.project,
            "region": _REGIONS.get(emulator.location, emulator.location),
            "bigquery_location": emulator.location,
            "prefix": prefix,
            "deletion_protection": False,
            **variables,
        }
        environment = provider_environment(emulator)
        self.terraform = Terraform(
            root, work_dir / "terraform", environment, variables=settings, google_version=google_version
        )
        self.running = RunningParts(
            emulator, work_dir / "deployed", self._places, most_instances=most_instances, has_times=has_times
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End Terraform and the functions. Buckets and tables stay on the emulator."""
        self.terraform.close()
        self.running.stop()

    def apply(self) -> Self:
        self.terraform.init()
        self.terraform.apply()
        self.running.follow(self.terraform.show_json())
        self.outputs = self.terraform.output()
        self.settings = settings_from(self.environment)
        return self

    def destroy(self) -> None:
        """Leave what belongs to the project, as terraform/README.md says, and destroy the rest."""
        self.terraform.run("state", "rm", "module.project")
        self.terraform.destroy()
        self.running.follow(self.terraform.show_json())

    def check_nothing_is_left(self) -> None:
        """Check that the emulator is empty. No other deployment may be on it."""
        assert resources(self.terraform.show_json()) == []
        assert list(self.emulator.bigquery.list_datasets()) == []
        assert list(self.emulator.storage.list_buckets()) == []
        parts = self.running
        assert (parts.functions, parts.transfers, parts.schedules) == ({}, {}, {})

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the functions, as the output for the `billing` command has it."""
        return dict(self.outputs["environment"])

    def folder(self, source: str) -> Path:
        """Return the folder that replaces the source's S3 bucket or Blob container."""
        return self._places[str(self._folders[source])]

    def export(self, source: str, delivery: Delivery, *kinds: str) -> None:
        """Write a delivery as the provider does, or only its objects of these kinds. Nothing is transferred yet."""
        place(delivery, self.folder(source), *kinds)

    def deliver(self, source: SourceSpec | str, delivery: Delivery, *kinds: str) -> None:
        """Export and transfer a delivery. Its events reach the functions."""
        self.export(key_of(source), delivery, *kinds)
        self.transfer(key_of(source)).run()

    def transfer(self, source: str) -> Transfer:
        sink = self.outputs["sink_paths"][source]
        return next(t for t in self.running.transfers.values() if f"gs://{t.bucket}/{t.sink_path}" == sink)

    def function(self, entry_point: str) -> Function:
        return self.running.functions[self.outputs["functions"][entry_point]]

    def landing_bucket(self, source: str) -> str:
        return str(self.outputs["landing_buckets"][source.partition("_")[0]])

    def table(self, source: str) -> str:
        """`project.dataset.table` of the months."""
        return str(self.outputs["tables"][source]["months"])

    def configure(self, *sources: SourceSpec) -> None:
        raise NotImplementedError("Change the variables of `terraform`, and apply.")

    def create_tables(self, spec: SourceSpec) -> None:
        raise NotImplementedError("Terraform creates the tables.")

    def recreate_table(self, key: str) -> None:
        self.bigquery.delete_table(self.table(key))
        self.apply()

    def sweep(self) -> Answer:
        """Call the sweep as its schedule does."""
        return self.running.schedules[self.outputs["schedule"]].fire()
