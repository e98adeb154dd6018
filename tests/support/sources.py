"""The sources of a deployment, as a user configures them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.paths import SCHEMAS

_FORMATS = json.loads((SCHEMAS / "formats.json").read_text())


@dataclass(frozen=True)
class SourceSpec:
    key: str = "AWS_CUR"
    format: str = "aws_cur_v1_csv"
    export_name: str = "acme-cur"
    source_path: str = "exports/aws/"
    prefix: str = "aws/"
    table: str = "aws_cur"
    version: str = ""  # of FOCUS: decides the table's columns
    settle_hours: str = "3"
    shrink_percent: str = "100"  # off: the few rows of a test's months may cost anything
    on_shrink: str = "alert"
    type_overrides: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def shape(self) -> dict[str, Any]:
        """The format's row of the table that Terraform and the functions read."""
        shape: dict[str, Any] = _FORMATS[self.format]
        return shape

    @property
    def provider(self) -> str:
        return str(self.shape["provider"])

    @property
    def table_schema(self) -> list[dict[str, str]]:
        """The columns that the table is created with: a few for AWS, all of the FOCUS version for Azure."""
        path = SCHEMAS / f"{self.shape['table_schema'].format(version=self.version)}.json"
        columns: list[dict[str, str]] = json.loads(path.read_text())
        return columns

    def variables(self, bucket: str, dataset: str) -> dict[str, str]:
        """The environment variables of the source."""
        fields = {
            "BUCKET": bucket,
            "PREFIX": self.prefix,
            "SOURCE_PATH": self.source_path,
            "FORMAT": self.format,
            "EXPORT_NAME": self.export_name,
            "DATASET": dataset,
            "TABLE_NAME": self.table,
            "SETTLE_HOURS": self.settle_hours,
            "SHRINK_PERCENT": self.shrink_percent,
            "ON_SHRINK": self.on_shrink,
            "TYPE_OVERRIDES": json.dumps(self.type_overrides),
        }
        return {f"SOURCES__{self.key}__{name}": value for name, value in fields.items()}


AWS = SourceSpec()
AZURE = SourceSpec(
    key="AZURE_BILLING",
    format="azure_focus_parquet",
    export_name="focus-cost",
    source_path="exports/azure/",
    prefix="azure/",
    table="azure_focus",
    version="1.2-preview",
)
