"""Settings for the command, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.settings import Settings
from tests.unit.values import ENVIRONMENT, settings


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a variable nor a file."""
    monkeypatch.chdir(tmp_path)
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, no_settings: None) -> Settings:
    """Settings of two sources in the environment."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return settings()
