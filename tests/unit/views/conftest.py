"""Fixtures that several files of tests use."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from billing.formats import FORMATS
from tests.unit.views.bigquery_sql import connect, database_with
from tests.unit.views.exported import create_focus_costs


@pytest.fixture
def acme() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the empty schema acme.billing."""
    with database_with("billing") as connection:
        yield connection


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with `acme.billing.focus_costs`: one month of the same charges in every format."""
    with connect() as connection:
        create_focus_costs(connection, tuple(FORMATS), tmp_path_factory.mktemp("exports"))
        yield connection
