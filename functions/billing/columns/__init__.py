"""Plan the schema of a load job from the headers of the data files. Pure."""
