"""BigQuery: the catalogue and SQL engine of bqemulator, with our own load jobs, job lookups and table patches."""
