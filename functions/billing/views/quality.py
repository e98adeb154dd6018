"""`billing_quality`: one row per source, month and rule that some charge of it breaks. The rules are data."""

from collections.abc import Mapping, Sequence

import msgspec

from billing.formats import SCHEMAS
from billing.views.focus import FOCUS_COLUMNS

# What a month's deliveries say of it, from the status view of a dataset: code, sentence, and by how much.
DELIVERIES: Mapping[str, tuple[str, str]] = {
    "FEWER_ROWS": ("The last delivery has fewer rows than the one before", "IF(rows_changed < 0, -rows_changed, 0)"),
    "COST_DECREASED": (
        "The last delivery costs over 1 % less than the one before",
        "IF(-cost_changed > 0.01 * ABS(cost - cost_changed), 1, 0)",
    ),
    "AMENDED": ("A delivery changed the month after its close", "IF(finality = 'amended', 1, 0)"),
    "ROW_COUNT_MISMATCH": (
        "BigQuery loaded other rows than the manifest counts",
        "IF(load_code = 'ROW_COUNT_MISMATCH', 1, 0)",
    ),
}


class QualityRule(msgspec.Struct, frozen=True):
    """`charge` is true of a charge that breaks it; `month` counts what breaks it in a month, and 0 is none."""

    code: str
    sentence: str
    charge: str = ""
    month: str = ""

    @property
    def count(self) -> str:
        return self.month or f"COUNTIF({self.charge})"


def quality_rules() -> list[QualityRule]:
    """What the columns of FOCUS must be, and what they must be together."""
    own = msgspec.json.decode((SCHEMAS / "quality.json").read_bytes(), type=list[QualityRule], strict=True)
    needed = [column.name for column in FOCUS_COLUMNS if column.level == "Mandatory" and not column.nullable]
    allowed = {column.name: column.allowed for column in FOCUS_COLUMNS if column.allowed}
    return [
        *(QualityRule(f"NO_{name}", f"{name} is empty, and FOCUS wants it", f"{name} IS NULL") for name in needed),
        *(
            QualityRule(f"BAD_{name}", f"{name} is none of FOCUS's values", f"{name} NOT IN {_listed(values)}")
            for name, values in allowed.items()
        ),
        *own,
    ]


def _listed(values: Sequence[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


def quality_query(focus_view: str, status_views: Sequence[str]) -> str:
    """The view's query; a dataset in which nothing is booked yet has no status view.

    It groups by the bare BillingPeriodStart, so that a filter on that can reach the partitions.
    """
    return "\nUNION ALL\n".join([_of_charges(focus_view), *map(_of_deliveries, status_views)])


def _of_charges(focus_view: str) -> str:
    rules = quality_rules()
    counts = ",\n    ".join(f"{rule.count} AS broken_{number}" for number, rule in enumerate(rules))
    names = ",\n  ".join(
        f"STRUCT('{rule.code}' AS code, '{_quoted(rule.sentence)}' AS sentence, broken_{number} AS broken)"
        for number, rule in enumerate(rules)
    )
    return f"""
SELECT source, FORMAT_TIMESTAMP('%Y-%m', BillingPeriodStart) AS month, BillingPeriodStart,
  rule.code AS code, rule.sentence AS sentence, rule.broken AS broken
FROM (
  SELECT x_source AS source, BillingPeriodStart,
    {counts}
  FROM (
    SELECT *, ChargePeriodStart >= BillingPeriodStart AND ChargePeriodStart < BillingPeriodEnd AS in_month
    FROM `{focus_view}`
  )
  GROUP BY source, BillingPeriodStart
) CROSS JOIN UNNEST([
  {names}
]) AS rule
WHERE rule.broken > 0""".strip()


def _of_deliveries(status_view: str) -> str:
    parts = [
        f"SELECT source, month, TIMESTAMP(PARSE_DATE('%Y-%m', month)) AS BillingPeriodStart,"
        f" '{code}' AS code, '{sentence}' AS sentence, {broken} AS broken FROM `{status_view}` WHERE {broken} > 0"
        for code, (sentence, broken) in DELIVERIES.items()
    ]
    return "\nUNION ALL\n".join(parts)


def _quoted(sentence: str) -> str:
    return sentence.replace("'", "\\'")
