"""Hostile input for everything that reads what a provider wrote; see README.md of the project, `make fuzz`."""
