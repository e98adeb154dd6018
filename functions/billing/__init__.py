"""Loads cloud billing exports into BigQuery: manifests decide, BigQuery loads, dlt keeps the books."""

__version__ = "0.1.0"
