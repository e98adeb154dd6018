"""A plugin of pytest that runs the contract tests in a project, and keeps what each one says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import pytest

from tests.conform.errors import is_refusal
from tests.conform.project import GoogleProject
from tests.conform.signals import Interruption
from tests.support.places import GOOGLE, reason_of

_MOST_CHARACTERS = 300


class Verdict(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    REFUSED = "refused"  # the project did not let the test ask


@dataclass(frozen=True)
class Finding:
    """A test, or one case of it, that does not agree."""

    case: str
    verdict: Verdict
    sentence: str


@dataclass
class Results:
    verdicts: dict[str, set[Verdict]] = field(default_factory=dict)  # by the name of the test function
    findings: list[Finding] = field(default_factory=list)
    only_local: dict[str, str] = field(default_factory=dict)  # the reason by the name of the test function
    only_google: dict[str, str] = field(default_factory=dict)  # likewise, of those that an emulator cannot answer

    def verdict(self, test: str) -> Verdict | None:
        return worst(self.verdicts.get(test, set()))


def worst(verdicts: set[Verdict]) -> Verdict | None:
    order = (Verdict.DIFFERS, Verdict.REFUSED, Verdict.AGREES)
    return next((one for one in order if one in verdicts), None)


class ConformPlugin:
    def __init__(self, project: GoogleProject, interruption: Interruption, *, is_google: bool) -> None:
        self.results = Results()
        self._project = project
        self._interruption = interruption
        self._is_google = is_google

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[GOOGLE] = self._project

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Take out the tests that this place cannot answer. The table lists them with their reasons."""
        out = [item for item in items if self._cannot_answer(item)]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]

    def pytest_runtest_setup(self) -> None:
        """End the run here if a library caught the KeyboardInterrupt of a signal."""
        if self._interruption.number is not None:
            raise KeyboardInterrupt

    def _cannot_answer(self, item: pytest.Item) -> bool:
        name = _function_of(item)
        if reason := reason_of(item, "only_local"):
            self.results.only_local[name] = reason
        elif (reason := reason_of(item, "only_google")) and not self._is_google:
            self.results.only_google[name] = reason
        else:
            return False
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:  # a wrapper of pluggy: it receives the report, and returns it
        report = yield
        if call.excinfo is not None and not isinstance(call.excinfo.value, KeyboardInterrupt):
            self._keep(item, call.excinfo.value)
        elif call.when == "call":
            self.results.verdicts.setdefault(_function_of(item), set()).add(Verdict.AGREES)
        return report

    def _keep(self, item: pytest.Item, error: BaseException) -> None:
        verdict = Verdict.REFUSED if is_refusal(error) else Verdict.DIFFERS
        sentence = " ".join(str(error).split())[:_MOST_CHARACTERS] or type(error).__name__
        self.results.verdicts.setdefault(_function_of(item), set()).add(verdict)
        self.results.findings.append(Finding(item.name, verdict, sentence))


def _function_of(item: pytest.Item) -> str:
    return item.name.partition("[")[0]
