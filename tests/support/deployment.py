"""A deployment: sources with their buckets, tables and settings.

It is in one of four places:

- in memory: `FakeDeployment` in `tests/fakes/deployment.py`
- on the emulator, created directly: `EmulatorDeployment` in `tests/support/emulator_deployment.py`
- in the project of `make conform`: `GoogleDeployment` in `tests/support/google_deployment.py`
- on the emulator, created by Terraform, with functions: `TerraformDeployment` in
  `tests/support/terraform_deployment.py`
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from billing.gcp.services import Services
from billing.settings import Settings, Source, read_settings
from tests.fakes.wire import Wire
from tests.samples import Delivery, SampleObject, sink_name
from tests.support.clock import MovableClock
from tests.support.sources import SourceSpec

Loads = list[dict[str, Any]]
ITEM = {"aws_cur": "identity_line_item_id", "azure_billing": "ResourceId"}  # the column that identifies a row


class Deployment(ABC):
    settings: Settings
    clock: MovableClock
    storage: Any  # a client of Cloud Storage
    bigquery: Any  # a client of BigQuery

    def source(self, source: SourceSpec | str) -> Source:
        """Return the settings of a source, by its spec or its key."""
        return next(one for one in self.settings.sources if one.key == key_of(source))

    @property
    def job_location(self) -> dict[str, str]:
        return {"project": self.settings.project, "location": self.settings.location}

    @property
    def dataset(self) -> str:
        return self.settings.sources[0].dataset

    def deliver(self, source: SourceSpec | str, delivery: Delivery, *kinds: str) -> None:
        """Copy a delivery's objects into the landing bucket, as Storage Transfer does. All kinds by default."""
        for item in delivery.objects:
            is_folder_marker = item.name.endswith("/")  # the emulator keeps objects as files, and has no such names
            if not is_folder_marker and (not kinds or item.kind in kinds):
                self.deliver_object(source, item)

    def deliver_object(self, source: SourceSpec | str, item: SampleObject) -> str:
        """Return the object's name in the landing bucket."""
        landing = self.source(source)
        name = sink_name(item.name, landing.source_path, landing.prefix)
        self.put(landing.bucket, name, item.path.read_bytes())
        return name

    @abstractmethod
    def put(self, bucket: str, name: str, data: bytes, written: datetime | None = None) -> None:
        """Write an object. `written` is its time at the provider, which Storage Transfer can keep."""

    @abstractmethod
    def services(self, wire: Wire | None = None) -> Services: ...

    @abstractmethod
    def items(self, key: str) -> dict[str, list[str]]:
        """Return the items that the table holds, sorted, by month."""

    @abstractmethod
    def loads(self, key: str) -> Loads:
        """Return the rows of the view of the loads, oldest first."""

    @abstractmethod
    def query(self, sql: str) -> list[dict[str, Any]]: ...

    @abstractmethod
    def configure(self, *sources: SourceSpec) -> None:
        """Change the settings of the sources. Buckets and tables stay as they are."""

    @abstractmethod
    def create_tables(self, spec: SourceSpec) -> None:
        """Create the table of a source, and its tracking table."""

    @abstractmethod
    def recreate_table(self, key: str) -> None: ...

    @abstractmethod
    def lose_dlt_tables(self) -> None: ...

    @abstractmethod
    def undo_last_completion(self) -> None:
        """Leave the last load as if the process had stopped before dlt marked it complete."""


def key_of(source: SourceSpec | str) -> str:
    return source if isinstance(source, str) else source.key.lower()


def landing_bucket(name: str, spec: SourceSpec) -> str:
    return f"{name}-landing-{spec.provider}"


def environment_for(
    sources: Sequence[SourceSpec],
    project: str,
    location: str,
    name: str,
    *,
    dataset: str | None = None,
    focus: bool = False,
) -> dict[str, str]:
    """Return the environment of the functions. `name` begins the names of buckets and datasets."""
    dataset = dataset or name.replace("-", "_")
    variables = {
        "DESTINATION__BIGQUERY__PROJECT_ID": project,
        "DESTINATION__BIGQUERY__LOCATION": location,
        "BOOKKEEPING_BUCKET": f"{name}-bookkeeping",
        "FOCUS_DATASET": f"{dataset}_focus" if focus else "",
    }
    for source in sources:
        variables.update(source.variables(landing_bucket(name, source), dataset))
    return variables


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the settings from the environment alone."""
    return read_settings(environment, folder=Path("/nowhere"))
