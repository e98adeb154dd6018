"""What several files of tests look at, made once in a process."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from billing.formats import FORMATS
from tests.unit.views.exported import focus_costs


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One month of the same charges in every format, and `acme.billing.focus_costs` over all of them."""
    with duckdb.connect() as connection:
        focus_costs(connection, tuple(FORMATS), tmp_path_factory.mktemp("exports"))
        yield connection
