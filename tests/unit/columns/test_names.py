"""The rules for column names, and the types of the columns that providers publish."""

from __future__ import annotations

import re

import pytest

from billing.columns.names import as_is, athena_name, csv_rules, parquet_types
from billing.formats import FORMATS

CUR = csv_rules(FORMATS["aws_cur_v1_csv"])
CUR_2 = csv_rules(FORMATS["aws_cur_v2_csv"])
AZURE = csv_rules(FORMATS["azure_actual_csv"])


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
def test_athena_rule(source: str, name: str) -> None:
    assert athena_name(source) == name


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
def test_name_that_bigquery_allows_stays(source: str, name: str) -> None:
    assert as_is(source) == name


def test_published_cur_columns_have_different_names() -> None:
    names = [athena_name(source) for source in CUR.dictionary]

    assert len(set(names)) == len(names) == 205
    assert [name for name in names if not re.fullmatch(r"[a-z_][a-z0-9_]{0,299}", name)] == []


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
def test_every_spelling_of_an_azure_column_gives_one_name(header: str, source: str) -> None:
    assert AZURE.sources([header]) == [source]


def test_earlier_name_stays_next_to_the_later_one() -> None:
    assert AZURE.sources(["costInBillingCurrency", "cost"]) == ["CostInBillingCurrency", "Cost"]


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
        ("resource_tags_user_cost", "STRING"),
        ("product_new_fee", "STRING"),
    ],
)
def test_type_of_an_unpublished_column_comes_from_its_suffix(source: str, kind: str | None) -> None:
    assert CUR_2.type_of(source) == kind


@pytest.mark.parametrize(
    ("source", "named", "kind"),
    [
        ("reservation/EffectiveCost", "STRING", "BIGNUMERIC"),
        ("resourceTags/user:Cost", "BIGNUMERIC", "STRING"),
        ("costCategory/Team", None, "STRING"),
        ("product/isshadow", None, "STRING"),
        ("lineItem/NewCost", "STRING", "STRING"),
        ("lineItem/NewCost", None, "BIGNUMERIC"),
        ("discount/SppDiscount", None, "BIGNUMERIC"),
        ("lineItem/New", "TIMESTAMP", "TIMESTAMP"),
        ("lineItem/New", None, None),
        ("product/", None, "STRING"),
        ("", None, None),
    ],
)
def test_published_type_holds_then_the_named_one_then_the_suffix(
    source: str, named: str | None, kind: str | None
) -> None:
    assert CUR.type_of(source, named) == kind


def test_two_earlier_names_of_a_column_give_two_columns() -> None:
    assert AZURE.sources(["PreTaxCost", "CostInBillingCurrency"]) == ["PreTaxCost", "Cost"]
    assert AZURE.sources(["CostInBillingCurrency", "preTaxCost"]) == ["Cost", "PreTaxCost"]


# Columns that only one kind of agreement or version has:
# learn.microsoft.com/azure/cost-management-billing/dataset-schema/cost-usage-details-ea, -mca, -mca-partner,
# -mca-partner-subscription and -pay-as-you-go
@pytest.mark.parametrize(
    ("header", "source", "kind"),
    [
        ("DepartmentName", "DepartmentName", "STRING"),
        ("InstanceId", "InstanceId", "STRING"),
        ("InstanceName", "InstanceName", "STRING"),
        ("ResourceType", "ResourceType", "STRING"),
        ("ServiceTier", "ServiceTier", "STRING"),
        ("IsAmortizedCost", "IsAmortizedCost", "STRING"),
        ("partnerTenantId", "PartnerTenantId", "STRING"),
        ("partnerEarnedCreditRate", "PartnerEarnedCreditRate", "STRING"),
        ("partnerEarnedCreditApplied", "PartnerEarnedCreditApplied", "STRING"),
        ("ResellerMPNId", "ResellerMpnId", "STRING"),
        ("CostInUSD", "CostInUsd", "BIGNUMERIC"),
        ("ResourceLocationNormalized", "ResourceLocationNormalized", "STRING"),
        ("PreTaxCost", "Cost", "BIGNUMERIC"),
        ("UsageDateTime", "Date", "TIMESTAMP"),
        ("UsageQuantity", "Quantity", "BIGNUMERIC"),
        ("ResourceRate", "EffectivePrice", "BIGNUMERIC"),
        ("SubscriptionGuid", "SubscriptionId", "STRING"),
        ("Currency", "BillingCurrency", "STRING"),
        ("MarketPrice", "PayGPrice", "BIGNUMERIC"),
        ("ExchangeRate", "ExchangeRatePricingToBilling", "BIGNUMERIC"),
        ("PricingCurrencyCode", "PricingCurrency", "STRING"),
    ],
)
def test_column_of_an_older_agreement_has_a_type(header: str, source: str, kind: str) -> None:
    assert AZURE.sources([header]) == [source]
    assert AZURE.published(source) == kind


@pytest.mark.parametrize(
    ("format_name", "column", "kind"),
    [
        ("aws_cur_v1_parquet", "bill_invoice_id", "STRING"),
        ("aws_cur_v1_parquet", "line_item_unblended_cost", "FLOAT"),
        ("aws_cur_v1_parquet", "resource_tags_user_team", "STRING"),
        ("aws_cur_v1_parquet", "cost_category_team", "STRING"),
        ("aws_cur_v1_parquet", "line_item_new", None),
        ("aws_cur_v2_parquet", "Split_Line_Item_Split_Cost", "FLOAT"),
        ("aws_cur_v2_parquet", "product_new", "STRING"),
        ("aws_cur_v2_parquet", "resource_tags", None),
        ("aws_focus_parquet", "CapacityReservationId", "STRING"),
        ("aws_focus_parquet", "Tags", None),
        ("azure_focus_parquet", "listcost", "BIGNUMERIC"),
        ("azure_focus_parquet", "Tags", "STRING"),
        ("azure_actual_parquet", "ExchangeRateDate", "TIMESTAMP"),
    ],
)
def test_published_type_in_parquet_files(format_name: str, column: str, kind: str | None) -> None:
    assert parquet_types(FORMATS[format_name]).type_of(column) == kind
