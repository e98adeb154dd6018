"""From the headers of the data files to the schema of a load job. Pure."""
