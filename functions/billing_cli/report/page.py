"""Render the report as one HTML page. The template escapes every text."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import jinja2

from billing_cli.report.charts import months_chart, render_svg, split_chart
from billing_cli.report.queries import Report
from billing_cli.text import MAX_LABEL, printable

_STATUS = (
    *("source", "month", "state", "finality", "delivered_at", "loaded_at", "row_count", "cost", "currency"),
    *("rows_changed", "cost_changed"),
)
_WRONG = ("source", "month", "code", "message")
_MAX_CURRENCIES = 10  # each has a section with charts; a broken export may have a currency per row
_DIGITS = 100  # BIGNUMERIC has 77; Python's default of 28 would round


def render_page(report: Report) -> str:
    with localcontext(prec=_DIGITS):
        return _render(report)


def _render(report: Report) -> str:
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["display"] = format_value
    environment.filters["label"] = lambda text: printable(text, MAX_LABEL)
    months = sorted({row.month for row in report.months})
    currencies = sorted({row.currency for row in report.months}, key=str)
    return environment.get_template("page.html").render(
        report=report,
        overlapping=_overlapping_providers(report.status),
        period=f"{months[0]} to {months[-1]}" if months else "no month",
        currencies=[_currency(report, name) for name in currencies[:_MAX_CURRENCIES]],
        left_out=len(currencies[_MAX_CURRENCIES:]),
        status=_table(report.status, _STATUS),
        wrong=_table(_problems(report.status), _WRONG),
        quality=_table(report.quality or (), list((report.quality or [{}])[0])),
    )


def _overlapping_providers(status: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the providers that have a month in more than one source. Charges that both export count twice."""
    loaded = defaultdict(set)
    for row in status:
        if row.get("row_count"):
            loaded[row.get("provider"), row["month"]].add(row["source"])
    return sorted({str(provider) for (provider, _), sources in loaded.items() if len(sources) > 1})


def _problems(status: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return one row for each month with a code. A month of two currencies has two rows with the same one."""
    return list({(row["source"], row["month"]): row for row in status if row.get("code")}.values())


def _currency(report: Report, currency: str | None) -> Mapping[str, Any]:
    """Return what the page shows of one currency. Currencies are never added up."""
    months = [row for row in report.months if row.currency == currency]
    splits = [(one.by, [share for share in one.shares if share.currency == currency]) for one in report.splits]
    return {
        "name": currency or "no currency",
        "billed": sum(row.billed for row in months),
        "effective": sum(row.effective for row in months),
        "months": months,
        "chart": render_svg(months_chart(months)),
        "splits": [{"by": by, "shares": shares, "chart": render_svg(split_chart(by, shares))} for by, shares in splits],
    }


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Mapping[str, Any]:
    """Leave out columns that are empty in every row, and mark columns of numbers."""
    values = {name: [row.get(name) for row in rows] for name in names}
    kept = {name: column for name, column in values.items() if any(value is not None for value in column)}
    numbers = {
        name for name, column in kept.items() if all(isinstance(v, int | float | Decimal | None) for v in column)
    }
    return {"columns": [(name, name in numbers) for name in kept], "rows": list(zip(*kept.values(), strict=True))}


def format_value(value: object) -> str:
    """Format money with two decimals and counts with none, both with thousands separators, and times to the minute."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        text = f"{Decimal(value):,.2f}"
        return text.removeprefix("-") if not text.strip("-0.,") else text  # there is no negative zero
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else printable(str(value))
