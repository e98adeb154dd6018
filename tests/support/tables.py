"""The tables in the pages that are made from the code and from Terraform.

Each page has a block of cog that names one of these functions. `make docs` writes the tables, `make lint` checks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from billing.errors import ERRORS
from billing.formats import FORMATS
from billing.gcp.api_errors import BIGQUERY, DLT, STORAGE
from billing.views.focus import mapping_decisions
from billing.views.quality import all_rules
from billing_cli.apply_roles import ROLES
from tests.contract.rules import read_rules
from tests.support.paths import TERRAFORM
from tests.support.terraform_tables import terraform_example, terraform_tables
from tests.unit.views import aws_charges
from tests.unit.views.charges_spec import Charge
from tests.unit.views.validator_findings import ALL, FINDINGS


def error_table() -> str:
    """Return every error code with its class, cause, fix and command."""
    rows = (
        (f"`{info.code}`", info.kind, info.cause, info.fix, f"`{info.command}`" if info.command else "")
        for info in ERRORS.values()
    )
    return _table(("code", "class", "cause", "fix", "command"), rows)


def reason_table() -> str:
    """Return what each documented reason of Google Cloud and dlt becomes, in the order of the error codes."""
    answers = {"BigQuery, Cloud Storage": {**BIGQUERY, **STORAGE}, "dlt": DLT}
    rows = [
        (f"`{code}`", service, ", ".join(f"`{reason}`" for reason in _reasons_of(code, codes)))
        for code in ERRORS
        for service, codes in answers.items()
        if code in codes.values()
    ]
    return _table(("code", "from", "reasons"), rows)


def format_table() -> str:
    """Return the supported export formats."""
    rows = (
        (f"`{name}`", one.provider, one.export, ", ".join(one.layouts).replace("_", " "))
        for name, one in FORMATS.items()
    )
    return _table(("format", "provider", "export", "delivery"), rows)


def mapping_table() -> str:
    """Return the mapping decisions: where a provider's documents leave a FOCUS column open."""
    rows = (
        (f"`{mapping}`", f"`{column}`", rule.note)
        for mapping, rules in mapping_decisions().items()
        for column, rule in rules.items()
    )
    return _table(("mapping", "column", "decision"), rows)


def quality_table() -> str:
    """Return the codes of `billing_quality`."""
    rows = ((f"`{rule.code}`", rule.description) for rule in all_rules())
    return _table(("code", "what is wrong"), rows)


def aws_charge_table() -> str:
    """Return what FOCUS shows of each kind of charge at AWS, from the specification that the tests check."""
    charges = [*aws_charges.WITHOUT_NET, *aws_charges.NOT_NAMED, *aws_charges.WITH_NET]
    costs = ("Billed", "Effective", "List", "Contracted")
    return _table(
        ("charge", "becomes", *costs, "commitment"), (row for one in charges for row in _charge_rows(one, costs))
    )


def _charge_rows(charge: Charge, costs: Iterable[str]) -> Iterable[Iterable[str]]:
    for number, row in enumerate(charge.focus):
        becomes = " ".join(str(row[name]) for name in ("ChargeCategory", "ChargeClass") if row.get(name))
        commitment = [row.get(f"CommitmentDiscount{name}") for name in ("Type", "Status", "Quantity", "Unit")]
        named = " ".join(str(value) for value in commitment if value is not None)
        yield ("" if number else charge.kind, becomes, *(str(row[f"{cost}Cost"]) for cost in costs), named)


def validator_table() -> str:
    """Return the rules that focus-validator finds broken in `focus_costs`, with the formats and the reason."""
    rows = ((f"`{rule}`", _groups(finding.groups), finding.why) for rule, finding in FINDINGS.items())
    return _table(("rule", "formats", "why"), rows)


def rule_table(group: str) -> str:
    """Return the rules of Google Cloud that the emulator follows, with their sources."""
    return _table(("rule", "source"), ((rule.rule, rule.source) for rule in read_rules() if rule.group == group))


def module_tables(folder: str = "") -> str:
    """Return the variables, fields and outputs of a Terraform module, by its folder in `terraform/`."""
    return terraform_tables(TERRAFORM / folder)


def apply_role_table() -> str:
    """Return the roles that the person who applies needs, and why."""
    rows = ((f"`{role.name}`", role.on, role.why) for role in ROLES)
    return _table(("role", "on", "to"), rows)


def module_example(folder: str) -> str:
    """Return the example of a Terraform module, by its folder in `terraform/`."""
    return terraform_example(TERRAFORM / folder)


def _groups(names: tuple[str, ...]) -> str:
    return "all" if names == ALL else ", ".join(names)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(names)
    lines = [names, *rows]
    head, *body = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([head, f"|{'---|' * len(names)}", *body]) + "\n"


def _reasons_of(code: str, codes: Mapping[str, str]) -> list[str]:
    return sorted((reason for reason, meant in codes.items() if meant == code), key=str.casefold)
