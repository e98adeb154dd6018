"""An upgraded FOCUS export keeps its table, whatever its file format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.invariants import check_invariants
from tests.samples import azure_columns, azure_focus_delivery
from tests.samples.azure_sample import Form
from tests.support.harness import Harness
from tests.support.sources import AZURE

UPGRADES = (*pairwise(("1.0", "1.0r2", "1.2-preview", "1.2")), ("1.0r2", "1.2"))
FORMS: tuple[tuple[str, Form], ...] = (("azure_focus_parquet", "parquet"), ("azure_focus_csv", "csv.gz"))


CHANGES = (
    *((name, form, old, new) for name, form in FORMS for old, new in UPGRADES),
    ("azure_focus_csv", "csv.gz", "1.0-preview(v1)", "1.0"),  # as Parquet, two columns have other types
)


@pytest.mark.fault("F8")
@pytest.mark.parametrize(("export_format", "form", "old", "new"), CHANGES)
def test_upgraded_export_keeps_its_table(
    harness_of: Callable[..., Harness], tmp_path: Path, export_format: str, form: Form, old: str, new: str
) -> None:
    source = replace(AZURE, format=export_format, version=old)
    harness = harness_of(source)
    before = azure_focus_delivery(tmp_path, "2025-08", rows=60, version=old, form=form)
    after = azure_focus_delivery(tmp_path, "2025-09", rows=60, version=new, form=form)

    outcomes = [harness.load(source, delivery) for delivery in (before, after)]

    assert [(outcome.action, outcome.code) for outcome in outcomes] == [("loaded", None)] * 2
    check_invariants(harness, {(source, "2025-08"): before, (source, "2025-09"): after})
    table = harness.emulator.bigquery.get_table(harness.source(source).destination)
    columns = {column.name for version in (old, new) for column in azure_columns(version)}
    assert {field.name for field in table.schema} == columns | {"InvoiceId"}  # the tracking row needs it
    assert [row["cost"] for row in harness.tracking(source)] == [before.totals.cost, after.totals.cost]


def test_csv_and_parquet_of_one_month_are_the_same_rows(harness_of: Callable[..., Harness], tmp_path: Path) -> None:
    sources = tuple(
        replace(AZURE, key=f"S{n}", format=name, prefix=f"s{n}/", table=f"s{n}") for n, (name, _) in enumerate(FORMS)
    )
    harness = harness_of(*sources)
    columns = ", ".join(f"NULLIF({c.name}, '')" if c.type == "String" else c.name for c in azure_columns("1.2-preview"))

    for source, (_, form) in zip(sources, FORMS, strict=True):
        harness.load(source, azure_focus_delivery(tmp_path / form, "2025-09", rows=60, form=form))
    parquet, text = (
        sorted(map(str, harness.rows(f"SELECT {columns} FROM `{{dataset}}.{source.table}`"))) for source in sources
    )

    assert len(parquet) == 60
    assert parquet == text
