"""Source columns become BigQuery columns: names for life, types by manifest and dictionary."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Mapping, Sequence

import pytest

from billing.columns.field import Field, map_of
from billing.columns.names import as_is, athena_name, csv_rules
from billing.columns.plan import Plan, plan_csv, plan_parquet
from billing.errors import BillingError
from billing.formats import FORMATS, SCHEMAS, Format
from billing.manifests import MAX_COLUMNS, Column

WAY_OUT = 'name its BigQuery type in TYPE_OVERRIDES, like {"a/b": "STRING"}.'
ECU = ("product/ecu", "product/Ecu", "product/ecu!", "product//ecu")
CUR = csv_rules(FORMATS["aws_cur_v1_csv"])
STRING_OVERRIDES = {"product/a b": "STRING", "product/a-b": "STRING", "product/a_b": "STRING"}


def field(name: str, kind: str, source: str) -> Field:
    return Field(name, kind, f"source: {source}")


def csv_plan(header: Sequence[str], types: Mapping[str, str | None] | None = None, table: Sequence[Field] = ()) -> Plan:
    manifest = [Column(name, kind) for name, kind in (types or {}).items()]
    return plan_csv(header, manifest, CUR, {}, table)


def names(header: Sequence[str], table: Sequence[Field] = ()) -> dict[str, str]:
    plan = plan_csv(header, [], CUR, dict.fromkeys(header, "STRING"), table)
    return dict(zip(header, (column.name for column in plan.schema), strict=True))


def refusal(header: Sequence[str], types: Mapping[str, str | None] | None = None) -> str:
    with pytest.raises(BillingError) as raised:
        csv_plan(header, types)
    return str(raised.value)


def parquet_refusal(columns: Sequence[Column], table: Sequence[Field] = ()) -> str:
    with pytest.raises(BillingError) as raised:
        plan_parquet(columns, table)
    return str(raised.value)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("identity/LineItemId", "identity_line_item_id"),
        ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"),
        ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
        ("product/maxIopsvolume", "product_max_iopsvolume"),
        ("product/ECU", "product_e_c_u"),
        ("product/ecu", "product_ecu"),
        ("product/normalizationSizeFactor", "product_normalization_size_factor"),
        ("resourceTags/user:Cost Center", "resource_tags_user_cost_center"),
        ("resourceTags/aws:createdBy", "resource_tags_aws_created_by"),
        ("costCategory/A  B--c", "cost_category_a_b_c"),
        ("__a__B__", "a_b"),
        ("2xlarge/x", "c_2xlarge_x"),
        ("_TABLE_/x", "t_a_b_l_e_x"),
        ("_table_suffix", "table_suffix"),
        ("_partitiontime", "partitiontime"),
        ("__root__", "root"),
        ("resourceTags/user:Größe", "resource_tags_user_gr_e"),
        ("resourceTags/user:日本", "resource_tags_user"),
        ("日本", "c_"),
        ("", "c_"),
        ("a" * 300, "a" * 300),
        ("a" * 301, f"{'a' * 295}_26ad"),
        ("9" * 299, f"c_{'9' * 293}_6d37"),
    ],
)
def test_names_follow_aws_s_athena_rule(source: str, name: str) -> None:
    assert athena_name(source) == name


def test_every_published_column_has_a_valid_name_of_its_own() -> None:
    published = [athena_name(source) for source in CUR.dictionary]
    assert len(set(published)) == len(published) == 205
    assert [name for name in published if not re.fullmatch(r"[a-z_][a-z0-9_]{0,299}", name)] == []


def test_a_column_s_type_is_the_manifest_s_then_the_dictionary_s_unless_it_is_overridden() -> None:
    header = ["a/S", "a/OS", "a/D", "a/OD", "a/T", "a/I", "lineItem/UnblendedCost", "product/ECU", "bill/InvoiceId"]
    types: dict[str, str | None] = {
        "a/S": "STRING",
        "a/OS": "STRING",
        "a/D": "BIGNUMERIC",
        "a/OD": "BIGNUMERIC",
        "a/T": "TIMESTAMP",
        "a/I": "STRING",
        "lineItem/UnblendedCost": None,
        "product/ECU": "Mystery",
        "bill/InvoiceId": "BIGNUMERIC",
    }
    schema = (
        field("a_s", "STRING", "a/S"),
        field("a_o_s", "STRING", "a/OS"),
        field("a_d", "BIGNUMERIC", "a/D"),
        field("a_o_d", "BIGNUMERIC", "a/OD"),
        field("a_t", "TIMESTAMP", "a/T"),
        field("a_i", "STRING", "a/I"),
        field("line_item_unblended_cost", "BIGNUMERIC", "lineItem/UnblendedCost"),
        field("product_e_c_u", "FLOAT", "product/ECU"),
        field("bill_invoice_id", "BIGNUMERIC", "bill/InvoiceId"),
    )
    manifest = [Column(name, kind) for name, kind in types.items()]
    assert plan_csv(header, manifest, CUR, {"product/ECU": "FLOAT"}, ()) == Plan(schema, schema)


def test_the_header_gives_the_order_and_may_have_published_columns_that_the_manifest_lacks() -> None:
    plan = csv_plan(["bill/BillType", "identity/LineItemId"], {"identity/LineItemId": "STRING"})
    assert plan.schema == (
        field("bill_bill_type", "STRING", "bill/BillType"),
        field("identity_line_item_id", "STRING", "identity/LineItemId"),
    )


@pytest.mark.parametrize(
    ("header", "types", "sentence"),
    [
        (
            ["a/b"],
            {"a/b": "Duration"},
            f"UNKNOWN_TYPE: Column a/b has the unknown type 'Duration': {WAY_OUT}",
        ),
        (
            ["a/b"],
            {"a/b": None},
            f"UNKNOWN_TYPE: Column a/b has no type in the manifest and is in no published dictionary: {WAY_OUT}",
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
)
def test_a_header_that_cannot_be_loaded_is_rejected_by_name(
    header: Sequence[str], types: Mapping[str, str | None], sentence: str
) -> None:
    assert refusal(header, types) == sentence


def test_a_table_without_columns_of_its_own_gets_all_of_them() -> None:
    plan = csv_plan(["a/b"], {"a/b": "STRING"})
    assert plan == Plan((field("a_b", "STRING", "a/b"),), (field("a_b", "STRING", "a/b"),))


def test_an_existing_column_s_type_wins_and_only_what_the_table_lacks_is_added() -> None:
    table = (field("a_b", "FLOAT", "a/b"), field("gone", "STRING", "a/gone"))
    assert csv_plan(["a/c", "a/b"], {"a/b": "BIGNUMERIC", "a/c": "TIMESTAMP"}, table) == Plan(
        schema=(field("a_c", "TIMESTAMP", "a/c"), field("a_b", "FLOAT", "a/b")),
        added=(field("a_c", "TIMESTAMP", "a/c"),),
    )


def test_an_existing_column_without_a_source_is_whoever_s_name_it_bears() -> None:
    table = (Field("A_B", "STRING", "made by hand"),)
    assert csv_plan(["a/b"], {"a/b": "STRING"}, table) == Plan(table, ())


@pytest.mark.parametrize("order", itertools.permutations(ECU))
def test_the_dictionary_s_spelling_owns_the_plain_name_whatever_the_order(order: Sequence[str]) -> None:
    assert "product/ecu" in CUR.dictionary
    assert names(order) == {
        "product/ecu": "product_ecu",
        "product/Ecu": "product_ecu_c31e",
        "product/ecu!": "product_ecu_a4d2",
        "product//ecu": "product_ecu_eda7",
    }


@pytest.mark.parametrize("order", itertools.permutations(STRING_OVERRIDES))
def test_of_columns_in_no_dictionary_the_first_by_code_point_owns_the_plain_name(order: Sequence[str]) -> None:
    assert names(order) == {
        "product/a b": "product_a_b",
        "product/a-b": "product_a_b_2dab",
        "product/a_b": "product_a_b_7631",
    }


def test_a_spelling_that_is_not_the_dictionary_s_never_takes_the_plain_name() -> None:
    assert names(["product/Ecu"]) == {"product/Ecu": "product_ecu_c31e"}


def test_a_source_column_keeps_its_column_for_life() -> None:
    january = plan_csv(["product/a-b"], [], CUR, STRING_OVERRIDES, ())
    february = plan_csv(["product/a b", "product/a-b"], [], CUR, STRING_OVERRIDES, january.schema)
    march = plan_csv(["product/a_b", "product/a b"], [], CUR, STRING_OVERRIDES, (*january.schema, *february.added))
    assert january.schema == (field("product_a_b", "STRING", "product/a-b"),)
    assert february == Plan(
        (field("product_a_b_85a4", "STRING", "product/a b"), field("product_a_b", "STRING", "product/a-b")),
        (field("product_a_b_85a4", "STRING", "product/a b"),),
    )
    assert march == Plan(
        (field("product_a_b_7631", "STRING", "product/a_b"), field("product_a_b_85a4", "STRING", "product/a b")),
        (field("product_a_b_7631", "STRING", "product/a_b"),),
    )


def test_a_column_renamed_by_hand_is_still_its_source_s() -> None:
    table = (field("My_Ecu", "STRING", "product/ecu"), field("product_ecu", "STRING", "product/Ecu"))
    assert names(["product/ecu", "product/Ecu"], table) == {"product/ecu": "My_Ecu", "product/Ecu": "product_ecu"}


def test_a_column_of_another_source_is_never_shared_whatever_its_case() -> None:
    assert names(["product/x"], [field("Product_X", "STRING", "product/other")]) == {"product/x": "product_x_4cd3"}


def test_long_names_that_collide_stay_within_300_characters() -> None:
    one, other = f"{'a' * 299}b", f"{'a' * 299}B"
    found = names([one, other])
    assert {len(name) for name in found.values()} <= {295, 300}
    assert len({name.lower() for name in found.values()}) == 2


def test_hundreds_of_tags_in_one_script_all_find_a_name() -> None:
    tags = [f"resourceTags/user:{chr(0x4E00 + number)}" for number in range(2000)]
    found = names(tags)
    assert len(set(found.values())) == 2000
    assert found == names(list(reversed(tags)))


def test_the_first_line_of_a_description_says_which_source_column_it_holds() -> None:
    descriptions = ["source: product/ECU", "source: a b\nchosen by hand", "by hand\nsource: x", "", "source: "]
    assert [Field("x", "STRING", text).source for text in descriptions] == ["product/ECU", "a b", None, None, None]


def test_ten_thousand_columns_are_planned_at_once_and_one_more_is_refused() -> None:
    columns = [Column(f"a/c{number}", "STRING") for number in range(MAX_COLUMNS)]
    header = [column.name for column in columns]
    began = time.process_time()
    assert len(plan_csv(header, columns, CUR, {}, ()).added) == 10_000
    assert time.process_time() - began < 2
    with pytest.raises(BillingError, match="TOO_MANY_COLUMNS: The table would have 10001 columns"):
        plan_csv(header, columns, CUR, {}, [field("other", "STRING", "a/other")])


def test_millions_of_repeated_columns_are_refused_in_no_time() -> None:
    header = [*map(str, range(1_000_000)), "x", "x"]
    assert refusal(header) == "TOO_MANY_COLUMNS: The table would have 1000002 columns; BigQuery takes 10000."
    with pytest.raises(BillingError, match="TOO_MANY_COLUMNS: The table would have 1000002 columns"):
        plan_parquet([Column(name, "STRING") for name in header], ())


def test_parquet_columns_keep_their_names_and_the_table_s_spelling() -> None:
    table = (field("BilledCost", "BIGNUMERIC", "BilledCost"), Field("tags", "STRING"))
    columns = [Column("Tags", "STRING"), Column("x_New", "BOOLEAN"), Column("BilledCost", "BIGNUMERIC")]
    assert plan_parquet(columns, table) == Plan(
        schema=(Field("tags", "STRING"), field("x_New", "BOOLEAN", "x_New"), table[0]),
        added=(field("x_New", "BOOLEAN", "x_New"),),
    )


@pytest.mark.parametrize("name", ["", "a b", "1a", "größe", "_TABLE_x", "_file_", "_PARTITIONTIME", "a" * 301, "a\n"])
def test_a_parquet_column_that_bigquery_refuses_is_rejected_by_name(name: str) -> None:
    assert parquet_refusal([Column(name, "STRING")]) == (
        f"COLUMN_NAME: The Parquet column {name!r} cannot be a BigQuery column."
    )


def test_parquet_columns_that_differ_by_case_only_are_rejected() -> None:
    assert parquet_refusal([Column("Tags", "STRING"), Column("tags", "STRING")]) == (
        "COLUMN_NAME: The Parquet column 'tags' cannot be a BigQuery column."
    )


def test_a_nested_parquet_column_is_rejected_by_name() -> None:
    assert parquet_refusal([Column("Tags", None)]) == (
        "UNKNOWN_TYPE: The Parquet column Tags has a type that is not loaded."
    )


def test_a_parquet_column_whose_type_flips_is_rejected_with_both_types() -> None:
    table = [field("BilledCost", "BIGNUMERIC", "BilledCost")]
    assert parquet_refusal([Column("billedcost", "FLOAT")], table) == (
        "TYPE_CHANGED: Column billedcost is FLOAT in the files, but BIGNUMERIC in the table."
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("BilledCost", "BilledCost"),
        ("x_SkuTerm", "x_SkuTerm"),
        ("line_item_usage_type", "line_item_usage_type"),
        ("Meter Name", "meter_name"),
        ("_PARTITIONTIME", "p_a_r_t_i_t_i_o_n_t_i_m_e"),
        ("1st", "c_1st"),
        ("a" * 301, f"{'a' * 295}_26ad"),
    ],
)
def test_a_name_that_is_a_column_already_stays_as_it_is(source: str, name: str) -> None:
    assert as_is(source) == name


@pytest.mark.parametrize(
    ("export_format", "version"), [(one, version) for one in FORMATS.values() for version in one.versions or ("",)]
)
def test_the_tables_that_terraform_creates_are_what_a_first_load_would_add(export_format: Format, version: str) -> None:
    """Else the first load would find its columns under other names, or of other types."""
    stored = json.loads((SCHEMAS / f"{export_format.table_schema.format(version=version)}.json").read_text())
    fields = tuple(Field(column["name"], column["type"], column["description"]) for column in stored)
    if export_format.file_format == "CSV":
        sources = [one.source or "" for one in fields]
        assert plan_csv(sources, [], csv_rules(export_format), {}, ()).added == fields
    else:
        assert plan_parquet([Column(one.name, one.type) for one in fields], ()).added == fields
    needed = ("partition", "cluster", "cost", "currency", "invoice")  # a booking fails to ask for one that is not there
    assert {getattr(export_format, name) for name in needed} <= {one.name for one in fields}


COST = csv_rules(FORMATS["azure_actual_csv"])


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("Date", "Date"),
        ("date", "Date"),
        ("Datum (Date)", "Date"),
        ("Tags (Tags)", "Tags"),
        ("MeterSubcategory", "MeterSubCategory"),
        ("costInBillingCurrency", "Cost"),
        ("Kosten (CostInBillingCurrency)", "Cost"),
        ("BillingCurrencyCode", "BillingCurrency"),
        ("resourceGroupName", "ResourceGroup"),
        ("PayGPrice", "PayGPrice"),
        ("benefitId", "BenefitId"),
        ("brandNew", "BrandNew"),
        ("Brand (New) (brandNew)", "BrandNew"),
        ("Text (with words)", "Text (with words)"),
        ("", ""),
    ],
)
def test_every_spelling_of_an_azure_column_is_one_source_column(header: str, source: str) -> None:
    assert COST.sources([header]) == [source]


def test_an_earlier_name_is_left_alone_where_the_later_one_is_there_too() -> None:
    assert COST.sources(["costInBillingCurrency", "cost"]) == ["CostInBillingCurrency", "Cost"]


def test_azure_headers_of_three_kinds_of_accounts_plan_the_same_columns() -> None:
    published = ["BillingPeriodStartDate", "Date", "Cost", "BillingCurrency", "Tags"]
    plans = [
        plan_csv(header, [], COST, {}, ())
        for header in (
            published,
            ["billingPeriodStartDate", "date", "costInBillingCurrency", "billingCurrency", "tags"],
            ["Beginn (BillingPeriodStartDate)", "Datum (Date)", "Kosten (Cost)", "BillingCurrencyCode", "Tags (Tags)"],
        )
    ]
    assert plans[0] == plans[1] == plans[2]
    assert [(one.name, one.type) for one in plans[0].schema] == list(
        zip(published, ["TIMESTAMP", "TIMESTAMP", "BIGNUMERIC", "STRING", "STRING"], strict=True)
    )


def test_an_azure_column_that_is_spelled_in_two_ways_in_one_header_is_refused() -> None:
    with pytest.raises(BillingError, match="COLUMN_NAME: The files' header has the column Date twice"):
        plan_csv(["Date", "Datum (date)"], [], COST, {}, ())


def test_a_new_azure_column_needs_its_type_named_in_any_spelling() -> None:
    with pytest.raises(BillingError, match="UNKNOWN_TYPE: Column BrandNew has no type"):
        plan_csv(["brandNew"], [], COST, {}, ())
    assert plan_csv(["Neu (BrandNew)"], [], COST, {"brandNew": "NUMERIC"}, ()).schema == (
        field("BrandNew", "NUMERIC", "BrandNew"),
    )


CUR2 = csv_rules(FORMATS["aws_cur_v2_csv"])


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("line_item_unblended_cost", "BIGNUMERIC"),
        ("pricing_public_on_demand_rate", "STRING"),
        ("resource_tags", "JSON"),
        ("line_item_something_new_cost", "BIGNUMERIC"),
        ("split_line_item_new_usage_ratio", "BIGNUMERIC"),
        ("bill_new_start_date", "TIMESTAMP"),
        ("reservation_new_time", "STRING"),
        ("line_item_something_new", None),
        ("*_cost", "BIGNUMERIC"),
    ],
)
def test_a_column_that_is_not_published_yet_has_the_type_that_its_ending_shows(source: str, kind: str | None) -> None:
    assert CUR2.type_of(source) == kind


def test_a_map_of_a_parquet_file_keeps_its_type() -> None:
    tags = Field("Tags", map_of("STRING", "STRING"), "source: Tags")
    assert plan_parquet([Column("Tags", tags.type)], ()).added == (tags,)
    assert plan_parquet([Column("Tags", tags.type)], (tags,)).schema == (tags,)
    assert tags.entry == ("STRING", "STRING")
    assert parquet_refusal([Column("Tags", map_of("STRING", "FLOAT"))], [tags]) == (
        "TYPE_CHANGED: Column Tags is MAP<STRING, FLOAT> in the files, but MAP<STRING, STRING> in the table."
    )
