"""`billing sweep`: the summary on standard error, and what is left as exit code 1."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from billing.settings import Settings
from billing_cli.__main__ import main


@pytest.mark.parametrize(("deferred", "exit_code"), [([], 0), (["aws_cur 2025-09"], 1)], ids=["done", "months left"])
def test_summary_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, configured: Settings, deferred: list[str], exit_code: int
) -> None:
    summary = {"loaded": ["azure_billing 2025-09"], "deferred": deferred, "months": 2, "seconds": 1.5}
    monkeypatch.setattr("billing_cli.sweep.sweep", lambda settings: summary if settings == configured else {})

    result = CliRunner().invoke(main, ["sweep"])

    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert json.loads(result.stderr) == summary
