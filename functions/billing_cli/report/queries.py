"""Run the queries of the report, in which BigQuery computes the sums.

There is one query of `billing_status` per dataset of sources, and at most five more queries.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.errors import BillingError
from billing.gcp.services import Services
from billing.settings import GOOGLE_KEY, Settings
from billing_cli.status import read_status

TOP = 12  # rows of a table and bars of a chart; one more row sums up the others


@dataclass(frozen=True)
class Question:
    """What the user asks for."""

    months: int = 13
    tag: str = ""
    sources: tuple[str, ...] = ()  # empty: all


@dataclass(frozen=True)
class MonthCost:
    currency: str | None
    month: str
    provider: str
    billed: Decimal
    effective: Decimal


@dataclass(frozen=True)
class Share:
    """The cost of one service, account or tag value, or the sum of several: `others` is their number, else 0."""

    currency: str | None
    name: str | None
    others: int
    billed: Decimal
    effective: Decimal

    @property
    def label(self) -> str:
        return f"{self.others:,} others" if self.others else self.name or "(none)"


@dataclass(frozen=True)
class Split:
    """Cost by service, account or tag."""

    by: str
    shares: Sequence[Share]


@dataclass(frozen=True)
class Report:
    """All rows that the page shows. `quality` is None if its view does not exist."""

    made_at: datetime
    question: Question
    months: Sequence[MonthCost]
    splits: Sequence[Split]
    status: Sequence[Mapping[str, Any]]
    quality: Sequence[Mapping[str, Any]] | None


def gather(settings: Settings, services: Services, question: Question) -> Report:
    """Run the queries.

    Raises BillingError: SETTING_MISSING, SETTING_INVALID.
    """
    if not settings.focus_dataset:
        raise BillingError("SETTING_MISSING", "FOCUS_DATASET is not set: the report reads focus_costs in that dataset.")
    _check(question.sources, settings)
    states = _only(question.sources, read_status(settings, services))
    first = first_month(states, question.months)
    where = f"BillingPeriodStart >= TIMESTAMP '{first}-01'"  # a literal, so that partitions are pruned
    if question.sources:
        where += " AND x_source IN UNNEST(@sources)"
    parameters: dict[str, Any] = {"sources": list(question.sources)} if question.sources else {}
    charges = f"FROM `{settings.focus_view}` WHERE {where}"
    query = services.warehouse.query
    return Report(
        made_at=datetime.now(UTC),
        question=question,
        months=[MonthCost(**row) for row in query(months_query(charges), **parameters)],
        splits=[
            Split(by, [Share(**row) for row in query(split_query(charges, *names), **parameters, **more)])
            for by, names, more in _splits(question.tag)
        ],
        status=[row for row in states if row["month"] >= first],
        quality=_quality(settings, services, first, question.sources),
    )


def _check(sources: Sequence[str], settings: Settings) -> None:
    known = [source.key for source in settings.sources] + [GOOGLE_KEY] * bool(settings.google_billing_export)
    for source in sources:
        if source not in known:
            raise BillingError("SETTING_INVALID", f"{source} is not a source of the report: use {', '.join(known)}.")


def _only(sources: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if not sources or row["source"] in sources]


def first_month(states: Sequence[Mapping[str, Any]], months: int) -> str:
    """Return the first of `months` months. The last is the newest loaded month, or this month if none is loaded."""
    newest = max((row["month"] for row in states if row["row_count"]), default=f"{datetime.now(UTC):%Y-%m}")
    last = date.fromisoformat(f"{newest}-01")
    year, month = divmod(last.year * 12 + last.month - months, 12)
    return f"{year:04d}-{month + 1:02d}"


_SUMS = "COALESCE(SUM(BilledCost), 0) AS billed, COALESCE(SUM(EffectiveCost), 0) AS effective"


def months_query(charges: str) -> str:
    return (
        "SELECT BillingCurrency AS currency, FORMAT_TIMESTAMP('%Y-%m', BillingPeriodStart) AS month,"
        f" x_provider AS provider, {_SUMS} {charges} GROUP BY currency, month, provider"
        " ORDER BY currency, month, provider"
    )


def split_query(charges: str, key: str, name: str) -> str:
    """Sum up the largest of each currency by name, and the others in one row: the answer is short in any account."""
    return f"""
SELECT currency, IF(COUNT(*) = 1, ANY_VALUE(name), NULL) AS name, IF(COUNT(*) = 1, 0, COUNT(*)) AS others,
  SUM(billed) AS billed, SUM(effective) AS effective
FROM (
  SELECT currency, name, billed, effective, LEAST({TOP + 1}, ROW_NUMBER() OVER (
    PARTITION BY currency ORDER BY GREATEST(ABS(billed), ABS(effective)) DESC, name)) AS place
  FROM (
    SELECT currency, key, MAX(name) AS name, {_SUMS}
    FROM (SELECT BillingCurrency AS currency, {key} AS key, {name} AS name, BilledCost, EffectiveCost {charges})
    GROUP BY currency, key
  )
)
GROUP BY currency, place
ORDER BY currency, place""".strip()


def _splits(tag: str) -> Iterable[tuple[str, tuple[str, str], dict[str, str]]]:
    """Yield each split: its label, its SQL key and name, and its query parameters."""
    account = "IF(SubAccountName != SubAccountId, CONCAT(SubAccountName, ' (', SubAccountId, ')'), SubAccountId)"
    yield "service", ("ServiceName", "ServiceName"), {}
    yield "account", ("SubAccountId", account), {}
    if tag:
        value = "JSON_VALUE(Tags[@tag])"
        yield f"tag {tag}", (value, value), {"tag": tag}


def _quality(
    settings: Settings, services: Services, first: str, sources: Sequence[str]
) -> Sequence[Mapping[str, Any]] | None:
    """Return the broken rules, or None if no load has created the view yet."""
    if not services.warehouse.exists(settings.quality_view):
        return None
    rows = services.warehouse.query(
        f"SELECT * EXCEPT (BillingPeriodStart) FROM `{settings.quality_view}`"
        f" WHERE BillingPeriodStart >= TIMESTAMP '{first}-01' ORDER BY month DESC, source, code"
    )
    return _only(sources, [dict(row) for row in rows])
