"""Every reader must return a safe value or a rejection for any input: within bounds, and the same one twice."""

from __future__ import annotations

import re
import time
import tracemalloc
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from billing import manifests
from billing.columns.agree import csv_columns, parquet_columns
from billing.columns.csv_header import csv_header
from billing.columns.field import Field
from billing.columns.header import Header, NeedMore
from billing.columns.names import CsvRules, csv_rules
from billing.columns.parquet_footer import parquet_header
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.errors import BillingError, ErrorClass
from billing.formats import FORMATS
from billing.manifests import MAX_COLUMNS, Column, Export, OtherExport
from billing.manifests.model import MAX_FILES
from tests.fuzz import corpora, mutations

MAX_CPU_SECONDS = 3.0  # per input
MAX_MEMORY_BYTES = 100 << 20  # per input of at most 8 MiB
_INPUTS_PER_MEASUREMENT = 8  # measuring memory takes three times as long


@dataclass
class Target:
    """One reader with its inputs, and counts of its outcomes."""

    name: str
    inputs: st.SearchStrategy[Any]
    read: Callable[[Any], Any]
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0

    def check(self, given: Any) -> None:
        """Raise AssertionError if a bound is exceeded, or the reader's own error if it is not a rejection."""
        measured = sum(self.outcomes.values()) % _INPUTS_PER_MEASUREMENT == 0
        if measured:
            tracemalloc.start()
        began = time.process_time()
        try:
            outcome = _outcome(self.read, given)
            seconds = time.process_time() - began
            peak = tracemalloc.get_traced_memory()[1] if measured else 0
        finally:
            tracemalloc.stop()
        self.slowest, self.largest = max(self.slowest, seconds), max(self.largest, peak)
        self.outcomes[outcome if isinstance(outcome, str) else type(outcome).__name__] += 1
        assert seconds < MAX_CPU_SECONDS, f"{seconds:.1f} s"
        assert peak < MAX_MEMORY_BYTES, f"{peak >> 20} MiB"
        assert _outcome(self.read, given) == outcome, "the second call has another result"


def _outcome(read: Callable[[Any], Any], given: Any) -> Any:
    try:
        return read(given)
    except BillingError as exc:
        rejection = exc
    except NeedMore:
        return "NeedMore"
    assert rejection.kind is ErrorClass.REJECT, str(rejection)
    assert len(str(rejection)) < 2100
    return rejection.code


def parse(given: tuple[corpora.Seed, bytes]) -> Export | OtherExport:
    seed, data = given
    found = manifests.parse(seed.source, seed.manifest(data))
    if isinstance(found, Export):
        check_export(seed, found)
    else:
        assert len(found.name) <= 200
    return found


def check_export(seed: corpora.Seed, export: Export) -> None:
    """Check the values that loads use as URIs, ids, SQL parameters and the name of the partition."""
    names = [file.name for file in export.files]
    assert len(names) == len(set(names)) <= MAX_FILES
    for name in names:
        assert name.startswith(seed.source.prefix)
        assert len(name.encode()) <= 1024 + len(seed.source.prefix)
        assert not any(char == "*" or unicodedata.category(char) == "Cc" for char in name)
        assert not {"", ".", ".."} & set(name.removeprefix(seed.source.prefix).split("/")[-1:])
        assert not {".", ".."} & set(name.split("/"))
        assert "%2e" not in name.lower()
        assert "%2f" not in name.lower()
        assert "://" not in name
    assert len({name.rpartition("/")[0] for name in names}) <= 10
    assert re.fullmatch(r"2\d{3}-(0[1-9]|1[0-2])", export.month, re.ASCII)
    assert export.execution.isprintable()
    assert 0 < len(export.execution) <= 200
    assert export.order_key.isprintable()
    assert len(export.order_key) < 300
    assert export.covers_until is None or re.fullmatch(r"\d{4}-\d\d-\d\d", export.covers_until, re.ASCII)
    assert export.rows is None or export.rows >= 0
    assert all(file.size is None or file.size >= 0 for file in export.files)


