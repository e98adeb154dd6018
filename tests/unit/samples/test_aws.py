"""The AWS samples have the shape of real exports. The tests read them with the standard library alone."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from tests.samples import Column, Delivery, aws_columns, aws_cur_delivery

MONTHS = [f"2025-{n:02}" for n in range(1, 13)]


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return aws_cur_delivery(tmp_path_factory.mktemp("aws"), "2025-09", rows=2000)


def records(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, strict=True))


def rows(delivery: Delivery) -> list[dict[str, str]]:
    return [dict(zip(delivery.columns, r, strict=True)) for o in delivery.data for r in records(o.path)[1:]]


def decimals(text: str) -> int:
    exponent = Decimal(text).as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def values(delivery: Delivery, column: str) -> list[str]:
    return [r[column] for r in rows(delivery)]


def test_totals_equal_those_of_the_standard_library(september: Delivery) -> None:
    by_service: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(prec=76):
        for row in rows(september):
            by_service[row["lineItem/ProductCode"]] += Decimal(row["lineItem/UnblendedCost"])
        total = sum(by_service.values(), Decimal(0))

    assert september.totals.rows == len(rows(september)) == 2000
    assert september.totals.cost == total
    assert september.totals.by_service == by_service
    assert september.totals.effective_cost is None


@pytest.mark.parametrize("seed", range(20))
def test_totals_are_right_whichever_newline_comes_first(tmp_path: Path, seed: int) -> None:
    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=12, seed=seed)
    with localcontext(prec=76):
        total = sum(map(Decimal, values(delivery, "lineItem/UnblendedCost")), Decimal(0))

    assert (delivery.totals.rows, delivery.totals.cost) == (12, total)


def test_header_manifest_and_delivery_name_the_same_columns(september: Delivery) -> None:
    named = [f"{c['category']}/{c['name']}" for c in september.manifest()["columns"]]

    assert [records(o.path)[0] for o in september.data] == [named] * 3
    assert list(september.columns) == named


def test_manifest_has_the_fields_of_a_real_one(september: Delivery) -> None:
    manifest = september.manifest()
    artifacts = {a["name"] for a in manifest["additionalArtifactKeys"]}

    assert {k: v for k, v in manifest.items() if k not in ("columns", "additionalArtifactKeys", "reportKeys")} == {
        "assemblyId": september.execution,
        "account": "100000000000",
        "charset": "UTF-8",
        "compression": "GZIP",
        "contentType": "text/csv",
        "reportId": manifest["reportId"],
        "reportName": "acme-cur",
        "billingPeriod": {"start": "20250901T000000.000Z", "end": "20251001T000000.000Z"},
        "bucket": "acme-billing-exports",
    }
    assert len(manifest["reportId"]) == 64
    assert manifest["reportKeys"] == [o.name for o in september.data]
    assert {c["type"] for c in manifest["columns"]} == {
        "String", "OptionalString", "BigDecimal", "OptionalBigDecimal", "DateTime", "Interval",
    }  # fmt: skip
    assert artifacts < {o.name for o in september.ignored}


@pytest.mark.parametrize("month", MONTHS)
def test_month_has_at_least_150_columns_with_unique_names(month: str) -> None:
    names = [c.name for c in aws_columns(month)]

    assert len(names) >= 150
    assert len(names) == len(set(names))


def test_columns_and_their_order_differ_between_months() -> None:
    september, october = ([c.name for c in aws_columns(m)] for m in ("2025-09", "2025-10"))
    shared = set(september) & set(october)

    assert set(september) - set(october)
    assert set(october) - set(september)
    assert [c for c in september if c in shared] != [c for c in october if c in shared]


def test_some_columns_differ_only_in_case_or_punctuation() -> None:
    odd, even = ({c.name for c in aws_columns(m)} for m in ("2025-09", "2025-10"))

    assert {"product/ecu", "product/ECU", "resourceTags/user:team", "resourceTags/user:Team"} <= odd
    assert {"product/ecu", "resourceTags/user:team"} <= even
    assert not {"product/ECU", "resourceTags/user:Team"} & even
    assert {"resourceTags/user:cost-center", "resourceTags/user:cost_center"} <= even


def test_tags_and_cost_categories_have_realistic_names() -> None:
    names = {c.name for c in aws_columns("2025-09")}

    assert {"resourceTags/user:Name", "resourceTags/aws:createdBy", "costCategory/Charge type"} <= names
    assert "resourceTags/user:größe" in names


@pytest.mark.parametrize("seed", [1, 2])
def test_200_rows_hold_every_kind_of_line_item(tmp_path: Path, seed: int) -> None:
    kinds = Counter(values(aws_cur_delivery(tmp_path, "2025-09", rows=200, seed=seed), "lineItem/LineItemType"))

    assert set(kinds) == {
        "Usage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee",
        "DiscountedUsage", "RIFee", "Fee", "Credit", "Refund", "Tax", "PrivateRateDiscount",
    }  # fmt: skip
    assert kinds["SavingsPlanCoveredUsage"] == kinds["SavingsPlanNegation"]


def test_negations_cancel_what_savings_plans_cover(september: Delivery) -> None:
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(september):
        cost[row["lineItem/LineItemType"]] += Decimal(row["lineItem/UnblendedCost"])

    assert cost["SavingsPlanCoveredUsage"] == -cost["SavingsPlanNegation"] > 0


def test_costs_have_exponents_and_up_to_18_decimals(september: Delivery) -> None:
    costs = values(september, "lineItem/UnblendedCost")
    scientific = [c for c in costs if "E-" in c]

    assert any(c.startswith("-") for c in scientific)
    assert any(not c.startswith("-") for c in scientific)
    assert "0E-10" in costs
    assert "-0" not in {c.removesuffix("E-10") for c in costs}
    assert max(map(decimals, costs)) == 18
    assert sum(decimals(c) >= 10 for c in costs) > len(costs) / 2


@pytest.mark.parametrize("month", ["2025-09", "2025-10"])
def test_every_amount_has_at_most_18_decimals(tmp_path: Path, month: str) -> None:
    numbers = {c.name for c in aws_columns(month) if c.type.endswith("BigDecimal")}

    for row in rows(aws_cur_delivery(tmp_path, month, rows=400)):
        for name in numbers:
            assert not row[name] or decimals(row[name]) <= 18, (name, row[name])


def test_text_has_newlines_quotes_commas_and_non_ascii_letters(september: Delivery) -> None:
    names = set(values(september, "resourceTags/user:Name"))

    assert {"two\nlines", 'crlf\r\ninside, "quoted"', 'db "primary"', "Zürich – naïve 東京 🚀", ""} <= names  # noqa: RUF001
    assert 'VAT of 0%, "reverse charge"' in values(september, "lineItem/LineItemDescription")


def test_rows_belong_to_the_month_even_if_their_usage_does_not(september: Delivery) -> None:
    outside = [s for s in values(september, "lineItem/UsageStartDate") if not s.startswith("2025-09-")]

    assert set(values(september, "bill/BillingPeriodStartDate")) == {"2025-09-01T00:00:00.000Z"}
    assert 0 < len(outside) < 40


def test_open_month_has_no_invoice(tmp_path: Path, september: Delivery) -> None:
    assert set(values(aws_cur_delivery(tmp_path, "2025-09", rows=50, finalized=False), "bill/InvoiceId")) == {""}
    assert "" not in values(september, "bill/InvoiceId")


def test_accounts_sets_the_number_of_accounts(tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=500, accounts=7)

    assert len(set(values(delivery, "lineItem/UsageAccountId"))) == 7


def test_files_without_rows_have_a_header(tmp_path: Path) -> None:
    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=0, files=2)

    assert [len(records(o.path)) for o in delivery.data] == [1, 1]
    assert (delivery.totals.rows, delivery.totals.cost, delivery.totals.by_service) == (0, Decimal(0), {})


def test_columns_can_be_added_moved_and_changed(tmp_path: Path) -> None:
    usual = {c.name: c for c in aws_columns("2025-09")}
    changed = replace(usual.pop("lineItem/UsageAmount"), value="IF(i = 7, 'n/a', '1')")
    columns = [Column("lineItem/New", "Duration", "'PT1H'"), changed, *reversed(usual.values())]
    delivery = aws_cur_delivery(tmp_path, "2025-09", rows=20, columns=columns)

    assert delivery.columns == tuple(c.name for c in columns)
    assert set(values(delivery, "lineItem/New")) == {"PT1H"}
    assert Counter(values(delivery, "lineItem/UsageAmount")) == {"1": 19, "n/a": 1}
