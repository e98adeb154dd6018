"""A short form of `make fuzz` with the same inputs every time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from billing.formats import FORMATS
from tests.fuzz import corpora, properties

_INPUTS = 50
TARGETS = properties.targets()


@pytest.mark.fault("F7")
@pytest.mark.parametrize("name", TARGETS)
def test_any_input_is_read_safely_or_rejected(name: str) -> None:
    target = TARGETS[name]
    quick = settings(
        max_examples=_INPUTS, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    quick(given(target.inputs)(target.check))()

    assert len(target.outcomes) > 1  # some are accepted, some rejected


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_has_manifests_that_its_parser_accepts(format_name: str) -> None:
    seeds = corpora.seeds(format_name)

    assert {seed.source.format_name for seed in seeds} == {format_name}
    assert all(seed.name in seed.names for seed in seeds)
