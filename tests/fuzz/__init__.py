"""Hostile input for every reader of a provider's files (`make fuzz`)."""
