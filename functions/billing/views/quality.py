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


# Rules about commitments. `count` aggregates the commitments of a month, with the sums of their usage and purchases.
COMMITMENT_RULES = (
    QualityRule(
        "PURCHASE_EFFECTIVE",
        "The purchase of a commitment has an EffectiveCost, and so has its usage",
        "SUM(IF(usage_effective != 0, purchases_effective, 0))",
    ),
    QualityRule(
        "NOT_AMORTIZED",
        "AWS gives no amortized cost of a commitment, so its purchase keeps its cost",
        "COUNTIF(provider = 'aws' AND usage_effective = 0"
        " AND (purchases_effective > 0 OR CommitmentDiscountId IS NULL))",
    ),
    QualityRule(
        "COMMITMENT_NEGATIVE",
        "The EffectiveCost of a commitment is below 0 in a month",
        "COUNTIF(effective < -0.01)",
    ),
)
# A commitment that began in the months that are loaded must not cost more than its purchases, and one that ended must
# not cost less. Without its purchases, nothing is known about it.
LIFE_RULE = QualityRule(
    "COMMITMENT_COST",
    "Over the life of a commitment, the sum of EffectiveCost differs by over 1 % from its purchases",
    "COUNTIF(purchases > 0 AND (effective - billed > ABS(billed) / 100 AND (upfront > 0 OR began > source_began)"
    " OR billed - effective > ABS(billed) / 100 AND ended < source_ended))",
)
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
        "The last load has no cost at all, or costs that are not a number, infinite or too large, which no view counts",
        "IF(COUNTIF(load_code = 'COST_UNREADABLE') > 0, 1, 0)",
    ),
    QualityRule(
        "CURRENCY_DIFFERS",
        "The month has rows in a currency that its last load did not record",
        "COUNTIF(NOT is_recorded)",
    ),
)


def all_rules() -> list[QualityRule]:
    return [*charge_rules(), *COMMITMENT_RULES, LIFE_RULE, *DELIVERY_RULES]


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
    about = [_about_charges(focus_view), _about_commitments(focus_view), _about_lives(focus_view)]
    return "\nUNION ALL\n".join([*about, *map(_about_deliveries, status_views)])


def _about_charges(focus_view: str) -> str:
    rows = f"""
    SELECT *, x_source AS source, ChargePeriodStart >= BillingPeriodStart AND ChargePeriodStart < BillingPeriodEnd
      AS in_month
    FROM `{focus_view}`""".strip("\n")
    return _counted(charge_rules(), rows)


def _about_commitments(focus_view: str) -> str:
    """Return the query of the rules that need the sums of a commitment in a month.

    A CUR without columns of commitments names none, but its lines say what is committed: all of it is one group.
    """
    rows = f"""
    SELECT x_source AS source, BillingPeriodStart, CommitmentDiscountId, MAX(x_provider) AS provider,
      SUM(EffectiveCost) AS effective,
      SUM(IF(ChargeCategory = 'Usage', EffectiveCost, 0)) AS usage_effective,
      COUNTIF(ChargeCategory = 'Purchase' AND ChargeClass IS NULL AND EffectiveCost != 0) AS purchases_effective
    FROM `{focus_view}`
    WHERE CommitmentDiscountId IS NOT NULL OR x_provider = 'aws' AND PricingCategory = 'Committed'
    GROUP BY source, BillingPeriodStart, CommitmentDiscountId""".strip("\n")
    return _counted(COMMITMENT_RULES, rows)


def _about_lives(focus_view: str) -> str:
    """Return the query of the rule about all months of a commitment. It always reads every month."""
    rows = f"""
    SELECT source, ended AS BillingPeriodStart, CommitmentDiscountId, purchases, upfront, billed, effective, began,
      ended, MIN(began) OVER by_source AS source_began, MAX(ended) OVER by_source AS source_ended
    FROM (
      SELECT x_source AS source, CommitmentDiscountId, SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective,
        COUNTIF(ChargeCategory = 'Purchase') AS purchases,
        COUNTIF(ChargeCategory = 'Purchase' AND ChargeFrequency = 'One-Time' AND ChargeClass IS NULL) AS upfront,
        MIN(BillingPeriodStart) AS began, MAX(BillingPeriodStart) AS ended
      FROM `{focus_view}` GROUP BY source, CommitmentDiscountId
    )
    WINDOW by_source AS (PARTITION BY source)""".strip("\n")
    return _counted([LIFE_RULE], f"    SELECT * FROM (\n{rows}\n    ) WHERE CommitmentDiscountId IS NOT NULL")


def _counted(rules: Sequence[QualityRule], rows: str) -> str:
    """Return the query that counts how often each month of `rows` breaks each rule."""
    counts = ",\n    ".join(f"{rule.count} AS broken_{number}" for number, rule in enumerate(rules))
    names = ",\n  ".join(
        f"STRUCT('{rule.code}' AS code, '{_quoted(rule.description)}' AS description, broken_{number} AS broken)"
        for number, rule in enumerate(rules)
    )
    return f"""
SELECT source, FORMAT_TIMESTAMP('%Y-%m', BillingPeriodStart) AS month, BillingPeriodStart,
  rule.code AS code, rule.description AS description, rule.broken AS broken
FROM (
  SELECT source, BillingPeriodStart,
    {counts}
  FROM (
{rows}
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
