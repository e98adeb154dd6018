"""The charts of the report: Vega-Lite descriptions, rendered as SVG."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width
from xml.etree import ElementTree

import vl_convert
from markupsafe import Markup

from billing_cli.report.queries import MonthCost, Share
from billing_cli.text import printable

_SVG = "http://www.w3.org/2000/svg"
_COLOURS = {"aws": "#e69f00", "azure": "#0072b2", "google": "#009e73"}  # colour-blind people can tell them apart
_MAX_WIDTH = 34  # of a label, in letters; letters of East Asia count twice
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
    labels = _unique([_label(share.label) for share in shares])
    pairs = zip(shares, labels, strict=True)
    rows = [{**row, "label": label} for share, label in pairs for row in _by_measure([share])]
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
                    "axis": {},
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
    """Return a text that fits beside a chart, without what XML forbids: vl-convert would end the process.

    Vega may not shorten it: it cuts through characters such as emoji, and then fails. www.w3.org/TR/xml/#charsets
    """
    shown, width = list[str](), 0
    for character in printable(text, _MAX_WIDTH + 1):
        width += 2 if east_asian_width(character) in "WF" else 1
        if width > _MAX_WIDTH:
            return f"{''.join(shown)}…"
        shown.append(character)
    return "".join(shown)


def _unique(labels: Sequence[str]) -> list[str]:
    """Number equal labels. Bars with one label would lie on each other."""
    seen: Counter[str] = Counter()
    unique = []
    for label in labels:
        seen[label] += 1
        unique.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return unique


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
            "axis": {**text, "labelLimit": 0, "gridColor": "#8886", "domainColor": "#888", "tickColor": "#888"},
            "legend": {**text, "labelLimit": 0, "orient": "top"},
        },
        **marks({"field": "measure", "type": "nominal", "sort": list(_MEASURES)}),
    }


def render_svg(chart: Mapping[str, Any]) -> Markup:
    """Render SVG without a script. Each bar gets its screen reader text as a tooltip. An empty group is no symbol."""
    svg = vl_convert.vegalite_to_svg(dict(chart), allowed_base_urls=[])
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)  # noqa: S314 - vl-convert wrote it
    for element in root.iter():
        if element.get("aria-roledescription") == "bar":
            ElementTree.SubElement(element, f"{{{_SVG}}}title").text = element.get("aria-label")
        elif element.get("role") == "graphics-symbol" and not element.get("aria-label"):
            del element.attrib["role"]  # a screen reader would announce a symbol without a name
            element.attrib.pop("aria-roledescription", None)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - serialized from a tree, so escaped
