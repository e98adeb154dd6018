"""All calls to Google Cloud and dlt."""
