"""What focus-validator 2.2.1 finds in `focus_costs`, and why. The table has every rule that some row breaks.

A rule may be broken because the export lacks something, or because the validator checks another rule than FOCUS 1.2
has. For these, `instead` is what breaks the rule of FOCUS, in SQL. No row may do so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing.formats import FORMATS

GROUPS = {
    "CUR v1": frozenset(name for name in FORMATS if name.startswith("aws_cur_v1_")),
    "CUR 2.0": frozenset(name for name in FORMATS if name.startswith("aws_cur_v2_")),
    "AWS FOCUS": frozenset(name for name in FORMATS if name.startswith("aws_focus_")),
    "Azure FOCUS": frozenset(name for name in FORMATS if name.startswith("azure_focus_")),
    "Azure actual": frozenset(name for name in FORMATS if name.startswith("azure_actual_")),
    "Azure amortized": frozenset(name for name in FORMATS if name.startswith("azure_amortized_")),
}
CUR = ("CUR v1", "CUR 2.0")
AWS = (*CUR, "AWS FOCUS")
AZURE_COST = ("Azure actual", "Azure amortized")
ALL = tuple(GROUPS)


@dataclass(frozen=True)
class Finding:
    """A rule that rows of these formats break, the reason, and what would break the rule of FOCUS."""

    groups: tuple[str, ...]
    why: str
    instead: str = ""

    @property
    def formats(self) -> frozenset[str]:
        return frozenset[str]().union(*(GROUPS[name] for name in self.groups))


_UNITS = "The unit is the provider's own word, as in its price list. FOCUS only recommends a form for it (UnitFormat)."
_CONDITION = "The validator leaves out the condition of the rule, or has its opposite. So it judges other rows too."
_NO_NAMES = "CUR v1 has no names of accounts."
_NO_PRICE = "The unused part of a commitment has no price. Its list cost and contracted cost are 0."
_WITH_UNUSED = tuple(group for group in ALL if group != "Azure actual")  # actual cost shows no unused part


def _no_price(column: str) -> Finding:
    used = "COALESCE(CommitmentDiscountStatus, '') != 'Unused'"
    charges = f"ChargeCategory IN ('Usage', 'Purchase') AND ChargeClass IS NULL AND {used}"
    return Finding(_WITH_UNUSED, _NO_PRICE, f"{column} IS NULL AND {charges}")


FINDINGS: Mapping[str, Finding] = {
    "BilledCost-C-005-C": Finding(
        AWS,
        "The validator takes every issuer of another name than the provider for a third party. AWS has companies of its"
        " own in many countries, and they also invoice what others sell on its marketplace.",
        "BilledCost != 0 AND ProviderName = 'AWS' AND NOT CONTAINS(InvoiceIssuerName, 'Amazon Web Services')",
    ),
    "BillingAccountName-C-003-C": Finding(("CUR v1",), _NO_NAMES),
    "CapacityReservationStatus-C-004-C": Finding(
        ALL,
        _CONDITION,
        "CapacityReservationStatus IS NULL AND CapacityReservationId IS NOT NULL AND ChargeCategory = 'Usage'",
    ),
    "CommitmentDiscountStatus-C-004-C": Finding(
        ALL,
        _CONDITION,
        "CommitmentDiscountStatus IS NULL AND CommitmentDiscountId IS NOT NULL AND ChargeCategory = 'Usage'",
    ),
    "CommitmentDiscountQuantity-C-005-C": Finding(
        ("Azure actual",),
        "The purchase of a reservation counts instances, and its charges hours. So no quantity of it fits theirs.",
        "CommitmentDiscountQuantity IS NULL AND CommitmentDiscountStatus IS NOT NULL AND ChargeClass IS NULL",
    ),
    "ConsumedQuantity-C-006-C": Finding(
        AWS,
        _CONDITION,
        "ConsumedQuantity IS NULL AND ChargeCategory = 'Usage' AND ChargeClass IS NULL"
        " AND COALESCE(CommitmentDiscountStatus, '') != 'Unused'",
    ),
    "ConsumedUnit-C-003-O": Finding(CUR, _UNITS),
    "ContractedUnitPrice-C-006-C": _no_price("ContractedUnitPrice"),
    "EffectiveCost-C-005-C": Finding(
        ALL,
        "The rule is for purchases that cover future charges. The validator judges every purchase. In actual cost, the"
        " purchase of a commitment breaks it, too: Azure does not spread it over its usage there.",
        "ChargeCategory = 'Purchase' AND CommitmentDiscountId IS NOT NULL AND EffectiveCost != 0"
        " AND NOT STARTS_WITH(x_source, 'azure_actual_')",
    ),
    "InvoiceId-C-004-C": Finding(
        (*AWS, "Azure FOCUS"),
        f"{_CONDITION} It wants no invoice at any charge, and InvoiceId-C-005-C wants one at each.",
    ),
    "InvoiceId-C-005-C": Finding(
        AZURE_COST,
        f"{_CONDITION} It wants an invoice at every charge, and InvoiceId-C-004-C wants none.",
    ),
    "ListUnitPrice-C-005-C": _no_price("ListUnitPrice"),
    "PricingCurrencyListUnitPrice-C-005-C": _no_price("PricingCurrencyListUnitPrice"),
    "PricingUnit-C-003-O": Finding((*CUR, *AZURE_COST), _UNITS),
    "SubAccountName-C-005-C": Finding(("CUR v1",), _NO_NAMES),
}
