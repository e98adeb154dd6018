"""One table of everything that can go wrong: a code, its class, its cause, the fix and a command that is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import billing
from billing.errors import ERRORS, BillingError, ErrorClass
from billing.gcp.api_errors import BIGQUERY, DLT, SENTENCES, STATUS, STORAGE
from tests.support.paths import ROOT

PACKAGE = Path(billing.__file__).parent


@pytest.mark.parametrize("code", ERRORS)
def test_every_fault_has_a_stable_code_a_cause_and_a_fix(code: str) -> None:
    fault = ERRORS[code]
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)
    assert re.fullmatch(r"[A-Z].*[.]", fault.cause)
    assert re.fullmatch(r"[A-Z].*[.]", fault.fix)
    assert isinstance(fault.kind, ErrorClass)


def test_every_code_that_is_raised_is_in_the_table_and_every_fault_is_raised() -> None:
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    raised = set(re.findall(r'(?:BillingError|Reject)\(\s*"([A-Z_]+)"', source))
    for table in (BIGQUERY, STORAGE, DLT, STATUS, SENTENCES):
        raised |= set(table.values())
    assert raised == set(ERRORS)


def test_every_setup_fault_has_a_command() -> None:
    assert [fault.code for fault in ERRORS.values() if fault.kind is ErrorClass.SETUP and not fault.command] == []


@pytest.mark.parametrize("code", [code for code, fault in ERRORS.items() if fault.command])
def test_a_command_is_short_and_one_that_exists(code: str) -> None:
    """Tools of the providers, in the spelling of their manuals, or a target of ours."""
    command = ERRORS[code].command
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    tool, *rest = command.split()
    assert tool in {"aws", "bq", "gcloud"} or (tool == "make" and rest[0] in targets)
    assert len(command) <= 80
    assert "|" not in command


def test_an_error_says_its_code_its_kind_and_its_sentence() -> None:
    error = BillingError("EMPTY_DELIVERY", "No row.")
    assert (error.code, error.kind, error.message, str(error)) == (
        "EMPTY_DELIVERY",
        ErrorClass.REJECT,
        "No row.",
        "EMPTY_DELIVERY: No row.",
    )


def test_an_error_s_sentence_fits_a_log_line() -> None:
    assert BillingError("EMPTY_DELIVERY", "x" * 2000).message == "x" * 2000
    assert BillingError("EMPTY_DELIVERY", "x" * 1_000_000).message == "x" * 1999 + "…"
