"""Compare the loaded months with what the generator wrote: rows, cost, and cost by service."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.samples import Totals
from tests.samples.engine import totals
from tests.support.terraform_deployment import TerraformDeployment


@dataclass(frozen=True)
class ExportedTable:
    """A source as Terraform, the functions and their logs name it, and the columns that its totals need."""

    source: str
    cost: str
    start: str
    service: str
    currency: str


AWS = ExportedTable(
    source="aws_cur",
    cost="line_item_unblended_cost",
    start="bill_billing_period_start_date",
    service="line_item_product_code",
    currency="line_item_currency_code",
)
AZURE = ExportedTable(
    source="azure_focus",
    cost="BilledCost",
    start="BillingPeriodStart",
    service="ServiceName",
    currency="BillingCurrency",
)


def loaded_totals(system: TerraformDeployment, table: ExportedTable) -> dict[str, Totals]:
    """Return what each month of the table adds up to."""
    parts: dict[str, list[tuple[str, int, Decimal, None]]] = defaultdict(list)
    for row in system.emulator.bigquery.query_and_wait(
        f"SELECT FORMAT_TIMESTAMP('%Y-%m', {table.start}) AS month, {table.service} AS service,"
        f" COUNT(*) AS n, SUM({table.cost}) AS cost FROM `{system.table(table.source)}` GROUP BY 1, 2"
    ):
        parts[row["month"]].append((row["service"], row["n"], row["cost"], None))
    return {month: totals([part]) for month, part in parts.items()}


def differences(source: str, found: Mapping[str, Totals], expected: Mapping[str, Totals]) -> list[str]:
    """Return one sentence per difference. Effective cost is not compared, because only Azure has it."""
    sentences = []
    if sorted(found) != sorted(expected):
        sentences.append(f"months of {source}: found {sorted(found)}, expected {sorted(expected)}")
    for month in sorted(found.keys() & expected.keys()):
        one, other = found[month], expected[month]
        comparisons = {
            "rows": (one.rows, other.rows),
            "cost": (one.cost, other.cost),
            "cost by service": (one.by_service, other.by_service),
        }
        sentences += [
            f"{what} of {source} {month}: found {loaded}, expected {generated}"
            for what, (loaded, generated) in comparisons.items()
            if loaded != generated
        ]
    return sentences