def object_name(given: tuple[str, str]) -> str | None:
    format_name, name = given
    source = corpora.source_of(format_name)
    names = manifests.manifest_names(source, name)
    assert all(manifest.startswith(source.prefix) for manifest in names)
    assert all(manifests.is_manifest(source, manifest) for manifest in names)
    manifests.month_in(name)
    return "a manifest" if name in names else "of a manifest" if names else "NOT_OURS"


def csv_head(given: tuple[bytes, bool]) -> Header:
    data, complete = given
    header = csv_header(data, "x.csv.gz", complete=complete)
    assert len(header.columns) <= MAX_COLUMNS
    assert header.columns or not header.has_rows
    check_plan(plan_or_none(lambda: plan_csv(csv_columns([("x", header)]), (), _RULES[0], {}, ())), ())
    return header


def parquet_tail(data: bytes) -> Header:
    header = parquet_header(data, "x.parquet", size=len(data))
    check_plan(plan_or_none(lambda: plan_parquet(parquet_columns([("x", header)]), ())), ())
    return header


def csv_plan(
    given: tuple[CsvRules, Sequence[str], Sequence[tuple[str, str | None]], Sequence[Field]],
) -> Plan:
    rules, header, columns, table = given
    manifest, overrides = [Column(*column) for column in columns], dict.fromkeys(header, "STRING")
    plan = plan_csv(header, manifest, rules, overrides, table)
    assert len(plan.schema) == len(header)
    turned = plan_csv(header[::-1], manifest, rules, overrides, table)
    assert turned.schema == plan.schema[::-1], "names depend on the order"
    check_plan(plan, table)
    return plan


def parquet_plan(given: tuple[Sequence[tuple[str, str | None]], Sequence[Field]]) -> Plan:
    columns, table = given
    plan = plan_parquet([Column(name, kind) for name, kind in columns], table)
    check_plan(plan, table)
    return plan


def plan_or_none(plan: Callable[[], Plan]) -> Plan | None:
    found = _outcome(lambda _: plan(), None)
    return found if isinstance(found, Plan) else None


def check_plan(plan: Plan | None, table: Sequence[Field]) -> None:
    """Check that BigQuery accepts the schema: valid names that are unique in any case, and no added one is known."""
    if plan is None:
        return
    names = [one.name.lower() for one in plan.schema]
    assert len(names) == len(set(names)) <= MAX_COLUMNS
    for one in plan.added:
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,299}", one.name, re.ASCII), one.name
        assert not one.name.lower().startswith(("_table_", "_file_", "_partition"))
    assert {one.name.lower() for one in plan.added}.isdisjoint(one.name.lower() for one in table)


_RULES = tuple(csv_rules(one) for one in FORMATS.values() if one.file_format == "CSV")
_TYPES = st.sampled_from(["String", "BigDecimal", "DateTime", "Interval", "STRING", "Map", "", None])
_TABLE = st.lists(
    st.builds(
        lambda name, source: Field(name, "STRING", f"source: {source}" if source else ""),
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
        mutations.names,
    ),
    max_size=4,
    unique_by=(lambda one: one.name.lower(), lambda one: one.description or one.name),
).map(tuple)
_HEADER = st.lists(mutations.names, min_size=1, max_size=8).map(tuple)
_COLUMNS = st.lists(st.tuples(mutations.names, _TYPES), max_size=3).map(tuple)


def targets() -> Mapping[str, Target]:
    """Return a target per format, and one per reader that formats share."""
    found = [Target(f"manifest {name}", mutations.manifests(name), parse) for name in FORMATS]
    found += [
        Target("object names", mutations.object_names(), object_name),
        Target("CSV header", st.tuples(mutations.csv_heads(), st.booleans()), csv_head),
        Target("Parquet footer", mutations.parquet_tails(), parquet_tail),
        Target("CSV plan", st.tuples(st.sampled_from(_RULES), _HEADER, _COLUMNS, _TABLE), csv_plan),
        Target("Parquet plan", st.tuples(_COLUMNS, _TABLE), parquet_plan),
    ]
    return {target.name: target for target in found}
