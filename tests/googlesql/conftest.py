"""One judge for each test process."""

from __future__ import annotations

import platform

import pytest

from tests.googlesql.analyzer import Analyzer, Warehouse
from tests.googlesql.product import SHAPES, Conversation, conversation
from tests.googlesql.types import columns_of


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    """Google's analyzer. Where wasmtime has no build, the tests are skipped."""
    try:
        from tests.googlesql.client import Service
    except (ImportError, OSError, RuntimeError) as error:
        pytest.skip(f"GoogleSQL needs wasmtime, which has no build for {platform.platform()}: {error}")
    return Analyzer(Service())


@pytest.fixture(scope="session")
def warehouses(analyzer: Analyzer) -> dict[str, Warehouse]:
    """The tables and views of each shape."""
    return {shape: warehouse_of(analyzer, conversation(shape)) for shape in SHAPES}


def warehouse_of(analyzer: Analyzer, sent: Conversation) -> Warehouse:
    tables = {name: columns_of([field.to_api_repr() for field in fields]) for name, fields in sent.tables.items()}
    return Warehouse(analyzer, tables, sent.views)
