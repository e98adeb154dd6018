"""`billing replay`: its arguments, and exit code 1 if nothing was loaded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from billing.settings import Settings
from billing_cli.__main__ import main


def end_with(monkeypatch: pytest.MonkeyPatch, action: str) -> list[tuple[object, ...]]:
    """Let every replay end so, and return the list that its arguments go to."""
    calls: list[tuple[object, ...]] = []

    def replay(*arguments: object) -> Any:
        calls.append(arguments)
        return SimpleNamespace(action=action)

    monkeypatch.setattr("billing_cli.replay.replay", replay)
    return calls


@pytest.mark.parametrize(
    ("options", "execution"), [([], None), (["--execution", "run-1"], "run-1")], ids=["newest", "older"]
)
def test_arguments_name_one_delivery(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, options: list[str], execution: str | None
) -> None:
    calls = end_with(monkeypatch, "loaded")

    result = CliRunner().invoke(main, ["replay", "aws_cur", "2025-09", *options])

    assert (result.exit_code, result.output) == (0, "")
    assert calls == [(configured, "aws_cur", "2025-09", execution)]


@pytest.mark.parametrize("action", ["skipped", "waiting", "rejected"])
def test_replay_that_loads_nothing_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, action: str
) -> None:
    end_with(monkeypatch, action)

    result = CliRunner().invoke(main, ["replay", "aws_cur", "2025-09"])

    assert (result.exit_code, result.output) == (1, "")


@pytest.mark.parametrize(
    ("source", "month", "message"),
    [
        ("aws_cur", "2025-9", "'2025-9' is not a month: write it like 2025-09."),
        ("aws_cur", "2025-13", "'2025-13' is not a month: write it like 2025-09."),
        ("aws_cur", "2025-09\n", "'2025-09\\n' is not a month: write it like 2025-09."),
        ("aws_cur", "٢٠٢٥-٠٩", "'٢٠٢٥-٠٩' is not a month: write it like 2025-09."),
        ("aws", "2025-09", "There is no source aws. Known sources: aws_cur, azure_billing."),
    ],
)
def test_wrong_argument_is_named_before_anything_is_connected(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, source: str, month: str, message: str
) -> None:
    monkeypatch.delattr("billing.workflows.replay.connect")

    result = CliRunner().invoke(main, ["replay", source, month])

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"NO_SUCH_DELIVERY: {message}\n")
