"""`make report`: one HTML page from `focus_costs` that opens from a file: no script in it, and nothing that it fetches.

By your application default credentials, as `python -m billing status`. It stands outside `functions/`, which is exactly
what is deployed: the chart library is no business of the functions.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import vl_convert
from markupsafe import Markup

from billing.__main__ import status
from billing.config import Settings
from billing.entry import cloud_of, settings_or_exit
from billing.errors import BillingError
from billing.reasons import known_failure

TOP = 12  # rows of a table and bars of a chart; the rest is one row
_HERE = Path(__file__).parent
_SVG = "http://www.w3.org/2000/svg"
_COLOURS = {"aws": "#e69f00", "azure": "#0072b2", "google": "#009e73"}  # told apart by colour-blind people, too
_MEASURES = {"billed": "#999999", "effective": "#0072b2"}
_STATUS = (
    *("source", "month", "state", "finality", "delivered_at", "loaded_at", "row_count", "cost", "currency"),
    *("rows_changed", "cost_changed"),
)
_WRONG = ("source", "month", "code", "message")


@dataclass(frozen=True)
class Question:
    months: int = 13
    tag: str = ""
    sources: tuple[str, ...] = ()  # none: all


@dataclass(frozen=True)
class MonthCost:
    currency: str | None
    month: str
    provider: str
    billed: Decimal
    effective: Decimal


@dataclass(frozen=True)
class Share:
    """What one service, account or tag cost; `others` is how many of them one row stands for, 0 where it has a name."""

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
    by: str
    shares: Sequence[Share]


@dataclass(frozen=True)
class Report:
    """`quality` is None where the view does not exist."""

    made_at: datetime
    question: Question
    months: Sequence[MonthCost]
    splits: Sequence[Split]
    status: Sequence[Mapping[str, Any]]
    quality: Sequence[Mapping[str, Any]] | None


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    sources = tuple(source.strip() for source in options.sources.split(",") if source.strip())
    settings = settings_or_exit()
    try:
        report = gather(settings, cloud_of(settings), Question(options.months, options.tag, sources))
    except Exception as exc:
        known = known_failure(exc)
        if known is None:
            raise
        print(" ".join(str(known).split()), file=sys.stderr)
        return 1
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(page(report), encoding="utf-8")
    print(f"Report: {options.output.resolve().as_uri()}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="report.py", description="cost as one HTML page")
    parser.add_argument("--months", type=_months, default=13, help="how many, up to the newest that is loaded (13)")
    parser.add_argument("--tag", default="", help="a tag's key, to split cost by, such as team")
    parser.add_argument("--sources", default="", help="only these of x_source, with commas (all)")
    parser.add_argument("--output", type=Path, default=_HERE / ".local" / "report.html")
    return parser.parse_args(arguments)


def _months(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 120:
        raise argparse.ArgumentTypeError(f"{number} is not from 1 to 120")
    return number


def gather(settings: Settings, cloud: Any, question: Question) -> Report:
    """All that the page says: one query of each dataset's status, and at most five more. BigQuery does the sums."""
    if not settings.focus_dataset:
        raise BillingError("SETTING_MISSING", "FOCUS_DATASET is not set, and the report is made from its focus_costs.")
    _check(question.sources, settings)
    states = _chosen(status(settings, cloud), question.sources)
    first = first_month(states, question.months)
    where = f"BillingPeriodStart >= TIMESTAMP '{first}-01'"  # a literal, so that partitions are pruned
    if question.sources:
        where += " AND x_source IN UNNEST(@sources)"
    parameters: dict[str, Any] = {"sources": list(question.sources)} if question.sources else {}
    charges = f"FROM `{settings.focus_view}` WHERE {where}"
    ask = cloud.warehouse.query
    return Report(
        made_at=datetime.now(UTC),
        question=question,
        months=[MonthCost(**row) for row in ask(months_query(charges), **parameters)],
        splits=[
            Split(by, [Share(**row) for row in ask(split_query(charges, *names), **parameters, **more)])
            for by, names, more in _splits(question.tag)
        ],
        status=[row for row in states if row["month"] >= first],
        quality=_quality(settings, cloud.warehouse, first, question.sources),
    )


def _check(sources: Sequence[str], settings: Settings) -> None:
    known = [source.key for source in settings.sources] + ["google_billing"] * bool(settings.google_billing_export)
    for source in sources:
        if source not in known:
            raise BillingError("SETTING_INVALID", f"SOURCES: {source} is none of {', '.join(known)}.")


def _chosen(rows: Iterable[Mapping[str, Any]], sources: Sequence[str]) -> list[Mapping[str, Any]]:
    return [row for row in rows if not sources or row["source"] in sources]


def first_month(states: Sequence[Mapping[str, Any]], months: int) -> str:
    """So that the newest month that is loaded is the last of them; counted from today where none is."""
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
    """The largest of each currency by name, the others as one row, so that the answer is short in any account."""
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
    """By what, its key and name, and the parameters that they take."""
    account = "IF(SubAccountName != SubAccountId, CONCAT(SubAccountName, ' (', SubAccountId, ')'), SubAccountId)"
    yield "service", ("ServiceName", "ServiceName"), {}
    yield "account", ("SubAccountId", account), {}
    if tag:
        value = "JSON_VALUE(Tags[@tag])"
        yield f"tag {tag}", (value, value), {"tag": tag}


