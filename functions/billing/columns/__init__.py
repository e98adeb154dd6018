"""Headers of the export files become the schema of a load job. Pure."""
