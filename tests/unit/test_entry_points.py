"""The answers of the functions, without a service."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from tests.support.paths import FUNCTIONS
from tests.unit.values import ENVIRONMENT


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import main.py, which reads the settings at its import."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    spec = spec_from_file_location("entry_points", FUNCTIONS / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.fault("F29")
@pytest.mark.parametrize(("stalled", "status"), [(False, 200), (True, 503)], ids=["finished", "achieved nothing"])
def test_sweep_that_achieved_nothing_is_no_success(
    entry_points: ModuleType, monkeypatch: pytest.MonkeyPatch, stalled: bool, status: int
) -> None:
    report = {"deferred": ["aws_cur 2025-09"], "stalled": stalled}
    monkeypatch.setattr("billing.workflows.sweep.sweep", lambda settings: report)

    answer = entry_points.sweep(None)

    assert answer == (report, status)
