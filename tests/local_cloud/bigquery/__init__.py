"""BigQuery on a laptop: bqemulator's catalogue and SQL engine, with load jobs, job lookups and table patches of our own."""
