"""Load the billing exports of AWS and Azure into BigQuery."""

__version__ = "0.1.0"
