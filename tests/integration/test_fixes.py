"""Each sentence that says how to fix a rejected month works: the test follows it, and sees the month load."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from billing.errors import ERRORS, ErrorClass
from tests.support.harness import Harness
from tests.support.small_exports import (
    AWS_CHARGE,
    AZURE_CHARGE,
    AZURE_COLUMNS,
    COST,
    COST_PARQUET,
    CUR,
    SmallExport,
    azure_run,
    csv_file,
    cur_of,
    cur_report,
    parquet_file,
)
from tests.support.sources import SourceSpec

CHARGE, CUR_FILE = csv_file(AZURE_CHARGE), gzip.compress(csv_file(AWS_CHARGE))
GOOD = azure_run(CHARGE)
WITHOUT_COST = {name: value for name, value in AZURE_CHARGE.items() if name != "Cost"}
AGAIN = azure_run(CHARGE, number=2)  # "Deliver the month again."


@dataclass(frozen=True)
class Case:
    """A rejected delivery, and what its sentence says: another delivery, other settings, or both."""

    code: str
    bad: SmallExport
    then: SmallExport | None = None  # None: the same delivery is tried again
    before: SourceSpec = COST
    after: SourceSpec | None = None  # None: the settings stay
    loaded: SmallExport | None = None  # before all of it


def charge(**values: str) -> bytes:
    return csv_file({**AZURE_CHARGE, **values})


def parquet(columns: str, number: int = 1) -> SmallExport:
    return azure_run(parquet_file(f"{AZURE_COLUMNS}, {columns}"), number=number, suffix="parquet")


def with_manifest(export: SmallExport, data: bytes) -> SmallExport:
    *files, manifest = export.objects
    return SmallExport({**{name: export.objects[name] for name in files}, manifest: data})


def manifest_of(export: SmallExport) -> SmallExport:
    *_, manifest = export.objects
    return SmallExport({manifest: export.objects[manifest]})


def legacy(export: SmallExport) -> SmallExport:
    return with_manifest(export, b'{"manifestVersion": "2021-01-01", "blobs": []}')


def with_files_in(folder: str, export: SmallExport) -> SmallExport:
    """Return the export with its file in a folder of its own, which is not that of the manifest."""
    (file, data), (manifest, text) = export.objects.items()
    moved = f"exports/{folder}/{file.rpartition('/')[2]}"
    return SmallExport({moved: data, manifest: text.replace(file.encode(), moved.encode())})


ELSEWHERE, DOUBLE_SLASH = with_files_in("data", GOOD), with_files_in("/data", GOOD)
NEW_TABLE = replace(COST, table="new_cost")
NEW_PARQUET_TABLE = replace(COST_PARQUET, table="new_cost")
TWICE = azure_run(CHARGE, charge(Date="09/14/2025"))
MONTHS_ONLY = {"endDate": "2025-10-02T00:00:00"}
TEXT = {"x": "'a'"}

REJECTS: Mapping[str, Case] = {
    "manifest too large": Case("MANIFEST_TOO_LARGE", with_manifest(GOOD, b" " * (8 << 20) + b"{}"), AGAIN),
    "manifest cut": Case("MANIFEST_NOT_JSON", with_manifest(GOOD, b'{"blobs": ['), AGAIN),
    "manifest wrong": Case("MANIFEST_INVALID", azure_run(CHARGE, runInfo={"startDate": "September"}), AGAIN),
    "legacy manifest": Case("LEGACY_MANIFEST", legacy(GOOD), AGAIN),
    "other FORMAT": Case(
        "FORMAT_UNSUPPORTED",
        azure_run(CHARGE, exportConfig={"type": "AmortizedCost"}),
        after=replace(NEW_TABLE, format="azure_amortized_csv"),
    ),
    "other export": Case("FORMAT_UNSUPPORTED", azure_run(CHARGE, exportConfig={"type": "AmortizedCost"}), AGAIN),
    "ZIP": Case(
        "COMPRESSION_UNSUPPORTED",
        azure_run(CHARGE, deliveryConfig={"compressionMode": "Zip"}),
        azure_run(gzip.compress(CHARGE), suffix="csv.gz", number=2),
    ),
    "gzip beside plain": Case(
        "COMPRESSION_UNSUPPORTED",
        azure_run(CHARGE, gzip.compress(CHARGE)),
        azure_run(gzip.compress(CHARGE), gzip.compress(CHARGE), suffix="csv.gz", number=2),
    ),
    "wrong SOURCE_PATH": Case(
        "PATH_OUTSIDE_PREFIX", ELSEWHERE, before=replace(COST, source_path="export/"), after=COST
    ),
    "double slash": Case(
        "DOUBLE_SLASH", manifest_of(DOUBLE_SLASH), DOUBLE_SLASH, after=replace(COST, source_path="exports//")
    ),
    "too many files": Case("TOO_MANY_FILES", manifest_of(azure_run(*[CHARGE] * 10_001)), AGAIN),
    "two months": Case("SPANS_MONTHS", azure_run(CHARGE, runInfo=MONTHS_ONLY), AGAIN),
    "part of a month": Case(
        "STARTS_INSIDE_MONTH", azure_run(CHARGE, runInfo={"startDate": "2025-09-05T00:00:00"}), AGAIN
    ),
    "month to come": Case(
        "FUTURE_MONTH",
        azure_run(CHARGE, runInfo={"startDate": "2999-09-01T00:00:00", "endDate": "2999-09-30T00:00:00"}),
        AGAIN,
    ),
    "run to come": Case("FUTURE_RUN", azure_run(CHARGE, runInfo={"submittedTime": "2999-01-01T00:00:00Z"}), AGAIN),
    "another subscription": Case(
        "OTHER_SCOPE",
        azure_run(CHARGE, exportConfig={"resourceId": "/subscriptions/s2"}, number=2),
        azure_run(CHARGE, exportConfig={"resourceId": "/subscriptions/s2"}, number=3, root="exports/other"),
        after=replace(NEW_TABLE, key="OTHER", source_path="exports/other/", prefix="azure/other/"),
        loaded=GOOD,
    ),
    "fewer days": Case(
        "COVERS_FEWER_DAYS",
        azure_run(CHARGE, number=2, runInfo={"endDate": "2025-09-07T00:00:00"}),
        azure_run(CHARGE, number=3),
        loaded=GOOD,
    ),
    "no rows": Case("EMPTY_DELIVERY", azure_run(CHARGE.splitlines(keepends=True)[0]), AGAIN),
    "unreadable header": Case("HEADER_UNREADABLE", azure_run(b"\xff\xfe" + CHARGE), AGAIN),
    "empty file": Case("HEADER_UNREADABLE", azure_run(CHARGE, b"", counts=[1, 1]), AGAIN),
    "two headers": Case("HEADERS_DIFFER", azure_run(CHARGE, csv_file({**AZURE_CHARGE, "Term": "1"})), AGAIN),
    "no period and no cost": Case("MISSING_COLUMN", azure_run(csv_file({"Date": "09/13/2025"})), AGAIN),
    "no cost": Case("MISSING_COLUMN", azure_run(csv_file(WITHOUT_COST)), AGAIN),
    "no cost in Parquet": Case(
        "MISSING_COLUMN",
        azure_run(parquet_file(AZURE_COLUMNS.replace("Cost", "costInBillingCurrency")), suffix="parquet"),
        azure_run(parquet_file(AZURE_COLUMNS), suffix="parquet", number=2),
        before=COST_PARQUET,
    ),
    "column that the manifest names": Case(
        "MISSING_COLUMN",
        cur_report(CUR_FILE, columns=[("bill/BillingPeriodStartDate", None), ("lineItem/Gone", "String")]),
        cur_of(AWS_CHARGE, number=2),
        before=CUR,
    ),
    "nested column": Case("UNKNOWN_TYPE", parquet("[1] AS x"), parquet("'a' AS x", number=2), before=COST_PARQUET),
    "restored type": Case(
        "TYPE_CHANGED",
        parquet("2.5::DOUBLE AS x", number=2),
        parquet("'b' AS x", number=3),
        before=COST_PARQUET,
        loaded=parquet("'a' AS x"),
    ),
    "changed type in a new table": Case(
        "TYPE_CHANGED",
        parquet("2.5::DOUBLE AS x", number=2),
        before=COST_PARQUET,
        after=NEW_PARQUET_TABLE,
        loaded=parquet("'a' AS x"),
    ),
    "readable dates": Case("DATES_UNCLEAR", azure_run(charge(Date="9/13/2025")), AGAIN),
    "unreadable dates as text in a new table": Case(
        "DATES_UNCLEAR",
        azure_run(csv_file({**AZURE_CHARGE, "Date": "9/13/2025", "ExchangeRateDate": "9/1/2025"})),
        after=replace(NEW_TABLE, type_overrides={"Date": "STRING", "ExchangeRateDate": "STRING"}),
    ),
    "readable periods": Case("DATES_UNCLEAR", azure_run(charge(BillingPeriodStartDate="9/1/2025")), AGAIN),
    "column twice": Case("COLUMN_NAME", azure_run(b"Date,Tag (Date)\r\n1,2\r\n"), AGAIN),
    "name that BigQuery does not allow": Case(
        "COLUMN_NAME", parquet("'a' AS \"x-y\""), parquet("'a' AS x_y", number=2), before=COST_PARQUET
    ),
    "too many tags": Case(
        "TOO_MANY_COLUMNS", azure_run(b",".join(b"c%d" % n for n in range(10_001)) + b"\n1\n"), AGAIN
    ),
    "rows of another month": Case(
        "ROWS_OUTSIDE_MONTH",
        azure_run(csv_file(AZURE_CHARGE, {**AZURE_CHARGE, "BillingPeriodStartDate": "08/01/2025"})),
        AGAIN,
    ),
    "readable values": Case("VALUE_DOES_NOT_FIT", azure_run(charge(Quantity="many")), AGAIN),
    "unreadable values as text in a new table": Case(
        "VALUE_DOES_NOT_FIT",
        azure_run(charge(Quantity="many")),
        after=replace(NEW_TABLE, type_overrides={"Quantity": "STRING"}),
    ),
}


@pytest.mark.parametrize("case", REJECTS.values(), ids=REJECTS)
def test_month_loads_after_its_fix(harness_of: Callable[..., Harness], case: Case) -> None:
    harness = harness_of(case.before)
    if case.loaded is not None:
        assert case.loaded.load(harness, case.before).action == "loaded"
    rejected = case.bad.load(harness, case.before)
    after = case.after or case.before
    if after is not case.before:
        harness.configure(after)
    if after.table != case.before.table:
        harness.deployment.create_tables(after)

    fixed = (case.then or case.bad).load(harness, after)

    assert (rejected.action, rejected.code) == ("rejected", case.code)
    assert (fixed.action, fixed.code) == ("loaded", None), fixed.message
    assert harness.rows(f"SELECT COUNT(*) AS n FROM `{{dataset}}.{after.table}`")[0]["n"] == fixed.rows > 0


def test_every_rejection_has_a_fix_that_a_test_follows() -> None:
    codes = {info.code for info in ERRORS.values() if info.kind is ErrorClass.REJECT}

    # tests/faults/test_destinations.py, tests/unit/workflows/test_shrinkage.py and test_crashes.py
    elsewhere = {"LOAD_REJECTED", "MONTH_WOULD_SHRINK", "KEEPS_CRASHING"}
    assert {case.code for case in REJECTS.values()} == codes - elsewhere
