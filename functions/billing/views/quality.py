"""The SQL of `billing_quality`: one row for each source, month and rule that the month breaks."""

from collections.abc import Sequence

import msgspec

from billing.formats import SCHEMAS
from billing.views.focus import FOCUS_COLUMNS


class QualityRule(msgspec.Struct, frozen=True):
    """One rule. `count` is SQL that aggregates the rows of a month: how often it is broken, or 0."""

    code: str
    description: str
    count: str


# Rules about deliveries. `count` aggregates the rows of a month in `billing_status`: one for each currency.
DELIVERY_RULES = (
    QualityRule(
        "FEWER_ROWS",
        "The last delivery has fewer rows than the one before",
        "SUM(IF(rows_changed < 0, -rows_changed, 0))",
    ),
    QualityRule(
        "COST_DECREASED",
        "The last delivery costs over 1 % less than the one before, in one currency or more",
        "COUNTIF(-cost_changed > ABS(cost - cost_changed) / 100)",
    ),
    QualityRule(
        "AMENDED", "A delivery changed the month after it was closed", "IF(COUNTIF(finality = 'amended') > 0, 1, 0)"
    ),
    QualityRule(
        "ROW_COUNT_MISMATCH",
        "BigQuery did not load as many rows as the manifest counts",
        "IF(COUNTIF(load_code = 'ROW_COUNT_MISMATCH') > 0, 1, 0)",
    ),
    QualityRule(
        "COST_UNREADABLE",
        "The last load has costs that are not a number, infinite or too large, and no view counts them",
        "IF(COUNTIF(load_code = 'COST_UNREADABLE') > 0, 1, 0)",
    ),
)


def charge_rules() -> list[QualityRule]:
    """Return the rules about charges: those of FOCUS for single columns, then `schemas/quality.json`."""
    required = [column.name for column in FOCUS_COLUMNS if column.level == "Mandatory" and not column.nullable]
    allowed = {column.name: column.allowed for column in FOCUS_COLUMNS if column.allowed}
    return [
        *(
            QualityRule(f"NO_{name}", f"{name} is empty, but FOCUS requires it", f"COUNTIF({name} IS NULL)")
            for name in required
        ),
        *(
            QualityRule(
                f"BAD_{name}",
                f"{name} has a value that FOCUS does not allow",
                f"COUNTIF({name} NOT IN {_listed(values)})",
            )
            for name, values in allowed.items()
        ),
        *msgspec.json.decode((SCHEMAS / "quality.json").read_bytes(), type=list[QualityRule], strict=True),
    ]


def quality_query(focus_view: str, status_views: Sequence[str]) -> str:
    """Return the query of the view. A dataset gets its status view with its first record, so there may be none.

    The query groups by BillingPeriodStart itself, so a filter on that column reads only the partitions of those months.
    """
    return "\nUNION ALL\n".join([_about_charges(focus_view), *map(_about_deliveries, status_views)])


def _about_charges(focus_view: str) -> str:
    rules = charge_rules()
    counts = ",\n    ".join(f"{rule.count} AS broken_{number}" for number, rule in enumerate(rules))
    names = ",\n  ".join(
        f"STRUCT('{rule.code}' AS code, '{_quoted(rule.description)}' AS description, broken_{number} AS broken)"
        for number, rule in enumerate(rules)
    )
    return f"""
SELECT source, FORMAT_TIMESTAMP('%Y-%m', BillingPeriodStart) AS month, BillingPeriodStart,
  rule.code AS code, rule.description AS description, rule.broken AS broken
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


def _about_deliveries(status_view: str) -> str:
    parts = [
        f"SELECT source, month, TIMESTAMP(SAFE.PARSE_DATE('%Y-%m', month)) AS BillingPeriodStart,"
        f" '{rule.code}' AS code, '{_quoted(rule.description)}' AS description, {rule.count} AS broken"
        f" FROM `{status_view}` GROUP BY source, month HAVING {rule.count} > 0"
        for rule in DELIVERY_RULES
    ]
    return "\nUNION ALL\n".join(parts)


def _listed(values: Sequence[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


def _quoted(text: str) -> str:
    return text.replace("'", "\\'")
