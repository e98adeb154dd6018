"""`<table>_charges` shows every map as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.columns.field import Field, map_of
from billing.settings import Source
from billing.views.charges import charges_view
from billing.views.status import statements
from tests.unit.values import aws

WITH_MAPS, WITHOUT_MAPS = aws(FORMAT="aws_focus_csv"), aws()
FIELDS = [Field("BilledCost", "FLOAT"), Field("Tags", "JSON"), Field("x_Discounts", map_of("STRING", "FLOAT"))]


def test_every_map_is_json() -> None:
    keys, values = (
        f"ARRAY(SELECT entry.{part} FROM UNNEST(`x_Discounts`) AS entry WITH OFFSET AS place"
        " WHERE entry.key IS NOT NULL ORDER BY place)"
        for part in ("key", "value")
    )

    assert charges_view(WITH_MAPS, FIELDS) == (
        "CREATE OR REPLACE VIEW `example-project.billing.aws_cur_charges` AS\n"
        "SELECT * REPLACE (\n"
        "  COALESCE(`Tags`, JSON '{}') AS `Tags`,\n"
        f"  JSON_OBJECT({keys}, {values}) AS `x_Discounts`\n"
        ") FROM `example-project.billing.aws_cur`"
    )


def test_table_without_maps_is_shown_unchanged() -> None:
    assert charges_view(WITH_MAPS, FIELDS[:1]).endswith("AS\nSELECT * FROM `example-project.billing.aws_cur`")


@pytest.mark.parametrize(
    ("source", "fields", "published"),
    [
        (WITH_MAPS, {"aws_cur": FIELDS}, True),
        (WITH_MAPS, {}, False),
        (WITHOUT_MAPS, {"aws_cur": FIELDS}, False),
    ],
    ids=["format with maps", "columns unknown", "format without maps"],
)
def test_view_is_published_for_a_format_with_maps(
    source: Source, fields: dict[str, Sequence[Field]], published: bool
) -> None:
    found = statements([source], fields)

    assert (charges_view(source, FIELDS) in found) is published
    assert len(found) == 2 + published  # loads and status
