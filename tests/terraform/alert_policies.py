"""Evaluate alert policies over log entries and points of metrics, as Cloud Logging and Cloud Monitoring do.

Only what our policies use is known, and everything else raises ValueError. PromQL is parsed by `promql-parser`. Google
publishes no parser of Monitoring's filters, so only this code judges them. It follows
https://cloud.google.com/monitoring/alerts/concepts-indepth, https://cloud.google.com/monitoring/api/v3/filters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import promql_parser

from tests.emulator.terraform_provider.state import Resource
from tests.terraform.log_filters import LogEntry, matches

STEP = timedelta(minutes=5)  # how often conditions are evaluated
_USER_METRIC = "logging.googleapis.com/user/"
_TERM = re.compile(r'([\w.]+)=(?:"([^"]*)"|one_of\(((?:"[^"]*",?)+)\)|monitoring\.regex\.full_match\("([^"]*)"\))')
_EXTRACTED = re.compile(r"EXTRACT\(([\w.]+)\)")
_Fold = Callable[[list[float]], float]
_ALIGNERS: Mapping[str, _Fold] = {"ALIGN_SUM": sum, "ALIGN_PERCENTILE_99": max}
_REDUCERS: Mapping[str, _Fold] = {"REDUCE_SUM": sum, "REDUCE_MAX": max}


@dataclass(frozen=True)
class Point:
    """A point of a metric. `labels` are those of the metric, and `resource` those of the resource and its type."""

    time: datetime
    metric: str
    resource: Mapping[str, str]
    labels: Mapping[str, str]
    value: float = 1

    def has(self, name: str) -> str | None:
        """Return the value of a field of a Monitoring filter, such as `metric.label.source`."""
        kind, _, rest = name.partition(".")
        if rest == "type":
            return self.metric if kind == "metric" else self.resource.get("type")
        values = self.labels if kind == "metric" else self.resource
        return values.get(re.sub(r"^labels?\.", "", rest))


@dataclass
class Timeline:
    """What happened between two times: log entries, and points of Google's own metrics."""

    start: datetime
    end: datetime = field(init=False)
    entries: list[tuple[datetime, LogEntry]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.end = self.start


@dataclass(frozen=True)
class Policies:
    """The policies and metrics of Terraform."""

    policies: Mapping[str, Resource]  # by display name without the prefix
    metrics: Sequence[Resource]

    def fired(self, timeline: Timeline) -> dict[str, timedelta]:
        """Return how long after the start each policy fired first."""
        points = sorted([*timeline.points, *self._points(timeline.entries)], key=lambda one: one.time)
        found = {name: _first(policy, timeline, points) for name, policy in self.policies.items()}
        return {name: time - timeline.start for name, time in found.items() if time is not None}

    def _points(self, entries: Iterable[tuple[datetime, LogEntry]]) -> Iterator[Point]:
        for time, entry in entries:
            for metric in self.metrics:
                if matches(metric["filter"], entry):
                    yield _point(metric, time, entry)


def policies_of(found: Iterable[Resource], prefix: str) -> Policies:
    found = list(found)
    policies = [one for one in found if one.kind == "google_monitoring_alert_policy"]
    return Policies(
        {str(one["display_name"]).removeprefix(f"{prefix}: "): one for one in policies},
        [one for one in found if one.kind == "google_logging_metric"],
    )


def _point(metric: Resource, time: datetime, entry: LogEntry) -> Point:
    labels = {name: str(_extract(how, entry) or "") for name, how in (metric["label_extractors"] or {}).items()}
    how = metric.values.get("value_extractor")
    resource = {"type": entry["resource"]["type"], **entry["resource"]["labels"]}
    value = float(_extract(how, entry)) if how else 1
    return Point(time, f"{_USER_METRIC}{metric['name']}", resource, labels, value)


def _extract(how: str, entry: LogEntry) -> Any:
    found = _EXTRACTED.fullmatch(how)
    if found is None:
        raise ValueError(f"{how} is not understood")
    value: Any = entry
    for part in found[1].split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _first(policy: Resource, timeline: Timeline, points: Sequence[Point]) -> datetime | None:
    """Return when a condition of the policy was first met."""
    if policy["combiner"] != "OR":
        raise ValueError(f"the combiner {policy['combiner']} is not understood")
    times = [_first_of(condition, timeline, points) for condition in policy["conditions"]]
    return min((time for time in times if time is not None), default=None)


def _first_of(condition: Mapping[str, Any], timeline: Timeline, points: Sequence[Point]) -> datetime | None:
    if found := condition.get("condition_matched_log"):
        return next((time for time, entry in timeline.entries if matches(found[0]["filter"], entry)), None)
    if found := condition.get("condition_threshold"):
        rule, is_met = found[0], _threshold
    elif found := condition.get("condition_prometheus_query_language"):
        rule, is_met = found[0], absent
    else:
        raise ValueError(f"{condition} is not understood")
    duration = timedelta(seconds=int(rule["duration"].removesuffix("s")))
    time, since = timeline.start, None  # type: datetime, datetime | None
    while time <= timeline.end:
        since = (since or time) if is_met(rule, time, points) else None
        if since is not None and time - since >= duration:
            return time
        time += STEP
    return None


def _threshold(rule: Mapping[str, Any], time: datetime, points: Sequence[Point]) -> bool:
    """Return whether a group of series violates the threshold. Missing data may count as a violation.

    It counts only for a group that had data once.
    """
    [how] = rule["aggregations"]
    period = timedelta(seconds=int(how["alignment_period"].removesuffix("s")))
    align, reduce = _ALIGNERS[how["per_series_aligner"]], _REDUCERS[how["cross_series_reducer"]]
    series: dict[tuple[Any, ...], dict[tuple[Any, ...], list[float]]] = {}
    for point in points:
        if point.time <= time and _matches(rule["filter"], point):
            group = tuple(point.has(name) for name in how["group_by_fields"] or ())
            values = series.setdefault(group, {}).setdefault(tuple(sorted(point.labels.items())), [])
            if point.time > time - period:
                values.append(point.value)
    missing = rule.get("evaluation_missing_data") == "EVALUATION_MISSING_DATA_ACTIVE"
    for grouped in series.values():
        aligned = [align(values) for values in grouped.values() if values]
        if (not aligned and missing) or (aligned and _violates(rule, reduce(aligned))):
            return True
    return False


def _violates(rule: Mapping[str, Any], value: float) -> bool:
    limit = rule["threshold_value"] or 0
    return {"COMPARISON_GT": value > limit, "COMPARISON_LT": value < limit}[rule["comparison"]]


def _matches(query: str, point: Point) -> bool:
    """Evaluate a filter of Cloud Monitoring: terms that are joined by AND."""
    for term in query.split(" AND "):
        found = _TERM.fullmatch(term)
        if found is None:
            raise ValueError(f"{term} is not understood")
        name, one, several, pattern = found.groups()
        value = point.has(name)
        if pattern is not None:
            holds = value is not None and re.fullmatch(pattern, value) is not None
        else:
            holds = value in ([one] if one is not None else re.findall(r'"([^"]*)"', several))
        if not holds:
            return False
    return True


def absent(rule: Mapping[str, Any], time: datetime, points: Sequence[Point]) -> bool:
    """Evaluate `absent_over_time(...) or ...`. Series that never existed are absent too."""
    return any(_is_absent(selector, time, points) for selector in _absences(promql_parser.parse(rule["query"])))


def _absences(query: promql_parser.Expr) -> Iterator[promql_parser.MatrixSelector]:
    """Yield the series that a query looks for. Raises ValueError for what is not `absent_over_time` or `or`."""
    if isinstance(query, promql_parser.BinaryExpr) and str(query.op) == "or":
        yield from _absences(query.lhs)
        yield from _absences(query.rhs)
    elif isinstance(query, promql_parser.Call) and query.func.name == "absent_over_time":
        yield query.args[0]
    else:
        raise ValueError(f"{query.prettify()} is not understood")


def _is_absent(selector: promql_parser.MatrixSelector, time: datetime, points: Sequence[Point]) -> bool:
    series = selector.vector_selector
    if any(label.op != promql_parser.MatchOp.Equal for label in series.matchers.matchers):
        raise ValueError(f"{series.prettify()} is not understood: only = is known")
    wanted = {label.name: label.value for label in series.matchers.matchers}
    return not any(
        time - selector.range < point.time <= time
        and _promql_name(point.metric) == series.name
        and {"monitored_resource": point.resource["type"], **point.labels}.items() >= wanted.items()
        for point in points
    )


def _promql_name(metric: str) -> str:
    """https://cloud.google.com/monitoring/promql/promql-mapping"""
    domain, _, path = metric.partition("/")
    return ":".join(re.sub(r"\W", "_", part) for part in (domain, path))
