"""The charts of the report: Vega-Lite descriptions, rendered as SVG."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import vl_convert
from markupsafe import Markup

from billing_cli.report.queries import MonthCost, Share
from billing_cli.text import MAX_LABEL, printable

_SVG = "http://www.w3.org/2000/svg"
_COLOURS = {"aws": "#e69f00", "azure": "#0072b2", "google": "#009e73"}  # colour-blind people can tell them apart
_MEASURES = {"billed": "#999999", "effective": "#0072b2"}


def months_chart(months: Sequence[MonthCost]) -> dict[str, Any]:
    """Describe a chart of billed and effective cost side by side, by month, each stacked by provider."""
    providers = sorted({_label(row.provider) for row in months})
    colours = [_COLOURS.get(provider, "#cc79a7") for provider in providers]
    return _chart(
        "Cost by month and provider",
        [{**row, "month": one.month, "provider": _label(one.provider)} for one in months for row in _by_measure([one])],
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
    """Describe a chart of billed and effective cost by service, account or tag."""
    rows = [{**row, "label": _label(share.label)} for share in shares for row in _by_measure([share])]
    return _chart(
        f"Cost by {_label(by)}",
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


def _label(text: str) -> str:
    """Return text without what XML forbids: vl-convert would end the process. www.w3.org/TR/xml/#charsets"""
    return printable(text, MAX_LABEL)


def _by_measure(costs: Sequence[MonthCost | Share]) -> list[dict[str, Any]]:
    amounts = [(measure, float(getattr(cost, measure))) for cost in costs for measure in _MEASURES]
    return [{"measure": measure, "cost": amount if math.isfinite(amount) else None} for measure, amount in amounts]


def _chart(
    title: str, rows: Sequence[Mapping[str, Any]], marks: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> dict[str, Any]:
    """Describe a chart in the colours of the page, light or dark."""
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


def render_svg(chart: Mapping[str, Any]) -> Markup:
    """Render SVG without a script. Each bar gets its screen reader text as a tooltip."""
    svg = vl_convert.vegalite_to_svg(dict(chart), allowed_base_urls=[])
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - vl-convert wrote it
    for element in root.iter():
        if element.get("aria-roledescription") == "bar":
            ElementTree.SubElement(element, f"{{{_SVG}}}title").text = element.get("aria-label")
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - serialized from a tree, so escaped
