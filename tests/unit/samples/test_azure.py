"""The Azure samples have the shape of real exports. The tests read the Parquet files back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.samples import Delivery, azure_columns, azure_focus_delivery

VERSIONS = {"1.0-preview(v1)": 94, "1.0": 96, "1.0r2": 96, "1.2-preview": 105, "1.2": 104}


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return azure_focus_delivery(tmp_path_factory.mktemp("azure"), "2025-09", rows=2000)


def query(delivery: Delivery, select: str) -> list[tuple[Any, ...]]:
    files = [str(o.path) for o in delivery.data]
    result: list[tuple[Any, ...]] = duckdb.sql(select.format(f"read_parquet({files})")).fetchall()
    return result


def utc(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def run_info(delivery: Delivery) -> dict[str, str]:
    info: dict[str, str] = delivery.manifest()["runInfo"]
    return info


def test_totals_equal_the_sums_of_the_files(september: Delivery) -> None:
    [(rows, cost, effective)] = query(september, "SELECT count(*), sum(BilledCost), sum(EffectiveCost) FROM {}")
    by_service = dict(query(september, "SELECT ServiceName, sum(BilledCost) FROM {} GROUP BY 1"))

    assert (september.totals.rows, september.totals.cost, september.totals.effective_cost) == (rows, cost, effective)
    assert rows == 2000
    assert cost != effective
    assert september.totals.by_service == by_service


@pytest.mark.parametrize(("version", "count"), VERSIONS.items())
def test_version_has_its_published_columns_and_types(tmp_path: Path, version: str, count: int) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=100, version=version)
    schema = duckdb.sql(f"DESCRIBE FROM read_parquet('{delivery.data[0].path}')").fetchall()
    physical = {
        "Decimal": "DECIMAL(38,18)",
        "String": "VARCHAR",
        "DateTimeOffset": "TIMESTAMP WITH TIME ZONE",
        "Boolean": "BOOLEAN",
    }

    assert delivery.manifest()["exportConfig"]["dataVersion"] == version
    assert len(delivery.columns) == count
    assert [(s[0], s[1]) for s in schema] == [(c.name, physical[c.type]) for c in azure_columns(version)]
    assert delivery.columns == tuple(s[0] for s in schema)


def test_parquet_has_the_physical_types_of_azure(september: Delivery) -> None:
    path = september.data[0].path
    schema = duckdb.sql(f"SELECT name, type, type_length, logical_type FROM parquet_schema('{path}')").fetchall()
    optional = duckdb.sql(f"SELECT count(*) FROM parquet_schema('{path}') WHERE repetition_type = 'OPTIONAL'")
    cost, start = (s for s in schema if s[0] in ("BilledCost", "ChargePeriodStart"))

    assert optional.fetchall() == [(len(september.columns),)]
    assert cost[:3] == ("BilledCost", "FIXED_LEN_BYTE_ARRAY", "16")
    assert "scale=18, precision=38" in cost[3]
    assert start[:2] == ("ChargePeriodStart", "INT64")
    assert "isAdjustedToUTC=1" in start[3]
    assert "MicroSeconds" in start[3]
    assert duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{path}')").fetchall() == [("SNAPPY",)]


def test_versions_rename_and_drop_columns() -> None:
    r2, preview, final = ({c.name for c in azure_columns(v)} for v in ("1.0r2", "1.2-preview", "1.2"))

    assert r2 - preview == {"x_InvoiceId", "x_PricingCurrency", "x_SkuMeterName"}
    assert preview - final == {"x_SkuDetails"}


def test_unknown_version_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no version 9\.9"):
        azure_focus_delivery(tmp_path, "2025-09", rows=1, version="9.9")


def test_manifest_counts_bytes_and_rows(september: Delivery) -> None:
    manifest = september.manifest()
    counts = [duckdb.sql(f"SELECT count(*) FROM read_parquet('{o.path}')").fetchall()[0][0] for o in september.data]

    assert [b["blobName"] for b in manifest["blobs"]] == [o.name for o in september.data]
    assert [b["byteCount"] for b in manifest["blobs"]] == [o.path.stat().st_size for o in september.data]
    assert [b["dataRowCount"] for b in manifest["blobs"]] == counts
    assert (manifest["blobCount"], manifest["dataRowCount"]) == (2, 2000)
    assert manifest["byteCount"] == sum(o.path.stat().st_size for o in september.data)


def test_costs_have_18_decimals_and_some_are_negative(september: Delivery) -> None:
    fine = "count(*) FILTER (BilledCost != round(BilledCost, 17))"
    [(lowest, finest)] = query(september, f"SELECT min(BilledCost), {fine} FROM {{}}")

    assert lowest < 0
    assert finest > 500


def test_rows_belong_to_the_month_even_if_their_charge_does_not(september: Delivery) -> None:
    periods = query(september, "SELECT DISTINCT epoch(BillingPeriodStart), epoch(BillingPeriodEnd) FROM {}")
    [(outside,)] = query(september, "SELECT count(*) FROM {} WHERE ChargePeriodStart < BillingPeriodStart")

    assert periods == [(utc(2025, 9, 1).timestamp(), utc(2025, 10, 1).timestamp())]
    assert 0 < outside < 40


def test_some_strings_are_empty_instead_of_null_and_json_is_text(september: Delivery) -> None:
    [(empty, null, valid, details)] = query(
        september,
        "SELECT count(*) FILTER (Tags = ''), count(*) FILTER (Tags IS NULL), bool_and(json_valid(nullif(Tags, ''))), "
        "bool_and(json_valid(nullif(x_SkuDetails, ''))) FROM {}",
    )

    assert empty > 0
    assert null > 0
    assert valid
    assert details


def test_200_rows_hold_every_kind_of_charge(tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=200)
    kinds = {k for (k,) in query(delivery, "SELECT DISTINCT ChargeCategory FROM {}")}
    statuses = {s for (s,) in query(delivery, "SELECT DISTINCT CommitmentDiscountStatus FROM {}")}

    assert kinds == {"Usage", "Purchase", "Credit", "Adjustment"}
    assert ("Correction",) in query(delivery, "SELECT DISTINCT ChargeClass FROM {}")
    assert statuses == {"Used", "Unused", ""}


def test_create_new_names_objects_by_time_and_run(september: Delivery) -> None:
    folder = f"exports/azure/focus-cost/20250901-20250930/202510050946/{september.execution}"

    assert [o.name for o in (*september.data, *september.manifests)] == [
        f"{folder}/part_0_0001.snappy.parquet",
        f"{folder}/part_1_0001.snappy.parquet",
        f"{folder}/manifest.json",
    ]
    assert september.manifest()["deliveryConfig"]["dataOverwriteBehavior"] == "CreateNewReport"


def test_overwrite_names_objects_by_run_only(tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, "2024-02", rows=10, files=1, mode="overwrite", root="")
    folder = f"focus-cost/20240201-20240229/{delivery.execution}"

    assert [o.name for o in (*delivery.data, *delivery.manifests)] == [
        f"{folder}/part_0_0001.snappy.parquet",
        f"{folder}/manifest.json",
    ]
    assert delivery.manifest()["deliveryConfig"]["dataOverwriteBehavior"] == "OverwritePreviousReport"


def test_month_to_date_ends_on_the_day_of_the_run(tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=200, through_day=16)

    assert run_info(delivery)["endDate"].startswith("2025-09-16T00:00:00")
    assert run_info(delivery)["submittedTime"].startswith("2025-09-16T")
    assert query(delivery, "SELECT max(epoch(ChargePeriodStart)) FROM {}") == [(utc(2025, 9, 16).timestamp(),)]
    assert query(delivery, "SELECT DISTINCT InvoiceId FROM {}") == [("",)]


def test_manifests_spell_dates_in_three_ways(tmp_path: Path) -> None:
    infos = [run_info(azure_focus_delivery(tmp_path, "2025-09", rows=10, revision=n)) for n in (1, 2, 3)]

    assert {(i["startDate"], i["endDate"]) for i in infos} == {
        ("2025-09-01T00:00:00Z", "2025-09-30T00:00:00Z"),
        ("2025-09-01T00:00:00", "2025-09-30T00:00:00"),
        ("2025-09-01T00:00:00", "2025-09-30T00:00:00+00:00"),
    }
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", i["submittedTime"]) for i in infos)


def test_revision_is_submitted_later(tmp_path: Path) -> None:
    first, second = (azure_focus_delivery(tmp_path, "2025-09", rows=100, revision=n) for n in (1, 2))

    assert run_info(first)["submittedTime"] < run_info(second)["submittedTime"]


def test_submitted_sets_the_time_of_submission(tmp_path: Path) -> None:
    submitted = datetime(2025, 10, 1, 3, 59, 59, 123456, tzinfo=UTC)
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=10, submitted=submitted)

    assert run_info(delivery)["submittedTime"].startswith("2025-10-01T03:59:59.123456")
    assert "/202510010403/" in delivery.manifests[0].name


def test_empty_run_names_no_blobs(tmp_path: Path) -> None:
    delivery = azure_focus_delivery(tmp_path, "2025-09", rows=0)
    manifest = delivery.manifest()

    assert (manifest["blobCount"], manifest["byteCount"], manifest["dataRowCount"], manifest["blobs"]) == (0, 0, 0, [])
    assert delivery.data == ()
    assert delivery.totals.cost == Decimal(0)


def test_other_objects_are_beside_the_export(september: Delivery) -> None:
    names = {o.name for o in september.ignored}
    folder = september.manifests[0].name.removesuffix("manifest.json")
    others = [n for n in names if n.startswith("exports/azure/other-costs/")]

    assert {folder, f"{folder}_SUCCESS", f"{folder}_manifest.json", f"{folder}manifest.json.tmp"} < names
    assert sorted(n.rpartition("/")[2] for n in others) == ["manifest.json", "part_0_0001.csv"]
    assert all(o.path.is_file() for o in september.objects)
