"""BigQuery on a laptop: bqemulator's catalogue and SQL engine, with loads, jobs and table patches of our own."""
