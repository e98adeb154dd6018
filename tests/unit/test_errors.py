"""The table of errors is complete, its texts have one form, and its commands exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import billing
from billing.decisions.decision import Skip
from billing.errors import ERRORS, BillingError, ErrorClass
from billing.gcp.api_errors import BIGQUERY, DLT, SENTENCES, STATUS, STORAGE
from tests.support.paths import FUNCTIONS

PACKAGE = Path(billing.__file__).parent


@pytest.mark.parametrize("code", ERRORS)
def test_error_has_a_code_a_class_a_cause_and_a_fix(code: str) -> None:
    info = ERRORS[code]

    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)
    assert re.fullmatch(r"[A-Z].*[.]", info.cause)
    assert re.fullmatch(r"[A-Z].*[.]", info.fix)
    assert isinstance(info.kind, ErrorClass)


def test_table_has_exactly_the_codes_that_are_raised() -> None:
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))

    raised = set(re.findall(r'(?:BillingError|Reject)\(\s*"([A-Z_]+)"', source))
    for table in (BIGQUERY, STORAGE, DLT, STATUS, SENTENCES):
        raised |= set(table.values())

    assert raised == set(ERRORS)


def test_every_setup_error_has_a_command() -> None:
    assert [info.code for info in ERRORS.values() if info.kind is ErrorClass.SETUP and not info.command] == []


@pytest.mark.parametrize("code", [code for code, info in ERRORS.items() if info.command])
def test_command_is_short_and_starts_with_a_known_tool(code: str) -> None:
    command = ERRORS[code].command

    assert command.split()[0] in {"aws", "billing", "bq", "gcloud", "terraform"}
    assert len(command) <= 80
    assert "|" not in command  # it would end a cell of the table in errors.md


def test_subcommands_of_billing_exist() -> None:
    named = {info.command.split()[1] for info in ERRORS.values() if info.command.startswith("billing ")}

    usage = subprocess.run(
        [sys.executable, "-m", "billing_cli", "--help"],
        env={**os.environ, "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert named == {"replay", "status", "sweep"} & set(re.findall(r"\w+", usage))


def test_error_shows_code_class_and_message() -> None:
    error = BillingError("EMPTY_DELIVERY", "No row.")

    assert (error.code, error.kind, error.message, str(error)) == (
        "EMPTY_DELIVERY",
        ErrorClass.REJECT,
        "No row.",
        "EMPTY_DELIVERY: No row.",
    )


@pytest.mark.parametrize(
    ("given", "message"), [("x" * 2000, "x" * 2000), ("x" * 1_000_000, "x" * 1999 + "…")], ids=["fits", "too long"]
)
def test_long_message_is_cut(given: str, message: str) -> None:
    assert BillingError("EMPTY_DELIVERY", given).message == message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe: 3 €", "Größe: 3 €"),
        ("a\nb\r\n\tc", "a b c"),
        ("\x1b[31mred\x00\x85", r"\x1b[31mred\x00\x85"),
        ("abc\u202edef\u200b\u2028", r"abc\u202edef\u200b\u2028"),
        ("x" * 3000, "x" * 1999 + "…"),
    ],
)
def test_text_from_outside_is_shown_in_one_line(text: str, shown: str) -> None:
    assert BillingError("MANIFEST_INVALID", text).message == shown
    assert Skip("OTHER_EXPORT", text).message == shown
