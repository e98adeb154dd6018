"""The command as a whole: help, version, exit codes, and errors as one line on standard error."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from google.api_core.exceptions import Forbidden, NotFound, ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError

from billing import __version__
from billing.errors import BillingError
from billing.settings import Settings
from billing_cli.__main__ import main
from tests.support.paths import FUNCTIONS

COMMANDS = (["status"], ["sweep"], ["replay", "aws_cur", "2025-09"], ["report"])
NO_SETTINGS = "SETTING_MISSING: DESTINATION__BIGQUERY__PROJECT_ID is not set.\n"


def fail_with(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """Let every sweep fail."""

    def sweep(settings: Settings) -> dict[str, object]:
        raise failure

    monkeypatch.setattr("billing_cli.sweep.sweep", sweep)


def test_help_lists_the_subcommands() -> None:
    result = CliRunner().invoke(main, ["--help"])

    listed = [line.split()[0] for line in result.stdout.partition("Commands:\n")[2].splitlines()]
    assert (result.exit_code, listed) == (0, ["check", "replay", "report", "status", "sweep"])


def test_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(main, ["--version"])

    assert (result.exit_code, result.output) == (0, f"billing {__version__}\n")


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_missing_setting_is_one_line_on_stderr(no_settings: None, arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", NO_SETTINGS)


def test_module_runs_without_an_installation(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(FUNCTIONS)}
    command = [sys.executable, "-m", "billing_cli", "status"]

    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, "", NO_SETTINGS)


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (BillingError("NO_SUCH_DELIVERY", "No manifest."), "NO_SUCH_DELIVERY: No manifest.\n"),
        (ServiceUnavailable("the backend\nis away"), "TRANSIENT: 503 the backend is away\n"),
        (Forbidden("a permission is missing"), "ACCESS_DENIED: 403 a permission is missing\n"),
        (NotFound("no table p.d.t"), "NOT_FOUND: 404 no table p.d.t\n"),
        (DefaultCredentialsError("no login"), "CREDENTIALS: DefaultCredentialsError: no login\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_known_error_is_one_line_on_stderr(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, failure: Exception, line: str
) -> None:
    fail_with(monkeypatch, failure)

    result = CliRunner().invoke(main, ["sweep"])

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", line)


WRONG_CREDENTIALS = {
    "nothing": None,
    "a folder": None,
    "empty": b"",
    "bytes": b"\xff\xfe\0",
    "a list": b"[]",
    "a text": b'"key"',
    "no type": b"{}",
    "nested": b"[" * 100_000,
    "no key": b'{"type": "service_account"}',
    "other types": b'{"type": "service_account", "client_email": 1, "token_uri": [], "private_key": {}}',
    "external": b'{"type": "external_account", "audience": 1}',
}


@pytest.mark.parametrize("content", WRONG_CREDENTIALS)
def test_wrong_credentials_are_one_line_with_the_file(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "key.json"
    if content == "a folder":
        file.mkdir()
    elif (data := WRONG_CREDENTIALS[content]) is not None:
        file.write_bytes(data)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    result = CliRunner().invoke(main, ["status"])

    found = f"CREDENTIALS: GOOGLE_APPLICATION_CREDENTIALS is '{file}', which gives no credentials ("
    fix = "): let it name the JSON file of a key, or unset it and log in with gcloud auth application-default login.\n"
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(found)
    assert result.stderr.endswith(fix)


def test_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    bug = ZeroDivisionError()
    fail_with(monkeypatch, bug)

    result = CliRunner().invoke(main, ["sweep"])

    assert result.exception is bug


def test_closed_pipe_ends_quietly(monkeypatch: pytest.MonkeyPatch, configured: Settings) -> None:
    fail_with(monkeypatch, BrokenPipeError(errno.EPIPE, "Broken pipe"))

    result = CliRunner().invoke(main, ["sweep"])

    assert (result.exit_code, result.output) == (1, "")


@pytest.mark.parametrize(
    "arguments",
    [[], ["load"], ["status", "aws_cur"], ["replay", "aws_cur"], ["report", "--months", "0"]],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_usage_error_exits_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")
