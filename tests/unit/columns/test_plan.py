"""Which column each source column becomes, of which type, and which columns are new to the table."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from billing.columns.field import Field, map_of
from billing.columns.names import csv_rules, parquet_types
from billing.columns.plan import Difference, Plan, plan_csv, plan_parquet
from billing.errors import BillingError
from billing.formats import FORMATS, SCHEMAS
from billing.manifests import MAX_COLUMNS, Column
from tests.unit.values import error_of

CUR = csv_rules(FORMATS["aws_cur_v1_csv"])
AZURE = csv_rules(FORMATS["azure_actual_csv"])
ABSENT = "a/B (a_b in the table), c (c in the table). Deliver the month again, with files of that manifest"
RENAME = "rename the column, such as a tag, at the provider."


def field_of(name: str, kind: str, source: str) -> Field:
    return Field(name, kind, f"source: {source}")


def plan_of(header: Sequence[str], types: Mapping[str, str | None], table: Sequence[Field] = ()) -> Plan:
    """Plan a CSV load. `types` has the columns and types of the manifest."""
    return plan_csv(header, [Column(name, kind) for name, kind in types.items()], CUR, {}, table)


def plan_of_strings(header: Sequence[str], table: Sequence[Field] = ()) -> Plan:
    return plan_csv(header, [], CUR, dict.fromkeys(header, "STRING"), table)


def strings(header: Sequence[str]) -> list[Column]:
    return [Column(name, "STRING") for name in header]


def names_of(header: Sequence[str], table: Sequence[Field] = ()) -> dict[str, str]:
    """Return source column to column name."""
    plan = plan_of_strings(header, table)
    return dict(zip(header, (column.name for column in plan.schema), strict=True))


def plan_of_azure(header: Sequence[str], **overrides: str) -> Plan:
    return plan_csv(header, [], AZURE, overrides, ())


def test_type_comes_from_override_then_publication_then_manifest() -> None:
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
        "bill/BillType": "BIGNUMERIC",  # and in an override
        "a/new": "Mystery",
        "a/none": None,
    }
    manifest = [Column(name, kind) for name, kind in types.items()]

    plan = plan_csv(list(types), manifest, CUR, {"product/ECU": "FLOAT", "bill/BillType": "STRING"}, ())

    schema = (
        field_of("a_s", "STRING", "a/S"),
        field_of("a_o_s", "STRING", "a/OS"),
        field_of("a_d", "BIGNUMERIC", "a/D"),
        field_of("a_o_d", "BIGNUMERIC", "a/OD"),
        field_of("a_t", "TIMESTAMP", "a/T"),
        field_of("a_i", "STRING", "a/I"),
        field_of("line_item_unblended_cost", "BIGNUMERIC", "lineItem/UnblendedCost"),
        field_of("product_e_c_u", "FLOAT", "product/ECU"),
        field_of("bill_invoice_id", "STRING", "bill/InvoiceId"),
        field_of("bill_bill_type", "STRING", "bill/BillType"),
        field_of("a_new", "STRING", "a/new"),
        field_of("a_none", "STRING", "a/none"),
    )
    differs = Difference("bill/InvoiceId", "BIGNUMERIC", "manifest", "STRING")
    assert plan == Plan(schema, schema, unknown=("a/new", "a/none"), differences=(differs,))


def test_unknown_column_that_the_table_has_is_not_new() -> None:
    table = (field_of("a_new", "STRING", "a/new"),)

    assert plan_of(["a/new"], {"a/new": "Mystery"}, table) == Plan(table, ())


def test_override_of_a_column_of_the_table_has_no_effect_and_is_a_difference() -> None:
    table = (field_of("a_b", "TIMESTAMP", "a/b"),)

    plan = plan_csv(["a/b"], [], CUR, {"a/b": "STRING"}, table)

    assert plan == Plan(table, (), differences=(Difference("a/b", "STRING", "TYPE_OVERRIDES", "TIMESTAMP"),))


def test_header_gives_the_order_and_may_have_more_columns() -> None:
    plan = plan_of(["bill/BillType", "identity/LineItemId"], {"identity/LineItemId": "STRING"})

    assert plan.schema == (
        field_of("bill_bill_type", "STRING", "bill/BillType"),
        field_of("identity_line_item_id", "STRING", "identity/LineItemId"),
    )


@pytest.mark.parametrize(
    ("header", "types", "error"),
    [
        (
            ["x"],
            {"x": "STRING", "a/B": None, "c": "STRING"},
            f"MISSING_COLUMN: The files' header lacks what the manifest names: {ABSENT}.",
        ),
        (
            ["x", "y", "x"],
            {"x": "STRING", "y": "STRING"},
            "COLUMN_NAME: The files' header has the column x twice: rename or remove one of them at the provider.",
        ),
        (
            ["a/\x1b[2J"],
            {"a/\x1b[2J": "STRING"},
            f"COLUMN_NAME: The files' header has a control character in column 'a/\\x1b[2J': {RENAME}",
        ),
        (
            ["a/b\nc"],
            {"a/b\nc": "STRING"},
            f"COLUMN_NAME: The files' header has a control character in column 'a/b\\nc': {RENAME}",
        ),
    ],
    ids=["missing", "twice", "escape", "line break"],
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
        differences=(Difference("a/b", "BIGNUMERIC", "manifest", "FLOAT"),),
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


@pytest.mark.parametrize("plan", [plan_of_strings, lambda header, table: plan_parquet(strings(header), table)])
def test_columns_that_a_full_table_cannot_take_fit_into_a_new_one(plan: Callable[..., Plan]) -> None:
    full = [field_of(f"c{number}", "STRING", f"c{number}") for number in range(MAX_COLUMNS)]

    error = error_of(plan, ["x"], full)

    assert error.endswith(f"BigQuery takes {MAX_COLUMNS}. Remove cost allocation tags, or set a new TABLE_NAME.")
    assert plan(["x"], ()).added == (field_of("x", "STRING", "x"),)


def test_parquet_columns_keep_the_spelling_of_the_table() -> None:
    table = (field_of("BilledCost", "BIGNUMERIC", "BilledCost"), Field("tags", "STRING"))
    columns = [Column("Tags", "STRING"), Column("x_New", "BOOLEAN"), Column("BilledCost", "BIGNUMERIC")]

    assert plan_parquet(columns, table) == Plan(
        schema=(Field("tags", "STRING"), field_of("x_New", "BOOLEAN", "x_New"), table[0]),
        added=(field_of("x_New", "BOOLEAN", "x_New"),),
    )


def not_allowed(name: str) -> str:
    found = f"BigQuery does not allow the name of the Parquet column {name!r}, or it occurs twice"
    return f"COLUMN_NAME: {found}: rename it, or remove it, at the provider."


@pytest.mark.parametrize("name", ["", "a b", "1a", "größe", "_TABLE_x", "_file_", "_PARTITIONTIME", "a" * 301, "a\n"])
def test_parquet_name_that_bigquery_does_not_allow_is_rejected(name: str) -> None:
    assert error_of(plan_parquet, [Column(name, "STRING")], ()) == not_allowed(name)


TAGS = Field("Tags", map_of("STRING", "STRING"), "source: Tags")
BUT = "in the files, but"
TEXT = f"STRING {BUT} MAP<STRING, STRING> in the table"
REMOVE = "Remove them from the export, or export them as text."
NEW_TABLE = "Load into a new table (TABLE_NAME), or restore the type in the export."


@pytest.mark.parametrize(
    ("columns", "table", "error"),
    [
        ([Column("Tags", "STRING"), Column("tags", "STRING")], [], not_allowed("tags")),
        (
            [Column("Tags", None), Column("x", "STRING"), Column("More", None)],
            [],
            f"UNKNOWN_TYPE: Parquet columns that are lists or nested records are not supported: Tags, More. {REMOVE}",
        ),
        (
            [Column("cost", "FLOAT"), Column("Tags", "STRING")],
            [field_of("Cost", "BIGNUMERIC", "Cost"), TAGS],
            f"TYPE_CHANGED: Column cost is FLOAT {BUT} BIGNUMERIC in the table; column Tags is {TEXT}. {NEW_TABLE}",
        ),
        (
            [Column("Tags", map_of("STRING", "FLOAT"))],
            [TAGS],
            f"TYPE_CHANGED: Column Tags is MAP<STRING, FLOAT> {BUT} MAP<STRING, STRING> in the table. {NEW_TABLE}",
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

    found = "The table would have 1000002 columns; BigQuery takes 10000"
    error = f"TOO_MANY_COLUMNS: {found}. Remove cost allocation tags, or set a new TABLE_NAME."
    assert error_of(plan_of, names, {}) == error
    assert error_of(plan_parquet, columns, ()) == error


def test_map_in_parquet_keeps_its_type() -> None:
    columns = [Column("Tags", TAGS.type)]

    assert plan_parquet(columns, ()).added == (TAGS,)
    assert plan_parquet(columns, (TAGS,)).schema == (TAGS,)
    assert TAGS.entry == ("STRING", "STRING")


PARQUET_CUR = parquet_types(FORMATS["aws_cur_v1_parquet"])


@pytest.mark.parametrize("table", [(), (field_of("line_item_new", "STRING", "line_item_new"),)], ids=["new", "known"])
def test_column_without_values_is_not_read_and_needs_no_type(table: Sequence[Field]) -> None:
    columns = [Column("line_item_new", "INTEGER", has_values=False), Column("bill_bill_type", "STRING")]

    plan = plan_parquet(columns, table, PARQUET_CUR)

    read = (field_of("bill_bill_type", "STRING", "bill_bill_type"),)
    assert plan == Plan(read, read, omitted=("line_item_new",))


@pytest.mark.parametrize(
    ("name", "kind"), [("resource_tags_user_x", "STRING"), ("reservation_effective_cost", "FLOAT")]
)
def test_published_column_without_values_is_added_with_its_type(name: str, kind: str) -> None:
    plan = plan_parquet([Column(name, "INTEGER", has_values=False)], (), PARQUET_CUR)

    assert plan == Plan((), (field_of(name, kind, name),), omitted=(name,))


def test_override_of_a_parquet_column_has_no_effect_and_is_a_difference() -> None:
    plan = plan_parquet([Column("x", "FLOAT")], (), overrides={"x": "STRING", "y": "STRING"})

    assert plan.differences == (Difference("x", "STRING", "TYPE_OVERRIDES", "FLOAT"),)


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
    error = error_of(plan_of_azure, ["Date", "Datum (date)"])

    assert error.startswith("COLUMN_NAME: The files' header has the column Date twice: ")


@pytest.mark.parametrize(
    ("header", "override", "kind"),
    [
        ("brandNew", {}, "STRING"),
        ("Neu (BrandNew)", {"brandNew": "NUMERIC"}, "NUMERIC"),
        ("costInBillingCurrency", {"Kosten (CostInBillingCurrency)": "STRING"}, "STRING"),
        ("PreTaxCost", {"PreTaxCost": "FLOAT"}, "FLOAT"),
    ],
)
def test_override_of_an_azure_column_has_any_spelling(header: str, override: dict[str, str], kind: str) -> None:
    [field] = plan_of_azure([header], **override).schema

    assert field.type == kind


def test_overrides_of_two_spellings_of_one_column_must_agree() -> None:
    spellings = {"Kosten (CostInBillingCurrency)": "STRING", "costInBillingCurrency": "FLOAT"}

    with pytest.raises(BillingError) as caught:
        plan_of_azure(["costInBillingCurrency"], **spellings)

    both = "Kosten (CostInBillingCurrency) (STRING) and costInBillingCurrency (FLOAT)"
    assert caught.value.code == "SETTING_INVALID"
    assert caught.value.message == f"TYPE_OVERRIDES has {both}, which are one column: keep one of them."
    assert plan_of_azure(["costInBillingCurrency"], **dict.fromkeys(spellings, "FLOAT")).schema[0].type == "FLOAT"


def test_override_of_the_second_name_of_a_column_is_for_that_column() -> None:
    plan = plan_of_azure(["Cost", "PreTaxCost"], PreTaxCost="STRING")

    assert [(field.source, field.type) for field in plan.schema] == [("Cost", "BIGNUMERIC"), ("PreTaxCost", "STRING")]