def _quality(
    settings: Settings, warehouse: Any, first: str, sources: Sequence[str]
) -> Sequence[Mapping[str, Any]] | None:
    """None before the first load of a version that makes the view."""
    if not warehouse.is_there(settings.quality_view):
        return None
    rows = warehouse.query(
        f"SELECT * FROM `{settings.quality_view}` WHERE month >= @first ORDER BY month DESC, source", first=first
    )
    return _chosen([dict(row) for row in rows], sources)


def page(report: Report) -> str:
    """The whole page; every text in it is escaped, whoever wrote it."""
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(_HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    months = sorted({row.month for row in report.months})
    return environment.get_template("report.html").render(
        report=report,
        period=f"{months[0]} to {months[-1]}" if months else "no month",
        currencies=[_currency(report, name) for name in sorted({row.currency for row in report.months}, key=str)],
        status=_table(report.status, _STATUS),
        wrong=_table([row for row in report.status if row.get("code")], _WRONG),
        quality=_table(report.quality or (), list((report.quality or [{}])[0])),
    )


def _currency(report: Report, currency: str | None) -> Mapping[str, Any]:
    """Of one currency all that the page shows: currencies are never added up."""
    months = [row for row in report.months if row.currency == currency]
    splits = [(one.by, [share for share in one.shares if share.currency == currency]) for one in report.splits]
    return {
        "name": currency or "no currency",
        "billed": sum(row.billed for row in months),
        "effective": sum(row.effective for row in months),
        "months": months,
        "chart": drawn(months_chart(months)),
        "splits": [{"by": by, "shares": shares, "chart": drawn(split_chart(by, shares))} for by, shares in splits],
    }


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Mapping[str, Any]:
    """Without the columns that are empty in every row; numbers stand under a name at the right, too."""
    values = {name: [row.get(name) for row in rows] for name in names}
    kept = {name: column for name, column in values.items() if any(value is not None for value in column)}
    numbers = {
        name for name, column in kept.items() if all(isinstance(v, int | float | Decimal | None) for v in column)
    }
    return {"columns": [(name, name in numbers) for name in kept], "rows": list(zip(*kept.values(), strict=True))}


def shown(value: object) -> str:
    """Money with two decimals, counts with none, both with thousands separators; times to the minute, in UTC."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        return f"{round(Decimal(value), 2) + 0:,.2f}"  # 0 takes the sign of a zero away
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def months_chart(months: Sequence[MonthCost]) -> dict[str, Any]:
    """Beside each other the billed and the effective cost of a month, each one stacked by provider."""
    providers = sorted({row.provider for row in months})
    colours = [_COLOURS.get(provider, "#cc79a7") for provider in providers]
    return _chart(
        "Cost by month and provider",
        _by_measure(months),
        lambda measure: {
            "width": 480,
            "height": 240,
            "mark": {"type": "bar"},
            "encoding": {
                "x": {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -45}},
                "xOffset": measure,
                "y": {"field": "cost", "type": "quantitative", "title": None, "axis": {"format": "~s"}},
                "color": {
                    "field": "provider",
                    "type": "nominal",
                    "title": None,
                    "scale": {"domain": providers, "range": colours},
                },
                "opacity": {
                    **measure,
                    "title": None,
                    "legend": {"symbolFillColor": "#888"},
                    "scale": {"domain": list(_MEASURES), "range": [0.45, 1]},
                },
            },
        },
    )


def split_chart(by: str, shares: Sequence[Share]) -> dict[str, Any]:
    rows = [{**row, "label": share.label} for share in shares for row in _by_measure([share])]
    return _chart(
        f"Cost by {by}",
        rows,
        lambda measure: {
            "width": 320,
            "height": {"step": 11},
            "mark": {"type": "bar"},
            "encoding": {
                "y": {
                    "field": "label",
                    "type": "nominal",
                    "sort": None,
                    "title": None,
                    "scale": {"paddingInner": 0.3},
                    "axis": {"labelLimit": 200},
                },
                "yOffset": measure,
                "x": {"field": "cost", "type": "quantitative", "title": None, "axis": {"format": "~s"}},
                "color": {
                    **measure,
                    "title": None,
                    "scale": {"domain": list(_MEASURES), "range": list(_MEASURES.values())},
                },
            },
        },
    )


def _by_measure(costs: Sequence[MonthCost | Share]) -> list[dict[str, Any]]:
    return [
        {**asdict(cost), "measure": measure, "cost": float(getattr(cost, measure)), "billed": None, "effective": None}
        for cost in costs
        for measure in _MEASURES
    ]


def _chart(
    title: str, rows: Sequence[Mapping[str, Any]], marks: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> dict[str, Any]:
    """A Vega-Lite description in the page's own colours, light or dark."""
    text = {"labelColor": "currentColor", "titleColor": "currentColor", "labelFontSize": 12}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": title,
        "background": None,
        "data": {"values": list(rows)},
        "config": {
            "view": {"stroke": None},
            "axis": {**text, "gridColor": "#8886", "domainColor": "#888", "tickColor": "#888"},
            "legend": {**text, "orient": "top"},
        },
        **marks({"field": "measure", "type": "nominal", "sort": list(_MEASURES)}),
    }


def drawn(chart: Mapping[str, Any]) -> Markup:
    """As SVG that needs no script: what a bar says to a screen reader it says to a mouse, too."""
    svg = vl_convert.vegalite_to_svg(dict(chart), allowed_base_urls=[])
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own library's, not somebody's file
    for element in root.iter():
        if element.get("aria-roledescription") == "bar":
            ElementTree.SubElement(element, f"{{{_SVG}}}title").text = element.get("aria-label")
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - built as a tree, so escaped


if __name__ == "__main__":
    sys.exit(main())
