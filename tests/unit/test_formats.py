"""The rows of `formats.json`: what else each format and each provider needs."""

from __future__ import annotations

import ast

import pytest

from billing.formats import FORMATS
from tests.support.pages import DOCS
from tests.support.paths import FUNCTIONS, TERRAFORM

PROVIDERS = sorted({one.provider for one in FORMATS.values()})


@pytest.mark.parametrize("name", FORMATS)
def test_month_closes_by_its_invoice_or_after_some_days(name: str) -> None:
    one = FORMATS[name]

    assert one.invoice or one.settled_days is not None, f"{name} has no invoice, so set its settled_days"


@pytest.mark.parametrize("parser", sorted({one.parser for one in FORMATS.values()}))
def test_page_of_formats_describes_the_parser(parser: str) -> None:
    page = (DOCS / "formats.md").read_text(encoding="utf-8")

    assert f"\n| `{parser}` |" in page, f"add {parser} to the table in How a delivery is recognised"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_provider_has_an_entry_point(provider: str) -> None:
    """Terraform deploys one function per landing bucket, with this entry point."""
    module = ast.parse((FUNCTIONS / "main.py").read_text(encoding="utf-8"))
    functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}

    assert f"load_{provider}" in functions, f"add load_{provider} to functions/main.py"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_provider_has_sources_in_terraform(provider: str) -> None:
    variables = TERRAFORM / f"variables-{provider}.tf"

    assert variables.is_file(), f"add {variables.name}, and the places that CONTRIBUTING names for a new provider"
    assert f'variable "{provider}_sources"' in variables.read_text(encoding="utf-8")
    assert f"var.{provider}_sources" in (TERRAFORM / "main.tf").read_text(encoding="utf-8")
    assert f'module "transfer_{provider}"' in (TERRAFORM / "transfers.tf").read_text(encoding="utf-8")
