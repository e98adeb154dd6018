"""One generator per export format of `schemas/formats.json`, all called by `sample_delivery`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.samples.aws_cur import aws_cur_delivery
from tests.samples.aws_data_export import Table, aws_data_export_delivery
from tests.samples.azure import COST_VERSION, azure_delivery
from tests.samples.azure_sample import ACTUAL, AMORTIZED, FOCUS, Dataset, Form, Headers
from tests.samples.columns import azure_columns, azure_cost_columns
from tests.samples.model import Delivery, FileFormat, Mode


@dataclass(frozen=True)
class _Wanted:
    """The delivery to generate. `run` has the arguments that all generators share."""

    folder: Path
    month: str
    layout: Mode
    export_name: str
    path: str
    version: str
    run: Mapping[str, Any]


Generator = Callable[[_Wanted], Delivery]


def _aws_cur(file_format: FileFormat) -> Generator:
    def generate(wanted: _Wanted) -> Delivery:
        assert not wanted.version
        return aws_cur_delivery(
            wanted.folder, wanted.month, file_format=file_format, report=wanted.export_name, prefix=wanted.path,
            **wanted.run,
        )  # fmt: skip

    return generate


def _data_export(table: Table, file_format: FileFormat) -> Generator:
    def generate(wanted: _Wanted) -> Delivery:
        return aws_data_export_delivery(
            wanted.folder, wanted.month, table=table, file_format=file_format, version=wanted.version or "1.2",
            export_name=wanted.export_name, prefix=wanted.path, **wanted.run,
        )  # fmt: skip

    return generate


def _azure(dataset: Dataset, *, parquet: bool) -> Generator:
    """As CSV, each layout has its own compression and spelling of the header."""

    def generate(wanted: _Wanted) -> Delivery:
        is_focus = dataset is FOCUS
        return azure_delivery(
            dataset, wanted.folder, wanted.month, export_name=wanted.export_name, root=wanted.path.rstrip("/"),
            version=wanted.version if is_focus else COST_VERSION,
            columns=azure_columns(wanted.version) if is_focus else azure_cost_columns(),
            form="parquet" if parquet else _CSV[wanted.layout],
            headers="pascal" if parquet or is_focus else _HEADERS[wanted.layout],
            **wanted.run,
        )  # fmt: skip

    return generate


_HEADERS: Mapping[Mode, Headers] = {"create_new": "german", "overwrite": "camel"}
_CSV: Mapping[Mode, Form] = {"create_new": "csv", "overwrite": "csv.gz"}  # so that both are tested

SAMPLES: Mapping[str, Generator] = {
    "aws_cur_v1_csv": _aws_cur("csv"),
    "aws_cur_v1_parquet": _aws_cur("parquet"),
    "aws_cur_v2_csv": _data_export("cur2", "csv"),
    "aws_cur_v2_parquet": _data_export("cur2", "parquet"),
    "aws_focus_csv": _data_export("focus", "csv"),
    "aws_focus_parquet": _data_export("focus", "parquet"),
    "azure_actual_csv": _azure(ACTUAL, parquet=False),
    "azure_actual_parquet": _azure(ACTUAL, parquet=True),
    "azure_amortized_csv": _azure(AMORTIZED, parquet=False),
    "azure_amortized_parquet": _azure(AMORTIZED, parquet=True),
    "azure_focus_csv": _azure(FOCUS, parquet=False),
    "azure_focus_parquet": _azure(FOCUS, parquet=True),
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
    """Generate a delivery under `path` in the bucket. `version` is '' if the format has only one.

    Raises LookupError if there is no generator for the format.
    """
    if export_format not in SAMPLES:
        raise LookupError(f"SAMPLES in tests/samples/catalogue.py has no generator for {export_format}: add one.")
    run = {"rows": rows, "files": files, "revision": revision, "mode": layout}
    return SAMPLES[export_format](_Wanted(folder, month, layout, export_name, path, version, run))
