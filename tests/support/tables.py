"""The tables in the pages that are made from the code and from Terraform.

Each page has a block of cog that names one of these functions. `make docs` writes the tables, `make lint` checks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from billing.errors import ERRORS
from billing.formats import FORMATS
from billing.gcp.api_errors import BIGQUERY, DLT, STORAGE
from billing.views.focus import mapping_decisions
from billing.views.quality import DELIVERY_RULES, charge_rules
from tests.support.paths import TERRAFORM

_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


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
    rows = ((f"`{rule.code}`", rule.description) for rule in (*charge_rules(), *DELIVERY_RULES))
    return _table(("code", "what is wrong"), rows)


def variable_table() -> str:
    """Return the variables of the Terraform root, by name."""
    rows = (
        (f"`{name}`", _type(body), f"`{default}`" if default else "required", _argument("description", body))
        for name, body in _blocks("variable")
        for default in [_argument("default", body)]
    )
    return _table(("variable", "type", "default", "description"), rows)


def output_table() -> str:
    """Return the outputs of the Terraform root, by name."""
    rows = ((f"`{name}`", _argument("description", body)) for name, body in _blocks("output"))
    return _table(("output", "description"), rows)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(names)
    lines = [names, *rows]
    head, *body = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([head, f"|{'---|' * len(names)}", *body]) + "\n"


def _reasons_of(code: str, codes: Mapping[str, str]) -> list[str]:
    return sorted((reason for reason, meant in codes.items() if meant == code), key=str.casefold)


def _blocks(kind: str) -> list[tuple[str, str]]:
    """Return name and body of the root's blocks of that kind."""
    text = "".join(path.read_text() for path in sorted(TERRAFORM.glob("*.tf")))
    return sorted((name, body) for found, name, body in _BLOCK.findall(text) if found == kind)


def _type(body: str) -> str:
    kind = _argument("type", body)
    return re.sub(r"object\(\{$", "object)" if kind.startswith("map") else "object", kind)


def _argument(name: str, body: str) -> str:
    match = re.search(rf"^  {name} += (.*)$", body, re.MULTILINE)
    return match[1].removeprefix('"').removesuffix('"') if match else ""
