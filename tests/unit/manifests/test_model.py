"""The checks that all parsers share, where no parser reaches them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.manifests import Manifest
from billing.manifests.model import day_of
from tests.unit.values import error_of


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+14:00", "yesterday"])
def test_time_that_cannot_be_read_is_rejected(text: str) -> None:
    error = error_of(day_of, utc, text, "createdAt", "a time with its offset", Manifest("m.json", 1, b""))

    assert error == f"MANIFEST_INVALID: m.json: createdAt is {text!r}, not a time with its offset."
