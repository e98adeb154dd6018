"""The table of Google Cloud's own billing export.

docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage
"""

from __future__ import annotations

GOOGLE_EXPORT = "gcp_billing_export_resource_v1_0123AB_CDEF01_234567"
GOOGLE_COLUMNS = """
  billing_account_id STRING, invoice STRUCT<month STRING, publisher_type STRING>, cost_type STRING,
  service STRUCT<id STRING, description STRING>, sku STRUCT<id STRING, description STRING>,
  usage_start_time TIMESTAMP, usage_end_time TIMESTAMP,
  project STRUCT<id STRING, number STRING, name STRING, labels ARRAY<STRUCT<key STRING, value STRING>>,
    ancestry_numbers STRING, ancestors ARRAY<STRUCT<resource_name STRING, display_name STRING>>>,
  labels ARRAY<STRUCT<key STRING, value STRING>>, system_labels ARRAY<STRUCT<key STRING, value STRING>>,
  location STRUCT<location STRING, country STRING, region STRING, zone STRING>,
  resource STRUCT<name STRING, global_name STRING>, cost FLOAT64, currency STRING, currency_conversion_rate FLOAT64,
  usage STRUCT<amount FLOAT64, unit STRING, amount_in_pricing_units FLOAT64, pricing_unit STRING>,
  credits ARRAY<STRUCT<name STRING, amount FLOAT64, full_name STRING, id STRING, type STRING>>,
  transaction_type STRING, seller_name STRING, export_time TIMESTAMP, cost_at_list FLOAT64
"""
