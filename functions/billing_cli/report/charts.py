"""The report's charts: Vega-Lite descriptions, drawn as SVG."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

import vl_convert
from markupsafe import Markup

from billing_cli.report.queries import MonthCost, Share

_SVG = "http://www.w3.org/2000/svg"
_COLOURS = {"aws": "#e69f00", "azure": "#0072b2", "google": "#009e73"}  # told apart by colour-blind people, too
# XML has no sign for these, and the library that draws ends the process over one: www.w3.org/TR/xml/#charsets
_NO_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_MEASURES = {"billed": "#999999", "effective": "#0072b2"}


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
    rows = [{**row, "label": _drawable(share.label)} for share in shares for row in _by_measure([share])]
    return _chart(
        f"Cost by {_drawable(by)}",
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


def _drawable(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


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
