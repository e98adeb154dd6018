"""Where the contract tests run: the session says it, and the fixtures and markers follow."""

from __future__ import annotations

import pytest

from tests.conform.project import GoogleProject

GOOGLE = pytest.StashKey[GoogleProject]()  # set by `make conform` alone
LOCAL_PLACES = ("fake", "emulator")


def google_of(config: pytest.Config) -> GoogleProject | None:
    return config.stash.get(GOOGLE, None)


def places(config: pytest.Config) -> tuple[str, ...]:
    """Return the ids of the places, for the fixture `deployment`."""
    return ("google",) if google_of(config) else LOCAL_PLACES


def reason_of(item: pytest.Item, marker: str) -> str | None:
    """Return the reason in the marker `only_local` or `only_google` of a test."""
    found = item.get_closest_marker(marker)
    return str(found.args[0]) if found else None
