"""The system as `terraform apply` on the real root makes it, in a local cloud; folders stand for S3 and for Blobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.emulator import Answer, Function, LocalCloud
from tests.emulator.terraform_provider import GOOGLE_VERSIONS, Terraform
from tests.emulator.terraform_provider.deployment import Deployment, provider_environment
from tests.emulator.terraform_provider.state import resources
from tests.emulator.terraform_provider.transfers import Transfer
from tests.samples import Delivery, place
from tests.support.paths import TERRAFORM

_REGIONS = {"EU": "europe-west1", "US": "us-central1"}  # where functions are, with data in a multi-region
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


class System:
    """
    One deployment of the root; `prefix` keeps several apart in one cloud.

    Sources go by the key that Terraform, the functions and the logs use: `aws_cur`, `azure_focus`.
    """

    def __init__(
        self,
        cloud: LocalCloud,
        work_dir: Path,
        *,
        aws_sources: Mapping[str, Any] = AWS_SOURCES,
        azure_sources: Mapping[str, Any] = AZURE_SOURCES,
        prefix: str = "billing",
        root: Path = TERRAFORM,
        google_version: str = GOOGLE_VERSIONS[0],
        most_instances: int = 1,
        folders: Mapping[str, Path] | None = None,
        **variables: Any,
    ) -> None:
        """`folders`: what stands for a bucket (`account/container` at Azure) already; `variables`: the root's rest."""
        self.cloud = cloud
        self._folders = {
            **{f"aws_{key}": source["bucket"] for key, source in aws_sources.items()},
            **{
                f"azure_{key}": f"{source['storage_account']}/{source['container']}"
                for key, source in azure_sources.items()
            },
        }
        made = {name: work_dir / "exports" / name for name in self._folders.values() if name not in (folders or {})}
        for folder in made.values():
            folder.mkdir(parents=True, exist_ok=True)
        self._places: Mapping[str, Path] = {**made, **(folders or {})}
        settings = {
            "project_id": cloud.project,
            "region": _REGIONS.get(cloud.location, cloud.location),
            "bigquery_location": cloud.location,
            "prefix": prefix,
            "deletion_protection": False,
            "aws_sources": aws_sources,
            "azure_sources": azure_sources,
            **variables,
        }
        environment = provider_environment(cloud)
        self.terraform = Terraform(
            root, work_dir / "terraform", environment, variables=settings, google_version=google_version
        )
        self._deployment = Deployment(cloud, work_dir / "deployed", self._places, most_instances=most_instances)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends Terraform and the functions; buckets and tables stay with the cloud."""
        self.terraform.close()
        for function in self._deployment.functions.values():
            self.cloud.delete_function(function.name)

    def apply(self) -> Self:
        self.terraform.init()
        self.terraform.apply()
        self._deployment.follow(self.terraform.show_json())
        self.outputs = self.terraform.output()
        return self

    def destroy(self) -> None:
        self.terraform.destroy()
        self._deployment.follow(self.terraform.show_json())

    def check_nothing_is_left(self) -> None:
        """In a cloud that this is the only system of."""
        assert resources(self.terraform.show_json()) == []
        assert list(self.cloud.bigquery.list_datasets()) == []
        assert list(self.cloud.storage.list_buckets()) == []
        left = self._deployment
        assert (left.functions, left.transfers, left.schedules) == ({}, {}, {})

    @property
    def environment(self) -> dict[str, str]:
        """Of the functions, as the output for laptops gives it."""
        return dict(self.outputs["environment"])

    def folder(self, source: str) -> Path:
        """Stands for the source's S3 bucket or Blob container."""
        return self._places[str(self._folders[source])]

    def put(self, source: str, delivery: Delivery, *kinds: str) -> None:
        """The provider writes a delivery, or only its objects of these kinds; nothing is transferred yet."""
        place(delivery, self.folder(source), *kinds)

    def deliver(self, source: str, delivery: Delivery, *kinds: str) -> None:
        self.put(source, delivery, *kinds)
        self.transfer(source).run()

    def transfer(self, source: str) -> Transfer:
        sink = self.outputs["sink_paths"][source]
        return next(t for t in self._deployment.transfers.values() if f"gs://{t.bucket}/{t.sink_path}" == sink)

    def function(self, entry_point: str) -> Function:
        return self._deployment.functions[self.outputs["functions"][entry_point]]

    def landing_bucket(self, source: str) -> str:
        return str(self.outputs["landing_buckets"][source.partition("_")[0]])

    def table(self, source: str) -> str:
        """`project.dataset.table` of the months."""
        return str(self.outputs["tables"][source]["months"])

    def dataset(self, source: str) -> str:
        return self.table(source).split(".")[1]

    def sweep(self) -> Answer:
        """The schedule's hour comes."""
        return self._deployment.schedules[self.outputs["schedule"]].fire()
