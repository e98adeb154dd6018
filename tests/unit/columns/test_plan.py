"""Which column each source column becomes, of which type, and which columns are new to the table."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping, Sequence

import pytest

from billing.columns.field import Field, map_of
from billing.columns.names import csv_rules
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.formats import FORMATS, SCHEMAS
from billing.manifests import MAX_COLUMNS, Column
from tests.unit.values import error_of

CUR = csv_rules(FORMATS["aws_cur_v1_csv"])
AZURE = csv_rules(FORMATS["azure_actual_csv"])
HINT = 'name its BigQuery type in TYPE_OVERRIDES, like {"a/b": "STRING"}.'


def field_of(name: str, kind: str, source: str) -> Field:
    return Field(name, kind, f"source: {source}")


def plan_of(header: Sequence[str], types: Mapping[str, str | None], table: Sequence[Field] = ()) -> Plan:
    """Plan a CSV load. `types` has the columns and types of the manifest."""
    return plan_csv(header, [Column(name, kind) for name, kind in types.items()], CUR, {}, table)


def plan_of_strings(header: Sequence[str], table: Sequence[Field] = ()) -> Plan:
    return plan_csv(header, [], CUR, dict.fromkeys(header, "STRING"), table)


def names_of(header: Sequence[str], table: Sequence[Field] = ()) -> dict[str, str]:
    """Return source column to column name."""
    plan = plan_of_strings(header, table)
    return dict(zip(header, (column.name for column in plan.schema), strict=True))


def plan_of_azure(header: Sequence[str], **overrides: str) -> Plan:
    return plan_csv(header, [], AZURE, overrides, ())


def test_type_comes_from_override_then_manifest_then_dictionary() -> None:
    types: dict[str, str | None] = {
        "a/S": "STRING",
        "a/OS": "STRING",
        "a/D": "BIGNUMERIC",
        "a/OD": "BIGNUMERIC",
        "a/T": "TIMESTAMP",
        "a/I": "STRING",
        "lineItem/UnblendedCost": None,  # BIGNUMERIC in the dictionary
        "product/ECU": "Mystery",
        "bill/InvoiceId": "BIGNUMERIC",  # STRING in the dictionary
    }
    manifest = [Column(name, kind) for name, kind in types.items()]

    plan = plan_csv(list(types), manifest, CUR, {"product/ECU": "FLOAT"}, ())

    schema = (
        field_of("a_s", "STRING", "a/S"),
        field_of("a_o_s", "STRING", "a/OS"),
        field_of("a_d", "BIGNUMERIC", "a/D"),
        field_of("a_o_d", "BIGNUMERIC", "a/OD"),
        field_of("a_t", "TIMESTAMP", "a/T"),
        field_of("a_i", "STRING", "a/I"),
        field_of("line_item_unblended_cost", "BIGNUMERIC", "lineItem/UnblendedCost"),
        field_of("product_e_c_u", "FLOAT", "product/ECU"),
        field_of("bill_invoice_id", "BIGNUMERIC", "bill/InvoiceId"),
    )
    assert plan == Plan(schema, schema)


def test_header_gives_the_order_and_may_have_more_columns() -> None:
    plan = plan_of(["bill/BillType", "identity/LineItemId"], {"identity/LineItemId": "STRING"})

    assert plan.schema == (
        field_of("bill_bill_type", "STRING", "bill/BillType"),
        field_of("identity_line_item_id", "STRING", "identity/LineItemId"),
    )


@pytest.mark.parametrize(
    ("header", "types", "error"),
    [
        (["a/b"], {"a/b": "Duration"}, f"UNKNOWN_TYPE: Column a/b has the unknown type 'Duration': {HINT}"),
        (
            ["a/b"],
            {"a/b": None},
            f"UNKNOWN_TYPE: Column a/b has no type in the manifest or in the published list of columns: {HINT}",
        ),
        (
            ["x"],
            {"x": "STRING", "y": None},
            "MISSING_COLUMN: The files' header has no column y, which the manifest names.",
        ),
        (["x", "y", "x"], {"x": "STRING", "y": "STRING"}, "COLUMN_NAME: The files' header has the column x twice."),
        (
            ["a/\x1b[2J"],
            {"a/\x1b[2J": "STRING"},
            "COLUMN_NAME: The files' header has a control character in column 'a/\\x1b[2J'.",
        ),
        (
            ["a/b\nc"],
            {"a/b\nc": "STRING"},
            "COLUMN_NAME: The files' header has a control character in column 'a/b\\nc'.",
        ),
    ],
    ids=["unknown type", "no type", "missing", "twice", "escape", "line break"],
)
def test_csv_header_that_cannot_be_loaded_is_rejected(
    header: Sequence[str], types: Mapping[str, str | None], error: str
) -> None:
    assert error_of(plan_of, header, types) == error


def test_empty_table_gets_all_columns() -> None:
    assert plan_of(["a/b"], {"a/b": "STRING"}) == Plan(
        schema=(field_of("a_b", "STRING", "a/b"),), added=(field_of("a_b", "STRING", "a/b"),)
    )


def test_existing_column_keeps_its_type_and_new_ones_are_added() -> None:
    table = (field_of("a_b", "FLOAT", "a/b"), field_of("gone", "STRING", "a/gone"))

    plan = plan_of(["a/c", "a/b"], {"a/b": "BIGNUMERIC", "a/c": "TIMESTAMP"}, table)

    assert plan == Plan(
        schema=(field_of("a_c", "TIMESTAMP", "a/c"), field_of("a_b", "FLOAT", "a/b")),
        added=(field_of("a_c", "TIMESTAMP", "a/c"),),
    )


def test_existing_column_without_a_source_is_found_by_its_name() -> None:
    table = (Field("A_B", "STRING", "made by hand"),)

    assert plan_of(["a/b"], {"a/b": "STRING"}, table) == Plan(table, ())


@pytest.mark.parametrize(
    "order", itertools.permutations(["product/ecu", "product/Ecu", "product/ecu!", "product//ecu"])
)
def test_published_column_keeps_the_plain_name_in_any_order(order: Sequence[str]) -> None:
    assert "product/ecu" in CUR.dictionary
    assert names_of(order) == {
        "product/ecu": "product_ecu",
        "product/Ecu": "product_ecu_c31e",
        "product/ecu!": "product_ecu_a4d2",
        "product//ecu": "product_ecu_eda7",
    }


@pytest.mark.parametrize("order", itertools.permutations(["product/a b", "product/a-b", "product/a_b"]))
def test_first_code_point_keeps_the_plain_name_in_any_order(order: Sequence[str]) -> None:
    assert names_of(order) == {
        "product/a b": "product_a_b",
        "product/a-b": "product_a_b_2dab",
        "product/a_b": "product_a_b_7631",
    }


@pytest.mark.parametrize(
    ("header", "table", "names"),
    [
        (["product/Ecu"], [], {"product/Ecu": "product_ecu_c31e"}),
        (
            ["product/ecu", "product/Ecu"],
            [field_of("My_Ecu", "STRING", "product/ecu"), field_of("product_ecu", "STRING", "product/Ecu")],
            {"product/ecu": "My_Ecu", "product/Ecu": "product_ecu"},
        ),
        (["product/x"], [field_of("Product_X", "STRING", "product/other")], {"product/x": "product_x_4cd3"}),
    ],
    ids=["plain name is reserved for the published column", "renamed by hand", "name of another source column"],
)
def test_names_next_to_columns_of_the_table(header: list[str], table: list[Field], names: Mapping[str, str]) -> None:
    assert names_of(header, table) == names


def test_source_column_keeps_its_name_in_every_month() -> None:
    january = plan_of_strings(["product/a-b"])
    february = plan_of_strings(["product/a b", "product/a-b"], january.schema)
    march = plan_of_strings(["product/a_b", "product/a b"], (*january.schema, *february.added))

    assert january.schema == (field_of("product_a_b", "STRING", "product/a-b"),)
    assert february == Plan(
        (field_of("product_a_b_85a4", "STRING", "product/a b"), field_of("product_a_b", "STRING", "product/a-b")),
        (field_of("product_a_b_85a4", "STRING", "product/a b"),),
    )
    assert march == Plan(
        (field_of("product_a_b_7631", "STRING", "product/a_b"), field_of("product_a_b_85a4", "STRING", "product/a b")),
        (field_of("product_a_b_7631", "STRING", "product/a_b"),),
    )


def test_long_names_that_collide_have_at_most_300_characters() -> None:
    names = names_of([f"{'a' * 299}b", f"{'a' * 299}B"]).values()

    assert {len(name) for name in names} <= {295, 300}
    assert len({name.lower() for name in names}) == 2


def test_two_thousand_tags_in_one_script_have_different_names() -> None:
    tags = [f"resourceTags/user:{chr(0x4E00 + number)}" for number in range(2000)]

    names = names_of(tags)

    assert len(set(names.values())) == 2000
    assert names == names_of(list(reversed(tags)))


@pytest.mark.parametrize(
    ("description", "source"),
    [
        ("source: product/ECU", "product/ECU"),
        ("source: a b\nchosen by hand", "a b"),
        ("by hand\nsource: x", None),
        ("", None),
        ("source: ", None),
    ],
)
def test_first_line_of_the_description_names_the_source_column(description: str, source: str | None) -> None:
    assert Field("x", "STRING", description).source == source


def test_ten_thousand_columns_are_planned_within_two_seconds() -> None:
    header = [f"a/c{number}" for number in range(MAX_COLUMNS)]
    types = dict.fromkeys(header, "STRING")
    started = time.process_time()

    plan = plan_of(header, types)

    assert time.process_time() - started < 2
    assert len(plan.added) == 10_000
    assert error_of(plan_of, header, types, [field_of("other", "STRING", "a/other")]).startswith(
        "TOO_MANY_COLUMNS: The table would have 10001 columns"
    )


def test_parquet_columns_keep_the_spelling_of_the_table() -> None:
    table = (field_of("BilledCost", "BIGNUMERIC", "BilledCost"), Field("tags", "STRING"))
    columns = [Column("Tags", "STRING"), Column("x_New", "BOOLEAN"), Column("BilledCost", "BIGNUMERIC")]

    assert plan_parquet(columns, table) == Plan(
        schema=(Field("tags", "STRING"), field_of("x_New", "BOOLEAN", "x_New"), table[0]),
        added=(field_of("x_New", "BOOLEAN", "x_New"),),
    )


def not_allowed(name: str) -> str:
    return f"COLUMN_NAME: BigQuery does not allow the name of the Parquet column {name!r}, or it occurs twice."


@pytest.mark.parametrize("name", ["", "a b", "1a", "größe", "_TABLE_x", "_file_", "_PARTITIONTIME", "a" * 301, "a\n"])
def test_parquet_name_that_bigquery_does_not_allow_is_rejected(name: str) -> None:
    assert error_of(plan_parquet, [Column(name, "STRING")], ()) == not_allowed(name)


TAGS = Field("Tags", map_of("STRING", "STRING"), "source: Tags")


@pytest.mark.parametrize(
    ("columns", "table", "error"),
    [
        ([Column("Tags", "STRING"), Column("tags", "STRING")], [], not_allowed("tags")),
        ([Column("Tags", None)], [], "UNKNOWN_TYPE: The Parquet column Tags has a type that is not supported."),
        (
            [Column("billedcost", "FLOAT")],
            [field_of("BilledCost", "BIGNUMERIC", "BilledCost")],
            "TYPE_CHANGED: Column billedcost is FLOAT in the files, but BIGNUMERIC in the table.",
        ),
        (
            [Column("Tags", map_of("STRING", "FLOAT"))],
            [TAGS],
            "TYPE_CHANGED: Column Tags is MAP<STRING, FLOAT> in the files, but MAP<STRING, STRING> in the table.",
        ),
    ],
    ids=["differ in case only", "nested", "changed type", "changed map"],
)
def test_parquet_columns_that_cannot_be_loaded_are_rejected(
    columns: Sequence[Column], table: Sequence[Field], error: str
) -> None:
    assert error_of(plan_parquet, columns, table) == error


def test_million_columns_are_rejected() -> None:
    names = [*map(str, range(1_000_000)), "x", "x"]
    columns = [Column(name, "STRING") for name in names]

    error = "TOO_MANY_COLUMNS: The table would have 1000002 columns; BigQuery takes 10000."
    assert error_of(plan_of, names, {}) == error
    assert error_of(plan_parquet, columns, ()) == error


def test_map_in_parquet_keeps_its_type() -> None:
    columns = [Column("Tags", TAGS.type)]

    assert plan_parquet(columns, ()).added == (TAGS,)
    assert plan_parquet(columns, (TAGS,)).schema == (TAGS,)
    assert TAGS.entry == ("STRING", "STRING")


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name, one in FORMATS.items() for version in one.versions or ("",)]
)
def test_created_table_has_the_columns_of_a_first_load(name: str, version: str) -> None:
    """Otherwise the first load would add the same columns under other names, or fail on their types."""
    export_format = FORMATS[name]
    stored = json.loads((SCHEMAS / f"{export_format.table_schema.format(version=version)}.json").read_text())
    fields = tuple(Field(column["name"], column["type"], column["description"]) for column in stored)

    if export_format.file_format == "CSV":
        plan = plan_csv([one.source or "" for one in fields], [], csv_rules(export_format), {}, ())
    else:
        plan = plan_parquet([Column(one.name, one.type) for one in fields], ())

    needed = {setting: getattr(export_format, setting) for setting in ("partition", "cluster", "cost", "currency")}
    needed |= {"invoice": export_format.invoice} if export_format.invoice else {}
    assert plan.added == fields
    missing = needed.items() - {(setting, one.name) for setting in needed for one in fields}
    assert missing == set(), f"add these columns to {export_format.table_schema}.json, or correct the row of {name}"


PUBLISHED = ["BillingPeriodStartDate", "Date", "Cost", "BillingCurrency", "Tags"]


@pytest.mark.parametrize(
    "header",
    [
        PUBLISHED,
        ["billingPeriodStartDate", "date", "costInBillingCurrency", "billingCurrency", "tags"],
        ["Beginn (BillingPeriodStartDate)", "Datum (Date)", "Kosten (Cost)", "BillingCurrencyCode", "Tags (Tags)"],
    ],
    ids=["published names", "MCA", "German portal"],
)
def test_azure_headers_of_every_account_give_the_same_columns(header: Sequence[str]) -> None:
    plan = plan_of_azure(header)

    kinds = ["TIMESTAMP", "TIMESTAMP", "BIGNUMERIC", "STRING", "STRING"]
    assert plan.schema == tuple(field_of(name, kind, name) for name, kind in zip(PUBLISHED, kinds, strict=True))


def test_azure_column_in_two_spellings_is_rejected() -> None:
    assert (
        error_of(plan_of_azure, ["Date", "Datum (date)"]) == "COLUMN_NAME: The files' header has the column Date twice."
    )


def test_new_azure_column_needs_an_override_in_any_spelling() -> None:
    assert error_of(plan_of_azure, ["brandNew"]).startswith("UNKNOWN_TYPE: Column BrandNew has no type")
    assert plan_of_azure(["Neu (BrandNew)"], brandNew="NUMERIC").schema == (
        field_of("BrandNew", "NUMERIC", "BrandNew"),
    )
