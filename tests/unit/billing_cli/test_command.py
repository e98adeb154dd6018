"""`python -m billing`: what it cannot do ends as one sentence on standard error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.api_core.exceptions import Forbidden, NotFound, ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError

from billing.gcp.services import Services
from billing_cli import __main__ as command_line
from tests.fakes.deployments import MemorySite
from tests.fakes.wire import Wire

REPLAY = ["replay", "azure_billing", "2025-09"]
FAILURES = {
    "TRANSIENT": ServiceUnavailable("the backend\nis away"),
    "ACCESS_DENIED": Forbidden("a permission is missing"),
    "NOT_FOUND": NotFound("Not found: Table p:d.billing_status"),
    "CREDENTIALS": DefaultCredentialsError("nobody is logged in"),
}


class _FailingWire(Wire):
    def __init__(self, site: MemorySite, failure: Exception) -> None:
        super().__init__(site.cloud.clock)
        self._failure = failure

    def send(self, request: str, act: Callable[[], object]) -> object:  # type: ignore[override]
        raise self._failure


def _reach(monkeypatch: pytest.MonkeyPatch, site: MemorySite, cloud: Callable[[object], Services]) -> None:
    monkeypatch.setattr(command_line, "settings_or_exit", lambda: site.settings)
    for module in ("billing_cli.status", "billing.workflows.replay", "billing.workflows.sweep"):
        monkeypatch.setattr(f"{module}.connect", cloud)


@pytest.mark.parametrize("arguments", [REPLAY, ["status"]], ids=["replay", "status"])
@pytest.mark.parametrize("code", FAILURES)
def test_an_answer_of_google_s_that_we_know_ends_as_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    site = MemorySite()
    _reach(monkeypatch, site, lambda _: site.rooms(_FailingWire(site, FAILURES[code])))

    assert command_line.main(arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{code}: ")
    assert str(FAILURES[code]).split()[-1] in line


@pytest.mark.parametrize("arguments", [REPLAY, ["status"], ["sweep"]], ids=lambda arguments: arguments[0])
def test_a_laptop_without_credentials_is_told_so_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    def nobody(_: object) -> Services:
        raise DefaultCredentialsError("nobody is logged in")

    _reach(monkeypatch, MemorySite(), nobody)

    assert command_line.main(arguments) == 1
    assert capsys.readouterr().err == "CREDENTIALS: DefaultCredentialsError: nobody is logged in\n"


def test_a_sweep_that_left_months_says_which_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = MemorySite()
    _reach(monkeypatch, site, lambda _: site.rooms(_FailingWire(site, ServiceUnavailable("away"))))

    assert command_line.main(["sweep"]) == 1
    output = capsys.readouterr()
    assert '"azure_billing as a whole"' in output.err
    assert output.out.count('"code": "TRANSIENT"') == 2


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    site = MemorySite()
    _reach(monkeypatch, site, lambda _: site.rooms(_FailingWire(site, ZeroDivisionError())))

    with pytest.raises(ZeroDivisionError):
        command_line.main(REPLAY)


def test_a_month_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = MemorySite()
    _reach(monkeypatch, site, lambda _: site.rooms())

    assert command_line.main(REPLAY) == 1
    assert capsys.readouterr().err.startswith("NO_SUCH_DELIVERY: ")
