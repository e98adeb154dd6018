"""Run the queries of the report, in which BigQuery computes the sums.

There is one query of `billing_status` per dataset of sources, and at most five more queries.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.errors import BillingError
from billing.gcp.bigquery import Warehouse
from billing.gcp.services import Services
from billing.settings import GOOGLE_KEY, Settings
from billing.views.focus import union_query
from billing_cli.status import NoAnswer, read_status

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
    """All rows that the page shows. `quality` is None if its view does not exist or gives no answer."""

    made_at: datetime
    question: Question
    months: Sequence[MonthCost]
    splits: Sequence[Split]
    status: Sequence[Mapping[str, Any]]
    quality: Sequence[Mapping[str, Any]] | None
    failures: Sequence[NoAnswer] = ()


@dataclass(frozen=True)
class _Asker:
    """Runs queries about charges. It notes what gives no answer, under the name of a source or of a view."""

    warehouse: Warehouse
    parameters: Mapping[str, list[str]]
    failures: list[NoAnswer] = field(default_factory=list)

    def ask(self, name: str, sql: str, **more: str) -> list[Any] | None:
        rows, problem = self.warehouse.try_query(sql, **self.parameters, **more)
        if problem is None:
            return rows
        self.failures.append(NoAnswer(name, problem))
        return None


def gather(settings: Settings, services: Services, question: Question) -> Report:
    """Run the queries. What gives no answer is named in the report, and stops no other part of it.

    Raises BillingError: SETTING_MISSING, SETTING_INVALID.
    """
    if not settings.focus_dataset:
        raise BillingError("SETTING_MISSING", "FOCUS_DATASET is not set: the report reads focus_costs in that dataset.")
    _check(question.sources, settings)
    status = read_status(settings, services)
    states = _only(question.sources, status.rows)
    first = first_month(states, question.months)
    where = f"WHERE BillingPeriodStart >= TIMESTAMP '{first}-01'"  # a literal, so that partitions are pruned
    if question.sources:
        where += " AND x_source IN UNNEST(@sources)"
    asker = _Asker(services.warehouse, {"sources": list(question.sources)} if question.sources else {})
    views = {key: view for key, view in settings.focus_views.items() if not question.sources or key in question.sources}
    charges, months = _months(settings.focus_view, views, asker, where)
    return Report(
        made_at=datetime.now(UTC),
        question=question,
        months=[MonthCost(**row) for row in months],
        splits=_answered_splits(asker, charges, question.tag) if charges is not None else [],
        status=[row for row in states if row["month"] >= first],
        quality=_quality(settings, asker, first, question.sources),
        failures=_named_once([one for one in status.failures if _is_asked(one, question)] + asker.failures),
    )


def _months(union: str, views: Mapping[str, str], asker: _Asker, where: str) -> tuple[str | None, list[Any]]:
    """Return SQL that reads the charges, and the cost by month and provider.

    If the union gives no answer, each view that it is made of is read alone, and those that fail are left out.
    """
    charges = f"FROM `{union}` {where}"
    rows, problem = asker.warehouse.try_query(months_query(charges), **asker.parameters)
    if problem is None:
        return charges, rows
    parts = [
        view
        for key, view in views.items()
        if asker.warehouse.exists(view) and asker.ask(key, months_query(f"FROM `{view}` {where}")) is not None
    ]
    if not parts:
        return None, []
    charges = f"FROM (\n{union_query(parts)}\n) {where}"
    return charges, asker.ask("focus_costs", months_query(charges)) or []


def _answered_splits(asker: _Asker, charges: str, tag: str) -> list[Split]:
    answers = {
        by: asker.ask(f"focus_costs by {by}", split_query(charges, *names), **more) for by, names, more in _splits(tag)
    }
    return [Split(by, [Share(**row) for row in rows]) for by, rows in answers.items() if rows is not None]


def _is_asked(failure: NoAnswer, question: Question) -> bool:
    return not question.sources or failure.name in question.sources


def _named_once(failures: Iterable[NoAnswer]) -> list[NoAnswer]:
    return list({one.name: one for one in failures}.values())


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
    year, month = divmod(max(last.year * 12 + last.month - months, 12), 12)  # no month is before 0001-01
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
    settings: Settings, asker: _Asker, first: str, sources: Sequence[str]
) -> Sequence[Mapping[str, Any]] | None:
    """Return the broken rules, or None if no load has created the view yet, or if it gives no answer."""
    if not asker.warehouse.exists(settings.quality_view):
        return None
    rows, problem = asker.warehouse.try_query(
        f"SELECT * EXCEPT (BillingPeriodStart) FROM `{settings.quality_view}`"
        f" WHERE BillingPeriodStart >= TIMESTAMP '{first}-01' ORDER BY month DESC, source, code"
    )
    if problem is not None:
        asker.failures.append(NoAnswer("billing_quality", problem))
        return None
    return _only(sources, [dict(row) for row in rows])
