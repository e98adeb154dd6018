"""One generator per export format of `schemas/formats.json`, all with the same arguments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.samples.aws_cur import aws_cur_delivery
from tests.samples.aws_data_export import Table, aws_data_export_delivery
from tests.samples.azure import COST_VERSION, azure_delivery
from tests.samples.azure_sample import ACTUAL, AMORTIZED, FOCUS, Dataset, Form, Headers
from tests.samples.columns import azure_columns, azure_cost_columns
from tests.samples.model import Delivery, FileFormat, Mode


class Sample(Protocol):
    def __call__(
        self,
        folder: Path,
        month: str,
        *,
        layout: Mode,
        export_name: str,
        path: str,
        rows: int,
        files: int,
        revision: int,
        version: str,
    ) -> Delivery:
        """Generate a delivery under `path` in the bucket. `version` is '' if the format has only one."""


def _aws_cur_csv(
    folder: Path, month: str, *, layout: Mode, export_name: str, path: str, rows: int, files: int, revision: int,
    version: str,
) -> Delivery:  # fmt: skip
    assert not version
    return aws_cur_delivery(
        folder, month, rows=rows, files=files, revision=revision, mode=layout, report=export_name, prefix=path
    )


def _aws_cur_parquet(
    folder: Path, month: str, *, layout: Mode, export_name: str, path: str, rows: int, files: int, revision: int,
    version: str,
) -> Delivery:  # fmt: skip
    assert not version
    return aws_cur_delivery(
        folder, month, rows=rows, files=files, revision=revision, mode=layout, file_format="parquet",
        report=export_name, prefix=path,
    )  # fmt: skip


def _data_export(table: Table, file_format: FileFormat) -> Sample:
    def sample(
        folder: Path, month: str, *, layout: Mode, export_name: str, path: str, rows: int, files: int, revision: int,
        version: str,
    ) -> Delivery:  # fmt: skip
        return aws_data_export_delivery(
            folder, month, rows=rows, files=files, revision=revision, mode=layout, table=table,
            file_format=file_format, version=version or "1.2", export_name=export_name, prefix=path,
        )  # fmt: skip

    return sample


class _Azure:
    """FOCUS, actual or amortized cost. As CSV, each layout has its own compression and spelling of the header."""

    def __init__(self, dataset: Dataset, *, parquet: bool) -> None:
        self.dataset, self.parquet = dataset, parquet

    def __call__(
        self, folder: Path, month: str, *, layout: Mode, export_name: str, path: str, rows: int, files: int,
        revision: int, version: str,
    ) -> Delivery:  # fmt: skip
        is_focus = self.dataset is FOCUS
        return azure_delivery(
            self.dataset, folder, month, rows=rows, files=files, revision=revision, mode=layout,
            export_name=export_name, root=path.rstrip("/"), version=version if is_focus else COST_VERSION,
            columns=azure_columns(version) if is_focus else azure_cost_columns(),
            form="parquet" if self.parquet else _CSV[layout],
            headers="pascal" if self.parquet or is_focus else _HEADERS[layout],
        )  # fmt: skip


_HEADERS: Mapping[Mode, Headers] = {"create_new": "german", "overwrite": "camel"}
_CSV: Mapping[Mode, Form] = {"create_new": "csv", "overwrite": "csv.gz"}  # so that both are tested

SAMPLES: Mapping[str, Sample] = {
    "aws_cur_v1_csv": _aws_cur_csv,
    "aws_cur_v1_parquet": _aws_cur_parquet,
    "aws_cur_v2_csv": _data_export("cur2", "csv"),
    "aws_cur_v2_parquet": _data_export("cur2", "parquet"),
    "aws_focus_csv": _data_export("focus", "csv"),
    "aws_focus_parquet": _data_export("focus", "parquet"),
    "azure_actual_csv": _Azure(ACTUAL, parquet=False),
    "azure_actual_parquet": _Azure(ACTUAL, parquet=True),
    "azure_amortized_csv": _Azure(AMORTIZED, parquet=False),
    "azure_amortized_parquet": _Azure(AMORTIZED, parquet=True),
    "azure_focus_csv": _Azure(FOCUS, parquet=False),
    "azure_focus_parquet": _Azure(FOCUS, parquet=True),
}


def sample_delivery(
    export_format: str,
    folder: Path,
    month: str,
    *,
    layout: Mode = "create_new",
    export_name: str = "acme-export",
    path: str = "exports/",
    rows: int = 100,
    files: int = 2,
    revision: int = 1,
    version: str = "",
) -> Delivery:
    return SAMPLES[export_format](
        folder, month, layout=layout, export_name=export_name, path=path, rows=rows, files=files, revision=revision,
        version=version,
    )  # fmt: skip
